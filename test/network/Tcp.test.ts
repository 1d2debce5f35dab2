import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Codec from "../../src/network/Codec.js"
import { frame, headerBytes } from "../../src/network/internal/frame.js"
import * as Handshake from "../../src/network/internal/handshake.js"
import type * as Network from "../../src/network/Network.js"
import { a, b, c, freePort, serviceOf, tcp, text, turn, until } from "./support.js"
import { damaged, fail, hello, identity, impostor, listener, messages, naming, quick, raw, said } from "./tcpSupport.js"

describe("layerTcp handshake", () => {
  const version = hello({}).slice()
  version[6] = 9
  const abuses: Record<string, readonly [Network.DropReason, ReadonlyArray<Uint8Array>]> = {
    "a wrong secret": ["wrong-secret", [frame(hello({ secret: "guess" }))]],
    "a wrong cluster": ["wrong-cluster", [frame(hello({ cluster: "other" }))]],
    "an unknown peer": ["unknown-peer", [frame(hello({ node: c }))]],
    "a peer that means another node": ["unknown-peer", [frame(Handshake.dial(identity, c).hello)]],
    "another version": ["wrong-version", [frame(version)]],
    "garbage": ["malformed", [frame(Buffer.from("GET / HTTP/1.1"))]],
    "an HTTP request": ["oversized", [Buffer.from("GET / HTTP/1.1\r\n\r\n")]],
    "a truncated hello": ["malformed", [frame(hello({}).subarray(0, 30))]],
    "a hello with a changed byte": ["wrong-secret", [frame(hello({}).map((byte, i) => i === 20 ? byte ^ 1 : byte))]],
    "a false proof": ["wrong-secret", [frame(hello({})), frame(new Uint8Array(33).fill(3))]],
    "two hellos": ["malformed", [frame(hello({})), frame(hello({}))]],
    "an empty frame": ["malformed", [new Uint8Array(headerBytes)]],
    "a frame damaged on its way": ["corrupted", [damaged(frame(hello({})))]]
  }
  for (const [name, [reason, writes]] of Object.entries(abuses)) {
    it.scopedLive(`${name} is counted as ${reason} and the connection closed`, () =>
      Effect.gen(function*() {
        const { network, port } = yield* listener()
        yield* raw(port, ...writes)
        yield* raw(port, ...writes)
        const stats = yield* network.stats
        assert.deepStrictEqual(stats.dropped, { [reason]: 2 })
        assert.strictEqual(stats.connections, 0)
      }))
  }

  it.scopedLive("a peer that says nothing is closed after the time limit", () =>
    Effect.gen(function*() {
      const { network, port } = yield* listener({ limits: { handshakeTimeoutMillis: 20 } })
      yield* raw(port)
      assert.deepStrictEqual((yield* network.stats).dropped, { "handshake-timeout": 1 })
    }))

  it.scopedLive("a dialler does not trust a listener that does not know the secret", () =>
    Effect.gen(function*() {
      const ports = { a: yield* freePort, b: yield* freePort }
      const one = yield* serviceOf(tcp(a, ports, quick))
      const other = yield* serviceOf(tcp(b, ports, { ...quick, secret: "other" }))
      yield* until(() => false).pipe(
        Effect.raceFirst(Effect.repeat(one.stats, {
          until: (s) => s.dropped["wrong-secret"] !== undefined,
          schedule: Schedule.spaced(1)
        })),
        Effect.raceFirst(Effect.repeat(other.stats, {
          until: (s) => s.dropped["wrong-secret"] !== undefined,
          schedule: Schedule.spaced(1)
        }))
      )
      assert.strictEqual((yield* one.stats).connections + (yield* other.stats).connections, 0)
    }))

  it("a proof of one run is no proof in another", () => {
    const dialler = Handshake.dial(identity, b)
    const first = Handshake.accept({ ...identity, node: b }, () => true)
    const second = Handshake.accept({ ...identity, node: b }, () => true)
    const challenge = first.onFrame(dialler.hello)
    assert.strictEqual(second.onFrame(dialler.hello)._tag, "Continue")
    assert.isTrue(challenge._tag === "Continue")
    if (challenge._tag !== "Continue") return
    const proof = dialler.onFrame(challenge.reply)
    assert.isTrue(proof._tag === "Done" && proof.reply !== undefined)
    if (proof._tag !== "Done" || proof.reply === undefined) return
    assert.strictEqual(second.onFrame(proof.reply)._tag, "Refused")
    assert.deepStrictEqual(first.onFrame(proof.reply), { _tag: "Done", reply: undefined, peer: a })
  })
})

describe("layerTcp frames", () => {
  const sessions: Record<string, readonly [Network.DropReason, Uint8Array]> = {
    "an oversized frame": ["oversized", new Uint8Array(headerBytes).fill(255)],
    "an empty frame": ["malformed", new Uint8Array(headerBytes)],
    "a frame damaged on its way": ["corrupted", damaged(messages(naming))],
    "a message longer than its frame": ["malformed", frame(Uint8Array.of(0, 0, 0, 9, 1))],
    "a message without a channel": ["malformed", messages(Uint8Array.of())],
    "a channel without a name": ["malformed", messages(Uint8Array.of(5, 1))],
    "a channel named out of turn": ["malformed", messages(Uint8Array.of(0, 9, 2, 65))],
    "a channel name with bytes behind it": ["malformed", messages(Uint8Array.of(...naming, 0))]
  }
  for (const [name, [reason, bytes]] of Object.entries(sessions)) {
    it.scopedLive(`${name} from an authenticated peer closes its connection and nothing else`, () =>
      Effect.gen(function*() {
        const { network, port } = yield* listener()
        yield* impostor(port, bytes)
        const { connections, dropped } = yield* network.stats
        assert.deepStrictEqual({ connections, dropped }, { connections: 0, dropped: { [reason]: 1 } })
      }))
  }

  const closing: Record<string, Codec.Codec<string>> = {
    "a message that does not decode": text,
    "a codec of the user that throws": { encode: text.encode, decode: () => fail("not a CodecError") }
  }
  for (const [name, codec] of Object.entries(closing)) {
    it.scopedLive(`${name} closes the connection: nothing after it is delivered, what was before it is`, () =>
      Effect.gen(function*() {
        const { network, port } = yield* listener()
        const got: Array<string> = []
        const receive = (_from: string, message: string) => got.push(message)
        yield* network.join({ node: b, channel: "m", codec: text, receive })
        yield* network.join({ node: b, channel: "n", codec, receive })
        const bad = Uint8Array.of(2, 200, 200)
        yield* impostor(port, messages(naming, Uint8Array.of(0, 2, 2, 110), said("before"), bad, said("same frame")))
        assert.deepStrictEqual(got, ["before"])
        const { connections, dropped, received } = yield* network.stats
        assert.deepStrictEqual({ connections, dropped, received }, {
          connections: 0,
          dropped: { malformed: 1 },
          received: 1
        })
        // the peer is not banned: its next connection is a new start
        yield* impostor(port, messages(naming, said("again")), new Uint8Array(headerBytes))
        assert.deepStrictEqual(got, ["before", "again"])
      }))
  }

  it.scopedLive("a message of a channel that nobody joined is counted, and the connection stays", () =>
    Effect.gen(function*() {
      const { network, port } = yield* listener()
      const got: Array<string> = []
      yield* network.join({ node: b, channel: "n", codec: text, receive: (_from, message) => got.push(message) })
      const other = Uint8Array.of(2, ...Codec.encodeSync(text, "heard"))
      yield* impostor(
        port,
        messages(naming, Uint8Array.of(0, 2, 2, 110), said("lost"), other),
        new Uint8Array(headerBytes) // ends the connection
      )
      assert.deepStrictEqual(got, ["heard"])
      assert.deepStrictEqual((yield* network.stats).dropped, { "unknown-channel": 1, malformed: 1 })
    }))

  it.scopedLive("messages larger than a buffer and larger than a frame: the first arrives, the second is counted", () =>
    Effect.gen(function*() {
      const ports = { a: yield* freePort, b: yield* freePort }
      const one = yield* serviceOf(tcp(a, ports, { ...quick, limits: { maxFrameBytes: 1_000_000 } }))
      const two = yield* serviceOf(tcp(b, ports, quick))
      const got: Array<number> = []
      yield* two.join({ node: b, codec: Codec.bytes, receive: (_from, bytes) => got.push(bytes.length) })
      const endpoint = yield* one.join({ node: a, codec: Codec.bytes, receive: () => {} })
      yield* until(() => endpoint.reachable(b))
      for (const size of [900_000, 1_000_001, 1]) endpoint.send(b, new Uint8Array(size))
      yield* until(() => got.length === 2)
      assert.deepStrictEqual(got, [900_000, 1])
      assert.strictEqual((yield* one.stats).dropped.oversized, 1)
    }))

  it.scopedLive("messages of one turn that together outgrow a frame leave in several, in order", () =>
    Effect.gen(function*() {
      const ports = { a: yield* freePort, b: yield* freePort }
      const limits = { maxFrameBytes: 1_000 }
      const one = yield* serviceOf(tcp(a, ports, { ...quick, limits }))
      const two = yield* serviceOf(tcp(b, ports, { ...quick, limits }))
      const got: Array<number> = []
      yield* two.join({ node: b, codec: Codec.bytes, receive: (_from, bytes) => got.push(bytes[0]!) })
      const endpoint = yield* one.join({ node: a, codec: Codec.bytes, receive: () => {} })
      yield* until(() => endpoint.reachable(b))
      const sent = Array.from({ length: 100 }, (_, i) => i)
      for (const i of sent) endpoint.send(b, new Uint8Array(1 + (i * 37) % 900).fill(i))
      yield* until(() => got.length === sent.length)
      assert.deepStrictEqual(got, sent)
      assert.deepStrictEqual([(yield* one.stats).dropped, (yield* two.stats).dropped], [{}, {}])
    }))

  it.scopedLive("the buffer for a peer that does not read is bounded by bytes", () =>
    Effect.gen(function*() {
      const ports = { a: yield* freePort, b: yield* freePort }
      const limits = { maxBufferedBytes: 1_000_000 }
      const one = yield* serviceOf(tcp(a, ports, { ...quick, limits }))
      const two = yield* serviceOf(tcp(b, ports, quick))
      const receiver = yield* two.join({ node: b, codec: Codec.bytes, receive: () => {} })
      const endpoint = yield* one.join({ node: a, codec: Codec.bytes, receive: () => {} })
      yield* until(() => endpoint.reachable(b))
      receiver.pause()
      for (let i = 0; i < 300; i++) endpoint.send(b, new Uint8Array(100_000))
      const { dropped, sent } = yield* one.stats
      assert.strictEqual(sent + (dropped["buffer-full"] ?? 0), 300)
      assert.isAbove(dropped["buffer-full"] ?? 0, 200)
    }))

  it.scopedLive("small flushes that wait for a slow reader keep their bytes", () =>
    Effect.gen(function*() {
      const ports = { a: yield* freePort, b: yield* freePort }
      const one = yield* serviceOf(tcp(a, ports, quick))
      const two = yield* serviceOf(tcp(b, ports, quick))
      const got: Array<Uint8Array> = []
      const receiver = yield* two.join({ node: b, codec: Codec.bytes, receive: (_from, bytes) => got.push(bytes) })
      const endpoint = yield* one.join({ node: a, codec: Codec.bytes, receive: () => {} })
      yield* until(() => endpoint.reachable(b))
      receiver.pause()
      const count = 5_000 // a turn each: 15 MB, more than the system's buffers hold
      for (let i = 0; i < count; i++) {
        endpoint.send(b, new Uint8Array(3_000).fill(i % 251))
        yield* turn
      }
      receiver.resume()
      yield* until(() => got.length === count)
      assert.isTrue(got.every((bytes, i) => bytes.length === 3_000 && bytes.every((byte) => byte === i % 251)))
    }))
})

/** What the network logs, as "peer reason". */
const logged = (lines: Array<string>) =>
  Logger.replace(
    Logger.defaultLogger,
    Logger.make(({ annotations, logLevel, message }) => {
      const said = Array.isArray(message) ? message.join(" ") : String(message)
      const annotation = (key: string) => Option.getOrElse(HashMap.get(annotations, key), () => "?")
      lines.push(`${logLevel.label} ${annotation("peer")} ${annotation("reason")}: ${said}`)
    })
  )

describe("layerTcp log", () => {
  it.scopedLive("abuse of the handshake is one line for each peer and reason, however often it comes", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const { port } = yield* Effect.provide(listener(), logged(lines))
      for (let round = 0; round < 5; round++) {
        yield* raw(port, frame(hello({ secret: "guess" })))
        yield* raw(port, frame(hello({ cluster: "other" })))
        yield* raw(port, frame(Buffer.from("garbage")))
        yield* raw(port, Buffer.from("GET / HTTP/1.1\r\n\r\n"))
      }
      assert.deepStrictEqual(lines, [
        "WARN a wrong-secret: network: wrong-secret",
        "WARN unknown wrong-cluster: network: wrong-cluster",
        "WARN unknown malformed: network: malformed",
        "WARN unknown oversized: network: oversized (a frame of 1195725856 bytes)"
      ])
    }))

  it.scopedLive("undecodable messages of a peer are one line that says what was wrong and where", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const { network, port } = yield* Effect.provide(listener(), logged(lines))
      yield* network.join({ node: b, channel: "m", codec: text, receive: () => {} })
      for (let round = 0; round < 5; round++) yield* impostor(port, messages(naming, Uint8Array.of(1, 200, 200)))
      assert.strictEqual((yield* network.stats).dropped.malformed, 5)
      assert.deepStrictEqual(lines, [
        "WARN a malformed: network: malformed (channel m: the frame ends early at byte 2)"
      ])
    }))

  it.scopedLive("what is lost for want of a connection or of room is counted, and not logged", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const { network } = yield* Effect.provide(listener(), logged(lines))
      const endpoint = yield* network.join({ node: b, codec: text, receive: () => {} })
      for (let i = 0; i < 10; i++) endpoint.send(a, "lost")
      assert.strictEqual((yield* network.stats).dropped.unreachable, 10)
      assert.deepStrictEqual(lines, [])
    }))
})
