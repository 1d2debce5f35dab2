/**
 * Known bugs of Raft implementations, each one rule replaced. Numbers are those of the project's reference page; `seed` is one that shows the bug
 * within the scenario of `test/simulation/RaftMutants.test.ts`.
 */
import { Log } from "synod/core/Log"
import type { Rules } from "synod/protocols/raft/Rules"
import { published } from "synod/protocols/raft/Rules"

export interface Mutant {
  readonly name: string
  readonly bug: string
  readonly rules: Rules
}

const mutant = (name: string, bug: string, rules: Partial<Rules>): Mutant => ({
  name,
  bug,
  rules: { ...published, ...rules }
})

export const mutants: ReadonlyArray<Mutant> = [
  mutant("R1-old-term-commit", "an entry of an older term is committed by counting", {
    leaderCommit: (quorum, ack, _termAt, term, commit) => published.leaderCommit(quorum, ack, () => term, term, commit)
  }),
  mutant("R4-votes-twice", "a second vote in one term", { mayVote: () => true }),
  mutant("R5-own-undurable", "the leader counts entries that are not on its disk", {
    ownMatch: (_durable, _term, log) => log.last
  }),
  mutant("R6-early-ack", "a follower acknowledges what is not on its disk", {
    durableMatch: (_durable, _log, match) => match
  }),
  mutant("R9-fresh-leader-read", "a fresh leader reads before its no-op is committed", {
    readIndex: (commit) => commit
  }),
  mutant("R10-unconfirmed-read", "a read is served before a quorum confirmed the leader", {
    confirmed: () => Infinity
  }),
  mutant("R20-log-kept-beside-snapshot", "a log that does not match an installed snapshot is kept", {
    fold: (durable, record) =>
      record._tag === "Snapshot" && durable.log.last > record.snapshot.index
        ? {
          ...durable,
          snapshot: record.snapshot,
          log: durable.log.compactTo(Math.max(durable.log.floor, record.snapshot.index))
        }
        : published.fold(durable, record)
  }),
  mutant("R21-truncates-always", "every append cuts the log, so a delayed short one loses what came after", {
    firstNew: () => 0
  }),
  mutant("R23-prev-term-unchecked", "an append is accepted whatever the term before it", {
    matches: (log, prevIndex) => prevIndex <= log.last
  }),
  mutant("R24-commits-uncovered", "a follower commits beyond the last entry that the message covers", {
    followerCommit: (commit, leaderCommit) => Math.max(commit, leaderCommit)
  }),
  mutant("R25-raw-heartbeat-commit", "a heartbeat carries the leader's commit, not what the peer holds", {
    heartbeatCommit: (commit) => commit
  }),
  mutant("R26-below-quorum", "the leader commits what any one node holds", {
    leaderCommit: (quorum, ack, termAt, term, commit) => {
      const voters = quorum._tag === "Threshold" ? quorum.voters : []
      const index = Math.max(...voters.map(ack))
      return index > commit && termAt(index) === term ? index : commit
    }
  }),
  mutant("R29-no-up-to-date-check", "a vote is granted to a candidate whose log is behind", { isUpToDate: () => true }),
  mutant("R29-index-before-term", "logs are compared by length before term", {
    isUpToDate: (log, { lastIndex, lastTerm }) =>
      lastIndex > log.last || (lastIndex === log.last && lastTerm >= log.lastTerm)
  }),
  mutant("R3-minority-elects", "one vote less than a majority elects", {
    tally: (quorum, votes) => {
      const granted = [...votes.values()].filter((vote) => vote).length
      return granted >= Math.floor((quorum._tag === "Threshold" ? quorum.voters.length : 0) / 2)
        ? "Won"
        : published.tally(quorum, votes)
    }
  }),
  mutant("R7-log-lost-on-restart", "what was appended is forgotten when the term changes", {
    fold: (durable, record) =>
      record._tag === "Term" && record.votedFor === undefined && durable.log.floor === 0
        ? { ...published.fold(durable, record), log: Log.empty() }
        : published.fold(durable, record)
  })
]
