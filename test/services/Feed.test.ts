import { describe, expect, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { Batch, Results, Thrown } from "../../src/services/internal/batch.js"
import { Feed } from "../../src/services/internal/Feed.js"

const batch = (revision: number, ...commands: ReadonlyArray<string>) => {
  const results = commands.map((command) => command === "throws" ? new Thrown("bad") : command.toUpperCase())
  const executed = results.filter((result) => !(result instanceof Thrown)).length
  return {
    index: revision + 100,
    command: new Batch(commands, new Uint8Array()),
    result: new Results(revision, executed, results)
  }
}
/** Lets other fibers run until they wait. */
const settled = Effect.repeatN(Effect.yieldNow(), 100)

const take = (feed: Feed<string, string>, from: number | undefined, count: number) =>
  Effect.map(
    Stream.runCollect(Stream.take(feed.watch(from), count)),
    (applied) => Chunk.toReadonlyArray(applied).map(({ command, revision }) => `${revision}${command}`)
  )

describe("Feed", () => {
  it.effect("law: a replay after a crash repeats nothing and loses nothing", () =>
    Effect.gen(function*() {
      const feed = new Feed<string, string>(100)
      feed.push(batch(1, "a", "b"))
      feed.push(batch(3, "c"))
      feed.push(batch(1, "a", "b"))
      feed.push(batch(3, "c"))
      feed.push(batch(4, "d"))
      expect(yield* take(feed, 1, 4)).toEqual(["1a", "2b", "3c", "4d"])
      expect(yield* take(feed, 2, 3)).toEqual(["2b", "3c", "4d"])
    }))

  it.effect("law: a command that threw has no revision", () =>
    Effect.gen(function*() {
      const feed = new Feed<string, string>(100)
      feed.push(batch(1, "throws"))
      feed.push(batch(1, "a", "throws", "b"))
      expect(yield* take(feed, 2, 1)).toEqual(["2b"])
      expect(yield* take(feed, 1, 2)).toEqual(["1a", "2b"])
    }))

  it.effect("law: where a snapshot jumped ahead the gap is told, never skipped", () =>
    Effect.gen(function*() {
      const feed = new Feed<string, string>(100)
      feed.push(batch(1, "a"))
      const watcher = yield* Effect.fork(Effect.flip(take(feed, 1, 2)))
      yield* settled
      feed.push(batch(9, "i"))
      expect(yield* Fiber.join(watcher)).toMatchObject({ _tag: "Compacted", wanted: 2, floor: 8 })
      expect(yield* take(feed, 9, 1)).toEqual(["9i"])
    }))

  it.effect("law: it keeps at least its capacity, and at most about twice as much", () =>
    Effect.gen(function*() {
      const feed = new Feed<string, string>(10)
      for (let revision = 1; revision <= 99; revision += 2) feed.push(batch(revision, "x", "y"))
      const { floor } = yield* Effect.flip(Effect.map(take(feed, 1, 1), () => ({ floor: -1 })))
      expect(floor).toBeGreaterThanOrEqual(100 - 22)
      expect(floor).toBeLessThanOrEqual(100 - 10)
    }))

  it.effect("without a start it begins with what comes next; it ends when the node does", () =>
    Effect.gen(function*() {
      const feed = new Feed<string, string>(100)
      feed.begin(41)
      const watcher = yield* Effect.fork(take(feed, undefined, 9))
      yield* settled
      feed.push(batch(42, "z"))
      yield* settled
      feed.close()
      expect(yield* Fiber.join(watcher)).toEqual(["42z"])
    }))
})
