import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as fs from "node:fs"
import { type FileSystem, nodeFileSystem } from "../../src/storage/internal/FileSystem.js"
import type { AppendError } from "../../src/storage/StorageError.js"
import { fileStorage, life, recovered, show, temporary, text } from "./support.js"

const values = ["one", "two|2", "three", "four", "five"]

/** How the log came to its end: closed; the process died when it was idle; the host died too, and what was not synced is lost. */
type End = "closed" | "killed" | "power"

const filesOf = (directory: string) =>
  new Map<string, Uint8Array>(
    fs.readdirSync(directory).filter((name) => !name.startsWith("LOCK")).map((name) => [
      name,
      fs.readFileSync(`${directory}/${name}`)
    ])
  )

/** Marks are the only bytes that nothing syncs. */
const withoutMarks = (bytes: Uint8Array): Uint8Array => {
  const copy = Buffer.from(bytes)
  for (let at = copy.indexOf("SYNM"); at >= 0; at = copy.indexOf("SYNM", at)) copy.fill(0, at, at + 16)
  return copy
}

/** The loop has turned: an idle journal has written its mark. */
const turn: Effect.Effect<void> = Effect.async((resume) => {
  setImmediate(() => setImmediate(() => resume(Effect.void)))
})

/** A small log, each frame a batch of its own; the bytes of every file, to damage copies of. */
const smallLog = (end: End) =>
  Effect.gen(function*() {
    const directory = yield* temporary
    const killed = yield* life(
      fileStorage(directory),
      (journal) =>
        Effect.forEach(values, (value) => journal.append(value.split("|").map(text)), { discard: true }).pipe(
          Effect.zipRight(turn),
          Effect.zipRight(Effect.sync(() => filesOf(directory)))
        )
    )
    if (end === "closed") return filesOf(directory)
    return end === "killed" ? killed : new Map([...killed].map(([name, bytes]) => [name, withoutMarks(bytes)]))
  })

const restore = (directory: string, files: ReadonlyMap<string, Uint8Array>) => {
  for (const name of fs.readdirSync(directory)) fs.unlinkSync(`${directory}/${name}`)
  for (const [name, bytes] of files) fs.writeFileSync(`${directory}/${name}`, bytes)
}

const segment = "segment-0000000000000001.log"

/** The verdict on a damaged copy: the exact log or all but its last frame, or a refusal that left every byte as it was. */
const judge = (directory: string, files: ReadonlyMap<string, Uint8Array>, where: string) =>
  Effect.gen(function*() {
    restore(directory, files)
    const result = yield* Effect.either(recovered(fileStorage(directory)))
    if (Either.isRight(result)) {
      const found = show(result.right.frames)
      const all = show(values.map((value) => value.split("|").map(text)))
      expect(found.length, where).toBeGreaterThanOrEqual(values.length - 1)
      expect(found, where).toEqual(all.slice(0, found.length))
      expect(show((yield* recovered(fileStorage(directory))).frames), where).toEqual(found)
      return found.length === all.length ? "whole" : "cut"
    }
    expect(result.left._tag, where).toBe("StorageCorrupt")
    for (const [name, bytes] of files) {
      expect(Buffer.compare(fs.readFileSync(`${directory}/${name}`), bytes), `${where}: ${name}`).toBe(0)
    }
    return "refused"
  })

describe("damage", () => {
  for (
    const [end, isCut] of [["closed", false], ["killed", false], ["power", true]] as const
  ) {
    it.scoped(
      `a flipped byte anywhere in a segment is refused${isCut ? ", or cuts at most the last frame" : ""}: ${end}`,
      () =>
        Effect.gen(function*() {
          const log = yield* smallLog(end)
          const directory = yield* temporary
          const original = log.get(segment)!
          const used = original.findLastIndex((byte) => byte !== 0) + 1
          const verdicts = { refused: 0, cut: 0, whole: 0 }
          for (let at = 0; at < used + 24; at++) {
            const bytes = Uint8Array.from(original)
            bytes[at] = bytes[at]! ^ (1 << (at % 8))
            verdicts[yield* judge(directory, new Map(log).set(segment, bytes), `byte ${at}`)]++
          }
          expect(verdicts.refused).toBeGreaterThan(200)
          expect(verdicts.whole).toBeGreaterThan(10)
          if (isCut) expect(verdicts.cut).toBeGreaterThan(20)
          else expect(verdicts.cut).toBe(0)
        }),
      60_000
    )
  }

  it.scoped("a truncated segment is refused at every length", () =>
    Effect.gen(function*() {
      const log = yield* smallLog("power")
      const directory = yield* temporary
      const original = log.get(segment)!
      for (let length = 0; length < original.length; length += length < 400 ? 7 : 97) {
        const files = new Map(log).set(segment, original.subarray(0, length))
        expect(yield* judge(directory, files, `length ${length}`)).toBe("refused")
      }
    }))

  it.scoped("an error names the file and the offset of the first frame that is lost", () =>
    Effect.gen(function*() {
      const log = yield* smallLog("power")
      const directory = yield* temporary
      const bytes = Uint8Array.from(log.get(segment)!)
      bytes[64 + 48 + 20] = 0xff
      restore(directory, new Map(log).set(segment, bytes))
      const error = yield* Effect.flip(recovered(fileStorage(directory)))
      expect(error).toMatchObject({ _tag: "StorageCorrupt", file: `${directory}/${segment}`, offset: 64 + 48 })
      expect(error.message).toContain("at byte 112")
    }))

  it.scoped("a flipped byte anywhere in the header is refused, as is its absence", () =>
    Effect.gen(function*() {
      const log = yield* smallLog("power")
      const directory = yield* temporary
      const header = log.get("HEADER")!
      for (let at = 0; at < header.length; at++) {
        const bytes = Uint8Array.from(header)
        bytes[at] = bytes[at]! ^ 0x10
        expect(yield* judge(directory, new Map(log).set("HEADER", bytes), `byte ${at}`)).toBe("refused")
      }
      const without = new Map(log)
      without.delete("HEADER")
      expect(yield* judge(directory, without, "no header")).toBe("refused")
    }))

  it.scoped("a torn batch is cut at its hole even when later frames of the same batch reached the disk", () =>
    Effect.gen(function*() {
      const directory = yield* temporary
      const storage = fileStorage(directory)
      const files = yield* life(storage, (journal) =>
        Effect.gen(function*() {
          yield* journal.append([text("durable")])
          for (const value of ["b1", "b2"]) journal.unsafeAppend([text(value)], () => undefined)
          yield* journal.append([text("b3")])
          return filesOf(directory)
        }))
      const bytes = Buffer.from(withoutMarks(files.get(segment)!))
      bytes[bytes.indexOf("b2")] = 0
      restore(directory, files.set(segment, bytes))
      const path = `${directory}/${segment}`
      yield* life(storage, (journal) =>
        Effect.gen(function*() {
          expect(show(journal.recovered.frames)).toEqual(["durable", "b1"])
          yield* journal.append([text("new")])
        }))
      expect(show((yield* recovered(storage)).frames)).toEqual(["durable", "b1", "new"])
      expect(fs.readFileSync(path).includes("b3")).toBe(false)
    }))

  for (const end of ["closed", "killed"] as const) {
    it.scoped(`segments that vanished are missed, the last one and all of them too: ${end}`, () =>
      Effect.gen(function*() {
        const directory = yield* temporary
        const storage = fileStorage(directory)
        const killed = yield* life(storage, (journal) =>
          Effect.gen(function*() {
            for (let i = 0; i < 12; i++) yield* journal.append([new Uint8Array(900).fill(i)])
            return filesOf(directory)
          }))
        const files = end === "closed" ? filesOf(directory) : killed
        const names = [...files.keys()].filter((name) => name.endsWith(".log")).toSorted()
        expect(names.length).toBe(3)
        restore(directory, files)
        expect((yield* recovered(storage)).frames.length).toBe(12)
        // the filled successor of the last segment is nobody's data
        expect([...files.keys()].filter((name) => name.endsWith(".log.tmp")).length).toBe(end === "killed" ? 1 : 0)
        expect(fs.readdirSync(directory).filter((name) => name.endsWith(".tmp"))).toEqual([])
        for (const gone of [names.slice(2), names.slice(1), names]) {
          const left = new Map([...files].filter(([name]) => !gone.includes(name)))
          restore(directory, left)
          const error = yield* Effect.flip(recovered(storage))
          expect(error).toMatchObject({ _tag: "StorageCorrupt", file: `${directory}/${names[2]}` })
          expect(error.message).toContain("the segment is missing")
          expect([...filesOf(directory).keys()].filter((name) => name.endsWith(".log")).toSorted()).toEqual(
            names.filter((name) => !gone.includes(name))
          )
        }
      }))
  }

  it.scoped("a damaged checkpoint, a missing segment and a hole in an older segment are refused", () =>
    Effect.gen(function*() {
      const directory = yield* temporary
      const storage = fileStorage(directory)
      yield* life(storage, (journal) =>
        Effect.gen(function*() {
          for (let i = 0; i < 12; i++) {
            yield* journal.append([new Uint8Array(900).fill(i)])
            if (i === 4) yield* journal.checkpoint(text("checkpoint"), 5)
          }
        }))
      const names = fs.readdirSync(directory).filter((name) => name.startsWith("segment")).toSorted()
      expect(names.length).toBe(2)
      const files = new Map<string, Uint8Array>(
        filesOf(directory)
      )
      const refused = (name: string, change: ((bytes: Buffer) => Buffer) | undefined) =>
        Effect.gen(function*() {
          const copy = new Map(files)
          if (change === undefined) copy.delete(name)
          else copy.set(name, change(Buffer.from(files.get(name)!)))
          restore(directory, copy)
          expect(yield* Effect.flip(recovered(storage)), name).toMatchObject({ _tag: "StorageCorrupt" })
        })
      yield* refused("CHECKPOINT", (bytes) => bytes.fill(1, bytes.length - 1))
      yield* refused("CHECKPOINT", (bytes) => bytes.subarray(0, bytes.length - 1))
      yield* refused("CHECKPOINT", undefined)
      yield* refused(names[0]!, (bytes) => bytes.fill(0, 3000))
      yield* refused(names[0]!, undefined)
    }))
})

/** Fails the nth of the operations that change the disk; the ones after it would succeed again. */
const failing = (nth: number, code: string): { readonly files: FileSystem; readonly calls: () => number } => {
  let calls = 0
  const error = () => Object.assign(new Error(`${code}: injected`), { code })
  const gate = <A>(run: () => Promise<A>): Promise<A> => ++calls === nth ? Promise.reject(error()) : run()
  return {
    calls: () => calls,
    files: {
      ...nodeFileSystem,
      open: (path, flags) => gate(() => nodeFileSystem.open(path, flags)),
      rename: (from, to) => gate(() => nodeFileSystem.rename(from, to)),
      fsync: (fd) => gate(() => nodeFileSystem.fsync(fd)),
      write: (fd, bytes, offset, length, position, done) => {
        if (++calls === nth) done(error(), 0)
        else nodeFileSystem.write(fd, bytes, offset, Math.max(1, length >> 1), position, done)
      },
      fdatasync: (fd, done) => ++calls === nth ? done(error()) : nodeFileSystem.fdatasync(fd, done)
    }
  }
}

describe("a failing file system", () => {
  it.scoped(
    "at any operation: failed for ever, every pending append hears it, acknowledged frames stay",
    () =>
      Effect.gen(function*() {
        let failures = 0
        for (let nth = 1;; nth++) {
          const directory = yield* temporary
          const disk = failing(nth, "ENOSPC")
          const acknowledged: Array<string> = []
          const outcome = yield* Effect.either(life(fileStorage(directory, {}, disk.files), (journal) =>
            Effect.gen(function*() {
              for (let i = 0; i < 3; i++) {
                const errors: Array<AppendError | undefined> = []
                const append = (value: string) =>
                  journal.unsafeAppend([text(value), new Uint8Array(1400)], (error) => {
                    errors.push(error)
                    if (error === undefined) acknowledged.push(value)
                  })
                append(`${i}a`)
                append(`${i}b`)
                const last = yield* Effect.either(journal.append([]))
                expect(errors.length).toBe(2)
                if (Either.isLeft(last)) {
                  expect(last.left._tag).toBe("StorageFailed")
                  expect(last.left.message).toContain("the disk is full (ENOSPC)")
                  const checkpoint = yield* Effect.either(journal.checkpoint(text("c"), 0))
                  expect(Either.isLeft(checkpoint)).toBe(true)
                  expect(yield* Effect.orDie(Effect.flip(journal.append([text("later")])))).toBe(last.left)
                  return
                }
                if (i === 1) yield* Effect.ignore(journal.checkpoint(text("c"), 3))
              }
            })))
          if (Either.isLeft(outcome)) {
            expect(outcome.left._tag).toBe("StorageFailed")
          }
          const after = yield* recovered(fileStorage(directory))
          const expected = show(after.frames).map((frame) =>
            frame.slice(0, 2)
          ).filter((value) => value.endsWith("a") || value.endsWith("b"))
          const covered = after.checkpointUpTo === 3 ? ["0a", "0b"] : []
          const found = [...covered, ...expected]
          for (const value of acknowledged) {
            expect(found, `operation ${nth}`).toContain(value)
          }
          if (disk.calls() < nth) {
            break
          }
          failures++
        }
        expect(failures).toBeGreaterThan(25)
      }),
    60_000
  )
})

describe("group commit", () => {
  it.scoped("nothing is acknowledged before its sync, one sync is in flight, and what queues meanwhile is the next batch", () =>
    Effect.gen(function*() {
      const directory = yield* temporary
      const held: Array<() => void> = []
      let most = 0
      let arrived = () => {}
      const files: FileSystem = {
        ...nodeFileSystem,
        fdatasync: (fd, done) => {
          held.push(() => nodeFileSystem.fdatasync(fd, done))
          most = Math.max(most, held.length)
          arrived()
        }
      }
      const reached = Effect.async<void>((resume) => {
        arrived = () => resume(Effect.void)
        if (held.length > 0) arrived()
      })
      yield* life(fileStorage(directory, {}, files), (journal) =>
        Effect.gen(function*() {
          const heard: Array<number> = []
          journal.unsafeAppend([text("1")], () => heard.push(1))
          yield* reached
          const last = Effect.async<void>((resume) => {
            journal.unsafeAppend([text("2")], () => heard.push(2))
            journal.unsafeAppend([text("3")], () => resume(Effect.void))
            arrived = () => held.shift()?.()
            held.shift()?.()
          })
          expect(heard).toEqual([])
          expect(journal.stats()).toMatchObject({ batches: 0, durableSequence: 0 })
          yield* last
          expect(heard).toEqual([1, 2])
          expect(most).toBe(1)
          expect(journal.stats()).toMatchObject({ batches: 2, durableSequence: 3 })
        }))
    }))
})
