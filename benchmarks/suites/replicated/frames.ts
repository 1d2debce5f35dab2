/**
 * Length-prefixed frames on a plain socket, for the floor.
 */
import { Buffer } from "node:buffer"
import type { Socket } from "node:net"

const header = 4

/** Calls `onFrame` with the body of every frame; the body is valid during the call. */
export const onFrames = (socket: Socket, onFrame: (body: Buffer) => void): void => {
  let rest: Buffer = Buffer.alloc(0)
  socket.on("data", (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    while (bytes.length - at >= header) {
      const end = at + header + bytes.readUInt32LE(at)
      if (end > bytes.length) break
      onFrame(bytes.subarray(at + header, end))
      at = end
    }
    rest = bytes.subarray(at)
  })
}

/** Collects frames and writes them once per turn of the event loop. */
export const frameWriter = (socket: Socket): (...parts: ReadonlyArray<Uint8Array>) => void => {
  let waiting: Array<Uint8Array> = []
  const flush = (): void => {
    const all = waiting
    waiting = []
    socket.write(Buffer.concat(all))
  }
  return (...parts) => {
    if (waiting.length === 0) setImmediate(flush)
    const size = Buffer.alloc(header)
    size.writeUInt32LE(parts.reduce((sum, part) => sum + part.length, 0))
    waiting.push(size)
    for (const part of parts) waiting.push(part)
  }
}

/** A request of the floor's client: kind, id, key and value; a reply is its id and, after a get, the value. */
export const put = 1
export const get = 2

export const encodeRequest = (kind: number, id: number, key: string, value: string): Buffer => {
  const bytes = Buffer.allocUnsafe(6 + key.length + value.length)
  bytes[0] = kind
  bytes.writeUInt32LE(id, 1)
  bytes[5] = key.length
  bytes.write(key, 6, "latin1")
  bytes.write(value, 6 + key.length, "latin1")
  return bytes
}

export const decodeRequest = (
  bytes: Buffer
): { readonly kind: number; readonly id: number; readonly key: string; readonly value: string } => {
  const keyEnd = 6 + bytes[5]!
  return {
    kind: bytes[0]!,
    id: bytes.readUInt32LE(1),
    key: bytes.toString("latin1", 6, keyEnd),
    value: bytes.toString("latin1", keyEnd)
  }
}
