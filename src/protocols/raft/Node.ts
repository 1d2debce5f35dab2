/**
 * What every part of Raft does with a node's state: copy it into a draft, persist a record, change the role, apply what is committed.
 * A handler makes one draft, changes it, and returns it as the next state; nobody else ever sees it unfinished.
 *
 * @since 0.1.0
 */
import { Log } from "../../core/Log.js"
import type { NodeId } from "../../core/NodeId.js"
import type { Outbox, RequestId } from "../../core/Protocol.js"
import type { Config } from "./Config.js"
import { copyLeader, sizeOf } from "./Progress.js"
import * as Sessions from "./Sessions.js"
import type { Entry, Pending, Raft, Record, Reply, Role, State } from "./Types.js"

/**
 * A state that is being made.
 *
 * @since 0.1.0
 * @category models
 */
export type Draft<S, C, R> = { -readonly [K in keyof State<S, C, R>]: State<S, C, R>[K] }

/**
 * The outbox of a Raft node.
 *
 * @since 0.1.0
 * @category models
 */
export type Out<S, C, R> = Outbox<Raft<S, C, R>>

/**
 * A draft that starts as `state`. One literal: a spread of as many fields costs ten times as much (`reference/performance.md`).
 *
 * @since 0.1.0
 * @category constructors
 */
export const copy = <S, C, R>(state: State<S, C, R>): Draft<S, C, R> => ({
  self: state.self,
  peers: state.peers,
  quorum: state.quorum,
  durable: state.durable,
  writtenTerm: state.writtenTerm,
  role: state.role,
  leader: state.leader,
  leased: state.leased,
  match: state.match,
  commit: state.commit,
  applied: state.applied,
  appliedBytes: state.appliedBytes,
  machine: state.machine,
  sessions: state.sessions,
  incoming: state.incoming,
  reads: state.reads
})

/**
 * Writes a record, and folds it into the durable part that handlers see: the only function that does either.
 *
 * @since 0.1.0
 * @category effects
 */
export const persist = <S, C, R>(
  config: Config<S, C, R>,
  draft: Draft<S, C, R>,
  record: Record<C>,
  out: Out<S, C, R>
): void => {
  out.persist(record)
  draft.durable = config.rules.fold(draft.durable, record)
}

/**
 * A follower of whom it knows nothing but what the log says.
 *
 * @since 0.1.0
 * @category constants
 */
export const follower: Role = { _tag: "Follower" }

/**
 * Enters a higher term as a follower: the vote of the old term is forgotten, durably, before anything is answered.
 *
 * @since 0.1.0
 * @category transitions
 */
export const enterTerm = <S, C, R>(
  config: Config<S, C, R>,
  draft: Draft<S, C, R>,
  term: number,
  out: Out<S, C, R>
): void => {
  const votedFor = config.rules.voteInNewTerm(draft.durable.votedFor)
  persist(config, draft, { _tag: "Term", term, votedFor }, out)
  stepDown(config, draft, undefined, out)
}

/**
 * Becomes a follower of `leader` (or of nobody yet) in the current term. Who waited at a leader is told that its outcome is unknown;
 * who waited for a read is told that there was none.
 *
 * @since 0.1.0
 * @category transitions
 */
export const stepDown = <S, C, R>(
  config: Config<S, C, R>,
  draft: Draft<S, C, R>,
  leader: NodeId | undefined,
  out: Out<S, C, R>
): void => {
  const role = draft.role
  if (role._tag === "Leader") {
    for (const pending of role.pending.entries()) {
      if (pending.id !== undefined) answer(pending.from, pending.id, { _tag: "LeadershipLost" }, out)
    }
    for (const read of role.reads.entries()) answer(read.from, read.id, { _tag: "NotLeader", leader }, out)
    out.cancelTimer("heartbeat")
    out.cancelTimer("flush")
    out.now.emit({ _tag: "SteppedDown", term: draft.durable.term })
    draft.leased = false
  }
  if (role._tag !== "Follower" || leader !== draft.leader) {
    draft.match = 0
    draft.role = follower
    setLeader(draft, leader, out)
    armElection(config, out)
  }
}

/**
 * Notes who leads.
 *
 * @since 0.1.0
 * @category transitions
 */
export const setLeader = <S, C, R>(draft: Draft<S, C, R>, leader: NodeId | undefined, out: Out<S, C, R>): void => {
  if (draft.leader === leader) return
  draft.leader = leader
  draft.incoming = undefined
  out.now.emit({ _tag: "LeaderChanged", leader, term: draft.durable.term })
}

/**
 * Arms the election timer anew, drawn in [T, 2T].
 *
 * @since 0.1.0
 * @category effects
 */
export const armElection = <S, C, R>(config: Config<S, C, R>, out: Out<S, C, R>): void =>
  out.setTimer("election", config.electionTimeout, 2 * config.electionTimeout)

/**
 * Answers a request of a client here (`from` undefined) or at another node. The answers of Raft assert only what a quorum vouches for, so they pass the gate.
 *
 * @since 0.1.0
 * @category effects
 */
export const answer = <S, C, R>(
  from: NodeId | undefined,
  id: RequestId,
  reply: Reply<R>,
  out: Out<S, C, R>
): void => {
  if (from === undefined) out.now.reply(id, reply)
  else out.now.send(from, { _tag: "Forwarded", id, reply })
}

/**
 * Where an answer goes that asserts nothing but the node's term: at once if the term is on the disk, and behind the gate if not yet, for a node that crashed
 * meanwhile would come back in a lower term, and might vote in this one again. What else is being written (entries, a snapshot) does not vouch for such an
 * answer, so it does not wait for that. To confirm a leader is such an answer: a node that had helped a later one would be in that term, on its disk, before
 * its vote left.
 *
 * @since 0.1.0
 * @category effects
 */
export const termOnly = <S, C, R>(
  { durable, writtenTerm }: Pick<State<S, C, R>, "durable" | "writtenTerm">,
  out: Out<S, C, R>
): Out<S, C, R>["now"] => writtenTerm >= durable.term ? out.now : out

/**
 * Appends an entry at a leader, with who waits for it.
 *
 * @since 0.1.0
 * @category transitions
 */
export const appendAsLeader = <S, C, R>(
  config: Config<S, C, R>,
  draft: Draft<S, C, R>,
  role: Extract<Role, { _tag: "Leader" }>,
  entry: Entry<C>,
  pending: Pending,
  out: Out<S, C, R>
): void => {
  persist(config, draft, { _tag: "Append", index: draft.durable.log.last + 1, entries: [entry] }, out)
  const next = copyLeader(role)
  next.pending = role.pending.append(pending)
  draft.role = next
  out.setTimer("flush", 0)
}

/**
 * Applies every entry up to the commit index, answers who waited for them, and takes a snapshot when it is time.
 *
 * @since 0.1.0
 * @category transitions
 */
export const applyCommitted = <S, C, R>(config: Config<S, C, R>, draft: Draft<S, C, R>, out: Out<S, C, R>): void => {
  if (draft.applied >= draft.commit) return
  const { log } = draft.durable
  const role = draft.role
  const pending = role._tag === "Leader" ? role.pending : undefined
  const sessions = new Sessions.Draft<R>(draft.sessions, config)
  const size = sizeOf(config)
  let machine = draft.machine
  for (let index = draft.applied + 1; index <= draft.commit; index++) {
    const entry = log.at(index)!
    const waiting = pending?.at(index)
    draft.appliedBytes += size(entry)
    let reply: Reply<R> | undefined
    switch (entry._tag) {
      case "NoOp":
        break
      case "OpenSession":
        sessions.open(index)
        reply = { _tag: "SessionOpened", session: index }
        break
      case "Command": {
        const seen = sessions.lookup(entry.session, entry.sequence)
        if (seen._tag === "New") {
          const next = config.machine.apply(machine, entry.command)
          machine = next.state
          sessions.touch(entry.session, index, entry.lowest)
          sessions.keep(entry.session, entry.sequence, index, next.result)
          reply = { _tag: "Applied", index, result: next.result }
          out.now.emit({ _tag: "Applied", index, command: entry.command, result: next.result })
        } else if (seen._tag === "Seen") reply = { _tag: "Applied", index: seen.index, result: seen.result }
        else reply = { _tag: seen._tag === "Expired" ? "SessionExpired" : "SessionSuperseded" }
      }
    }
    // (index, term) and the id of the request: an index alone may hold another leader's entry
    if (waiting?.id !== undefined && waiting.term === entry.term && reply !== undefined) {
      answer(waiting.from, waiting.id, reply, out)
    }
  }
  draft.machine = machine
  draft.sessions = sessions.done()
  draft.applied = draft.commit
  if (role._tag === "Leader" && draft.commit > role.pending.floor) {
    const next = copyLeader(role)
    next.pending = role.pending.compactTo(draft.commit)
    draft.role = next
  }
  serveFollowerReads(draft, out)
  takeSnapshot(config, draft, out)
}

/**
 * Answers the reads of this node's clients that waited for an index which is applied by now.
 *
 * @since 0.1.0
 * @category effects
 */
export const serveFollowerReads = <S, C, R>(draft: Draft<S, C, R>, out: Out<S, C, R>): void => {
  if (draft.reads.length === 0) return
  if (!draft.reads.some((read) => read.index <= draft.applied)) return
  const ready = draft.reads.filter((read) => read.index <= draft.applied)
  for (const read of ready) out.now.reply(read.id, { _tag: "Readable", index: read.index })
  draft.reads = draft.reads.filter((read) => read.index > draft.applied)
}

const takeSnapshot = <S, C, R>(config: Config<S, C, R>, draft: Draft<S, C, R>, out: Out<S, C, R>): void => {
  const index = draft.applied
  const last = draft.durable.snapshot
  // no sooner than the last image's own size was applied, so that images cost no more than the log does
  const isLong = draft.appliedBytes >= Math.max(config.snapshotBytes, last?.data.length ?? 0)
  if (index - (last?.index ?? 0) < config.snapshotEvery && !isLong) return
  const data = config.machine.encode({ state: draft.machine, sessions: draft.sessions })
  const term = draft.durable.log.termAt(index)!
  persist(config, draft, { _tag: "Snapshot", snapshot: { index, term, data }, floor: tailFloor(config, draft) }, out)
  draft.appliedBytes = 0
  out.now.emit({ _tag: "SnapshotTaken", index, bytes: data.length })
}

/** The new floor: behind it are as many applied entries as the bounds of the tail permit. */
const tailFloor = <S, C, R>(config: Config<S, C, R>, draft: Draft<S, C, R>): number => {
  const { log } = draft.durable
  const lowest = Math.max(log.floor, draft.applied - config.snapshotTail)
  if (config.snapshotTailBytes === Number.MAX_SAFE_INTEGER) return lowest
  const size = sizeOf(config)
  let floor = draft.applied
  for (let bytes = 0; floor > lowest; floor--) {
    bytes += size(log.at(floor)!)
    if (bytes > config.snapshotTailBytes) break
  }
  return floor
}

/**
 * The pending queue of a leadership whose first entry is at `first`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const noPending = (first: number): Log<Pending> => Log.fromSnapshot<Pending>(first - 1, 0)
