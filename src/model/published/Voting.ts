/**
 * Voting, the abstraction of Paxos without messages, as the TLA+ modules Voting and VoteProof describe it (Lamport, "How to Win a Turing Award"; "Byzantizing Paxos by Refinement", 2011).
 *
 * Guarantee: at most one value is chosen, where a value is chosen when a quorum voted for it in one ballot. An acceptor votes in a ballot only for a value that a quorum shows
 * to be safe there: one step looks at all acceptors.
 *
 * Counts as TLC: `voting` 6,752 states of 41,017 generated at depth 16 for 3 acceptors, 2 values and ballots 0 to 2; `vote-proof`, which states safety recursively, over every
 * majority, 6,962 of 318,877 at depth 14 (TLC reports 15). Each quorum that shows safety is an instance; in VoteProof so is each lower ballot that it appeals to.
 */
import type { ActionModel } from "../ActionModel.js"
import { make } from "../ActionModel.js"
import { actionEntry, whole } from "./Entry.js"
import { atoms, majorities, minimalMajorities, upTo } from "./Quorums.js"

interface Acceptor {
  readonly maxBallot: number
  /** By ballot: it votes at most once in each. */
  readonly votes: ReadonlyArray<string | undefined>
}

export type Variables = { readonly [acceptor: `acceptor.${string}`]: Acceptor }

/** Planted bugs, by name. */
const mutants = {
  "vote-without-proof": "a vote needs no proof that it is safe",
  "split-ballot": "acceptors of one ballot vote for different values"
} as const

export type Mutant = keyof typeof mutants

export interface Options {
  readonly acceptors: number
  readonly values: number
  readonly maxBallot: number
  readonly mutant?: Mutant | undefined
}

/** How many ways these acceptors (a quorum) show that the value is safe at the ballot. */
type Proofs = (v: Variables, quorum: ReadonlyArray<`acceptor.${string}`>, ballot: number, value: string) => number

const votedIn = (v: Variables, acceptor: `acceptor.${string}`, ballot: number): string | undefined =>
  v[acceptor]!.votes[ballot]

const noVotes = (
  v: Variables,
  quorum: ReadonlyArray<`acceptor.${string}`>,
  from: number,
  below: number
): boolean => quorum.every((a) => v[a]!.votes.slice(from, below).every((vote) => vote === undefined))

/** The ballots below, and -1: where a quorum's last votes may be. */
const below = (ballot: number): ReadonlyArray<number> => upTo(ballot).map((n) => n - 1)

const count = (of: ReadonlyArray<number>): number => of.reduce((sum, n) => sum + n, 0)

/** Either none of them voted below, or the highest ballot in which they did has votes for the value: each such vote is a way. */
const showsSafeAt: Proofs = (v, quorum, ballot, value) => {
  if (!quorum.every((a) => v[a]!.maxBallot >= ballot)) return 0
  return count(
    below(ballot).filter((c) => noVotes(v, quorum, c + 1, ballot))
      .map((c) => c === -1 ? 1 : quorum.filter((a) => votedIn(v, a, c) === value).length)
  )
}

/** `voting`: quorums are the smallest majorities. */
export const voting = (options: Options): ActionModel<Variables> =>
  build("voting", options, minimalMajorities, 0, showsSafeAt)

/** `vote-proof`: quorums are all majorities, and safety at a ballot rests on safety at a lower one. */
export const voteProof = (options: Options): ActionModel<Variables> => {
  const quorums = majorities(atoms("a", options.acceptors).map((a) => `acceptor.${a}` as const))
  const proofs: Proofs = (v, quorum, ballot, value) => {
    if (!quorum.every((a) => v[a]!.maxBallot >= ballot)) return 0
    return count(
      below(ballot).filter((c) => noVotes(v, quorum, c + 1, ballot)).map((c) => {
        if (c === -1) return 1
        const isForValue = quorum.every((a) => (votedIn(v, a, c) ?? value) === value)
        return isForValue ? safety(v, c, value) : 0
      })
    )
  }
  const safety = (v: Variables, ballot: number, value: string): number =>
    count(quorums.map((quorum) => proofs(v, quorum, ballot, value))) + (ballot === 0 ? 1 : 0)
  return build("vote-proof", options, majorities, 1, proofs)
}

/** `atZero`: whether that a value is safe at ballot 0 is an instance of its own, beside the quorums that show it. */
const build = (
  name: string,
  { acceptors, maxBallot, mutant, values }: Options,
  quorumsOf: typeof majorities,
  atZero: 0 | 1,
  proofs: Proofs
): ActionModel<Variables> => {
  const allAcceptors = atoms("a", acceptors)
  const allValues = atoms("v", values)
  const slots = allAcceptors.map((a) => `acceptor.${a}` as const)
  const quorums = quorumsOf(slots)
  const ballots = upTo(maxBallot)
  const instances = (v: Variables, ballot: number, value: string): number => {
    if (mutant === "vote-without-proof") return 1
    return count(quorums.map((quorum) => proofs(v, quorum, ballot, value))) + (ballot === 0 ? atZero : 0)
  }
  const chosen = (v: Variables): ReadonlyArray<string> =>
    allValues.filter((value) =>
      ballots.some((ballot) => quorums.some((quorum) => quorum.every((a) => votedIn(v, a, ballot) === value)))
    )
  return make<Variables>({
    name,
    initial: [Object.fromEntries(slots.map((a) => [a, { maxBallot: -1, votes: ballots.map(() => undefined) }]))],
    actions: slots.flatMap((a) =>
      ballots.flatMap((ballot) => [
        {
          name: `IncreaseMaxBal(${a}, ${ballot})`,
          reads: [a],
          step: (v: Variables) => ballot > v[a]!.maxBallot ? [{ [a]: { ...v[a]!, maxBallot: ballot } }] : []
        },
        ...allValues.map((value) => ({
          name: `VoteFor(${a}, ${ballot}, ${value})`,
          reads: slots,
          step: (v: Variables) => {
            const { maxBallot, votes } = v[a]!
            if (maxBallot > ballot || votes[ballot] !== undefined) return []
            if (
              mutant !== "split-ballot" && slots.some((other) => (votedIn(v, other, ballot) ?? value) !== value)
            ) return []
            const after = { [a]: { maxBallot: ballot, votes: votes.with(ballot, value) } }
            return Array.from({ length: instances(v, ballot, value) }, () => after)
          }
        }))
      ])
    ),
    symmetry: [allAcceptors, allValues],
    properties: [
      { name: "agreement", kind: "always", holds: (v) => chosen(v).length <= 1 },
      {
        name: "one value a ballot",
        kind: "always",
        holds: (v) => ballots.every((ballot) => new Set(slots.flatMap((a) => votedIn(v, a, ballot) ?? [])).size <= 1)
      },
      { name: "value chosen", kind: "sometimes", holds: (v) => chosen(v).length > 0 }
    ]
  })
}

const parameters = {
  acceptors: whole("acceptors", 3, 1, 7),
  values: whole("values that may be chosen", 2, 1, 5),
  "max-ballot": whole("the highest ballot; the lowest is 0", 2, 0, 8)
}

/** For the catalogue. */
export const votingEntries = [
  actionEntry(
    {
      name: "voting",
      summary: "Paxos without messages: acceptors that see each other's votes",
      elsewhere: "TLA+ Voting (Paxos, PaxosHowToWinATuringAward)",
      parameters,
      mutants
    },
    ({ acceptors, "max-ballot": maxBallot, values }, mutant) => voting({ acceptors, values, maxBallot, mutant })
  ),
  actionEntry(
    {
      name: "vote-proof",
      summary: "voting whose safety is stated by recursion over ballots",
      elsewhere: "TLA+ VoteProof (byzpaxos)",
      parameters,
      mutants
    },
    ({ acceptors, "max-ballot": maxBallot, values }, mutant) => voteProof({ acceptors, values, maxBallot, mutant })
  )
]
