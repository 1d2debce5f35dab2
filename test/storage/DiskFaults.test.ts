import { describe, expect, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import * as Choice from "../../src/core/Choice.js"
import * as DiskFaults from "../../src/storage/DiskFaults.js"
import * as MemoryDisk from "../../src/storage/MemoryDisk.js"
import { layerMemoryDisk, Storage, type StorageService } from "../../src/storage/Storage.js"
import { fileStorage, life, node, recovered, show, temporary, text } from "./support.js"

const storages: ReadonlyArray<[string, Effect.Effect<StorageService, never, Scope.Scope>]> = [
  ["memory", Effect.sync(() => MemoryDisk.make().storage)],
  ["file", Effect.map(temporary, (directory) => fileStorage(directory))]
]

const codes: ReadonlyArray<DiskFaults.FailureCode> = ["ENOSPC", "EDQUOT", "EIO", "EROFS"]

/** One turn of the event loop: the memory disk has answered. */
const turn: Effect.Effect<void> = Effect.async((resume) => {
  setImmediate(() => resume(Effect.void))
})

for (const [name, make] of storages) {
  describe(`DiskFaults over ${name}`, () => {
    it.scoped("without faults a journal is what it was", () =>
      Effect.gen(function*() {
        const { control, decorated } = DiskFaults.make(yield* make)
        yield* life(decorated, (journal) =>
          Effect.gen(function*() {
            const heard: Array<number> = []
            const numbers = [1, 2].map((i) => journal.unsafeAppend([text(String(i))], () => heard.push(i)))
            yield* journal.append([text("3")])
            expect([numbers, heard]).toEqual([[1, 2], [1, 2]])
            expect(journal.stats()).toMatchObject({ lastSequence: 3, durableSequence: 3 })
            yield* journal.checkpoint(text("1+2"), 2)
            expect(Exit.isFailure(yield* Effect.exit(journal.checkpoint(text("?"), 9)))).toBe(true)
          }))
        expect(yield* recovered(decorated)).toMatchObject({ checkpoint: text("1+2"), incarnation: 2 })
        expect(yield* control.stats).toEqual({ failedJournals: 0, failedOpens: 0, delayed: 0 })
      }))

    for (const code of codes) {
      it.scoped(`${code}: everything unacknowledged hears it, the journal is failed for ever, what was acknowledged is there`, () =>
        Effect.gen(function*() {
          const { control, decorated } = DiskFaults.make(yield* make)
          yield* life(decorated, (journal) =>
            Effect.gen(function*() {
              yield* journal.append([text("safe")])
              const heard: Array<string> = []
              const append = (value: string) =>
                journal.unsafeAppend([text(value)], (error) => heard.push(`${value} ${error?._tag ?? "durable"}`))
              yield* control.stall(node)
              append("queued")
              yield* control.setNode(node, { failure: { code } })
              expect([append("struck"), append("behind")]).toEqual([3, 4])
              expect(heard).toEqual([])
              const failure = yield* Effect.flip(journal.append([]))
              expect(failure).toMatchObject({ _tag: "StorageFailed", code, operation: "the write" })
              expect(heard).toEqual(["queued StorageFailed", "struck StorageFailed", "behind StorageFailed"])
              // it stays so when the disk has recovered
              yield* control.heal
              expect(yield* Effect.flip(journal.append([]))).toBe(failure)
              expect(yield* Effect.flip(journal.checkpoint(text("c"), 1))).toBe(failure)
              expect(journal.unsafeAppend([], () => {})).toBe(0)
            }))
          const frames = show((yield* recovered(decorated)).frames)
          expect(frames[0]).toBe("safe")
          // a prefix: what the failure struck is not there under the benign choice
          expect(["safe", "safe queued"]).toContain(frames.join(" "))
          expect((yield* control.stats).failedJournals).toBe(1)
        }))
    }

    it.scoped("an open and a checkpoint on a full disk fail and change nothing", () =>
      Effect.gen(function*() {
        const { control, decorated } = DiskFaults.make(yield* make)
        yield* life(decorated, (journal) =>
          Effect.gen(function*() {
            yield* journal.append([text("a")])
            yield* control.setFaults({ failure: { code: "ENOSPC" } })
            const failure = yield* Effect.flip(journal.checkpoint(text("c"), 1))
            expect(failure.message).toContain("the disk is full (ENOSPC)")
          }))
        expect(yield* Effect.flip(recovered(decorated))).toMatchObject({ _tag: "StorageFailed", code: "ENOSPC" })
        yield* control.heal
        const found = yield* recovered(decorated)
        expect([show(found.frames), found.checkpoint, found.incarnation]).toEqual([["a"], undefined, 2])
        expect(yield* control.stats).toMatchObject({ failedJournals: 1, failedOpens: 1 })
      }))
  })
}

const onMemory = (plan: DiskFaults.Plan) => {
  const disk = MemoryDisk.make()
  return Effect.map(
    Layer.build(Layer.provide(DiskFaults.layer(plan), layerMemoryDisk(disk))),
    (context) => ({
      disk,
      storage: Context.get(context, Storage),
      control: Context.get(context, DiskFaults.DiskFaults)
    })
  )
}

describe("DiskFaults.layer", () => {
  it.scoped("a slow disk acknowledges later, in order, however its delays vary", () =>
    Effect.gen(function*() {
      const { control, storage } = yield* onMemory({
        choice: Choice.random(3),
        faults: { delay: { min: 1, max: 100 } }
      })
      yield* life(storage, (journal) =>
        Effect.gen(function*() {
          const heard: Array<number> = []
          const all = Array.from({ length: 50 }, (_, i) => i)
          for (const i of all) journal.unsafeAppend([text("x")], () => heard.push(i))
          yield* turn
          expect(heard).toEqual([])
          expect(journal.stats()).toMatchObject({ lastSequence: 50, durableSequence: 0 })
          yield* TestClock.adjust("50 millis")
          expect(heard.length).toBeLessThan(50)
          yield* TestClock.adjust("50 millis")
          expect(heard).toEqual(all)
          const checkpoint = yield* Effect.fork(journal.checkpoint(text("c"), 50))
          yield* turn
          expect(journal.stats().checkpoints).toBe(0)
          yield* TestClock.adjust("100 millis")
          yield* Fiber.join(checkpoint)
        }))
      expect((yield* control.stats).delayed).toBe(50)
    }))

  it.scoped("a disk that hangs acknowledges nothing until it is released; a failure meanwhile is told at once", () =>
    Effect.gen(function*() {
      const { control, storage } = yield* onMemory({})
      yield* life(storage, (journal) =>
        Effect.gen(function*() {
          const heard: Array<string> = []
          const append = (value: string) =>
            journal.unsafeAppend([text(value)], (error) => heard.push(`${value} ${error?._tag ?? "durable"}`))
          yield* control.stall(node)
          append("1")
          append("2")
          yield* turn
          expect(heard).toEqual([])
          yield* control.release(node)
          expect(heard).toEqual(["1 durable", "2 durable"])
          yield* control.stall(node)
          append("3")
          yield* turn
          yield* control.setFaults({ failure: { code: "EIO" } })
          append("4")
          yield* turn
          expect(heard.slice(2)).toEqual(["3 StorageFailed", "4 StorageFailed"])
        }))
    }))

  it.scoped("what a slow or hanging disk still holds is told when the journal closes: it is durable", () =>
    Effect.gen(function*() {
      const { control, storage } = yield* onMemory({ faults: { delay: { min: 10, max: 10 } } })
      const heard: Array<string> = []
      yield* control.stall(node)
      yield* life(storage, (journal) =>
        Effect.zipRight(
          Effect.sync(() => {
            for (const value of ["a", "b"]) {
              journal.unsafeAppend([text(value)], (error) => heard.push(`${value} ${error?._tag ?? "durable"}`))
            }
          }),
          turn
        ))
      expect(heard).toEqual(["a durable", "b durable"])
      yield* control.heal
      expect(show((yield* recovered(storage)).frames)).toEqual(["a", "b"])
    }))

  it.scoped("refusals of the journal below pass through", () =>
    Effect.gen(function*() {
      const { decorated } = DiskFaults.make(MemoryDisk.make({ maxFrameBytes: 100 }).storage, {
        faults: { delay: { min: 5, max: 5 } }
      })
      yield* life(decorated, (journal) =>
        Effect.gen(function*() {
          expect((yield* Effect.flip(journal.append([new Uint8Array(200)])))._tag).toBe("StorageTooLarge")
        }))
    }))

  it.scoped("random failures come at their rate, and equal seeds fail at the same operations", () =>
    Effect.gen(function*() {
      const run = (seed: number) =>
        Effect.gen(function*() {
          const { control, storage } = yield* onMemory({
            choice: Choice.random(seed),
            faults: { failure: { code: "EIO", probability: 0.1 } }
          })
          const lengths: Array<number> = []
          for (let i = 0; i < 60; i++) {
            const lived = yield* Effect.either(life(storage, (journal) =>
              Effect.gen(function*() {
                let n = 0
                while ((yield* Effect.either(journal.append([])))._tag === "Right") n++
                return n
              })))
            if (lived._tag === "Right") lengths.push(lived.right)
          }
          return {
            lengths,
            ...(yield* control.stats),
            frames: (yield* Effect.zipRight(control.heal, recovered(storage))).frames.length
          }
        })
      const first = yield* run(1)
      expect(yield* run(1)).toEqual(first)
      expect(yield* run(2)).not.toEqual(first)
      expect(first.failedOpens).toBeGreaterThan(0)
      const acknowledged = first.lengths.reduce((sum, n) => sum + n, 0)
      expect(acknowledged / first.lengths.length).toBeGreaterThan(5)
      expect(acknowledged / first.lengths.length).toBeLessThan(15)
      // some of the frames that met a failed sync are there all the same, and some are not
      expect(first.frames).toBeGreaterThan(acknowledged)
      expect(first.frames).toBeLessThan(acknowledged + first.failedJournals)
    }))
})
