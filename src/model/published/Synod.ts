/**
 * Lamport's Paxos consensus ("The Part-Time Parliament", 1998), as the TLA+ module Paxos describes it: acceptors, a leader a ballot, and a set of messages that are never consumed.
 *
 * Guarantee: at most one value is chosen, where a value is chosen when a quorum accepted it in one ballot. Model: asynchronous; loss and duplication are what a set of messages
 * allows. Message flow: 1a opens a ballot, 1b promises and reports the last vote, 2a proposes the value of the highest reported vote, 2b votes.
 *
 * Counts as TLC: 3,921 states of 23,563 generated at depth 17 for 3 acceptors, 2 values and ballots 0 and 1 (MCPaxosTiny); 25 of 82 at depth 9 for one acceptor and one value
 * (MCPaxos). A quorum and a reported vote that both allow a value are two instances of an action.
 */
import type { Action, ActionModel } from "../ActionModel.js"
import { assign, make } from "../ActionModel.js"
import { actionEntry, whole } from "./Entry.js"
import { atoms, minimalMajorities, upTo } from "./Quorums.js"

interface Vote {
  /** -1: none yet. */
  readonly ballot: number
  readonly value: string | undefined
}

/** The set of messages is a variable for each ballot and sender: an acceptor promises once a ballot, a leader proposes once. */
export type Variables = {
  readonly [opened: `1a.${number}`]: boolean
  readonly [promise: `1b.${number}.${string}`]: Vote | undefined
  readonly [proposed: `2a.${number}`]: string | undefined
  readonly [voted: `2b.${number}.${string}`]: string | undefined
  readonly [acceptor: `acceptor.${string}`]: { readonly maxBallot: number; readonly vote: Vote }
}

/** Planted bugs, by name. */
const mutants = {
  "propose-anything": "a leader proposes any value, whatever the promises report",
  "vote-below-promise": "an acceptor votes in a ballot below its promise"
} as const

export type Mutant = keyof typeof mutants

export interface Options {
  readonly acceptors: number
  readonly values: number
  readonly maxBallot: number
  readonly mutant?: Mutant | undefined
}

/** Builds the model with ballots 0 to `maxBallot` and the smallest majorities as quorums. */
export const synod = ({ acceptors, maxBallot, mutant, values }: Options): ActionModel<Variables> => {
  const allAcceptors = atoms("a", acceptors)
  const allValues = atoms("v", values)
  const quorums = minimalMajorities(allAcceptors)
  const ballots = upTo(maxBallot)
  const actions: Array<Action<Variables>> = []
  for (const ballot of ballots) {
    const promises = allAcceptors.map((a) => `1b.${ballot}.${a}` as const)
    actions.push({
      name: `Phase1a(${ballot})`,
      reads: [],
      step: () => [assign(`1a.${ballot}`, true)]
    })
    for (const value of allValues) {
      actions.push({
        name: `Phase2a(${ballot}, ${value})`,
        reads: [`2a.${ballot}`, ...promises],
        step: (v) => {
          if (v[`2a.${ballot}`] !== undefined) return []
          const votesOf = (quorum: ReadonlyArray<string>) => quorum.map((a) => v[`1b.${ballot}.${a}`])
          const witnesses = quorums.flatMap((quorum) => reasons(votesOf(quorum), value, mutant === "propose-anything"))
          return witnesses.map(() => assign(`2a.${ballot}`, value))
        }
      })
    }
    for (const a of allAcceptors) {
      const acceptor = `acceptor.${a}` as const
      actions.push(
        {
          name: `Phase1b(${a}, ${ballot})`,
          reads: [`1a.${ballot}`, acceptor],
          step: (v) => {
            const { maxBallot, vote } = v[acceptor]!
            return v[`1a.${ballot}`] && ballot > maxBallot
              ? [{ ...assign(acceptor, { maxBallot: ballot, vote }), ...assign(`1b.${ballot}.${a}`, vote) }]
              : []
          }
        },
        {
          name: `Phase2b(${a}, ${ballot})`,
          reads: [`2a.${ballot}`, acceptor],
          step: (v) => {
            const value = v[`2a.${ballot}`]
            const { maxBallot } = v[acceptor]!
            if (value === undefined || (ballot < maxBallot && mutant !== "vote-below-promise")) return []
            return [{
              ...assign(acceptor, { maxBallot: ballot, vote: { ballot, value } }),
              ...assign(`2b.${ballot}.${a}`, value)
            }]
          }
        }
      )
    }
  }
  const votes = ballots.flatMap((ballot) => allAcceptors.map((a) => `2b.${ballot}.${a}` as const))
  const chosen = (v: Variables): ReadonlyArray<string> =>
    allValues.filter((value) =>
      ballots.some((ballot) => quorums.some((quorum) => quorum.every((a) => v[`2b.${ballot}.${a}`] === value)))
    )
  return make<Variables>({
    name: "synod",
    initial: [Object.fromEntries([
      ...ballots.flatMap((ballot) => [
        [`1a.${ballot}`, false],
        [`2a.${ballot}`, undefined],
        ...allAcceptors.flatMap((a) => [[`1b.${ballot}.${a}`, undefined], [`2b.${ballot}.${a}`, undefined]])
      ]),
      ...allAcceptors.map((a) => [`acceptor.${a}`, { maxBallot: -1, vote: { ballot: -1, value: undefined } }])
    ])],
    actions,
    symmetry: [allAcceptors, allValues],
    properties: [
      { name: "agreement", kind: "always", reads: votes, holds: (v) => chosen(v).length <= 1 },
      { name: "value chosen", kind: "sometimes", reads: votes, holds: (v) => chosen(v).length > 0 }
    ]
  })
}

/** Why these promises (of one quorum) allow the value: nobody has voted, or one for each highest vote that is for it. */
const reasons = (
  promises: ReadonlyArray<Vote | undefined>,
  value: string,
  isAnythingAllowed: boolean
): ReadonlyArray<Vote | "free"> => {
  if (promises.includes(undefined)) return []
  const votes = promises.flatMap((vote) => vote !== undefined && vote.ballot >= 0 ? [vote] : [])
  if (votes.length === 0 || isAnythingAllowed) return ["free"]
  const highest = Math.max(...votes.map(({ ballot }) => ballot))
  return votes.filter((vote) => vote.ballot === highest && vote.value === value)
}

/** For the catalogue. */
export const synodEntry = actionEntry(
  {
    name: "synod",
    summary: "Paxos consensus: acceptors, a leader a ballot, a set of messages",
    elsewhere: "TLA+ Paxos (Paxos, PaxosHowToWinATuringAward)",
    parameters: {
      acceptors: whole("acceptors", 3, 1, 7),
      values: whole("values that may be chosen", 2, 1, 5),
      "max-ballot": whole("the highest ballot; the lowest is 0", 1, 0, 8)
    },
    mutants
  },
  ({ acceptors, "max-ballot": maxBallot, values }, mutant) => synod({ acceptors, values, maxBallot, mutant })
)
