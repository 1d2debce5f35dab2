/**
 * Linearizable reads by read index (thesis 6.4), confirmed by positions: a leader numbers its reads, a heartbeat carries the newest number, and a peer's answer
 * confirms every read up to the number that it answers. Positions are the leader's own, never reused, and die with its leadership.
 *
 * @since 0.1.0
 */
import type { NodeId } from "../../core/NodeId.js"
import type { RequestId } from "../../core/Protocol.js"
import type { Config } from "./Config.js"
import type { Draft, Out } from "./Node.js"
import { answer, copy } from "./Node.js"
import { askAgain, copyLeader, copyProgress, progressOf, withProgress } from "./Progress.js"
import type { Message, State } from "./Types.js"

type Msg<Tag extends string> = Extract<Message<unknown, unknown>, { readonly _tag: Tag }>

/**
 * A read is asked of a leader, by its own client or by another node's.
 *
 * @since 0.1.0
 * @category handlers
 */
export const onRead = <S, C, R>(
  config: Config<S, C, R>,
  state: State<S, C, R>,
  from: NodeId | undefined,
  id: RequestId,
  out: Out<S, C, R>
): State<S, C, R> => {
  const { role } = state
  if (role._tag !== "Leader") return state
  if (role.reads.length >= config.maxReads) {
    answer(from, id, { _tag: "Overloaded" }, out)
    return state
  }
  const draft = copy(state)
  const next = copyLeader(role)
  next.reads = role.reads.append({
    term: state.durable.term,
    index: config.rules.readIndex(state.commit, role.noOp),
    from,
    id
  })
  draft.role = next
  out.setTimer("flush", 0)
  serveReads(config, draft, out)
  return draft
}

/**
 * A peer confirms a position, and thereby that it heard this leader.
 *
 * @since 0.1.0
 * @category handlers
 */
export const onAlive = <S, C, R>(
  config: Config<S, C, R>,
  state: State<S, C, R>,
  from: NodeId,
  message: Msg<"Alive">,
  out: Out<S, C, R>
): State<S, C, R> => {
  const { role } = state
  const peer = role._tag === "Leader" ? progressOf(role, from) : undefined
  if (role._tag !== "Leader" || peer === undefined || message.term !== state.durable.term) return state
  const position = Math.max(peer.position, Math.min(message.position, role.reads.last))
  const behind = peer.mode === "replicate" && peer.match < state.durable.log.last
  if (peer.heard && position === peer.position && !behind) return state
  const draft = copy(state)
  if (behind) askAgain(draft, from, peer, out)
  const next = copyProgress(peer)
  next.position = position
  next.heard = true
  draft.role = withProgress(role, from, next)
  if (position > role.reads.floor) serveReads(config, draft, out) // else it confirms nothing that waits
  return draft
}

/**
 * Serves the reads whose position a quorum confirmed and whose index is applied.
 *
 * @since 0.1.0
 * @category effects
 */
export const serveReads = <S, C, R>(config: Config<S, C, R>, draft: Draft<S, C, R>, out: Out<S, C, R>): void => {
  const role = draft.role
  if (role._tag !== "Leader" || role.reads.length === 0) return
  const confirmed = config.rules.confirmed(
    draft.quorum,
    (id) => id === draft.self ? role.reads.last : progressOf(role, id)?.position ?? 0
  )
  let served = role.reads.floor
  while (served < role.reads.last && served < confirmed) {
    const read = role.reads.at(served + 1)!
    if (read.index > draft.applied) break
    answer(read.from, read.id, { _tag: "Readable", index: read.index }, out)
    served++
  }
  if (served === role.reads.floor) return
  const next = copyLeader(role)
  next.reads = role.reads.compactTo(served)
  draft.role = next
}

/**
 * The leader confirmed a read of this node's client: it is served here, once its index is applied here.
 *
 * @since 0.1.0
 * @category handlers
 */
export const onConfirmed = <S, C, R>(
  state: State<S, C, R>,
  id: RequestId,
  index: number,
  out: Out<S, C, R>
): State<S, C, R> => {
  if (index <= state.applied) {
    out.now.reply(id, { _tag: "Readable", index })
    return state
  }
  const draft = copy(state)
  draft.reads = [...state.reads, { id, index }]
  return draft
}
