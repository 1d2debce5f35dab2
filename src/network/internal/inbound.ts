/** The frames of an authenticated peer: varint channel and the message; channel 0 names a channel (varint id, string) before its first use. */
import type * as Net from "node:net"
import type { NodeId } from "../../core/NodeId.js"
import { CodecError, Reader } from "../Bytes.js"
import * as Codec from "../Codec.js"
import type { OnFrame } from "./connection.js"
import { receive } from "./inbox.js"
import type { Host } from "./tcp.js"

export const inboundSession = (host: Host, from: NodeId, socket: Net.Socket): OnFrame => {
  const { deliveries, inboxes, ledger, limits } = host
  /** names[0] is the naming channel itself. */
  const names: Array<string> = [""]

  const deliver = (name: string, data: Uint8Array, start: number, end: number): void => {
    const inbox = inboxes.get(name)
    if (inbox === undefined) return ledger.refuse(from, "unknown-channel")
    let message: unknown
    try {
      message = Codec.decodeSync(inbox.options.codec, data, start, end)
    } catch (error) {
      // the frame was whole, so the next one is where it should be: the connection may stay
      return ledger.refuse(from, "malformed", String(error))
    }
    if (inbox.isPaused || inbox.queue.length > inbox.head) deliveries.offer(inbox, from, message)
    else receive(inbox, from, message, ledger)
  }

  return (data, start, end) => {
    const reader = new Reader(data, start, end)
    const id = reader.varint()
    if (id === 0) {
      if (reader.varint() !== names.length || names.length > limits.maxChannels) {
        throw new CodecError({ reason: "a channel out of turn", offset: reader.offset })
      }
      names.push(reader.string())
      return true
    }
    const name = names[id]
    if (name === undefined) throw new CodecError({ reason: "a channel without a name", offset: reader.offset })
    deliver(name, data, reader.offset, end)
    return !socket.destroyed
  }
}
