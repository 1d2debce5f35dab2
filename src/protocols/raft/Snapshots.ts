/**
 * Installing a snapshot where the log that a peer needs was compacted (paper section 7): in chunks, one unanswered at a time, resumed where it stopped, checked by a digest.
 *
 * @since 0.1.0
 */
import * as Canonical from "../../core/Canonical.js"
import type { NodeId } from "../../core/NodeId.js"
import type { Config } from "./Config.js"
import type { Draft, Out } from "./Node.js"
import { copy, persist, termOnly } from "./Node.js"
import { progressOf, withProgress } from "./Progress.js"
import type { Message, Progress, State } from "./Types.js"

type Msg<Tag extends string> = Extract<Message<unknown, unknown>, { readonly _tag: Tag }>

/**
 * Sends the next chunk, from the offset that the peer is known to have.
 *
 * @since 0.1.0
 * @category effects
 */
export const sendSnapshot = <S, C, R>(
  config: Config<S, C, R>,
  draft: Draft<S, C, R>,
  id: NodeId,
  peer: Progress,
  out: Out<S, C, R>
): Progress => {
  const { snapshot, term } = draft.durable
  if (snapshot === undefined) return { ...peer, mode: "probe", paused: true } // unreachable: a compacted log has a snapshot
  const offset = peer.offset <= snapshot.data.length ? peer.offset : 0
  out.now.send(id, {
    _tag: "SnapshotChunk",
    term,
    index: snapshot.index,
    snapshotTerm: snapshot.term,
    size: snapshot.data.length,
    digest: digestOf(snapshot.data),
    offset,
    data: snapshot.data.subarray(offset, offset + config.snapshotChunk)
  })
  return { ...peer, mode: "snapshot", offset, paused: false, inflight: [], inflightBytes: 0 }
}

const digests = new WeakMap<Uint8Array, string>()

const digestOf = (bytes: Uint8Array): string => {
  let digest = digests.get(bytes)
  if (digest === undefined) digests.set(bytes, digest = Canonical.fingerprint(bytes))
  return digest
}

/**
 * A chunk arrives at a follower of this term.
 *
 * @since 0.1.0
 * @category handlers
 */
export const onSnapshotChunk = <S, C, R>(
  config: Config<S, C, R>,
  draft: Draft<S, C, R>,
  from: NodeId,
  message: Msg<"SnapshotChunk">,
  out: Out<S, C, R>
): void => {
  const { data, digest, index, offset, size, snapshotTerm, term } = message
  if (index <= draft.commit) {
    out.send(from, { _tag: "Appended", term, match: draft.commit }) // it has more than the image already
    return
  }
  if (size > config.maxSnapshotBytes || offset + data.length > size) return
  let incoming = draft.incoming
  if (incoming === undefined || incoming.index !== index || incoming.digest !== digest || incoming.size !== size) {
    incoming = { index, term: snapshotTerm, size, digest, received: 0, chunks: [] }
  }
  if (offset === incoming.received && (data.length > 0 || size === 0)) {
    incoming = { ...incoming, received: incoming.received + data.length, chunks: [...incoming.chunks, data] }
  }
  draft.incoming = incoming
  if (incoming.received < size) {
    termOnly(draft, out).send(from, { _tag: "SnapshotReceived", term, index, offset: incoming.received })
    return
  }
  draft.incoming = undefined
  const image = join(incoming.chunks, size)
  if (Canonical.fingerprint(image) !== digest) {
    termOnly(draft, out).send(from, { _tag: "SnapshotReceived", term, index, offset: 0 }) // damaged on the way: from the start
    return
  }
  install(config, draft, index, snapshotTerm, image, out)
  out.send(from, { _tag: "Appended", term, match: index })
}

const install = <S, C, R>(
  config: Config<S, C, R>,
  draft: Draft<S, C, R>,
  index: number,
  term: number,
  data: Uint8Array,
  out: Out<S, C, R>
): void => {
  const image = config.machine.decode(data)
  persist(config, draft, { _tag: "Snapshot", snapshot: { index, term, data }, floor: index }, out)
  draft.machine = image.state
  draft.sessions = image.sessions
  draft.commit = index
  draft.applied = index
  draft.appliedBytes = 0
  if (index > draft.match) draft.match = index
  out.now.emit({ _tag: "SnapshotInstalled", index })
}

const join = (chunks: ReadonlyArray<Uint8Array>, size: number): Uint8Array => {
  if (chunks.length === 1) return chunks[0]!
  const whole = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}

/**
 * A peer tells how much of the image it has.
 *
 * @since 0.1.0
 * @category handlers
 */
export const onSnapshotReceived = <S, C, R>(
  config: Config<S, C, R>,
  state: State<S, C, R>,
  from: NodeId,
  message: Msg<"SnapshotReceived">,
  out: Out<S, C, R>
): State<S, C, R> => {
  const { role } = state
  const peer = role._tag === "Leader" ? progressOf(role, from) : undefined
  if (role._tag !== "Leader" || peer === undefined || message.term !== state.durable.term) return state
  if (peer.mode !== "snapshot" || message.index !== state.durable.snapshot?.index) return state
  if (message.offset === peer.offset) return state // the answer to a repetition: the chunk after it is out already, or the next beat sends it
  const draft = copy(state)
  draft.role = withProgress(
    role,
    from,
    sendSnapshot(config, draft, from, { ...peer, offset: message.offset, heard: true }, out)
  )
  return draft
}
