/**
 * Known bugs of Raft implementations (`docs/faults.md`), each planted as one rule replaced, one wrapper around the protocol or one broken store: what a
 * simulator, a checker and a reader can be tried on. `synod simulate raft --bug NAME` runs one.
 *
 * @since 0.1.0
 */
import { Log } from "../../core/Log.js"
import type { Outbox, Protocol } from "../../core/Protocol.js"
import { machine } from "../../protocols/key-value/KeyValue.js"
import type { Rules } from "../../protocols/raft/Rules.js"
import { published } from "../../protocols/raft/Rules.js"
import * as Sessions from "../../protocols/raft/Sessions.js"
import type { Plant, Vocabulary } from "./RaftKeyValue.js"

/**
 * A bug: what is wrong, and what makes it so.
 *
 * @since 0.1.0
 * @category models
 */
export interface Bug {
  readonly name: string
  readonly bug: string
  readonly plant: Plant
  /** What is legal of the plant, for a run that must pass. */
  readonly control?: Plant
}

type Message = Vocabulary["message"]
type Out = Outbox<Vocabulary>

const rules = (replaced: Partial<Rules>): Plant => ({ rules: { ...published, ...replaced } })

/** An outbox whose messages of one kind pass the gate. */
const ungated = (out: Out, tag: Message["_tag"]): Out => ({
  now: out.now,
  persist: (record) => out.persist(record),
  setTimer: (timer, min, max) => out.setTimer(timer, min, max),
  cancelTimer: (timer) => out.cancelTimer(timer),
  reply: (id, reply) => out.reply(id, reply),
  emit: (event) => out.emit(event),
  choose: (n, label) => out.choose(n, label),
  send: (to, message) => message._tag === tag ? out.now.send(to, message) : out.send(to, message)
})

const hasty = (tag: Message["_tag"]): Plant => ({
  wrap: (protocol) => ({
    ...protocol,
    onMessage: (state, from, message, out) => protocol.onMessage(state, from, message, ungated(out, tag)),
    onTimer: (state, timer, out) => protocol.onTimer?.(state, timer, ungated(out, tag)) ?? state
  })
})

/** What a node hears is something else than was said. */
const mishears = (hear: (state: Vocabulary["state"], message: Message) => Message): Plant => ({
  wrap: (protocol: Protocol<Vocabulary>): Protocol<Vocabulary> => ({
    ...protocol,
    onMessage: (state, from, message, out) => protocol.onMessage(state, from, hear(state, message), out)
  })
})

/** Followers whose rejections hint at nothing, so that a leader starts from the beginning: slow, and legal. */
const hintless = mishears((_, message) =>
  message._tag === "Rejected" ? { ...message, hintIndex: 0, hintTerm: 0 } : message
)

/**
 * All of them.
 *
 * @since 0.1.0
 * @category constants
 */
export const bugs: ReadonlyArray<Bug> = [
  {
    name: "R1-old-term-commit",
    bug: "an entry of an older term is committed by counting (figure 8 of the paper)",
    plant: rules({
      leaderCommit: (quorum, ack, _termAt, _term, commit) =>
        Math.max(commit, published.leaderCommit(quorum, ack, () => 0, 0, commit))
    })
  },
  {
    name: "R2-hasty-vote",
    bug: "a vote leaves before it is on the disk",
    plant: hasty("Vote")
  },
  {
    name: "R3-hasty-candidate",
    bug: "a candidate asks before its own vote is on the disk",
    plant: hasty("RequestVote")
  },
  {
    name: "R4-votes-twice",
    bug: "a second vote in one term",
    plant: rules({ mayVote: () => true })
  },
  {
    name: "R5-own-undurable",
    bug: "the leader counts entries that are not on its disk",
    plant: rules({ ownMatch: (_durable, _term, log) => log.last })
  },
  {
    name: "R6-early-ack",
    bug: "a follower acknowledges what is not on its disk",
    plant: rules({ durableMatch: (_durable, _log, match) => match })
  },
  {
    name: "R9-fresh-leader-read",
    bug: "a fresh leader reads before its no-op is committed",
    plant: rules({ readIndex: (commit) => commit })
  },
  {
    name: "R10-unconfirmed-read",
    bug: "a read is served before a quorum confirmed the leader",
    plant: rules({ confirmed: () => Infinity })
  },
  {
    name: "R11-reused-position",
    bug: "a late answer confirms reads that were asked after it left",
    plant: mishears(({ role }, message) =>
      message._tag === "Alive" && role._tag === "Leader" ? { ...message, position: role.reads.last } : message
    )
  },
  {
    name: "R20-keeps-trailing-log",
    bug: "the log behind an installed snapshot is kept although it does not match",
    plant: rules({
      fold: (durable, record) =>
        record._tag === "Snapshot" && durable.log.last >= record.snapshot.index &&
          durable.log.floor < record.snapshot.index
          ? {
            ...durable,
            log: durable.log.compactTo(Math.max(durable.log.floor, record.floor)),
            snapshot: record.snapshot
          }
          : published.fold(durable, record)
    })
  },
  {
    name: "R21-truncates-always",
    bug: "every append cuts the log, so a delayed short one loses what came after",
    plant: rules({ firstNew: () => 0 })
  },
  {
    name: "R23-prev-term-unchecked",
    bug: "an append is accepted whatever the term before it",
    plant: rules({ matches: (log, prevIndex) => prevIndex <= log.last })
  },
  {
    name: "R24-commits-uncovered",
    bug: "a follower commits what the leader committed, beyond what the message vouches for",
    plant: { ...rules({ followerCommit: (commit, leaderCommit) => Math.max(commit, leaderCommit) }), ...hintless },
    control: hintless
  },
  {
    name: "R25-raw-heartbeat-commit",
    bug: "a heartbeat carries the leader's commit, not what the peer holds",
    plant: rules({ heartbeatCommit: (commit) => commit })
  },
  {
    name: "R26-below-quorum",
    bug: "the leader commits what any one node holds",
    plant: rules({
      leaderCommit: (quorum, ack, termAt, term, commit) => {
        const voters = quorum._tag === "Threshold" ? quorum.voters : []
        const index = Math.max(...voters.map(ack))
        return index > commit && termAt(index) === term ? index : commit
      }
    })
  },
  {
    name: "R27-other-leaders-acks",
    bug: "a leader counts acknowledgements of an earlier leadership",
    plant: mishears((state, message) =>
      message._tag === "Appended" && message.term < state.durable.term
        ? { ...message, term: state.durable.term }
        : message
    )
  },
  {
    name: "R29-no-up-to-date-check",
    bug: "a vote is granted to a candidate whose log is behind",
    plant: rules({ isUpToDate: () => true })
  },
  {
    name: "R29-index-before-term",
    bug: "logs are compared by their length first, and only then by the term of their end",
    plant: rules({
      isUpToDate: (log, { lastIndex, lastTerm }) =>
        lastIndex > log.last || (lastIndex === log.last && lastTerm >= log.lastTerm)
    })
  },
  {
    name: "R32-minority-elects",
    bug: "one vote less than a majority elects",
    plant: rules({
      tally: (quorum, votes) => {
        const granted = [...votes.values()].filter((vote) => vote).length
        return granted >= Math.floor((quorum._tag === "Threshold" ? quorum.voters.length : 0) / 2)
          ? "Won"
          : published.tally(quorum, votes)
      }
    })
  },
  {
    name: "R36-log-lost-on-term-change",
    bug: "what was appended is forgotten when the term changes",
    plant: rules({
      fold: (durable, record) =>
        record._tag === "Term" && record.votedFor === undefined && durable.log.floor === 0
          ? { ...published.fold(durable, record), log: Log.empty() }
          : published.fold(durable, record)
    })
  },
  {
    name: "R41-sessions-not-in-snapshot",
    bug: "a snapshot forgets the sessions, so a retry after it executes again or is refused",
    plant: { machine: { ...machine, decode: (bytes) => ({ ...machine.decode(bytes), sessions: Sessions.empty }) } }
  }
]
