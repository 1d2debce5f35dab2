import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { type FileSystem, nodeFileSystem } from "../../src/storage/internal/FileSystem.js"
import { getSegmentHeader } from "../../src/storage/internal/Format.js"
import type { Journal } from "../../src/storage/Storage.js"
import { fileStorage, life, recovered, temporary } from "./support.js"

/** Of one size, so that old frames lie exactly where the next new ones would: four to a segment. */
const frame = (i: number) => [new Uint8Array(900).fill(i)]
const number = (bytes: ReadonlyArray<Uint8Array>): number => bytes[0]![0]!
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

const append = (journal: Journal, from: number, to: number) =>
  Effect.forEach(range(from, to), (i) => journal.append(frame(i)), { discard: true })

type Files = Map<string, Uint8Array>

const filesOf = (directory: string): Files =>
  new Map(
    fs.readdirSync(directory).filter((name) => !name.startsWith("LOCK")).map((name) => [
      name,
      fs.readFileSync(`${directory}/${name}`)
    ])
  )

const folderOf = (files: Files) =>
  Effect.map(temporary, (directory) => {
    for (const [name, bytes] of files) fs.writeFileSync(`${directory}/${name}`, bytes)
    return directory
  })

const isRecycled = (bytes: Uint8Array): boolean => getSegmentHeader(Buffer.from(bytes))?.isRecycled === true

/** The newest segment was another one before: it holds `count` new frames, and old ones behind them. What a process that dies leaves. */
const recycledLog = (count: number) =>
  Effect.gen(function*() {
    const directory = yield* temporary
    const files = yield* life(fileStorage(directory), (journal) =>
      Effect.gen(function*() {
        yield* append(journal, 1, 12)
        yield* journal.checkpoint(Uint8Array.of(12), 12)
        yield* append(journal, 13, 16 + count)
        return filesOf(directory)
      }))
    const segment = "segment-0000000000000005.log"
    expect(isRecycled(files.get(segment)!)).toBe(true)
    return { files, segment }
  })

/** Header, length and 900 bytes make 944. */
const stride = 944
const frameAt = (i: number): number => 64 + i * stride

describe("recycled segments", () => {
  it.scoped("old frames that lie whole behind the last new one are not replayed, and prove nothing", () =>
    Effect.gen(function*() {
      for (const count of [1, 2, 3, 4]) {
        const { files, segment } = yield* recycledLog(count)
        const stale = files.get(segment)![frameAt(count) + 48]
        if (count < 4) expect(stale).toBeLessThan(13)
        const storage = fileStorage(yield* folderOf(files))
        const found = yield* recovered(storage)
        expect(found.frames.map(number)).toEqual(range(13, 16 + count))
        expect(found.checkpoint).toEqual(Uint8Array.of(12))
        // and the log goes on
        yield* life(storage, (journal) => append(journal, 17 + count, 30))
        expect((yield* recovered(storage)).frames.map(number)).toEqual(range(13, 30))
      }
    }))

  it.scoped("a recycled segment that is not the newest may have old bytes at its end; one whose end was lost is refused", () =>
    Effect.gen(function*() {
      const directory = yield* temporary
      const files = yield* life(fileStorage(directory), (journal) =>
        Effect.gen(function*() {
          yield* append(journal, 1, 12)
          yield* journal.checkpoint(Uint8Array.of(12), 12)
          yield* append(journal, 13, 18)
          yield* journal.append([new Uint8Array(2500).fill(19)])
          yield* append(journal, 20, 21)
          return filesOf(directory)
        }))
      const segment = [...files.keys()].toSorted().find((name) =>
        name.endsWith(".log") && isRecycled(files.get(name)!)
      )!
      const old = files.get(segment)![frameAt(2) + 48]
      expect(old).toBeLessThan(13)
      expect((yield* recovered(fileStorage(yield* folderOf(files)))).frames.map(number)).toEqual(range(13, 21))
      const bytes = Uint8Array.from(files.get(segment)!)
      bytes[frameAt(1) + 100]! ^= 1
      const folder = yield* folderOf(new Map(files).set(segment, bytes))
      const error = yield* Effect.flip(recovered(fileStorage(folder)))
      expect(error).toMatchObject({ _tag: "StorageCorrupt", file: `${folder}/${segment}`, offset: frameAt(1) })
    }))

  it.scoped("a flipped byte in a new frame is refused with file and offset, in the last one too, by its mark", () =>
    Effect.gen(function*() {
      const { files, segment } = yield* recycledLog(2)
      const marked = yield* Effect.gen(function*() {
        const folder = yield* folderOf(files)
        return yield* life(fileStorage(folder), (journal) =>
          Effect.gen(function*() {
            yield* journal.append(frame(19))
            yield* Effect.async<void>((resume) => {
              setImmediate(() => setImmediate(() => resume(Effect.void)))
            })
            return filesOf(folder)
          }))
      })
      for (const [log, frames] of [[files, 1], [marked, 3]] as const) {
        for (let at = frameAt(0); at < frameAt(frames); at += 17) {
          const bytes = Uint8Array.from(log.get(segment)!)
          bytes[at]! ^= 1 << (at % 8)
          const folder = yield* folderOf(new Map(log).set(segment, bytes))
          const error = yield* Effect.flip(recovered(fileStorage(folder)))
          const offset = frameAt(Math.floor((at - 64) / stride))
          expect(error, `byte ${at}`).toMatchObject({ _tag: "StorageCorrupt", file: `${folder}/${segment}`, offset })
        }
      }
    }))

  it.scoped("a torn tail is cut with the old bytes behind it, so that numbers can be given again", () =>
    Effect.gen(function*() {
      const { files, segment } = yield* recycledLog(2)
      const bytes = Uint8Array.from(files.get(segment)!)
      bytes[frameAt(1) + 500] = 0
      const folder = yield* folderOf(new Map(files).set(segment, bytes))
      yield* life(fileStorage(folder), (journal) =>
        Effect.sync(() => {
          expect(journal.recovered.frames.map(number)).toEqual(range(13, 17))
          expect(fs.readFileSync(`${folder}/${segment}`).subarray(frameAt(1)).every((byte) => byte === 0)).toBe(true)
        }))
      yield* life(fileStorage(folder), (journal) => append(journal, 18, 18))
      expect((yield* recovered(fileStorage(folder))).frames.map(number)).toEqual(range(13, 18))
    }))
})

/** A file system that, before and after every change, shows what a crash at that moment leaves. */
const observed = (directory: string, see: (crash: Files, what: string) => void): FileSystem => {
  /** Undoes the changes of names that no sync of the folder has made durable. */
  let undo: Array<(files: Files) => void> = []
  const look = (what: string): void => {
    see(filesOf(directory), `the process dies at ${what}`)
    if (undo.length === 0) return
    const files = filesOf(directory)
    for (const step of undo.toReversed()) step(files)
    see(files, `the host dies at ${what}`)
  }
  const folders = new Set<number>()
  const put = (files: Files, name: string, bytes: Uint8Array | undefined): void => {
    if (bytes === undefined) files.delete(name)
    else files.set(name, bytes)
  }
  const now = (name: string): Uint8Array | undefined =>
    fs.existsSync(`${directory}/${name}`) ? fs.readFileSync(`${directory}/${name}`) : undefined
  return {
    ...nodeFileSystem,
    open: async (file, flags) => {
      const fd = await nodeFileSystem.open(file, flags)
      if (file === directory) folders.add(fd)
      else folders.delete(fd)
      return fd
    },
    rename: async (from, to) => {
      const [source, target] = [path.basename(from), path.basename(to)]
      const replaced = now(target)
      await nodeFileSystem.rename(from, to)
      undo.push((files) => {
        put(files, source, files.get(target))
        put(files, target, replaced)
      })
      look(`the rename of ${source} to ${target}`)
    },
    unlink: async (file) => {
      const name = path.basename(file)
      const bytes = now(name)
      await nodeFileSystem.unlink(file)
      if (!name.startsWith("LOCK")) undo.push((files) => put(files, name, bytes))
      look(`the removal of ${name}`)
    },
    fsync: async (fd) => {
      await nodeFileSystem.fsync(fd)
      if (folders.has(fd)) undo = []
      look("a sync")
    },
    write: (fd, bytes, offset, length, position, done) =>
      nodeFileSystem.write(fd, bytes, offset, length, position, (error, written) => {
        look(`a write of ${written} bytes at ${position}`)
        done(error, written)
      })
  }
}

describe("a crash between the steps of reuse", () => {
  it.scoped(
    "keeps what was acknowledged, whether the folder's latest names reached the disk or not",
    () =>
      Effect.gen(function*() {
        const directory = yield* temporary
        const crashes: Array<{ readonly files: Files; readonly what: string; readonly acknowledged: number }> = []
        let acknowledged = 0
        const files = observed(directory, (files, what) => {
          if (acknowledged > 0) crashes.push({ files, what, acknowledged })
        })
        let recycled = 0
        yield* life(fileStorage(directory, {}, files), (journal) =>
          Effect.gen(function*() {
            for (const i of range(1, 30)) {
              yield* journal.append(frame(i))
              acknowledged = i
              if (i % 10 === 0) yield* journal.checkpoint(Uint8Array.of(i), i)
            }
            recycled = [...filesOf(directory)].filter(([name, bytes]) => name.endsWith(".log") && isRecycled(bytes))
              .length
          }))
        expect(recycled).toBeGreaterThan(0)
        const reached = (word: string) => crashes.filter(({ what }) => what.includes(word)).length
        expect(reached("to retired-")).toBeGreaterThan(5)
        expect(reached("the rename of retired-")).toBeGreaterThan(3)
        expect(reached("the host dies")).toBeGreaterThan(30)
        for (const { acknowledged, files, what } of crashes) {
          const where = `${what} after ${acknowledged}`
          const folder = yield* folderOf(files)
          const found = yield* recovered(fileStorage(folder)).pipe(
            Effect.catchAll((error) => Effect.dieMessage(`${where}: ${error.message}`))
          )
          expect(found.frames.map(number), where).toEqual(
            range(found.checkpointUpTo + 1, found.checkpointUpTo + found.frames.length)
          )
          expect(found.checkpointUpTo + found.frames.length, where).toBeGreaterThanOrEqual(acknowledged)
          if (found.checkpointUpTo > 0) expect(found.checkpoint, where).toEqual(Uint8Array.of(found.checkpointUpTo))
          expect(fs.readdirSync(folder).filter((name) => name.endsWith(".tmp")), where).toEqual([])
          fs.rmSync(folder, { recursive: true })
        }
      }),
    60_000
  )
})
