import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as fs from "node:fs"
import * as NodeId from "../../src/core/NodeId.js"
import { type FileSystem, nodeFileSystem } from "../../src/storage/internal/FileSystem.js"
import * as MemoryDisk from "../../src/storage/MemoryDisk.js"
import type { StorageService } from "../../src/storage/Storage.js"
import { cluster, fileStorage, life, node, recovered, show, temporary, text } from "./support.js"

const maxCheckpointBytes = 4 << 20

const storages: ReadonlyArray<[string, Effect.Effect<StorageService, never, Scope.Scope>]> = [
  ["memory", Effect.sync(() => MemoryDisk.make({ maxCheckpointBytes }).storage)],
  ["file", Effect.map(temporary, (directory) => fileStorage(directory, { maxCheckpointBytes }))]
]

type Command =
  | { readonly kind: "append"; readonly frames: ReadonlyArray<ReadonlyArray<Uint8Array>> }
  | { readonly kind: "checkpoint"; readonly back: number }
  | { readonly kind: "reopen" }

const commands: FastCheck.Arbitrary<Array<Command>> = FastCheck.array(
  FastCheck.oneof(
    {
      weight: 5,
      arbitrary: FastCheck.record({
        kind: FastCheck.constant("append" as const),
        frames: FastCheck.array(FastCheck.array(FastCheck.uint8Array({ maxLength: 700 }), { maxLength: 3 }), {
          minLength: 1,
          maxLength: 4
        })
      })
    },
    {
      weight: 1,
      arbitrary: FastCheck.record({ kind: FastCheck.constant("checkpoint" as const), back: FastCheck.nat(3) })
    },
    { weight: 1, arbitrary: FastCheck.constant({ kind: "reopen" as const }) }
  ),
  { minLength: 5, maxLength: 30 }
)

for (const [name, make] of storages) {
  describe(`Storage laws over ${name}`, () => {
    it.scoped("acknowledged frames are recovered in order, whole, and the incarnation rises by one", () =>
      Effect.gen(function*() {
        const storage = yield* make
        yield* life(storage, (journal) =>
          Effect.gen(function*() {
            expect(journal.recovered).toEqual({ checkpoint: undefined, checkpointUpTo: 0, frames: [], incarnation: 1 })
            yield* journal.append([text("a"), text("b")])
            yield* journal.append([text("")])
            yield* journal.append([])
          }))
        const again = yield* recovered(storage)
        expect(show(again.frames)).toEqual(["a|b", "", ""])
        expect(again.frames.map((frame) => frame.length)).toEqual([2, 1, 0])
        expect((yield* recovered(storage)).incarnation).toBe(3)
      }))

    it.scoped("callbacks come in order, after the append returned, and cover a prefix", () =>
      Effect.gen(function*() {
        const storage = yield* make
        yield* life(storage, (journal) =>
          Effect.gen(function*() {
            const heard: Array<number> = []
            const numbers: Array<number> = []
            for (let i = 0; i < 50; i++) {
              numbers.push(journal.unsafeAppend([text(String(i))], () => heard.push(i)))
            }
            expect(heard).toEqual([])
            yield* journal.append([text("last")])
            expect(numbers).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
            expect(heard).toEqual(Array.from({ length: 50 }, (_, i) => i))
            expect(journal.stats()).toMatchObject({ frames: 51, lastSequence: 51, durableSequence: 51, queuedBytes: 0 })
            expect(journal.stats().batches).toBeLessThan(5)
          }))
      }))

    it.scoped("appended bytes are copied: the caller may reuse them", () =>
      Effect.gen(function*() {
        const storage = yield* make
        yield* life(storage, (journal) =>
          Effect.suspend(() => {
            const bytes = text("before")
            journal.unsafeAppend([bytes], () => undefined)
            bytes.fill(0)
            return journal.append([])
          }))
        expect(show((yield* recovered(storage)).frames)).toEqual(["before", ""])
      }))

    it.scoped("a second journal on the same data is refused until the first is closed", () =>
      Effect.gen(function*() {
        const storage = yield* make
        yield* life(storage, () =>
          Effect.gen(function*() {
            expect((yield* Effect.flip(recovered(storage)))._tag).toBe("StorageLocked")
          }))
        expect((yield* recovered(storage)).incarnation).toBe(2)
      }))

    it.scoped("a node's journals with different names are open together, and each has its own frames", () =>
      Effect.gen(function*() {
        const storage = yield* make
        const names = [undefined, "a", "b/..", "..", "HEADER"]
        const open = (journal: string | undefined) => storage.open({ node, cluster: `test/${journal}`, journal })
        yield* Effect.scoped(Effect.gen(function*() {
          const journals = yield* Effect.forEach(names, open)
          for (const [i, journal] of journals.entries()) yield* journal.append([text(String(i))])
          expect((yield* Effect.flip(Effect.scoped(open(".."))))._tag).toBe("StorageLocked")
        }))
        for (const [i, name] of names.entries()) {
          const found = yield* Effect.scoped(Effect.map(open(name), (journal) => journal.recovered))
          expect(show(found.frames)).toEqual([String(i)])
        }
        expect((yield* Effect.flip(Effect.scoped(storage.open({ node, cluster, journal: "a" }))))._tag).toBe(
          "StorageForeign"
        )
      }))

    it.scoped("data of another cluster are refused and left as they are", () =>
      Effect.gen(function*() {
        const storage = yield* make
        yield* life(storage, (journal) => journal.append([text("mine")]))
        const error = yield* Effect.flip(Effect.scoped(storage.open({ node, cluster: "other" })))
        expect(error).toMatchObject({ _tag: "StorageForeign", found: { cluster }, expected: { cluster: "other" } })
        const again = yield* recovered(storage)
        expect(show(again.frames)).toEqual(["mine"])
        expect(again.incarnation).toBe(2)
      }))

    it.scoped("an append after the close fails with StorageClosed", () =>
      Effect.gen(function*() {
        const storage = yield* make
        const journal = yield* life(storage, Effect.succeed)
        expect((yield* Effect.flip(journal.append([])))._tag).toBe("StorageClosed")
        expect((yield* Effect.flip(journal.checkpoint(text(""), 0)))._tag).toBe("StorageClosed")
      }))

    it.scoped("frames appended before the close are flushed by it", () =>
      Effect.gen(function*() {
        const storage = yield* make
        yield* life(storage, (journal) => Effect.sync(() => journal.unsafeAppend([text("x")], () => undefined)))
        expect(show((yield* recovered(storage)).frames)).toEqual(["x"])
      }))

    it.scoped("a checkpoint waits for its frames and replaces exactly those", () =>
      Effect.gen(function*() {
        const storage = yield* make
        yield* life(storage, (journal) =>
          Effect.gen(function*() {
            for (let i = 1; i <= 4; i++) journal.unsafeAppend([text(String(i))], () => undefined)
            yield* journal.checkpoint(text("1+2+3"), 3)
            expect(journal.stats()).toMatchObject({ checkpoints: 1, durableSequence: 4 })
            yield* journal.checkpoint(text("all"), 4)
            expect(journal.size()).toBe(0)
            yield* journal.append([text("5")])
            expect(journal.size()).toBeGreaterThan(0)
            const defect = yield* Effect.exit(journal.checkpoint(text("?"), 9))
            expect(Exit.isFailure(defect) && Option.getOrThrow(Cause.dieOption(defect.cause))).toBeInstanceOf(
              RangeError
            )
          }))
        const again = yield* recovered(storage)
        expect(again).toMatchObject({ checkpoint: text("all"), checkpointUpTo: 4 })
        expect(show(again.frames)).toEqual(["5"])
      }))

    it.scoped("a checkpoint in pieces, which may share a buffer, is all of them; appends go on meanwhile", () =>
      Effect.gen(function*() {
        const storage = yield* make
        const buffer = new Uint8Array(100_000)
        const heard: Array<number> = []
        const open = Effect.gen(function*() {
          const journal = yield* storage.open({ node, cluster })
          yield* journal.append([text("1")])
          yield* journal.checkpoint(
            (function*() {
              for (let piece = 1; piece <= 5; piece++) {
                journal.unsafeAppend([text(String(piece + 1))], () => heard.push(piece))
                yield buffer.fill(piece)
              }
            })(),
            1
          )
          yield* journal.append([text("7")])
        })
        yield* Effect.scoped(open)
        expect(heard).toEqual([1, 2, 3, 4, 5])
        const found = yield* recovered(storage)
        expect(found.checkpoint?.length).toBe(500_000)
        expect(found.checkpoint?.every((byte, at) => byte === 1 + Math.floor(at / 100_000))).toBe(true)
        expect(show(found.frames)).toEqual(["2", "3", "4", "5", "6", "7"])
      }))

    it.scoped("pieces whose maker throws, or that are too many, change nothing, and the journal lives on", () =>
      Effect.gen(function*() {
        const storage = yield* make
        yield* life(storage, (journal) =>
          Effect.gen(function*() {
            yield* journal.append([text("1")])
            yield* journal.checkpoint(text("good"), 1)
            yield* journal.append([text("2")])
            const failing = function*(): Generator<Uint8Array> {
              yield new Uint8Array(100_000)
              throw new Error("no more pieces")
            }
            const defect = yield* Effect.exit(journal.checkpoint(failing(), 2))
            expect(Exit.isFailure(defect) && Option.getOrThrow(Cause.dieOption(defect.cause))).toMatchObject({
              message: "no more pieces"
            })
            const endless = function*(): Generator<Uint8Array> {
              for (const piece = new Uint8Array(1 << 20);;) yield piece
            }
            expect(yield* Effect.flip(journal.checkpoint(endless(), 2))).toMatchObject({
              _tag: "StorageTooLarge",
              limit: maxCheckpointBytes,
              bytes: 5 << 20
            })
            yield* journal.append([text("3")])
          }))
        const found = yield* recovered(storage)
        expect(found.checkpoint).toEqual(text("good"))
        expect(show(found.frames)).toEqual(["2", "3"])
      }))

    it.effect("model: any run of appends, checkpoints and re-opens recovers what a list would hold", () =>
      Effect.promise(() =>
        FastCheck.assert(
          FastCheck.asyncProperty(commands, (run) =>
            Effect.runPromise(Effect.scoped(Effect.gen(function*() {
              const storage = yield* make
              let model: {
                upTo: number
                checkpoint: Uint8Array | undefined
                frames: Array<ReadonlyArray<Uint8Array>>
              } = { upTo: 0, checkpoint: undefined, frames: [] }
              let incarnation = 0
              const rest = [...run]
              do {
                yield* life(storage, (journal) =>
                  Effect.gen(function*() {
                    incarnation++
                    const found = journal.recovered
                    expect(found.incarnation).toBe(incarnation)
                    expect(found.checkpointUpTo).toBe(model.upTo)
                    expect(found.checkpoint?.join()).toBe(model.checkpoint?.join())
                    expect(found.frames.map((frame) => frame.map((bytes) => bytes.join()))).toEqual(
                      model.frames.map((frame) => frame.map((bytes) => bytes.join()))
                    )
                    for (let next = rest.shift(); next !== undefined && next.kind !== "reopen"; next = rest.shift()) {
                      if (next.kind === "append") {
                        yield* Effect.all(next.frames.map((frame) => journal.append(frame)), {
                          concurrency: "unbounded"
                        })
                        for (const frame of next.frames) model.frames.push(frame)
                      } else {
                        const upTo = Math.max(model.upTo, model.upTo + model.frames.length - next.back)
                        const checkpoint = Uint8Array.of(upTo % 256, 7)
                        yield* journal.checkpoint(checkpoint, upTo)
                        model = { upTo, checkpoint, frames: model.frames.slice(upTo - model.upTo) }
                      }
                    }
                  }))
              } while (rest.length > 0)
              const end = yield* recovered(storage)
              expect(end.frames.length).toBe(model.frames.length)
            })))),
          { numRuns: 25, seed: 7 }
        )
      ))
  })
}

describe("bounds", () => {
  it.scoped("what is too large or too much is refused by a typed error and the journal lives on", () =>
    Effect.gen(function*() {
      const directory = yield* temporary
      for (
        const storage of [
          MemoryDisk.make({ maxFrameBytes: 512, maxQueuedBytes: 1024, maxCheckpointBytes: 8 }).storage,
          fileStorage(directory, { maxFrameBytes: 512, maxQueuedBytes: 1024, maxCheckpointBytes: 8 })
        ]
      ) {
        yield* life(storage, (journal) =>
          Effect.gen(function*() {
            expect(yield* Effect.flip(journal.append([new Uint8Array(600)]))).toMatchObject({
              _tag: "StorageTooLarge",
              limit: 512
            })
            expect((yield* Effect.flip(journal.checkpoint(new Uint8Array(9), 0)))._tag).toBe("StorageTooLarge")
            const heard: Array<string> = []
            const numbers = [1, 2, 3].map(() =>
              journal.unsafeAppend([new Uint8Array(400)], (error) => heard.push(error?._tag ?? "durable"))
            )
            expect(numbers).toEqual([1, 2, 0])
            yield* journal.append([])
            expect(heard).toEqual(["StorageOverloaded", "durable", "durable"])
          }))
        expect((yield* recovered(storage)).frames.length).toBe(3)
      }
    }))
})

describe("checkpoints in files", () => {
  it.scoped("between two pieces the event loop turns, also where all bytes are given at once", () =>
    Effect.gen(function*() {
      const lengths: Array<number> = []
      const files: FileSystem = {
        ...nodeFileSystem,
        write: (fd, bytes, offset, length, position, done) => {
          lengths.push(length)
          nodeFileSystem.write(fd, bytes, offset, length, position, done)
        }
      }
      yield* life(fileStorage(yield* temporary, {}, files), (journal) =>
        Effect.gen(function*() {
          let turns = 0
          let seen = 0
          yield* journal.checkpoint(
            (function*() {
              for (let piece = 0; piece < 6; piece++) {
                seen = turns
                setImmediate(() => turns++)
                yield new Uint8Array(100_000)
              }
            })(),
            0
          )
          expect(seen).toBeGreaterThanOrEqual(3)
          lengths.length = 0
          yield* journal.checkpoint(new Uint8Array(3 << 20), 0)
          expect(lengths.filter((length) => length > 100_000).length).toBeGreaterThanOrEqual(12)
          expect(Math.max(...lengths)).toBeLessThanOrEqual(1 << 18)
        }))
    }))
})

describe("MemoryDisk", () => {
  it.scoped("a crash loses unsynced frames only, and the dead journal takes no more", () =>
    Effect.gen(function*() {
      const disk = MemoryDisk.make({ sync: "manual" })
      yield* life(disk.storage, (journal) =>
        Effect.gen(function*() {
          const heard: Array<string> = []
          const append = (value: string) =>
            journal.unsafeAppend([text(value)], (error) => heard.push(`${value}:${error?._tag ?? "durable"}`))
          append("1")
          disk.sync(node)
          append("2")
          append("3")
          disk.crash(node, 1)
          append("4")
          expect(heard).toEqual(["1:durable", "2:StorageClosed", "3:StorageClosed", "4:StorageClosed"])
          expect(show((yield* recovered(disk.storage)).frames)).toEqual(["1", "2"])
        }))
    }))
})

describe("a folder", () => {
  it.scoped("of another node is refused and nothing in it changes", () =>
    Effect.gen(function*() {
      const directory = yield* temporary
      const storage = fileStorage(directory)
      yield* life(storage, (journal) => journal.append([text("x")]))
      const data = () =>
        fs.readdirSync(directory).filter((name) => !name.startsWith("LOCK")).map((name) => [
          name,
          fs.readFileSync(`${directory}/${name}`, "hex")
        ])
      const before = data()
      const error = yield* Effect.flip(Effect.scoped(storage.open({ node: NodeId.make("b"), cluster })))
      expect(error._tag).toBe("StorageForeign")
      expect(data()).toEqual(before)
      expect(before.length).toBe(2)
    }))

  it.scoped("rolls over segments, and a checkpoint deletes those it replaced", () =>
    Effect.gen(function*() {
      const directory = yield* temporary
      const storage = fileStorage(directory)
      yield* life(storage, (journal) =>
        Effect.gen(function*() {
          for (let i = 0; i < 20; i++) yield* journal.append([new Uint8Array(900)])
          yield* journal.append([new Uint8Array(9000)])
          expect(journal.stats().segments).toBe(6)
          yield* journal.checkpoint(text("c"), 20)
          expect(journal.stats().segments).toBe(1)
        }))
      expect(fs.readdirSync(directory).filter((name) => name.startsWith("segment")).length).toBe(1)
      expect((yield* recovered(storage)).frames.map((frame) => frame[0]?.length)).toEqual([9000])
    }))
})
