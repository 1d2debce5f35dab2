/**
 * The rules on which Raft's safety rests, each a small total function. The machinery asks them and decides nothing by itself, so that a planted bug is one rule replaced.
 *
 * Sources: D. Ongaro and J. Ousterhout, "In search of an understandable consensus algorithm" (paper); D. Ongaro's thesis; etcd-io/raft for read positions.
 *
 * @since 0.1.0
 */
import { Log } from "../../core/Log.js"
import type { NodeId } from "../../core/NodeId.js"
import * as Quorum from "../../core/Quorum.js"
import type { Durable, Entry, Record } from "./Types.js"

/** What a vote is decided on. */
interface Ballot {
  readonly candidate: NodeId
  readonly term: number
  readonly lastIndex: number
  readonly lastTerm: number
}

/**
 * The rules.
 *
 * @since 0.1.0
 * @category models
 */
export interface Rules {
  /** Paper 5.4.1: a log is at least as up to date by (last term, last index), the term compared first. */
  readonly isUpToDate: (log: Log<Entry<unknown>>, ballot: Ballot) => boolean
  /** Paper 5.2: one vote a term. The ballot's term is the voter's own by now. */
  readonly mayVote: (votedFor: NodeId | undefined, candidate: NodeId) => boolean
  /** The vote that a node keeps when it enters a higher term: none. */
  readonly voteInNewTerm: (votedFor: NodeId | undefined) => NodeId | undefined
  /** Whether the election is won, lost or open. Only distinct voters count. */
  readonly tally: (quorum: Quorum.Quorum, votes: ReadonlyMap<NodeId, boolean>) => "Won" | "Lost" | "Pending"
  /** Paper 5.3: an append is accepted only where (prevIndex, prevTerm) matches; what is below the floor is committed and matches. */
  readonly matches: (log: Log<Entry<unknown>>, prevIndex: number, prevTerm: number) => boolean
  /** Paper 5.3: the first of the entries after `prevIndex` that the log lacks or holds with another term; `entries.length` where it holds them all. */
  readonly firstNew: (log: Log<Entry<unknown>>, prevIndex: number, entries: ReadonlyArray<Entry<unknown>>) => number
  /** Paper 5.4.2: the leader commits the largest index that a quorum holds, if that entry is of its own term. */
  readonly leaderCommit: (
    quorum: Quorum.Quorum,
    ack: (id: NodeId) => number,
    termAt: (index: number) => number | undefined,
    term: number,
    commit: number
  ) => number
  /** Paper 5.3: a follower commits no further than the leader's commit and than what this message vouches for. */
  readonly followerCommit: (commit: number, leaderCommit: number, covered: number) => number
  /** What a heartbeat may tell a peer to commit: nothing beyond what that peer is known to hold. */
  readonly heartbeatCommit: (commit: number, match: number) => number
  /** What a leader counts of itself: its durable log, once its term is durable, since its vote for itself was written after every earlier truncation. */
  readonly ownMatch: (durable: Durable<unknown>, term: number, log: Log<Entry<unknown>>) => number
  /** What a follower acknowledges: the part of the match that is on its disk, with the same term there. 0 = nothing to say yet. */
  readonly durableMatch: (durable: Durable<unknown>, log: Log<Entry<unknown>>, match: number) => number
  /** The index that a read must see: everything committed by now, and the no-op, behind which lie the commits of all earlier leaders (thesis 6.4). */
  readonly readIndex: (commit: number, noOp: number) => number
  /** The newest read position that a quorum confirmed: the same leader still led when it was asked. */
  readonly confirmed: (quorum: Quorum.Quorum, position: (id: NodeId) => number) => number
  /** With check-quorum: a node that hears a leader refuses to help another one (thesis 6.2). */
  readonly ignoresVotes: (leased: boolean) => boolean
  /** How a record changes what is durable. */
  readonly fold: <C>(durable: Durable<C>, record: Record<C>) => Durable<C>
}

/**
 * The rules as published.
 *
 * @since 0.1.0
 * @category constants
 */
export const published: Rules = {
  isUpToDate: (log, ballot) =>
    ballot.lastTerm > log.lastTerm || (ballot.lastTerm === log.lastTerm && ballot.lastIndex >= log.last),
  mayVote: (votedFor, candidate) => votedFor === undefined || votedFor === candidate,
  voteInNewTerm: () => undefined,
  tally: (quorum, votes) => Quorum.vote(quorum, (id) => votes.get(id)),
  matches: (log, prevIndex, prevTerm) => prevIndex < log.floor || log.termAt(prevIndex) === prevTerm,
  firstNew: (log, prevIndex, entries) => {
    let i = Math.max(0, log.floor - prevIndex)
    while (i < entries.length && log.termAt(prevIndex + 1 + i) === entries[i]!.term) i++
    return Math.min(i, entries.length)
  },
  leaderCommit: (quorum, ack, termAt, term, commit) => {
    const index = Quorum.committed(quorum, ack)
    return index > commit && termAt(index) === term ? index : commit
  },
  followerCommit: (commit, leaderCommit, covered) => Math.max(commit, Math.min(leaderCommit, covered)),
  heartbeatCommit: (commit, match) => Math.min(commit, match),
  ownMatch: (durable, term) => durable.term === term ? durable.log.last : 0,
  durableMatch: (durable, log, match) => {
    const index = Math.min(durable.log.last, match)
    return durable.log.termAt(index) === log.termAt(index) ? index : 0
  },
  readIndex: (commit, noOp) => Math.max(commit, noOp),
  confirmed: (quorum, position) => Quorum.committed(quorum, position),
  ignoresVotes: (leased) => leased,
  fold: <C>(durable: Durable<C>, record: Record<C>): Durable<C> => {
    switch (record._tag) {
      case "Term":
        return { term: record.term, votedFor: record.votedFor, log: durable.log, snapshot: durable.snapshot }
      case "Append": {
        let log = record.index <= durable.log.last ? durable.log.truncateFrom(record.index) : durable.log
        for (const entry of record.entries) log = log.append(entry)
        return { term: durable.term, votedFor: durable.votedFor, log, snapshot: durable.snapshot }
      }
      case "Snapshot": {
        const { index, term } = record.snapshot
        const log = durable.log.termAt(index) === term
          ? durable.log.compactTo(Math.max(durable.log.floor, record.floor))
          : Log.fromSnapshot<Entry<C>>(index, term)
        return { term: durable.term, votedFor: durable.votedFor, log, snapshot: record.snapshot }
      }
    }
  }
}
