import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import * as Net from "node:net"
import { frame, FrameParser } from "../../src/network/internal/frame.js"
import * as Handshake from "../../src/network/internal/handshake.js"
import * as Network from "../../src/network/Network.js"
import { a, b, c, freePort, serviceOf, tcp, text, turn, until } from "./support.js"
import { identity, listener, quick } from "./tcpSupport.js"

describe("layerTcp life", () => {
  it.scopedLive("a port in use is a typed error that names host and port", () =>
    Effect.gen(function*() {
      const { port } = yield* listener()
      const error = yield* Effect.flip(serviceOf(tcp(a, { a: port })))
      assert.instanceOf(error, Network.NetworkListenError)
      assert.strictEqual(error.message, `cannot listen on 127.0.0.1:${port}: EADDRINUSE`)
    }))

  it.scopedLive("a network hosts its own node only", () =>
    Effect.gen(function*() {
      const { network } = yield* listener()
      const error = yield* Effect.flip(network.join({ node: c, codec: text, receive: () => {} }))
      assert.strictEqual(error.reason, "not-hosted")
    }))

  it.scopedLive("port 0 takes a free one and tells", () =>
    Effect.gen(function*() {
      let bound = 0
      yield* serviceOf(tcp(a, { a: 0 }, { onListen: ({ port }) => (bound = port) }))
      assert.isAbove(bound, 0)
    }))

  it.scopedLive("a dialler reconnects after the listener restarted, and messages flow again", () =>
    Effect.gen(function*() {
      const ports = { a: yield* freePort, b: yield* freePort }
      const one = yield* serviceOf(tcp(a, ports, quick))
      const endpoint = yield* one.join({ node: a, codec: text, receive: () => {} })
      for (const life of ["first", "second", "third"]) {
        const scope = yield* Scope.make()
        const two = yield* serviceOf(tcp(b, ports, quick)).pipe(Scope.extend(scope))
        const got: Array<string> = []
        yield* two.join({ node: b, codec: text, receive: (_from, message) => got.push(message) }).pipe(
          Scope.extend(scope)
        )
        yield* until(() => endpoint.reachable(b))
        endpoint.send(b, life)
        yield* until(() => got.length === 1)
        assert.deepStrictEqual(got, [life])
        yield* Scope.close(scope, Exit.void)
        yield* until(() => !endpoint.reachable(b))
      }
    }))

  it.scoped("a peer that closes right after the handshake is dialled less and less often; one that stayed is dialled anew at once", () =>
    Effect.gen(function*() {
      const ports = { a: yield* freePort, b: yield* freePort }
      const dials: Array<Net.Socket> = []
      let established = 0
      const server = Net.createServer((socket) => {
        dials.push(socket)
        socket.on("error", () => {})
        const { onFrame } = Handshake.accept({ ...identity, node: b }, () => true)
        const parser = new FrameParser(10_000)
        socket.on("data", (chunk) =>
          parser.push(chunk, (data, start, end) => {
            const step = onFrame(data.subarray(start, end))
            if (step._tag === "Continue") socket.write(frame(step.reply))
            if (step._tag === "Done") established++
            return true
          }))
      })
      yield* Effect.async<void>((resume) => {
        server.listen(ports.b, "127.0.0.1", () => resume(Effect.void))
      })
      yield* Effect.addFinalizer(() => Effect.sync(() => void server.close()))
      const one = yield* serviceOf(tcp(a, ports, { reconnect: Schedule.exponential("1 second") }))
      const endpoint = yield* one.join({ node: a, codec: text, receive: () => {} })
      const connected = (count: number) => until(() => established === count && endpoint.reachable(b))
      const closed = Effect.suspend(() => {
        dials.at(-1)!.destroy()
        return Effect.zipRight(until(() => !endpoint.reachable(b)), Effect.repeatN(turn, 20))
      })
      const quiet = Effect.map(Effect.repeatN(turn, 20), () => dials.length)

      yield* connected(1)
      yield* closed
      yield* TestClock.adjust("1 second")
      yield* connected(2)
      yield* closed
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* quiet, 2)
      yield* TestClock.adjust("1 second")
      yield* connected(3)
      yield* TestClock.adjust("10 seconds")
      yield* closed
      yield* TestClock.adjust("1 second")
      yield* connected(4)
    }))

  it.scopedLive("nothing listens and nothing is connected after the Scope closed", () =>
    Effect.gen(function*() {
      const ports = { a: yield* freePort, b: yield* freePort }
      const scope = yield* Scope.make()
      const one = yield* serviceOf(tcp(a, ports, quick)).pipe(Scope.extend(scope))
      const two = yield* serviceOf(tcp(b, ports, quick)).pipe(Scope.extend(scope))
      const endpoint = yield* one.join({ node: a, codec: text, receive: () => {} }).pipe(Scope.extend(scope))
      yield* until(() => endpoint.reachable(b))
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual((yield* one.stats).connections, 0)
      yield* until(() => false).pipe(
        Effect.raceFirst(Effect.repeat(two.stats, { until: (s) => s.connections === 0, schedule: Schedule.spaced(1) }))
      )
      for (const port of [ports.a, ports.b]) {
        // the same port can be listened on again: no listener and no lingering accept is left
        yield* Effect.scoped(serviceOf(tcp(c, { c: port })))
      }
    }))
})
