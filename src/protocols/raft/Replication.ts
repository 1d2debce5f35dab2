/**
 * Log replication (paper 5.3, 5.4.2; etcd-io/raft's progress automaton).
 *
 * ```
 * probe --Appended--> replicate --Rejected--> probe          replicate, probe --what is needed was compacted--> snapshot --installed--> probe
 * ```
 * A leader's Append leaves beside its own disk write: nobody counts the leader's copy before `onDurable`. A follower acknowledges a new suffix in `onDurable`, once a write.
 *
 * @since 0.1.0
 */
import type { NodeId } from "../../core/NodeId.js"
import type { Config } from "./Config.js"
import type { Draft, Out } from "./Node.js"
import { applyCommitted, copy, persist, termOnly } from "./Node.js"
import { append, copyLeader, copyProgress, progressOf, sizeOf, withProgress } from "./Progress.js"
import { serveReads } from "./Reads.js"
import { sendSnapshot } from "./Snapshots.js"
import type { Durable, Message, Progress, State } from "./Types.js"

type Msg<Tag extends string, C = unknown> = Extract<Message<C, unknown>, { readonly _tag: Tag }>

/**
 * Sends every peer what it may get now.
 *
 * @since 0.1.0
 * @category effects
 */
export const broadcast = <S, C, R>(config: Config<S, C, R>, draft: Draft<S, C, R>, out: Out<S, C, R>): void => {
  const role = draft.role
  if (role._tag !== "Leader") return
  const progress = role.progress.slice()
  for (let i = 0; i < progress.length; i++) {
    const [id, peer] = progress[i]!
    const after = replicate(config, draft, id, peer, out)
    if (after !== peer) progress[i] = [id, after]
  }
  const next = copyLeader(role)
  next.progress = progress
  draft.role = next
}

/** Sends one peer as many Appends as its window allows, and returns its progress after them. */
const replicate = <S, C, R>(
  config: Config<S, C, R>,
  draft: Draft<S, C, R>,
  id: NodeId,
  peer: Progress,
  out: Out<S, C, R>
): Progress => {
  const { log, term } = draft.durable
  if (peer.mode === "snapshot") return peer
  if (peer.next <= log.floor) return sendSnapshot(config, draft, id, { ...peer, mode: "snapshot", offset: 0 }, out)
  if (peer.mode === "probe") {
    if (peer.paused) return peer
    const entries = log.slice(peer.next, config.maxEntriesPerMessage, config.maxBytesPerMessage, sizeOf(config))
    out.now.send(id, append(draft, peer.next, entries, term))
    const probing = copyProgress(peer)
    probing.paused = true
    return probing
  }
  if (peer.next > log.last || peer.inflight.length >= config.maxInflight) return peer
  const size = sizeOf(config)
  let { inflightBytes, next } = peer
  const inflight = peer.inflight.slice()
  while (
    next <= log.last && inflight.length < config.maxInflight &&
    (inflight.length === 0 || inflightBytes < config.maxInflightBytes)
  ) {
    const entries = log.slice(next, config.maxEntriesPerMessage, config.maxBytesPerMessage, size)
    out.now.send(id, append(draft, next, entries, term))
    next += entries.length
    let bytes = 0
    for (const entry of entries) bytes += size(entry)
    inflight.push({ last: next - 1, bytes })
    inflightBytes += bytes
  }
  const sent = copyProgress(peer)
  sent.next = next
  sent.inflight = inflight
  sent.inflightBytes = inflightBytes
  return sent
}

/**
 * Beats: tells every peer that the leader is there, the newest read position, and what it may commit; wakes probes, full windows and lost snapshots.
 *
 * @since 0.1.0
 * @category effects
 */
export const heartbeats = <S, C, R>(config: Config<S, C, R>, draft: Draft<S, C, R>, out: Out<S, C, R>): void => {
  const role = draft.role
  if (role._tag !== "Leader") return
  const progress = role.progress.slice()
  for (let i = 0; i < progress.length; i++) {
    const [id, peer] = progress[i]!
    out.now.send(id, {
      _tag: "Heartbeat",
      term: draft.durable.term,
      commit: config.rules.heartbeatCommit(draft.commit, peer.match),
      position: role.reads.last
    })
    let after = peer
    if (peer.mode === "snapshot") after = sendSnapshot(config, draft, id, peer, out)
    else if (peer.paused) after = replicate(config, draft, id, { ...peer, paused: false }, out)
    else after = replicate(config, draft, id, peer, out)
    if (after !== peer) progress[i] = [id, after]
  }
  const next = copyLeader(role)
  next.progress = progress
  next.sentPosition = role.reads.last
  draft.role = next
}

/**
 * A leader's Append, at a follower of its term.
 *
 * @since 0.1.0
 * @category handlers
 */
export const onAppend = <S, C, R>(
  config: Config<S, C, R>,
  draft: Draft<S, C, R>,
  from: NodeId,
  message: Msg<"Append", C>,
  out: Out<S, C, R>
): void => {
  const { entries, prevIndex, prevTerm, term } = message
  const { log } = draft.durable
  if (!config.rules.matches(log, prevIndex, prevTerm)) {
    const hintIndex = log.hintIndex(Math.min(prevIndex, log.last), prevTerm)
    termOnly(draft, out).send(from, {
      _tag: "Rejected",
      term,
      prevIndex,
      hintIndex,
      hintTerm: log.termAt(hintIndex) ?? log.floorTerm
    })
    return
  }
  const covered = prevIndex + entries.length
  const fresh = config.rules.firstNew(log, prevIndex, entries)
  if (covered > draft.match) draft.match = covered
  if (fresh < entries.length) {
    const index = prevIndex + 1 + fresh
    if (index <= draft.commit) throw new Error(`raft: committed entry ${index} would be overwritten`) // impossible: Log Matching and Leader Completeness
    persist(config, draft, { _tag: "Append", index, entries: fresh === 0 ? entries : entries.slice(fresh) }, out)
  } else {
    out.send(from, { _tag: "Appended", term, match: covered }) // all of it was here: after what is being written
  }
  followCommit(config, draft, message.commit, covered, out)
}

/**
 * Commits at a follower as far as the leader and the message vouch for.
 *
 * @since 0.1.0
 * @category transitions
 */
export const followCommit = <S, C, R>(
  config: Config<S, C, R>,
  draft: Draft<S, C, R>,
  leaderCommit: number,
  covered: number,
  out: Out<S, C, R>
): void => {
  const commit = Math.min(config.rules.followerCommit(draft.commit, leaderCommit, covered), draft.durable.log.last)
  if (commit > draft.commit) {
    draft.commit = commit
    applyCommitted(config, draft, out)
  }
}

/**
 * A peer holds the log up to `match`, durably.
 *
 * @since 0.1.0
 * @category handlers
 */
export const onAppended = <S, C, R>(
  config: Config<S, C, R>,
  state: State<S, C, R>,
  from: NodeId,
  message: Msg<"Appended">,
  out: Out<S, C, R>
): State<S, C, R> => {
  const { role } = state
  const peer = role._tag === "Leader" ? progressOf(role, from) : undefined
  if (role._tag !== "Leader" || peer === undefined || message.term !== state.durable.term) return state
  const draft = copy(state)
  const match = Math.max(peer.match, Math.min(message.match, state.durable.log.last))
  let inflight = peer.inflight
  let inflightBytes = peer.inflightBytes
  let freed = 0
  while (freed < inflight.length && inflight[freed]!.last <= match) inflightBytes -= inflight[freed++]!.bytes
  if (freed > 0) inflight = inflight.slice(freed)
  const installing = peer.mode === "snapshot" && match < (state.durable.snapshot?.index ?? 0)
  const next: Progress = {
    mode: installing ? "snapshot" : "replicate",
    match,
    next: Math.max(peer.next, match + 1),
    paused: false,
    inflight,
    inflightBytes,
    position: peer.position,
    heard: true,
    offset: installing ? peer.offset : 0
  }
  draft.role = withProgress(role, from, peer.mode === "probe" ? { ...next, next: match + 1 } : next)
  if (match > state.commit) advanceCommit(config, draft, out) // an index that is committed already makes no quorum
  sendMore(config, draft, from, out)
  return draft
}

const sendMore = <S, C, R>(config: Config<S, C, R>, draft: Draft<S, C, R>, id: NodeId, out: Out<S, C, R>): void => {
  const role = draft.role
  if (role._tag !== "Leader") return
  const peer = progressOf(role, id)
  if (peer === undefined) return
  const after = replicate(config, draft, id, peer, out)
  if (after !== peer) draft.role = withProgress(role, id, after)
}

/**
 * A peer's log does not match at `prevIndex`.
 *
 * @since 0.1.0
 * @category handlers
 */
export const onRejected = <S, C, R>(
  config: Config<S, C, R>,
  state: State<S, C, R>,
  from: NodeId,
  message: Msg<"Rejected">,
  out: Out<S, C, R>
): State<S, C, R> => {
  const { role } = state
  const peer = role._tag === "Leader" ? progressOf(role, from) : undefined
  if (role._tag !== "Leader" || peer === undefined || message.term !== state.durable.term) return state
  const stale = peer.mode === "replicate" ? message.prevIndex <= peer.match : message.prevIndex !== peer.next - 1
  if (stale || peer.mode === "snapshot") return state
  const draft = copy(state)
  const { log } = state.durable
  const hint = log.hintIndex(Math.min(message.hintIndex, log.last), message.hintTerm)
  const next = Math.max(peer.match + 1, Math.min(hint + 1, message.prevIndex))
  draft.role = withProgress(role, from, {
    ...peer,
    mode: "probe",
    next,
    paused: false,
    inflight: [],
    inflightBytes: 0,
    heard: true
  })
  sendMore(config, draft, from, out)
  return draft
}

/**
 * Commits at a leader what a quorum holds, by the rule of the current term, and serves what waited for it.
 *
 * @since 0.1.0
 * @category transitions
 */
export const advanceCommit = <S, C, R>(config: Config<S, C, R>, draft: Draft<S, C, R>, out: Out<S, C, R>): void => {
  const role = draft.role
  if (role._tag !== "Leader") return
  const { log, term } = draft.durable
  const commit = config.rules.leaderCommit(
    draft.quorum,
    (id) => id === draft.self ? role.ownMatch : progressOf(role, id)?.match ?? 0,
    (index) => log.termAt(index),
    term,
    draft.commit
  )
  if (commit <= draft.commit) return
  draft.commit = Math.min(commit, log.last)
  applyCommitted(config, draft, out)
  serveReads(config, draft, out)
}

/**
 * Own writes are durable: a leader counts itself, a follower acknowledges.
 *
 * @since 0.1.0
 * @category handlers
 */
export const onDurable = <S, C, R>(
  config: Config<S, C, R>,
  state: State<S, C, R>,
  durable: Durable<C>,
  out: Out<S, C, R>
): State<S, C, R> => {
  const { leader, role } = state
  if (role._tag === "Leader") {
    const ownMatch = config.rules.ownMatch(durable, state.durable.term, state.durable.log)
    if (ownMatch <= role.ownMatch) return state
    const draft = copy(state)
    const next = copyLeader(role)
    next.ownMatch = ownMatch
    draft.role = next
    advanceCommit(config, draft, out)
    return draft
  }
  if (role._tag !== "Follower" || leader === undefined || durable.term !== state.durable.term) return state
  const match = config.rules.durableMatch(durable, state.durable.log, state.match)
  if (match > 0) out.now.send(leader, { _tag: "Appended", term: state.durable.term, match })
  return state
}
