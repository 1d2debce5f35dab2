import { describe, expect, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Grudge from "synod/network/Grudge"
import type { Cluster, Name } from "./support.js"
import { going, id, memoryCluster, names } from "./support.js"

const others = (name: Name): ReadonlyArray<Name> => names.filter((other) => other !== name)
const alone = (cluster: Cluster, name: Name) => cluster.partition(Grudge.components([id(name)], others(name).map(id)))
const reasonOf = <A>(exit: Exit.Exit<A, { readonly _tag: string; readonly reason: string }>): string =>
  Exit.match(exit, {
    onSuccess: () => "success",
    onFailure: (cause) => cause._tag === "Fail" ? `${cause.error._tag} ${cause.error.reason}` : cause._tag
  })

describe("KeyValue over Raft", () => {
  it.scoped("answers at every node alike", () =>
    going(Effect.gen(function*() {
      const { stores } = yield* memoryCluster()
      yield* stores.a.put("x", "1")
      expect(yield* stores.b.get("x")).toEqual(Option.some("1"))
      expect(yield* stores.c.compareAndSet("x", "1", "2")).toEqual({ written: true, found: Option.some("1") })
      expect(yield* stores.b.compareAndSet("x", "1", "3")).toEqual({ written: false, found: Option.some("2") })
      expect(yield* stores.b.compareAndSet("y", null, "new")).toEqual({ written: true, found: Option.none() })
      expect(yield* stores.a.delete("x")).toBe(true)
      expect(yield* stores.c.delete("x")).toBe(false)
      expect(yield* stores.a.get("x")).toEqual(Option.none())
    })))

  it.scoped("law: what is asked at once travels in few entries, each command with its own answer", () =>
    going(Effect.gen(function*() {
      const { stores } = yield* memoryCluster()
      yield* stores.a.put("warm", "up")
      const before = yield* stores.a.replica.stats
      const results = yield* Effect.forEach(
        Array.from({ length: 500 }, (_, i) => i),
        (i) => stores.a.compareAndSet(`k${i % 250}`, null, `${i}`),
        { concurrency: "unbounded" }
      )
      expect(results.map(({ written }) => written)).toEqual(results.map((_, i) => i < 250))
      const after = yield* stores.a.replica.stats
      expect(after.proposals - before.proposals).toBe(500)
      expect(after.entries - before.entries).toBeLessThan(20)
    })))

  it.scoped("a crash in the leader's actor is answered by supervision: a restart from storage, nothing lost", () =>
    going(Effect.gen(function*() {
      const cluster = yield* memoryCluster()
      yield* cluster.stores.a.put("x", "1")
      const leader = yield* cluster.leader
      const store = cluster.stores[leader]
      const { incarnation } = yield* store.replica.status
      yield* store.replica.crash(new Error("a bug"))
      yield* store.put("y", "2")
      expect(yield* store.get("x")).toEqual(Option.some("1"))
      expect((yield* store.replica.stats).restarts).toBe(1)
      expect((yield* store.replica.status).incarnation).toBe(incarnation + 1)
      for (const name of names) expect(yield* cluster.stores[name].get("y")).toEqual(Option.some("2"))
    })))

  it.scoped("law: commands that are under way when the leader crashes are executed exactly once", () =>
    going(Effect.gen(function*() {
      const cluster = yield* memoryCluster()
      yield* cluster.stores.a.put("x", "0")
      const crashing = Effect.gen(function*() {
        for (let i = 0; i < 4; i++) {
          yield* Effect.sleep(150)
          const leader = yield* cluster.leader
          yield* cluster.stores[leader].replica.crash(new Error("again"))
        }
      })
      // each adds one to a counter by compare-and-set: a command that ran twice, or was lost, breaks the sum
      const adding = (name: Name) =>
        Effect.gen(function*() {
          let done = 0
          while (done < 60) {
            yield* Effect.sleep(5)
            const now = Option.getOrThrow(yield* cluster.stores[name].get("x"))
            const { written } = yield* cluster.stores[name].compareAndSet("x", now, String(Number(now) + 1))
            if (written) done++
          }
        })
      yield* Effect.all([crashing, ...names.map(adding)], { concurrency: "unbounded" })
      for (const name of names) expect(yield* cluster.stores[name].get("x")).toEqual(Option.some("180"))
    })))

  it.scoped("a leader that is gone for good is replaced, and comes back with its data", () =>
    going(Effect.gen(function*() {
      const cluster = yield* memoryCluster()
      yield* cluster.stores.a.put("x", "1")
      const leader = yield* cluster.leader
      const [other] = others(leader)
      yield* cluster.stop(leader)
      expect(reasonOf(yield* Effect.exit(cluster.stores[leader].put("x", "never")))).toBe("Unavailable Stopped")
      yield* cluster.stores[other!].put("x", "2")
      yield* cluster.restart(leader)
      expect(yield* cluster.stores[leader].get("x")).toEqual(Option.some("2"))
    })))

  it.scoped("law: what was never handed over is Unavailable, what may be in a log is OutcomeUnknown", () =>
    going(Effect.gen(function*() {
      const cluster = yield* memoryCluster({ timeout: "2 seconds" })
      yield* cluster.stores.a.put("x", "1")
      const leader = yield* cluster.leader
      yield* alone(cluster, leader)
      // at the old leader it is appended, and may survive
      expect(reasonOf(yield* Effect.exit(cluster.stores[leader].put("x", "cut off")))).toBe("OutcomeUnknown Deadline")
      // by now it knows that it leads nobody: nothing leaves the node
      const before = yield* cluster.stores[leader].replica.status
      expect([before.role, before.leader]).toEqual(["candidate", undefined])
      expect(reasonOf(yield* Effect.exit(cluster.stores[leader].put("y", "never")))).toBe("Unavailable NoLeader")
      expect(reasonOf(yield* Effect.exit(cluster.stores[leader].get("x")))).toBe("Unavailable NoLeader")
      const [other] = others(leader)
      yield* cluster.stores[other!].put("z", "majority")
      yield* cluster.heal
      expect(yield* cluster.stores[leader].get("z")).toEqual(Option.some("majority"))
      expect(yield* cluster.stores[leader].get("y")).toEqual(Option.none())
    })))

  it.scoped("law: a command that was given up as Unavailable is not executed by the batch it was in", () =>
    going(Effect.gen(function*() {
      const cluster = yield* memoryCluster()
      yield* cluster.stores.a.put("x", "1")
      const leader = yield* cluster.leader
      yield* alone(cluster, leader)
      yield* Effect.sleep(2_000) // it stepped down
      const store = cluster.stores[leader]
      const impatient = yield* Effect.fork(Effect.exit(store.put("never", "!", { timeout: 500 })))
      const patient = yield* Effect.fork(store.put("in the end", "!", { timeout: 60_000 }))
      expect(reasonOf(yield* Fiber.join(impatient))).toBe("Unavailable NoLeader")
      yield* cluster.heal
      yield* Fiber.join(patient)
      expect(yield* store.get("never")).toEqual(Option.none())
      expect(yield* store.get("in the end")).toEqual(Option.some("!"))
    })))

  it.scoped("levels: stale answers while cut off, sequential sees the node's own writes", () =>
    going(Effect.gen(function*() {
      const cluster = yield* memoryCluster({ timeout: "1 second" })
      const follower = yield* cluster.follower
      const store = cluster.stores[follower]
      yield* store.put("x", "1")
      expect(yield* store.get("x", { level: "sequential" })).toEqual(Option.some("1"))
      yield* alone(cluster, follower)
      const [other] = others(follower)
      yield* cluster.stores[other!].put("x", "2")
      expect(yield* store.get("x", { level: "stale" })).toEqual(Option.some("1"))
      expect(yield* store.get("x", { level: "sequential" })).toEqual(Option.some("1"))
      expect(reasonOf(yield* Effect.exit(store.get("x")))).toBe("Unavailable NoLeader")
      yield* cluster.heal
      expect(yield* store.get("x")).toEqual(Option.some("2"))
      expect(yield* store.get("x", { level: "sequential" })).toEqual(Option.some("2"))
    })))

  it.scoped("law: a watcher sees every command once, in order, across a crash of its node", () =>
    going(Effect.gen(function*() {
      const { stores } = yield* memoryCluster({ snapshotEvery: 64 })
      const seen = yield* Effect.fork(Stream.runCollect(Stream.take(stores.b.replica.watch({ from: 1 }), 100)))
      for (let i = 0; i < 100; i++) {
        yield* stores.a.put(`k${i}`, String(i))
        if (i % 30 === 20) yield* stores.b.replica.crash(new Error("the watched node"))
      }
      const applied = Chunk.toReadonlyArray(yield* Fiber.join(seen))
      expect(applied.map(({ revision }) => revision)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
      expect(applied.map(({ command }) => command.key)).toEqual(Array.from({ length: 100 }, (_, i) => `k${i}`))
    })))

  it.scoped("a watcher who wants what is gone is told so", () =>
    going(Effect.gen(function*() {
      const { stores } = yield* memoryCluster({ watchCapacity: 10 })
      for (let i = 0; i < 50; i++) yield* stores.a.put("k", String(i))
      const exit = yield* Effect.flip(Stream.runDrain(stores.a.replica.watch({ from: 1 })))
      expect(exit._tag).toBe("Compacted")
      expect(exit.floor).toBeGreaterThanOrEqual(30)
      const first = yield* Stream.runHead(stores.a.replica.watch({ from: exit.floor + 1 }))
      expect(Option.getOrThrow(first).revision).toBe(exit.floor + 1)
    })))

  it.scoped("law: a state that is larger than any frame is snapshotted, survives a restart, and reaches a node that missed it", () =>
    going(Effect.gen(function*() {
      const cluster = yield* memoryCluster({ checkpointBytes: 1_000_000, timeout: "30 seconds" })
      yield* cluster.stores.a.put("warm", "up")
      const absent = yield* cluster.follower
      yield* cluster.stop(absent)
      const [one, two] = others(absent)
      const value = "v".repeat(100_000)
      yield* Effect.forEach(
        Array.from({ length: 300 }, (_, i) => i),
        (i) => cluster.stores[one!].put(`k${i % 120}`, `${i} ${value}`),
        { concurrency: 40, discard: true }
      )
      const { checkpoints } = yield* cluster.stores[one!].replica.stats
      expect(checkpoints).toBeGreaterThan(0)
      yield* cluster.stores[two!].replica.crash(new Error("a bug"))
      yield* cluster.restart(absent)
      for (const name of names) {
        expect(yield* cluster.stores[name].get("k5")).toEqual(Option.some(`245 ${value}`))
      }
    })))

  it.scoped("status changes are told in order, from the present one on", () =>
    going(Effect.gen(function*() {
      const cluster = yield* memoryCluster()
      yield* cluster.stores.a.put("x", "1")
      const leader = yield* cluster.leader
      const roles = yield* Effect.fork(
        cluster.stores[leader].replica.statusChanges.pipe(
          Stream.map((status) => status.role),
          Stream.takeUntil((role) => role === "follower"),
          Stream.runCollect
        )
      )
      yield* Effect.sleep(10)
      yield* cluster.stores[leader].replica.crash(new Error("a bug"))
      expect(Chunk.toReadonlyArray(yield* Fiber.join(roles))).toEqual(["leader", "restarting", "follower"])
    })))
})
