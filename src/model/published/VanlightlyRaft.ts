/**
 * Raft (Ongaro and Ousterhout, USENIX ATC 2014) in the form of Jack Vanlightly's TLA+ module Raft: servers over a bag of messages, with bounded elections and restarts.
 *
 * Guarantee: logs agree up to what both servers know to be committed; the newest leader has every value that was acknowledged. Model: asynchronous; what was received
 * stays known, with the count 0; a vote is asked for and an empty AppendEntries sent once in a run, and an answer is awaited before the next entry. Nothing need arrive. Message flow: RequestVote and AppendEntries with one entry at most, each with its
 * answer; a newer term on any message that was ever sent makes its receiver a follower, as a step of its own.
 *
 * Counts as TLC without a view: 2 servers and one value with no restart: 89 states of 101 generated at depth 20 with one election; 2,224 of 3,277 at depth 28 with two.
 */
import { encode } from "../../core/Canonical.js"
import type { ActionModel } from "../ActionModel.js"
import { make } from "../ActionModel.js"
import { actionEntry, whole } from "./Entry.js"
import { atoms } from "./Quorums.js"
import type { Context, Options, Sent, Server, Variables } from "./VanlightlyRaftActions.js"
import { isMajority, mutants, pairActions, serverActions } from "./VanlightlyRaftActions.js"

/** Builds the model. */
export const vanlightlyRaft = (options: Options): ActionModel<Variables> => {
  const servers = atoms("s", options.servers)
  const values = atoms("v", options.values)
  const context: Context = { servers, values, options }
  const slots = servers.map((s) => `server.${s}` as const)
  const pairs = servers.flatMap((i) => servers.filter((j) => j !== i).map((j) => [i, j] as const))
  const zero = (n: number) => Object.fromEntries(servers.map((s) => [s, n]))
  const first: Server = {
    term: 1,
    role: "follower",
    votedFor: undefined,
    log: [],
    commitIndex: 0,
    votes: new Set(),
    nextIndex: zero(1),
    matchIndex: zero(0),
    awaited: new Set()
  }
  return make<Variables>({
    name: "vanlightly-raft",
    initial: [{
      ...Object.fromEntries(slots.map((s) => [s, first])),
      ...Object.fromEntries(pairs.map(([i, j]) => [`sent.${i}.${j}`, new Set<Sent>()])),
      ...Object.fromEntries(values.map((v) => [`acked.${v}`, undefined])),
      elections: 0,
      restarts: 0
    }],
    actions: [
      ...servers.flatMap((i) => serverActions(context, i, first)),
      ...pairs.flatMap(([i, j]) => pairActions(context, i, j))
    ],
    symmetry: [servers, values],
    properties: [
      {
        name: "one leader a term",
        kind: "always",
        reads: slots,
        holds: (v) => {
          const terms = slots.map((s) => v[s]!).filter(({ role }) => role === "leader").map(({ term }) => term)
          return new Set(terms).size === terms.length
        }
      },
      {
        name: "logs agree",
        kind: "always",
        reads: slots,
        holds: (v) =>
          pairs.every(([i, j]) => {
            const [a, b] = [v[`server.${i}`]!, v[`server.${j}`]!]
            const common = Math.min(a.commitIndex, b.commitIndex)
            return encode(a.log.slice(0, common)) === encode(b.log.slice(0, common))
          })
      },
      {
        name: "the leader has all that was acknowledged",
        kind: "always",
        holds: (v) =>
          values.every((value) =>
            v[`acked.${value}`] !== true || slots.every((s) => {
              const { log, role, term } = v[s]!
              const isNewest = slots.every((other) => v[other]!.term <= term)
              return role !== "leader" || !isNewest || log.some((entry) => entry.value === value)
            })
          )
      },
      {
        name: "committed at a majority",
        kind: "always",
        reads: slots,
        holds: (v) => {
          const leaders = slots.map((s) => v[s]!).filter(({ commitIndex, role }) =>
            role === "leader" && commitIndex > 0
          )
          return leaders.length === 0 || leaders.some(({ commitIndex, log }) =>
            isMajority(
              servers,
              slots.filter((s) => encode(v[s]!.log[commitIndex - 1]) === encode(log[commitIndex - 1])).length
            )
          )
        }
      },
      {
        name: "a value is acknowledged",
        kind: "sometimes",
        reads: values.map((value) => `acked.${value}` as const),
        holds: (v) => values.some((value) => v[`acked.${value}`] === true)
      }
    ]
  })
}

/** For the catalogue. */
export const vanlightlyRaftEntry = actionEntry(
  {
    name: "vanlightly-raft",
    summary: "Raft over a bag of messages, with bounded elections and restarts",
    elsewhere: "Vanlightly's TLA+ Raft (raft-tlaplus, standard-raft)",
    parameters: {
      servers: whole("servers", 2, 1, 5),
      values: whole("values that clients submit", 1, 1, 4),
      "max-elections": whole("elections", 2, 0, 4),
      "max-restarts": whole("restarts", 0, 0, 3)
    },
    mutants
  },
  ({ "max-elections": maxElections, "max-restarts": maxRestarts, servers, values }, mutant) =>
    vanlightlyRaft({ servers, values, maxElections, maxRestarts, mutant })
)
