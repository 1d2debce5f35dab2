import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Net from "node:net"
import * as Codec from "../../src/network/Codec.js"
import { frame, headerBytes } from "../../src/network/internal/frame.js"
import * as Handshake from "../../src/network/internal/handshake.js"
import type * as Network from "../../src/network/Network.js"
import { a, at, b, freePort, serviceOf, tcp, text } from "./support.js"

export const identity = { cluster: "test", secret: "secret", node: a }
export const quick = { reconnect: Schedule.spaced("5 millis") }

/** A node b alone, whose peer a is these tests' raw sockets. */
export const listener = (options: Partial<Network.TcpOptions> = {}) =>
  Effect.gen(function*() {
    // nobody listens on port 1, while a free one may be another test's a moment later
    const ports = { a: 1, b: yield* freePort }
    const network = yield* serviceOf(tcp(b, ports, { reconnect: Schedule.spaced("1 hour"), ...options }))
    return { network, port: ports.b }
  })

/** Opens a raw socket, writes, and collects what comes back until the other side closes. */
export const raw = (port: number, ...writes: ReadonlyArray<Uint8Array>): Effect.Effect<Buffer> =>
  Effect.async((resume) => {
    const chunks: Array<Buffer> = []
    const socket = Net.connect({ ...at(port) }, () => {
      for (const bytes of writes) socket.write(bytes)
    })
    socket.on("data", (chunk) => chunks.push(chunk))
    socket.on("error", () => {})
    socket.on("close", () => resume(Effect.succeed(Buffer.concat(chunks))))
  })

/** Dials as a real peer would, then writes frames of its own making and waits for the close. */
export const impostor = (port: number, ...afterwards: ReadonlyArray<Uint8Array>): Effect.Effect<void> =>
  Effect.async((resume) => {
    const { hello, onFrame } = Handshake.dial(identity, b)
    const socket = Net.connect({ ...at(port) }, () => socket.write(frame(hello)))
    socket.once("data", (chunk) => {
      const step = onFrame(chunk.subarray(headerBytes))
      if (step._tag !== "Refused" && step.reply !== undefined) socket.write(frame(step.reply))
      for (const bytes of afterwards) socket.write(bytes)
    })
    socket.on("error", () => {})
    socket.on("close", () => resume(Effect.void))
  })

/** A frame of these messages. */
export const messages = (...bodies: ReadonlyArray<Uint8Array>): Uint8Array =>
  frame(Buffer.concat(bodies.flatMap((body) => [Uint8Array.of(0, 0, 0, body.length), body])))

/** Names channel 1 "m". */
export const naming = Uint8Array.of(0, 1, 2, 109)
export const said = (message: string): Uint8Array => Uint8Array.of(1, ...Codec.encodeSync(text, message))

export const damaged = (bytes: Uint8Array): Uint8Array =>
  bytes.map((byte, i) => i === bytes.length - 1 ? byte ^ 4 : byte)

export const fail = (message: string): never => {
  throw new Error(message)
}

export const hello = (changes: Partial<Handshake.Identity>) => Handshake.dial({ ...identity, ...changes }, b).hello
