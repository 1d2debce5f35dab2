/**
 * The frames of an authenticated peer. A frame holds messages: u32 length, varint channel, body; channel 0 names a channel (varint id, string) before its
 * first use. What does not decode ends the connection: the peer speaks another Schema or another format, and whatever it says next would be guessed at.
 */
import type * as Net from "node:net"
import type { NodeId } from "../../core/NodeId.js"
import { CodecError, Reader } from "../Bytes.js"
import * as Codec from "../Codec.js"
import type { OnFrame } from "./connection.js"
import { FrameError } from "./frame.js"
import { type Inbox, receive } from "./inbox.js"
import type { Host } from "./tcp.js"

export const inboundSession = (host: Host, from: NodeId, socket: Net.Socket): OnFrame => {
  const { deliveries, inboxes, ledger, limits } = host
  /** names[0] is the naming channel itself. */
  const names: Array<string> = [""]

  const deliver = (name: string, data: Uint8Array, start: number, end: number): void => {
    const inbox = inboxes.get(name)
    if (inbox === undefined) return ledger.refuse(from, "unknown-channel", JSON.stringify(name))
    const message = decode(inbox, data, start, end)
    if (inbox.isPaused || inbox.queue.length > inbox.head) deliveries.offer(inbox, from, message)
    else receive(inbox, from, message, ledger)
  }

  const onMessage = (data: Uint8Array, reader: Reader, end: number): void => {
    const id = reader.varint()
    if (id !== 0) return deliver(names[id] ?? malformed("a channel without a name"), data, reader.offset, end)
    if (reader.varint() !== names.length || names.length > limits.maxChannels) malformed("a channel out of turn")
    names.push(reader.string())
    if (reader.offset !== end) malformed("a channel name of another length")
  }

  return (data, start, end) => {
    const reader = new Reader(data, start, end)
    while (reader.offset < end) {
      const size = reader.u32()
      const next = reader.offset + size
      if (size === 0 || next > end) malformed("a message of a wrong length")
      onMessage(data, reader, next)
      reader.offset = next
      if (socket.destroyed) return false
    }
    return true
  }
}

const malformed = (message: string): never => {
  throw new FrameError("malformed", message)
}

/** What the codec throws, a user's own error included, with the channel that it happened on and the place in the message. */
const decode = (inbox: Inbox, data: Uint8Array, start: number, end: number): unknown => {
  const { channel = "main", codec } = inbox.options
  try {
    return Codec.decodeSync(codec, data, start, end)
  } catch (error) {
    const reason = error instanceof CodecError ? error.reason : String(error)
    const offset = error instanceof CodecError ? error.offset - start : 0
    throw new CodecError({ reason: `channel ${channel}: ${reason}`, offset })
  }
}
