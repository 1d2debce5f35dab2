import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { execFileSync, spawn } from "node:child_process"
import * as fs from "node:fs"
import { fileURLToPath } from "node:url"
import ts from "typescript"
import * as Prng from "../../src/core/Prng.js"
import { fileStorage, life, recovered, temporary, text } from "./support.js"

const source = fileURLToPath(new URL("../../src/storage", import.meta.url))
const modules = fileURLToPath(new URL("../../node_modules", import.meta.url))

/** A child runs plain JavaScript: the room, without its types. */
const transpile = (from: string, to: string): void => {
  fs.mkdirSync(to, { recursive: true })
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    if (entry.isDirectory()) transpile(`${from}/${entry.name}`, `${to}/${entry.name}`)
    else if (entry.name.endsWith(".ts") && !entry.name.endsWith(".d.ts")) {
      const { outputText } = ts.transpileModule(fs.readFileSync(`${from}/${entry.name}`, "utf8"), {
        compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true }
      })
      fs.writeFileSync(`${to}/${entry.name.slice(0, -3)}.js`, outputText)
    }
  }
}

/** Appends for ever, says each acknowledged number after the fact, and checkpoints now and then. */
const child = `
import * as Effect from "effect/Effect"
import { makeFile } from "./storage/internal/FileStorage.js"
import { nodeFileSystem } from "./storage/internal/FileSystem.js"
const storage = makeFile({ directory: process.argv[2], segmentBytes: 16384 }, nodeFileSystem)
Effect.runPromise(Effect.scoped(Effect.gen(function*() {
  const journal = yield* storage.open({ node: "a", cluster: "test" })
  let waiting = 0
  const fill = () => {
    while (waiting < 40) {
      const next = journal.stats().lastSequence + 1
      waiting++
      journal.unsafeAppend([new TextEncoder().encode(String(next)), new Uint8Array(next % 300)], (error) => {
        if (error !== undefined) throw error
        waiting--
        process.stdout.write(next + "\\n")
        if (next % 400 === 0) Effect.runFork(journal.checkpoint(new TextEncoder().encode("upTo " + next), next))
        if (waiting < 20) fill()
      })
    }
  }
  fill()
  yield* Effect.never
})))
`

/** Appends until the file system refuses, then says how many frames were acknowledged, and the error. */
const filler = `
import * as Effect from "effect/Effect"
import { makeFile } from "./storage/internal/FileStorage.js"
import { nodeFileSystem } from "./storage/internal/FileSystem.js"
const storage = makeFile({ directory: process.argv[2], segmentBytes: 32768 }, nodeFileSystem)
Effect.runPromise(Effect.scoped(Effect.gen(function*() {
  const journal = yield* storage.open({ node: "a", cluster: "test" })
  for (let size = 1000;; size += 1000) {
    const result = yield* Effect.either(journal.append([new Uint8Array(size)]))
    if (result._tag === "Right") continue
    const again = yield* Effect.flip(journal.append([]))
    const { _tag, code, message, operation } = result.left
    return { acknowledged: journal.stats().durableSequence, _tag, code, message, operation, same: again === result.left }
  }
}))).then((found) => process.stdout.write(JSON.stringify(found)))
`

/** Takes the lock some times, each time alone in the critical section; the last time it dies in there, and says how often it held. */
const fighter = `
import * as fs from "node:fs"
import { acquire } from "./storage/internal/Lock.js"
import { nodeFileSystem } from "./storage/internal/FileSystem.js"
const [directory, times] = [process.argv[2], Number(process.argv[3])]
const inside = directory + "/inside"
for (let held = 0; held < times;) {
  let release
  try {
    release = await acquire(nodeFileSystem, directory)
  } catch (error) {
    if (error._tag !== "StorageLocked") throw error
    await new Promise((resolve) => setImmediate(resolve))
    continue
  }
  held++
  fs.writeFileSync(inside, String(process.pid), { flag: "wx" })
  await new Promise((resolve) => setImmediate(resolve))
  if (fs.readFileSync(inside, "utf8") !== String(process.pid)) throw new Error("two processes hold the lock")
  fs.unlinkSync(inside)
  if (held === times) {
    fs.writeSync(1, String(held))
    process.kill(process.pid, "SIGKILL")
  }
  await release()
}
`

const fight = (script: string, directory: string, times: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const running = spawn(process.execPath, [script, directory, String(times)], { stdio: ["ignore", "pipe", "pipe"] })
    let said = ""
    let problem = ""
    running.stdout.on("data", (chunk) => said += String(chunk))
    running.stderr.on("data", (chunk) => problem += String(chunk))
    running.on("error", reject)
    running.on("close", (_code, signal) => signal === "SIGKILL" ? resolve(Number(said)) : reject(new Error(problem)))
  })

/** Runs the child until it said `count` numbers, kills it, and gives the last number it said. */
const killAfter = (script: string, directory: string, count: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const running = spawn(process.execPath, [script, directory], { stdio: ["ignore", "pipe", "pipe"] })
    let said = ""
    let problem = ""
    let lines = 0
    running.stderr.on("data", (chunk) => problem += String(chunk))
    running.stdout.on("data", (chunk) => {
      const piece = String(chunk)
      said += piece
      for (const character of piece) if (character === "\n") lines++
      if (lines >= count) running.kill("SIGKILL")
    })
    running.on("error", reject)
    running.on("close", (_code, signal) => {
      if (signal !== "SIGKILL") return reject(new Error(problem))
      // A number without its line end was cut by the kill, and what is before it counts.
      return resolve(Number(said.slice(0, said.lastIndexOf("\n")).split("\n").at(-1)))
    })
  })

describe("real processes", () => {
  it.scoped(
    "in 24 rounds at seeded moments loses no acknowledged frame, and a dead holder's lock is taken over",
    () =>
      Effect.gen(function*() {
        const folder = yield* temporary
        const directory = yield* temporary
        transpile(source, `${folder}/storage`)
        fs.writeFileSync(`${folder}/package.json`, `{ "type": "module" }`)
        fs.writeFileSync(`${folder}/child.js`, child)
        fs.symlinkSync(modules, `${folder}/node_modules`)
        const draw = Prng.make(2026)
        let checkpoints = 0
        for (let round = 1; round <= 24; round++) {
          const acknowledged = yield* Effect.promise(() =>
            killAfter(`${folder}/child.js`, directory, 1 + draw.below(700))
          )
          const found = yield* recovered(fileStorage(directory, { segmentBytes: 16_384 }))
          const last = found.checkpointUpTo + found.frames.length
          expect(last, `round ${round}`).toBeGreaterThanOrEqual(acknowledged)
          expect(acknowledged).toBeGreaterThan(0)
          expect(found.incarnation).toBe(2 * round)
          if (found.checkpointUpTo > 0) {
            checkpoints++
            expect(found.checkpoint).toEqual(text(`upTo ${found.checkpointUpTo}`))
          }
          for (const [i, frame] of found.frames.entries()) {
            const sequence = found.checkpointUpTo + 1 + i
            expect(new TextDecoder().decode(frame[0])).toBe(String(sequence))
            expect(frame[1]?.length).toBe(sequence % 300)
          }
        }
        expect(checkpoints).toBeGreaterThan(10)
      }),
    120_000
  )

  it.scoped("a folder that a living process holds is refused", () =>
    Effect.gen(function*() {
      const directory = yield* temporary
      yield* life(fileStorage(directory), () => Effect.void)
      const holder = spawn("sleep", ["60"])
      yield* Effect.addFinalizer(() => Effect.sync(() => holder.kill("SIGKILL")))
      fs.writeFileSync(`${directory}/LOCK.0000000000000009`, `${holder.pid}\n?\n`)
      expect(yield* Effect.flip(recovered(fileStorage(directory)))).toMatchObject({
        _tag: "StorageLocked",
        pid: holder.pid
      })
      fs.writeFileSync(`${directory}/LOCK.0000000000000009`, `${holder.pid}\n1@another-boot\n`)
      expect((yield* recovered(fileStorage(directory))).incarnation).toBe(2)
    }))

  it.scoped(
    "of processes that fight over a folder whose holders keep dying, at most one holds it at a time",
    () =>
      Effect.gen(function*() {
        const folder = yield* temporary
        const directory = yield* temporary
        transpile(source, `${folder}/storage`)
        fs.writeFileSync(`${folder}/package.json`, `{ "type": "module" }`)
        fs.writeFileSync(`${folder}/fighter.js`, fighter)
        fs.symlinkSync(modules, `${folder}/node_modules`)
        const fighters = Array.from(
          { length: 4 },
          (_, i) =>
            Effect.gen(function*() {
              let held = 0
              for (let life = 0; life < 4; life++) {
                held += yield* Effect.promise(() => fight(`${folder}/fighter.js`, directory, 10 + 7 * i + life))
              }
              return held
            })
        )
        const held = yield* Effect.all(fighters, { concurrency: "unbounded" })
        for (const count of held) expect(count).toBeGreaterThan(20)
        // the newest generation is what is left of the fight
        expect(fs.readdirSync(directory).filter((name) => name.startsWith("LOCK")).length).toBeLessThanOrEqual(2)
      }),
    60_000
  )

  it.scoped("a file system that takes no more bytes fails the journal with its code; what was acknowledged is there", () =>
    Effect.gen(function*() {
      const folder = yield* temporary
      const directory = yield* temporary
      transpile(source, `${folder}/storage`)
      fs.writeFileSync(`${folder}/package.json`, `{ "type": "module" }`)
      fs.writeFileSync(`${folder}/filler.js`, filler)
      fs.symlinkSync(modules, `${folder}/node_modules`)
      // no file may grow beyond 64 blocks of 512 bytes (of 1,024 in some shells): a segment for a large frame does not fit
      const script = `ulimit -f 64; exec "${process.execPath}" "${folder}/filler.js" "${directory}"`
      const said = execFileSync("sh", ["-c", script], { encoding: "utf8" })
      const found = JSON.parse(said)
      expect(found).toMatchObject({
        _tag: "StorageFailed",
        code: "EFBIG",
        operation: "the creation of a segment",
        same: true
      })
      expect(found.message).toContain("EFBIG")
      expect(found.acknowledged).toBeGreaterThan(10)
      expect((yield* recovered(fileStorage(directory))).frames.length).toBe(found.acknowledged)
    }))
})
