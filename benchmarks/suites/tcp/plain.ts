/**
 * The floors: node:net alone. Fixed frames of the hand-shaped form, coalesced or written one by one; and JSON lines.
 */
import { Buffer } from "node:buffer"
import { connect, createServer, type Socket } from "node:net"
import { type Entry, plainLength, readPlain, writePlain } from "./Entry.js"
import type { Link, Stack } from "./Link.js"

type Dress = (socket: Socket, onEntry: (entry: Entry) => void) => Link

const stack = (name: string, dress: Dress): Stack => ({
  name,
  serve: (ports, onEntry) =>
    new Promise((resolve) => {
      // the link exists when the client is there; sends before that would have nobody to go to
      let link: Link | undefined
      createServer((socket) => {
        link = dress(socket.setNoDelay(true), onEntry)
      }).listen(ports.server, "127.0.0.1", () => resolve({ send: (entry) => link?.send(entry) }))
    }),
  connect: (ports, onEntry) =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: "127.0.0.1", port: ports.server, noDelay: true }, () =>
        resolve(dress(socket, onEntry)))
      socket.once("error", reject)
    })
})

/** Cuts a stream into frames of `plainLength` bytes. */
const onFrames = (socket: Socket, onEntry: (entry: Entry) => void): void => {
  let rest: Buffer = Buffer.alloc(0)
  socket.on("data", (chunk: Buffer) => {
    const whole = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    // a plain view: slices of a Buffer are Buffers, which cost several times as much
    const bytes = new Uint8Array(whole.buffer, whole.byteOffset, whole.length)
    let at = 0
    for (; at + plainLength <= bytes.length; at += plainLength) onEntry(readPlain(bytes, at))
    rest = whole.subarray(at)
  })
}

/** One 64 KB buffer, written when full and once per turn. */
export const coalesced = stack("node:net, coalesced", (socket, onEntry) => {
  const size = 655 * plainLength
  const pool: Array<Uint8Array> = []
  let buffer: Uint8Array = new Uint8Array(size)
  let used = 0
  let isArmed = false
  const flush = (): void => {
    const full = buffer
    socket.write(full.subarray(0, used), () => {
      if (pool.length < 4) pool.push(full)
    })
    buffer = pool.pop() ?? new Uint8Array(size)
    used = 0
  }
  const onTurn = (): void => {
    isArmed = false
    if (used > 0) flush()
  }
  onFrames(socket, onEntry)
  return {
    send: (entry) => {
      writePlain(entry, buffer, used)
      used += plainLength
      if (used === size) flush()
      else if (!isArmed) {
        isArmed = true
        setImmediate(onTurn)
      }
    }
  }
})

/** What a program without a writer of its own does: a socket.write for each message. */
export const eachWrite = stack("node:net, a write a message", (socket, onEntry) => {
  onFrames(socket, onEntry)
  return {
    send: (entry) => {
      const frame = Buffer.allocUnsafe(plainLength)
      writePlain(entry, frame, 0)
      socket.write(frame)
    }
  }
})

/** JSON lines, the value as base64, corked once per turn. */
export const jsonLines = stack("node:net, JSON lines", (socket, onEntry) => {
  let text = ""
  socket.setEncoding("latin1")
  socket.on("data", (chunk: string) => {
    const lines = (text + chunk).split("\n")
    text = lines.pop() ?? ""
    for (const line of lines) {
      const { index, key, term, value } = JSON.parse(line) as Omit<Entry, "value"> & { readonly value: string }
      onEntry({ term, index, key, value: Buffer.from(value, "base64") })
    }
  })
  let isCorked = false
  return {
    send: (entry) => {
      if (!isCorked) {
        isCorked = true
        socket.cork()
        setImmediate(() => {
          isCorked = false
          socket.uncork()
        })
      }
      const value = Buffer.from(entry.value.buffer, entry.value.byteOffset, entry.value.length).toString("base64")
      socket.write(`${JSON.stringify({ ...entry, value })}\n`, "latin1")
    }
  }
})
