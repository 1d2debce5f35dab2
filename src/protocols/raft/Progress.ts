/**
 * What a leader knows of a peer, and the Append that it makes of it.
 *
 * @since 0.1.0
 */
import type { NodeId } from "../../core/NodeId.js"
import type { Config } from "./Config.js"
import type { Draft, Out } from "./Node.js"
import type { Entry, Message, Progress, Role } from "./Types.js"

/** An Append. */
type Append<C> = Extract<Message<C, unknown>, { readonly _tag: "Append" }>

type Leader = Extract<Role, { readonly _tag: "Leader" }>

/** A leader's role that is being made. */
type LeaderDraft = { -readonly [K in keyof Leader]: Leader[K] }

/** What is known of a peer, while it changes. */
type ProgressDraft = { -readonly [K in keyof Progress]: Progress[K] }

/**
 * A leader's role, copied. One literal, since it is made at every answer.
 *
 * @since 0.1.0
 * @category constructors
 */
export const copyLeader = (role: Leader): LeaderDraft => ({
  _tag: "Leader",
  progress: role.progress,
  pending: role.pending,
  noOp: role.noOp,
  ownMatch: role.ownMatch,
  reads: role.reads,
  sentPosition: role.sentPosition
})

/**
 * What is known of a peer, copied.
 *
 * @since 0.1.0
 * @category constructors
 */
export const copyProgress = (peer: Progress): ProgressDraft => ({
  mode: peer.mode,
  match: peer.match,
  next: peer.next,
  paused: peer.paused,
  inflight: peer.inflight,
  inflightBytes: peer.inflightBytes,
  position: peer.position,
  heard: peer.heard,
  offset: peer.offset
})

/**
 * What a leader knows of a peer; nothing of a node that is none.
 *
 * @since 0.1.0
 * @category accessors
 */
export const progressOf = ({ progress }: Leader, id: NodeId): Progress | undefined => {
  for (let i = 0; i < progress.length; i++) {
    const peer = progress[i]!
    if (peer[0] === id) return peer[1]
  }
  return undefined
}

/**
 * Replaces what a leader knows of one peer.
 *
 * @since 0.1.0
 * @category transitions
 */
export const withProgress = (role: Leader, id: NodeId, progress: Progress): Leader => {
  const next = copyLeader(role)
  const peers = role.progress.slice()
  for (let i = 0; i < peers.length; i++) if (peers[i]![0] === id) peers[i] = [id, progress]
  next.progress = peers
  return next
}

/**
 * Asks a peer that answers beats, but not for the whole log, whether it has what was sent: an empty Append behind everything that is out.
 * Where a message was lost it is rejected, and the peer is probed; without this a lost last Append, or a lost full window, would never be noticed.
 *
 * @since 0.1.0
 * @category effects
 */
export const askAgain = <S, C, R>(draft: Draft<S, C, R>, id: NodeId, peer: Progress, out: Out<S, C, R>): void => {
  if (peer.next > draft.durable.log.floor) out.now.send(id, append(draft, peer.next, [], draft.durable.term))
}

const entryOverhead = 24

/**
 * The size of an entry in bytes, for the bounds of messages and windows.
 *
 * @since 0.1.0
 * @category accessors
 */
export const sizeOf = <S, C, R>(config: Config<S, C, R>) => (entry: Entry<C>): number =>
  entry._tag === "Command" ? entryOverhead + config.sizeOf(entry.command) : entryOverhead

/**
 * The Append with these entries, which start at `next`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const append = <S, C, R>(
  draft: Draft<S, C, R>,
  next: number,
  entries: ReadonlyArray<Entry<C>>,
  term: number
): Append<C> => ({
  _tag: "Append",
  term,
  prevIndex: next - 1,
  prevTerm: draft.durable.log.termAt(next - 1)!,
  entries,
  commit: draft.commit
})
