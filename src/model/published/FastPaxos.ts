/**
 * Fast Paxos (Lamport, Distributed Computing 19(2), 2006) and Paxos in the simplified form of the TLA+ modules SimplifiedFastPaxos: one coordinator, replicas that accept, and a
 * set of messages that are never consumed; what is decided is one variable.
 *
 * Guarantee: at most one value is decided, and it was proposed. Message flow, Paxos: P1a, P1b (promise with the last vote), P2a (propose), P2b (vote). Fast Paxos: P2a "any" in
 * a fast ballot lets each replica vote for a value of its own; when a quorum disagrees, the coordinator proposes in a higher classic ballot a value that most of it voted for.
 *
 * Counts of orbits, as TLC under symmetry of replicas and values: 1,207 of 13,290 generated at depth 22 for Paxos with 4 replicas, 3 values and ballots 0 to 2; 25,617 of 320,053
 * at depth 22 for Fast Paxos with ballots 0 to 4, of which 1 and 3 are fast. A decision is an instance for each quorum and each of its votes.
 */
import type { Action, ActionModel } from "../ActionModel.js"
import { assign, make } from "../ActionModel.js"
import { actionEntry, whole } from "./Entry.js"
import { atoms, subsets, upTo } from "./Quorums.js"

/** Of a replica: the highest ballot that it takes part in, and its last vote. */
interface Replica {
  readonly maxBallot: number
  readonly votedIn: number
  readonly value: string | undefined
}

type Vote = Pick<Replica, "votedIn" | "value">

/** The set of messages is a variable for each ballot and sender: a replica promises and votes at most once a ballot, the coordinator proposes once. */
export type Variables = {
  readonly [opened: `P1a.${number}`]: boolean
  readonly [promise: `P1b.${number}.${string}`]: Vote | undefined
  /** `any` lets replicas choose. */
  readonly [proposed: `P2a.${number}`]: string | undefined
  readonly [vote: `P2b.${number}.${string}`]: string | undefined
  readonly [replica: `replica.${string}`]: Replica
  readonly decision: string | undefined
  /** What the coordinator has chosen in a classic ballot of Fast Paxos. */
  readonly choice: string | undefined
}

/** Planted bugs of Paxos, by name. */
const paxosMutants = {
  "propose-anything": "a leader proposes any value, whatever the promises report"
} as const

export type PaxosMutant = keyof typeof paxosMutants

/** Planted bugs of Fast Paxos, by name. */
const fastMutants = {
  "small-fast-quorum": "two replicas decide in a fast ballot",
  "ignore-majority": "the coordinator resolves a collision by any value that was voted for"
} as const

export type FastMutant = keyof typeof fastMutants

export interface Options<M> {
  readonly replicas: number
  readonly values: number
  readonly maxBallot: number
  readonly mutant?: M | undefined
}

/** What all actions look at. */
interface Setting {
  readonly replicas: ReadonlyArray<string>
  readonly values: ReadonlyArray<string>
  readonly ballots: ReadonlyArray<number>
  /** Three quarters of the replicas: any three of them meet. */
  readonly quorums: ReadonlyArray<ReadonlyArray<string>>
}

const settingOf = ({ maxBallot, replicas, values }: Options<unknown>): Setting => {
  const all = atoms("r", replicas)
  return {
    replicas: all,
    values: atoms("v", values),
    ballots: upTo(maxBallot),
    quorums: subsets(all, quorumSize(replicas))
  }
}

const quorumSize = (replicas: number): number => Math.floor((3 * replicas) / 4)

const any = "any"

/** Phase 2b of a classic ballot: a replica votes as it is told, in a ballot that is not below its promise. */
const accept = (replica: string, ballot: number): Action<Variables> => ({
  name: `Accepted(${replica}, ${ballot})`,
  reads: [`P2a.${ballot}`, `replica.${replica}`],
  step: (v) => {
    const value = v[`P2a.${ballot}`]
    if (value === undefined || value === any || v[`replica.${replica}`]!.maxBallot > ballot) return []
    return [vote(replica, ballot, value)]
  }
})

const vote = (replica: string, ballot: number, value: string) => ({
  ...assign(`replica.${replica}`, { maxBallot: ballot, votedIn: ballot, value }),
  ...assign(`P2b.${ballot}.${replica}`, value)
})

const votesOf = (v: Variables, ballot: number, quorum: ReadonlyArray<string>): ReadonlyArray<string> =>
  quorum.flatMap((replica) => v[`P2b.${ballot}.${replica}`] ?? [])

/** A value is decided when a quorum voted in one ballot; `isUnanimous`: for one value. */
const decide = (ballot: number, quorum: ReadonlyArray<string>, isUnanimous: boolean): Action<Variables> => ({
  name: `Decide(${ballot}, ${quorum.join(" ")})`,
  reads: quorum.map((replica) => `P2b.${ballot}.${replica}` as const),
  step: (v) => {
    const votes = votesOf(v, ballot, quorum)
    if (votes.length < quorum.length || (isUnanimous && new Set(votes).size > 1)) return []
    return votes.map((decision) => ({ decision }))
  }
})

const prepareActions = (
  { ballots, quorums, replicas, values }: Setting,
  mutant?: PaxosMutant
): Array<Action<Variables>> =>
  ballots.slice(1).flatMap((ballot): Array<Action<Variables>> => {
    const proposed = `P2a.${ballot}` as const
    const promisesOf = (v: Variables, quorum: ReadonlyArray<string>) => quorum.map((a) => v[`P1b.${ballot}.${a}`])
    return [
      { name: `Prepare(${ballot})`, reads: [], step: () => [assign(`P1a.${ballot}`, true)] },
      ...replicas.map((replica): Action<Variables> => ({
        name: `Promise(${replica}, ${ballot})`,
        reads: [`P1a.${ballot}`, `replica.${replica}`],
        step: (v) => {
          const { maxBallot, value, votedIn } = v[`replica.${replica}`]!
          if (!v[`P1a.${ballot}`] || maxBallot >= ballot) return []
          return [{
            ...assign(`replica.${replica}`, { maxBallot: ballot, votedIn, value }),
            ...assign(`P1b.${ballot}.${replica}`, { votedIn, value })
          }]
        }
      })),
      ...values.map((value): Action<Variables> => ({
        name: `Accept(${ballot}, ${value})`,
        reads: [proposed, ...replicas.map((replica) => `P1b.${ballot}.${replica}` as const)],
        step: (v) =>
          v[proposed] === undefined
            ? quorums.filter((quorum) =>
              mutant === "propose-anything"
                ? !promisesOf(v, quorum).includes(undefined)
                : allows(promisesOf(v, quorum), value)
            ).map(() => assign(proposed, value))
            : []
      }))
    ]
  })

/** Whether these promises (of one quorum) allow the value: nobody has voted, or it is that of the highest vote. */
const allows = (promises: ReadonlyArray<Vote | undefined>, value: string): boolean => {
  const votes = promises.flatMap((promise) => promise ?? [])
  if (votes.length < promises.length) return false
  const highest = Math.max(...votes.map(({ votedIn }) => votedIn))
  return highest === 0 || votes.some((vote) => vote.votedIn === highest && vote.value === value)
}

/** `classic-paxos`: the module Paxos. A promise in ballot 0 means that nothing was voted for. */
export const classicPaxos = (options: Options<PaxosMutant>): ActionModel<Variables> => {
  const setting = settingOf(options)
  const { ballots, quorums, replicas } = setting
  return build("classic-paxos", setting, [
    ...prepareActions(setting, options.mutant),
    ...replicas.flatMap((replica) => ballots.slice(1).map((ballot) => accept(replica, ballot))),
    ...ballots.slice(1).flatMap((ballot) => quorums.map((quorum) => decide(ballot, quorum, false)))
  ])
}

/** `fast-paxos`: the module FastPaxos. Odd ballots are fast. */
export const fastPaxos = (options: Options<FastMutant>): ActionModel<Variables> => {
  const setting = settingOf(options)
  const { ballots, quorums, replicas, values } = setting
  const fast = ballots.filter((ballot) => ballot % 2 === 1)
  const classic = ballots.filter((ballot) => ballot % 2 === 0)
  const fastQuorums = options.mutant === "small-fast-quorum" ? subsets(replicas, Math.min(2, replicas.length)) : quorums
  return build("fast-paxos", setting, [
    ...fast.flatMap((ballot): Array<Action<Variables>> => [
      { name: `Any(${ballot})`, reads: [], step: () => [assign(`P2a.${ballot}`, any)] },
      ...replicas.map((replica): Action<Variables> => ({
        name: `Propose(${replica}, ${ballot})`,
        reads: [`P2a.${ballot}`, `P2b.${ballot}.${replica}`, `replica.${replica}`],
        step: (v) => {
          const { maxBallot, value } = v[`replica.${replica}`]!
          if (v[`P2a.${ballot}`] !== any || maxBallot > ballot || v[`P2b.${ballot}.${replica}`] !== undefined) return []
          return (value === undefined ? values : [value]).map((own) => vote(replica, ballot, own))
        }
      })),
      ...fastQuorums.map((quorum) => decide(ballot, quorum, true))
    ]),
    ...classic.flatMap((ballot): Array<Action<Variables>> => [
      ...fast.filter((before) => before < ballot).flatMap((before) =>
        fastQuorums.flatMap((quorum) =>
          values.map((value): Action<Variables> => ({
            name: `Accept(${ballot}, ${value}, ${before}, ${quorum.join(" ")})`,
            reads: [`P2a.${ballot}`, "choice", ...quorum.map((replica) => `P2b.${before}.${replica}` as const)],
            step: (v) => {
              if (v[`P2a.${ballot}`] !== undefined || (v.choice ?? value) !== value) return []
              const votes = votesOf(v, before, quorum)
              if (votes.length < quorum.length || !resolves(votes, value, options.mutant)) return []
              return [{ choice: value, ...assign(`P2a.${ballot}`, value) }]
            }
          }))
        )
      ),
      ...replicas.map((replica) => accept(replica, ballot)),
      ...quorums.map((quorum) => decide(ballot, quorum, false))
    ])
  ])
}

/** Whether the value ends a collision of these votes: it has more than half of them, or none has and it is among them. */
const resolves = (votes: ReadonlyArray<string>, value: string, mutant: FastMutant | undefined): boolean => {
  if (new Set(votes).size <= 1) return false
  const isMajority = (one: string): boolean =>
    votes.filter((other) => other === one).length > Math.floor(votes.length / 2)
  return mutant !== "ignore-majority" && votes.some(isMajority) ? isMajority(value) : votes.includes(value)
}

const build = (
  name: string,
  { ballots, replicas, values }: Setting,
  actions: ReadonlyArray<Action<Variables>>
): ActionModel<Variables> => {
  const votes = ballots.flatMap((ballot) => replicas.map((replica) => `P2b.${ballot}.${replica}` as const))
  const decisions = actions.filter((action) => action.name.startsWith("Decide"))
  const decidable = (v: Variables): ReadonlySet<unknown> =>
    new Set(decisions.flatMap((action) => action.step(v).map(({ decision }) => decision)))
  return make<Variables>({
    name,
    initial: [{
      ...Object.fromEntries(ballots.flatMap((ballot) => [
        [`P1a.${ballot}`, false],
        [`P2a.${ballot}`, undefined],
        ...replicas.flatMap((
          replica
        ) => [[`P1b.${ballot}.${replica}`, undefined], [`P2b.${ballot}.${replica}`, undefined]])
      ])),
      ...Object.fromEntries(replicas.map((r) => [`replica.${r}`, { maxBallot: 0, votedIn: 0, value: undefined }])),
      decision: undefined,
      choice: undefined
    }],
    actions,
    symmetry: [replicas, values],
    properties: [
      { name: "one decision", kind: "always", reads: votes, holds: (v) => decidable(v).size <= 1 },
      {
        name: "decided was voted for",
        kind: "always",
        reads: ["decision", ...votes],
        holds: (v) => v.decision === undefined || votes.some((vote) => v[vote] === v.decision)
      },
      { name: "decided", kind: "sometimes", reads: ["decision"], holds: ({ decision }) => decision !== undefined }
    ]
  })
}

const parameters = {
  replicas: whole("replicas", 4, 1, 6),
  values: whole("values that may be decided", 3, 1, 4),
  "max-ballot": whole("the highest ballot; the lowest is 0", 2, 0, 6)
}

/** For the catalogue. */
export const fastPaxosEntries = [
  actionEntry(
    {
      name: "classic-paxos",
      summary: "Paxos with one coordinator and one variable for what is decided",
      elsewhere: "TLA+ Paxos (SimplifiedFastPaxos)",
      parameters,
      mutants: paxosMutants
    },
    ({ "max-ballot": maxBallot, replicas, values }, mutant) => classicPaxos({ replicas, values, maxBallot, mutant })
  ),
  actionEntry(
    {
      name: "fast-paxos",
      summary: "Fast Paxos with one coordinator; odd ballots are fast",
      elsewhere: "TLA+ FastPaxos (SimplifiedFastPaxos)",
      parameters,
      mutants: fastMutants
    },
    ({ "max-ballot": maxBallot, replicas, values }, mutant) => fastPaxos({ replicas, values, maxBallot, mutant })
  )
]
