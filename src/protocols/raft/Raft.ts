/**
 * Raft: a replicated log that applies commands to a state machine.
 *
 * Guarantee: linearizable commands, exactly once per session, and linearizable reads; a command that was answered `Applied` is never lost.
 * Model: asynchronous network that may lose, delay, duplicate and reorder; crash with restart from durable storage; safety always, progress while a majority
 * is connected and timely (partial synchrony). No Byzantine faults.
 *
 * ```
 * client -> node:    OpenSession, Propose, Read              (a follower forwards to the leader)
 * leader -> peers:   Append ... <- Appended | Rejected       Heartbeat ... <- Alive        SnapshotChunk ... <- SnapshotReceived | Appended
 * candidate -> all:  RequestVote (pre-vote, then vote) ... <- Vote
 * ```
 * Non-goals here: membership change, leadership transfer, learners, lease reads.
 * Source: Ongaro and Ousterhout, "In search of an understandable consensus algorithm", 2014; Ongaro's thesis, 2014; etcd-io/raft.
 *
 * @since 0.1.0
 */
import { Log } from "../../core/Log.js"
import type { NodeId } from "../../core/NodeId.js"
import type { NodeContext, Protocol, RequestId } from "../../core/Protocol.js"
import * as Quorum from "../../core/Quorum.js"
import type { Config } from "./Config.js"
import { onElectionTimer, onHeartbeatTimer, onOwnVoteDurable, onRequestVote, onVote } from "./Election.js"
import type { Draft, Out } from "./Node.js"
import { answer, appendAsLeader, armElection, copy, enterTerm, follower, stepDown, termOnly } from "./Node.js"
import { onAlive, onConfirmed, onRead } from "./Reads.js"
import { broadcast, followCommit, heartbeats, onAppend, onAppended, onDurable, onRejected } from "./Replication.js"
import * as Sessions from "./Sessions.js"
import { onSnapshotChunk, onSnapshotReceived } from "./Snapshots.js"
import type { Durable, Entry, Message, Raft, Reply, Request, State, Timer } from "./Types.js"

/**
 * What a node that never wrote holds.
 *
 * @since 0.1.0
 * @category constants
 */
export const emptyDurable: Durable<never> = {
  term: 0,
  votedFor: undefined,
  log: Log.empty<Entry<never>>(),
  snapshot: undefined
}

/**
 * Raft over a state machine, as a pure protocol.
 *
 * @example
 * ```ts
 * const protocol = Raft.protocol(Config.make({ machine, electionTimeout: 300, heartbeatInterval: 60 }))
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const protocol = <S, C, R>(config: Config<S, C, R>): Protocol<Raft<S, C, R>> => ({
  name: "raft",
  durable: { empty: emptyDurable, fold: config.rules.fold },
  start: (self, durable, out) => start(config, self, durable, out),
  onMessage: (state, from, message, out) => onMessage(config, state, from, message, out),
  onTimer: (state, timer, out) => onTimer(config, state, timer, out),
  onRequest: (state, id, request, out) => onRequest(config, state, undefined, id, request, out),
  onDurable: (state, durable, out) => {
    const noted = onTermDurable(state, durable)
    return onDurable(config, onOwnVoteDurable(config, noted, durable, out), durable, out)
  }
})

const start = <S, C, R>(
  config: Config<S, C, R>,
  self: NodeContext,
  durable: Durable<C>,
  out: Out<S, C, R>
): State<S, C, R> => {
  const { snapshot } = durable
  const image = snapshot === undefined
    ? { state: config.machine.initial, sessions: Sessions.empty }
    : config.machine.decode(snapshot.data)
  armElection(config, out)
  // A restarted node may have heard a leader just before the crash, and have promised it not to help another for T.
  if (durable.term > 0) out.setTimer("lease", config.electionTimeout)
  return {
    self: self.id,
    peers: self.nodes.filter((id) => id !== self.id),
    quorum: Quorum.majority(self.nodes),
    durable,
    writtenTerm: durable.term,
    role: follower,
    leader: undefined,
    leased: durable.term > 0,
    match: 0,
    commit: snapshot?.index ?? 0,
    applied: snapshot?.index ?? 0,
    appliedBytes: 0,
    machine: image.state,
    sessions: image.sessions,
    incoming: undefined,
    reads: []
  }
}

const onMessage = <S, C, R>(
  config: Config<S, C, R>,
  state: State<S, C, R>,
  from: NodeId,
  message: Message<C, R>,
  out: Out<S, C, R>
): State<S, C, R> => {
  switch (message._tag) {
    case "Forward":
      return onRequest(config, state, from, message.id, message.request, out)
    case "Forwarded":
      if (message.reply._tag === "Readable") return onConfirmed(state, message.id, message.reply.index, out)
      out.now.reply(message.id, forwarded(message.reply))
      return state
    case "RequestVote":
      return onRequestVote(config, state, from, message, out)
    case "Append":
    case "Heartbeat":
    case "SnapshotChunk":
      return onLeader(config, state, from, message, out)
  }
  // an answer: a refusal in a higher term dethrones; a granted pre-vote names a term that nobody is in yet
  if (message.term > state.durable.term && !(message._tag === "Vote" && message.preVote && message.granted)) {
    const draft = copy(state)
    enterTerm(config, draft, message.term, out)
    return draft
  }
  switch (message._tag) {
    case "Vote":
      return onVote(config, state, from, message, out)
    case "Appended":
      return onAppended(config, state, from, message, out)
    case "Rejected":
      return onRejected(config, state, from, message, out)
    case "Alive":
      return onAlive(config, state, from, message, out)
    case "SnapshotReceived":
      return onSnapshotReceived(config, state, from, message, out)
  }
}

/** A refusal by another node. */
const forwarded = <R>(reply: Reply<R>): Reply<R> =>
  reply._tag === "NotLeader"
    ? { _tag: "NotLeader", leader: reply.leader, forwarded: true }
    : reply._tag === "Overloaded"
    ? { _tag: "Overloaded", forwarded: true }
    : reply

/** A message that only the leader of its term sends. */
const onLeader = <S, C, R>(
  config: Config<S, C, R>,
  state: State<S, C, R>,
  from: NodeId,
  message: Extract<Message<C, R>, { readonly _tag: "Append" | "Heartbeat" | "SnapshotChunk" }>,
  out: Out<S, C, R>
): State<S, C, R> => {
  if (message.term < state.durable.term) {
    termOnly(state, out).send(from, { _tag: "Alive", term: state.durable.term, position: 0 }) // so that it steps down, or catches up with a term that it missed
    return state
  }
  if (!state.peers.includes(from)) return state
  if (message._tag === "Heartbeat" && isPlainBeat(config, state, from, message)) {
    armElection(config, out)
    out.setTimer("lease", config.electionTimeout)
    termOnly(state, out).send(from, { _tag: "Alive", term: message.term, position: message.position })
    return state
  }
  const draft = copy(state)
  if (message.term > draft.durable.term) enterTerm(config, draft, message.term, out)
  if (draft.role._tag === "Leader") return state // two leaders of one term: impossible, and nothing to believe
  if (draft.role._tag !== "Follower" || draft.leader !== from) stepDown(config, draft, from, out)
  draft.leased = true
  armElection(config, out)
  out.setTimer("lease", config.electionTimeout)
  switch (message._tag) {
    case "Append":
      onAppend(config, draft, from, message, out)
      break
    case "SnapshotChunk":
      onSnapshotChunk(config, draft, from, message, out)
      break
    case "Heartbeat":
      followCommit(config, draft, message.commit, message.commit, out)
      termOnly(draft, out).send(from, { _tag: "Alive", term: message.term, position: message.position })
  }
  return draft
}

const onTermDurable = <S, C, R>(state: State<S, C, R>, { term }: Durable<C>): State<S, C, R> => {
  if (term <= state.writtenTerm) return state
  const draft = copy(state)
  draft.writtenTerm = term
  return draft
}

/** A beat of the leader that is known, which commits nothing new: it is answered, and changes nothing. Most beats are such. */
const isPlainBeat = <S, C, R>(
  config: Config<S, C, R>,
  state: State<S, C, R>,
  from: NodeId,
  { commit, term }: Extract<Message<C, R>, { readonly _tag: "Heartbeat" }>
): boolean =>
  term === state.durable.term && state.role._tag === "Follower" && state.leader === from && state.leased &&
  config.rules.followerCommit(state.commit, commit, commit) <= state.commit

const onTimer = <S, C, R>(
  config: Config<S, C, R>,
  state: State<S, C, R>,
  timer: Timer,
  out: Out<S, C, R>
): State<S, C, R> => {
  switch (timer) {
    case "election":
      return onElectionTimer(config, state, out)
    case "heartbeat":
      return onHeartbeatTimer(config, state, out)
    case "lease": {
      if (!state.leased) return state
      const draft = copy(state)
      draft.leased = false
      return draft
    }
    case "flush":
      return onFlush(config, state, out)
  }
}

/** The end of a batch at a leader: one Append a peer for everything that came in, one beat for every read. */
const onFlush = <S, C, R>(config: Config<S, C, R>, state: State<S, C, R>, out: Out<S, C, R>): State<S, C, R> => {
  if (state.role._tag !== "Leader") return state
  const draft: Draft<S, C, R> = copy(state)
  if (state.role.reads.length > 0 && state.role.reads.last > state.role.sentPosition) heartbeats(config, draft, out)
  else broadcast(config, draft, out)
  return draft
}

const onRequest = <S, C, R>(
  config: Config<S, C, R>,
  state: State<S, C, R>,
  from: NodeId | undefined,
  id: RequestId,
  request: Request<C>,
  out: Out<S, C, R>
): State<S, C, R> => {
  const { role } = state
  if (role._tag !== "Leader") {
    if (from !== undefined || state.leader === undefined) {
      answer(from, id, { _tag: "NotLeader", leader: state.leader }, out)
    } else if (request._tag === "Read" && state.reads.length >= config.maxReads) {
      answer(from, id, { _tag: "Overloaded" }, out)
    } else {
      out.now.send(state.leader, { _tag: "Forward", id, request })
    }
    return state
  }
  if (request._tag === "Read") return onRead(config, state, from, id, out)
  const { log, term } = state.durable
  if (log.last - state.commit >= config.maxUncommitted) {
    answer(from, id, { _tag: "Overloaded" }, out)
    return state
  }
  const draft = copy(state)
  const entry: Entry<C> = request._tag === "OpenSession"
    ? { _tag: "OpenSession", term }
    : {
      _tag: "Command",
      term,
      session: request.session,
      sequence: request.sequence,
      lowest: request.lowest,
      command: request.command
    }
  appendAsLeader(config, draft, role, entry, { term, from, id }, out)
  return draft
}
