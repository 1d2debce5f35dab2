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

/**
 * Replaces what a leader knows of one peer.
 *
 * @since 0.1.0
 * @category transitions
 */
export const withProgress = (role: Leader, id: NodeId, progress: Progress): Leader => ({
  ...role,
  progress: new Map(role.progress).set(id, progress)
})

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
