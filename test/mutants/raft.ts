/**
 * Known bugs of Raft implementations, each one rule replaced, each with a run of the simulator that shows it.
 */
import { Log } from "synod/core/Log"
import type { Rules } from "synod/protocols/raft/Rules"
import { published } from "synod/protocols/raft/Rules"
import type { FaultKind } from "synod/simulation/Faults"

export interface Mutant {
  readonly name: string
  readonly bug: string
  readonly rules: Rules
  /** A run of the scenario that shows it, and the property that it violates. */
  readonly found: {
    readonly nodes: number
    readonly clients?: number
    readonly keys?: number
    readonly faults: FaultKind
    readonly seed: number
    readonly property: string
  }
}

const mutant = (name: string, bug: string, found: Mutant["found"], rules: Partial<Rules>): Mutant => ({
  name,
  bug,
  found,
  rules: { ...published, ...rules }
})

const all = (seed: number, property: string): Mutant["found"] => ({ nodes: 5, faults: "all", seed, property })

export const mutants: ReadonlyArray<Mutant> = [
  mutant("R4-votes-twice", "a second vote in one term", all(12, "Monotonic"), { mayVote: () => true }),
  mutant("R5-own-undurable", "the leader counts entries that are not on its disk", all(2, "CommittedIsDurableInv"), {
    ownMatch: (_durable, _term, log) => log.last
  }),
  mutant("R6-early-ack", "a follower acknowledges what is not on its disk", all(2, "CommittedIsDurableInv"), {
    durableMatch: (_durable, _log, match) => match
  }),
  mutant("R9-fresh-leader-read", "a fresh leader reads before its no-op is committed", all(42, "Linearizability"), {
    readIndex: (commit) => commit
  }),
  mutant("R10-unconfirmed-read", "a read is served before a quorum confirmed the leader", {
    nodes: 5,
    clients: 12,
    keys: 1,
    faults: "network",
    seed: 30,
    property: "Linearizability"
  }, {
    confirmed: () => Infinity
  }),
  mutant(
    "R21-truncates-always",
    "every append cuts the log, so a delayed short one loses what came after",
    all(1, "HandlersAreTotal"),
    {
      firstNew: () => 0
    }
  ),
  mutant("R23-prev-term-unchecked", "an append is accepted whatever the term before it", all(30, "LogInv"), {
    matches: (log, prevIndex) => prevIndex <= log.last
  }),
  mutant(
    "R25-raw-heartbeat-commit",
    "a heartbeat carries the leader's commit, not what the peer holds",
    all(10, "LogInv"),
    {
      heartbeatCommit: (commit) => commit
    }
  ),
  mutant("R26-below-quorum", "the leader commits what any one node holds", all(1, "QuorumLogInv"), {
    leaderCommit: (quorum, ack, termAt, term, commit) => {
      const voters = quorum._tag === "Threshold" ? quorum.voters : []
      const index = Math.max(...voters.map(ack))
      return index > commit && termAt(index) === term ? index : commit
    }
  }),
  mutant(
    "R29-no-up-to-date-check",
    "a vote is granted to a candidate whose log is behind",
    all(1, "MoreUpToDateCorrectInv"),
    { isUpToDate: () => true }
  ),
  mutant("R32-minority-elects", "one vote less than a majority elects", all(7, "MoreUpToDateCorrectInv"), {
    tally: (quorum, votes) => {
      const granted = [...votes.values()].filter((vote) => vote).length
      return granted >= Math.floor((quorum._tag === "Threshold" ? quorum.voters.length : 0) / 2)
        ? "Won"
        : published.tally(quorum, votes)
    }
  }),
  mutant("R36-log-lost-on-term-change", "what was appended is forgotten when the term changes", all(9, "LogInv"), {
    fold: (durable, record) =>
      record._tag === "Term" && record.votedFor === undefined && durable.log.floor === 0
        ? { ...published.fold(durable, record), log: Log.empty() }
        : published.fold(durable, record)
  })
]
