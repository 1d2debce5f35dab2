import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { NodeId } from "../../src/core/NodeId.js"
import * as FaultInjection from "../../src/network/FaultInjection.js"
import * as Network from "../../src/network/Network.js"
import { a, b, c, freePort, serviceOf, tcp, text, turn, until } from "./support.js"

type Pair = Effect.Effect<readonly [Network.NetworkService, Network.NetworkService], unknown, Scope.Scope>

const memory = (options: Network.MemoryOptions = {}): Pair =>
  Effect.map(serviceOf(Network.layerMemory(options)), (network) => [network, network] as const)

const overTcp: Pair = Effect.gen(function*() {
  const ports = { a: yield* freePort, b: yield* freePort }
  return [yield* serviceOf(tcp(a, ports)), yield* serviceOf(tcp(b, ports))] as const
})

const decorated = (pair: Pair): Pair =>
  Effect.flatMap(pair, ([one, two]) =>
    Effect.gen(function*() {
      const first = (yield* FaultInjection.make(one)).decorated
      const second = one === two ? first : (yield* FaultInjection.make(two)).decorated
      return [first, second] as const
    }))

const networks: Record<string, Pair> = {
  memory: memory(),
  "memory, serialised": memory({ serialise: true }),
  tcp: overTcp,
  "memory with benign faults": decorated(memory()),
  "tcp with benign faults": decorated(overTcp)
}

describe.each(Object.entries(networks))("Network laws: %s", (_name, pair) => {
  it.scopedLive("messages of one pair and channel arrive in order, once, from their sender", () =>
    Effect.gen(function*() {
      const [one, two] = yield* pair
      const got: Array<string> = []
      const senders = new Set<NodeId>()
      yield* two.join({
        node: b,
        codec: text,
        receive: (from, message) => {
          senders.add(from)
          got.push(message)
        }
      })
      const endpoint = yield* one.join({ node: a, codec: text, receive: () => {} })
      yield* until(() => endpoint.reachable(b))
      const sent = Array.from({ length: 20_000 }, (_, i) => `message ${i}`)
      for (const message of sent) endpoint.send(b, message)
      assert.deepStrictEqual(got, [], "never inside send")
      yield* until(() => got.length >= sent.length)
      yield* turn
      assert.deepStrictEqual(got, sent)
      assert.deepStrictEqual([...senders], [a])
    }))

  it.scopedLive("channels do not hear each other", () =>
    Effect.gen(function*() {
      const [one, two] = yield* pair
      const got: Array<string> = []
      for (const channel of ["x", "y"]) {
        yield* two.join({ node: b, channel, codec: text, receive: (_from, message) => got.push(channel + message) })
      }
      const x = yield* one.join({ node: a, channel: "x", codec: text, receive: () => {} })
      const y = yield* one.join({ node: a, channel: "y", codec: text, receive: () => {} })
      yield* until(() => x.reachable(b))
      x.send(b, "1")
      y.send(b, "2")
      yield* until(() => got.length === 2)
      assert.deepStrictEqual(got, ["x1", "y2"])
    }))

  it.scopedLive("a message to oneself arrives later, not inside send", () =>
    Effect.gen(function*() {
      const [one] = yield* pair
      const got: Array<string> = []
      const self = yield* one.join({ node: a, codec: text, receive: (_from, message) => got.push(message) })
      self.send(a, "me")
      assert.deepStrictEqual(got, [])
      yield* until(() => got.length === 1)
      assert.deepStrictEqual(got, ["me"])
    }))

  it.scopedLive("a message to nobody is counted, not thrown", () =>
    Effect.gen(function*() {
      const [one] = yield* pair
      const endpoint = yield* one.join({ node: a, codec: text, receive: () => {} })
      endpoint.send(c, "hello")
      assert.isFalse(endpoint.reachable(c))
      assert.strictEqual((yield* one.stats).dropped.unreachable, 1)
    }))

  it.scopedLive("a receiver that throws loses its message and nothing else", () =>
    Effect.gen(function*() {
      const [one, two] = yield* pair
      const got: Array<string> = []
      yield* two.join({
        node: b,
        codec: text,
        receive: (_from, message) => {
          if (message === "bad") throw new Error("receiver")
          got.push(message)
        }
      })
      const endpoint = yield* one.join({ node: a, codec: text, receive: () => {} })
      yield* until(() => endpoint.reachable(b))
      for (const message of ["1", "bad", "2"]) endpoint.send(b, message)
      yield* until(() => got.length === 2)
      assert.deepStrictEqual(got, ["1", "2"])
      assert.strictEqual((yield* two.stats).dropped["receiver-failed"], 1)
    }))

  it.scopedLive("a paused endpoint hears nothing; resumed, it hears everything in order", () =>
    Effect.gen(function*() {
      const [one, two] = yield* pair
      const got: Array<string> = []
      const receiver = yield* two.join({ node: b, codec: text, receive: (_from, message) => got.push(message) })
      const endpoint = yield* one.join({ node: a, codec: text, receive: () => {} })
      yield* until(() => endpoint.reachable(b))
      receiver.pause()
      for (let i = 0; i < 500; i++) endpoint.send(b, String(i))
      for (let i = 0; i < 20; i++) yield* turn
      assert.deepStrictEqual(got, [])
      receiver.resume()
      yield* until(() => got.length === 500)
      assert.deepStrictEqual(got, Array.from({ length: 500 }, (_, i) => String(i)))
    }))

  it.scopedLive("an id and channel are taken until their Scope closes, and then silent", () =>
    Effect.gen(function*() {
      const [one] = yield* pair
      const scope = yield* Scope.make()
      const options = { node: a, codec: text, receive: () => {} }
      const endpoint = yield* one.join(options).pipe(Scope.extend(scope))
      const taken = yield* Effect.flip(one.join(options))
      assert.instanceOf(taken, Network.NetworkJoinError)
      assert.strictEqual(taken.reason, "taken")
      yield* Scope.close(scope, Exit.void)
      endpoint.send(a, "late")
      assert.isFalse(endpoint.reachable(a))
      assert.strictEqual((yield* one.stats).dropped.unreachable, 1)
      yield* one.join(options)
    }))
})

describe("Network.layerMemory", () => {
  it.scoped("an endpoint's queue is bounded", () =>
    Effect.gen(function*() {
      const [network] = yield* memory({ capacity: 10 })
      const got: Array<string> = []
      yield* network.join({ node: b, codec: text, receive: (_from, message) => got.push(message) })
      const endpoint = yield* network.join({ node: a, codec: text, receive: () => {} })
      for (let i = 0; i < 15; i++) endpoint.send(b, String(i))
      yield* turn
      assert.strictEqual(got.length, 10)
      assert.strictEqual((yield* network.stats).dropped["buffer-full"], 5)
    }))

  it.scoped("skips the codec unless asked, and then counts its bytes", () =>
    Effect.gen(function*() {
      for (const serialise of [false, true]) {
        const [network] = yield* memory({ serialise })
        const got: Array<unknown> = []
        const codec = { encode: () => {}, decode: () => "copy" }
        yield* network.join({ node: b, codec, receive: (_from, message) => got.push(message) })
        const endpoint = yield* network.join({ node: a, codec: text, receive: () => {} })
        endpoint.send(b, "original")
        yield* turn
        // serialised, the receiver's codec takes none of the bytes: too many, so it is no message
        assert.deepStrictEqual(got, serialise ? [] : ["original"])
        assert.strictEqual((yield* network.stats).bytesSent, serialise ? 9 : 0)
      }
    }))

  it.scopedLive("two endpoints that answer each other for ever do not starve a timer", () =>
    Effect.gen(function*() {
      const [network] = yield* memory()
      let isOver = false
      const pong: Network.Endpoint<string> = yield* network.join({
        node: b,
        codec: text,
        receive: (from, message) => isOver || pong.send(from, message)
      })
      const ping: Network.Endpoint<string> = yield* network.join({
        node: a,
        codec: text,
        receive: (from, message) => isOver || ping.send(from, message)
      })
      ping.send(b, "ball")
      yield* Effect.async<void>((resume) => {
        setTimeout(() => resume(Effect.void), 5)
      })
      isOver = true
      assert.isAbove((yield* network.stats).received, 0)
    }))
})
