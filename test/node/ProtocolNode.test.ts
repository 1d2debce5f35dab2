import { describe, expect, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import * as ActorSystem from "synod/actor/ActorSystem"
import * as Protocol from "synod/core/Protocol"
import * as Network from "synod/network/Network"
import * as ProtocolNode from "synod/node/ProtocolNode"
import * as DiskFaults from "synod/storage/DiskFaults"
import * as MemoryDisk from "synod/storage/MemoryDisk"
import * as Storage from "synod/storage/Storage"
import { a, b, json } from "./support.js"

/** Adds numbers durably, and tells the other node each new total. */
type Sum = Protocol.Types<{
  state: { readonly total: number; readonly other: number; readonly ticks: number; readonly peer: typeof a }
  message: number
  timer: "tick"
  request: number | "arm" | "ghost" | "throw" | "persist and throw"
  reply: number
  event: string
  record: number
  durable: number
}>

const sum = Protocol.make<Sum>({
  name: "sum",
  durable: { empty: 0, fold: (total, record) => total + record },
  start: ({ id, nodes }, total, out) => {
    out.now.emit(`started with ${total}`)
    return { total, other: 0, ticks: 0, peer: nodes.find((node) => node !== id)! }
  },
  onMessage: (state, _, other) => ({ ...state, other }),
  onTimer: (state) => ({ ...state, ticks: state.ticks + 1 }),
  onRequest: (state, id, request, out) => {
    if (request === "arm") {
      out.setTimer("tick", 1_000)
      out.reply(id, 0)
      return state
    }
    if (request === "ghost") {
      out.reply(Protocol.requestId(0, 0), 0)
      out.reply(id, state.total)
      out.reply(id, state.total)
      return state
    }
    if (request === "throw") throw new Error("told to")
    const amount = request === "persist and throw" ? 1_000 : request
    out.persist(amount)
    const total = state.total + amount
    out.send(state.peer, total)
    out.reply(id, total)
    if (request === "persist and throw") throw new Error("told to")
    return { ...state, total }
  }
})

const ground = (storage: Layer.Layer<Storage.Storage>, plan: DiskFaults.Plan = {}) =>
  Layer.build(Layer.mergeAll(
    Network.layerMemory({ serialise: true }),
    Layer.provide(DiskFaults.layer(plan), storage),
    ActorSystem.layerLocal()
  ))

type Ground = Context.Context<Network.Network | Storage.Storage | ActorSystem.ActorSystem>

const node = (
  context: Ground,
  id: typeof a,
  options: Partial<ProtocolNode.NodeOptions<Sum>> = {}
) =>
  ProtocolNode.make<Sum>({
    protocol: sum,
    node: id,
    nodes: [a, b],
    cluster: "test",
    codecs: { message: json(), record: json(), durable: json() },
    seed: 1,
    ...options
  }).pipe(Effect.mapInputContext((scope: Context.Context<Scope.Scope>) => Context.merge(context, scope)))

/** Waits for what happens without time: microtasks and turns of the event loop. */
const until = (condition: () => boolean) =>
  Effect.promise(async () => {
    for (let i = 0; i < 2_000 && !condition(); i++) await new Promise<void>((resolve) => setImmediate(resolve))
    expect(condition()).toBe(true)
  })

describe("ProtocolNode", () => {
  it.scoped("answers when it is durable, and peers hear of it", () =>
    Effect.gen(function*() {
      const context = yield* ground(Storage.layerMemory)
      const first = yield* node(context, a)
      const second = yield* node(context, b)
      expect(yield* first.request(3)).toBe(3)
      expect(yield* first.request(4)).toBe(7)
      yield* until(() => second.unsafeState()?.other === 7)
      const stats = yield* first.stats
      expect(stats).toMatchObject({ restarts: 0, frames: 2, requests: 0, droppedReplies: 0 })
    }))

  it.scoped("law: a throw is a crash: supervision starts the next life from storage, under a new incarnation", () =>
    Effect.gen(function*() {
      const context = yield* ground(Storage.layerMemory)
      const events: Array<string> = []
      const first = yield* node(context, a, { onEvent: (event) => void events.push(event) })
      const second = yield* node(context, b)
      yield* first.request(3)
      expect(first.unsafeIncarnation()).toBe(1)
      const lost = yield* Effect.flip(first.request("throw"))
      expect(lost._tag).toBe("RequestLost")
      yield* until(() => first.unsafeState() !== undefined)
      expect(first.unsafeIncarnation()).toBe(2)
      expect(events).toEqual(["started with 0", "started with 3"])
      expect(yield* first.request(1)).toBe(4)
      yield* until(() => second.unsafeState()?.other === 4) // it left the network and joined again
      expect((yield* first.stats).restarts).toBe(1)
    }))

  it.scoped("law: a step that throws leaves nothing behind: no record, no message, no answer", () =>
    Effect.gen(function*() {
      const context = yield* ground(Storage.layerMemory)
      const first = yield* node(context, a)
      const second = yield* node(context, b)
      expect((yield* Effect.flip(first.request("persist and throw")))._tag).toBe("RequestLost")
      yield* until(() => first.unsafeState() !== undefined)
      expect(yield* first.request(1)).toBe(1)
      yield* until(() => second.unsafeState()?.other === 1)
    }))

  it.scoped("law: what was not durable when the life ended is lost, and was told to nobody", () =>
    Effect.gen(function*() {
      const disk = MemoryDisk.make({ sync: "manual" })
      const context = yield* ground(Storage.layerMemoryDisk(disk))
      const first = yield* node(context, a)
      const second = yield* node(context, b)
      const waiting = yield* Effect.fork(Effect.flip(first.request(5)))
      yield* until(() => first.unsafeState()?.total === 5)
      disk.crash(a)
      expect((yield* Fiber.join(waiting))._tag).toBe("RequestLost")
      yield* until(() => first.unsafeIncarnation() === 2)
      expect(first.unsafeState()?.total).toBe(0)
      expect(second.unsafeState()?.other).toBe(0)
    }))

  it.scoped("law: a failed disk ends the node; nothing is retried", () =>
    Effect.gen(function*() {
      const context = yield* ground(Storage.layerMemory)
      const faults = Context.get(context, DiskFaults.DiskFaults)
      const first = yield* node(context, a)
      yield* first.request(3)
      yield* faults.setNode(a, { failure: { code: "EIO" } })
      expect((yield* Effect.flip(first.request(4)))._tag).toBe("RequestLost")
      const { reason } = yield* first.await
      expect(reason._tag).toBe("Failed")
      expect(yield* Effect.flip(first.request(5))).toMatchObject({ _tag: "RequestRefused", reason: "stopped" })
      expect((yield* first.stats).restarts).toBe(0)
      expect((yield* faults.stats).failedOpens).toBe(0)
    }))

  it.scoped("law: a full disk queue stops the mailbox, and everything goes on when there is room", () =>
    Effect.gen(function*() {
      const disk = MemoryDisk.make({ sync: "manual", maxQueuedBytes: 150 })
      const context = yield* ground(Storage.layerMemoryDisk(disk))
      const first = yield* node(context, a)
      const second = yield* node(context, b)
      const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
      let answered = 0
      for (let round = 0; round < 40; round++) { // without a sync: the queue is full after a few rounds
        yield* Effect.fork(Effect.tap(first.request(1), () => Effect.sync(() => answered++)))
        yield* turn
      }
      yield* until(() => answered === 0)
      const total = first.unsafeState()!.total
      expect(total).toBeGreaterThan(2)
      expect(total).toBeLessThan(30)
      for (let round = 0; round < 100; round++) {
        disk.sync(a)
        yield* turn
      }
      expect(answered).toBe(40)
      expect(first.unsafeState()?.total).toBe(40)
      expect((yield* first.stats).restarts).toBe(0)
      yield* Effect.fork(second.request(5)) // the network was paused with the mailbox, and is not now
      yield* until(() => second.unsafeState()?.total === 5)
      disk.sync(b)
      yield* until(() => first.unsafeState()?.other === 5)
    }))

  it.scoped("law: a frame of any size is written in pieces, and a crash among them makes it as if it never was", () =>
    Effect.gen(function*() {
      type Blob = Protocol.Types<{ state: number; request: number; reply: number; record: string; durable: number }>
      const blob = Protocol.make<Blob>({
        name: "blob",
        durable: { empty: 0, fold: (total, record) => total + record.length },
        start: (_, total) => total,
        onMessage: (state) => state,
        onRequest: (state, id, size, out) => {
          out.persist("x".repeat(size))
          out.reply(id, state + size)
          return state + size
        }
      })
      const disk = MemoryDisk.make({ sync: "manual", maxQueuedBytes: 5_000_000 })
      const context = yield* ground(Storage.layerMemoryDisk(disk))
      const options = {
        node: a,
        nodes: [a],
        cluster: "blob",
        codecs: { message: json<never>(), record: json<string>(), durable: json<number>() }
      }
      const first = yield* ProtocolNode.make<Blob>({ protocol: blob, seed: 1, ...options }).pipe(
        Effect.mapInputContext((scope: Context.Context<Scope.Scope>) => Context.merge(context, scope))
      )
      const large = yield* Effect.fork(first.request(9_000_000)) // five pieces, of which two fit the queue
      yield* until(() => first.unsafeState() === 9_000_000)
      const small = yield* Effect.fork(first.request(7))
      for (let round = 0; round < 50 && small.unsafePoll() === null; round++) {
        disk.sync(a)
        yield* Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
      }
      expect([yield* Fiber.join(large), yield* Fiber.join(small)]).toEqual([9_000_000, 9_000_007])
      const torn = yield* Effect.fork(Effect.flip(first.request(3_000_000)))
      yield* until(() => first.unsafeState() === 12_000_007)
      disk.crash(a, 1) // the first of two pieces survives
      expect((yield* Fiber.join(torn))._tag).toBe("RequestLost")
      yield* until(() => first.unsafeIncarnation() === 2)
      expect(first.unsafeState()).toBe(9_000_007)
      const after = yield* Effect.fork(first.request(1))
      yield* until(() => first.unsafeState() === 9_000_008)
      disk.crash(a, 1)
      yield* Fiber.await(after)
      yield* TestClock.adjust("10 millis") // the second restart in a row waits a little
      yield* until(() => first.unsafeIncarnation() === 3)
      expect(first.unsafeState()).toBe(9_000_008)
    }))

  it.scoped("law: a frame that never fits the disk queue is a crash, not a wait without end", () =>
    Effect.gen(function*() {
      const disk = MemoryDisk.make({ maxQueuedBytes: 3 })
      const first = yield* node(yield* ground(Storage.layerMemoryDisk(disk)), a)
      expect((yield* Effect.flip(first.request(1)))._tag).toBe("RequestLost")
      yield* until(() => first.unsafeIncarnation() === 2)
    }))

  it.scoped("law: the journal is checkpointed by itself, and the fold is what comes back", () =>
    Effect.gen(function*() {
      const disk = MemoryDisk.make()
      const context = yield* ground(Storage.layerMemoryDisk(disk))
      const life = yield* Scope.make()
      const first = yield* Scope.extend(node(context, a, { checkpointBytes: 100 }), life)
      for (let i = 0; i < 200; i++) yield* first.request(1)
      expect((yield* first.stats).checkpoints).toBeGreaterThan(2)
      yield* Scope.close(life, Exit.void)
      const journal = yield* disk.storage.open({ node: a, cluster: "test" }).pipe(
        Effect.map(({ recovered }) => recovered),
        Effect.scoped
      )
      expect(journal.checkpointUpTo).toBeGreaterThan(100)
      expect(journal.frames.length).toBeLessThan(100)
      const second = yield* node(context, a)
      expect(yield* second.request(1)).toBe(201)
    }))

  it.scoped("data that the codecs cannot read are refused, and stay", () =>
    Effect.gen(function*() {
      const disk = MemoryDisk.make()
      const context = yield* ground(Storage.layerMemoryDisk(disk))
      yield* Effect.scoped(Effect.flatMap(
        disk.storage.open({ node: a, cluster: "test" }),
        (journal) => journal.append([new Uint8Array([200, 1, 2])])
      ))
      const error = yield* Effect.flip(node(context, a))
      expect(error).toMatchObject({ _tag: "RecoveryFailed", node: a })
    }))

  it.scoped("law: timers run on the Clock, and one of an earlier life never fires", () =>
    Effect.gen(function*() {
      const context = yield* ground(Storage.layerMemory)
      const first = yield* node(context, a)
      yield* first.request("arm")
      yield* TestClock.adjust("999 millis")
      expect(first.unsafeState()?.ticks).toBe(0)
      yield* TestClock.adjust("1 millis")
      yield* until(() => first.unsafeState()?.ticks === 1)
      yield* first.request("arm")
      yield* first.crash(new Error("told to"))
      yield* until(() => first.unsafeIncarnation() === 2)
      yield* TestClock.adjust("5 seconds")
      expect(yield* first.request(0)).toBe(0)
      expect(first.unsafeState()?.ticks).toBe(0)
    }))

  it.scoped("law: restarts are limited: one more than the intensity inside a period ends the node", () =>
    Effect.gen(function*() {
      const first = yield* node(yield* ground(Storage.layerMemory), a, {
        restarts: { intensity: 3, period: "1 minute" }
      })
      for (let life = 2; life <= 4; life++) {
        yield* first.crash(new Error("told to"))
        if (life > 2) { // the first restart comes at once
          yield* until(() => first.unsafeState() === undefined)
          yield* TestClock.adjust("1 seconds")
        }
        yield* until(() => first.unsafeIncarnation() === life)
      }
      yield* first.crash(new Error("told to"))
      expect((yield* first.await).reason._tag).toBe("Failed")
      expect(yield* Effect.flip(first.request(1))).toMatchObject({ reason: "stopped" })
    }))

  it.scoped("law: answers to unknown and to finished requests are dropped and counted", () =>
    Effect.gen(function*() {
      const first = yield* node(yield* ground(Storage.layerMemory), a)
      expect(yield* first.request("ghost")).toBe(0)
      expect((yield* first.stats).droppedReplies).toBe(2)
    }))

  it.scoped("law: requests beyond the bound are refused at once", () =>
    Effect.gen(function*() {
      const disk = MemoryDisk.make({ sync: "manual" })
      const first = yield* node(yield* ground(Storage.layerMemoryDisk(disk)), a, { maxRequests: 2 })
      const one = yield* Effect.fork(first.request(1))
      const two = yield* Effect.fork(first.request(1))
      yield* until(() => first.unsafeState()?.total === 2)
      expect(yield* Effect.flip(first.request(1))).toMatchObject({ _tag: "RequestRefused", reason: "overloaded" })
      disk.sync(a)
      expect([yield* Fiber.join(one), yield* Fiber.join(two)]).toEqual([1, 2])
    }))

  it.scoped("law: when its Scope closes it has left network, storage and actor system", () =>
    Effect.gen(function*() {
      const context = yield* ground(Storage.layerMemory)
      for (let life = 1; life <= 3; life++) {
        yield* Effect.scoped(Effect.gen(function*() {
          const first = yield* node(context, a)
          expect(first.unsafeIncarnation()).toBe(life)
          expect(yield* first.request(1)).toBe(life)
        }))
      }
    }))
})
