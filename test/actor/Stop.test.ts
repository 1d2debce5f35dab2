import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Scope from "effect/Scope"
import * as ActorRef from "synod/actor/ActorRef"
import * as ActorSystem from "synod/actor/ActorSystem"
import * as Supervision from "synod/actor/Supervision"
import { crash, Do, isDone, listen, local, pass, type Ref, Say, scribe, settle } from "./lives.js"

const { tell, unsafeTell } = ActorRef
const endless = new Do({ step: () => Effect.never })
const stubborn = new Do({ step: () => Effect.uninterruptible(Effect.never) })

/** root -> a, b; b -> c: each holds a resource and has a `stopping` hook. */
const tree = (journal: Array<string>) => {
  const stopping = (name: string) => ({ stopping: () => Effect.sync(() => void journal.push(`stopping ${name}`)) })
  return scribe(journal, "root", {
    ...stopping("root"),
    initial: (_, root) =>
      Effect.gen(function*() {
        yield* root.spawn(scribe(journal, "a", stopping("a")), { name: "a" })
        const b = scribe(journal, "b", {
          ...stopping("b"),
          initial: (_, self) =>
            Effect.orDie(Effect.as(self.spawn(scribe(journal, "c", stopping("c")), { name: "c" }), 0))
        })
        yield* root.spawn(b, { name: "b" })
        return 0
      }).pipe(Effect.orDie)
  })
}
const torn = ["stopping c", "-c.1", "stopping b", "-b.1", "stopping a", "-a.1", "stopping root", "-root.1"]

describe("the order of an end", () => {
  const ends: Record<string, (ref: Ref) => Effect.Effect<unknown, never, ActorSystem.ActorSystem>> = {
    "a stop": (ref) => ActorSystem.stop(ref),
    "a stop by itself": (ref) => tell(ref, new Do({ step: (n, self) => (self.stop(), n) })),
    "a defect": (ref) => tell(ref, crash()),
    "an interruption": (ref) => tell(ref, new Do({ step: () => Effect.interrupt })),
    "a stop that has to interrupt": (ref) =>
      Effect.gen(function*() {
        yield* tell(ref, endless)
        yield* settle
        yield* Effect.fork(ActorSystem.stop(ref))
        yield* pass("5 seconds")
      })
  }
  it.effect.each(Object.entries(ends))(
    "law 44: children's hooks and finalizers run before the parent's, last started first, each once, under %s",
    ([, end]) =>
      Effect.gen(function*() {
        const journal: Array<string> = []
        const ref = yield* ActorSystem.spawn(tree(journal))
        journal.length = 0
        yield* end(ref)
        yield* ActorSystem.await(ref)
        yield* ActorSystem.stop(ref)
        expect(journal).toEqual(torn)
      }).pipe(local)
  )

  it.effect("law 44: closing the system's Scope ends the roots in reverse, each tree children first", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(ActorSystem.layerLocal(), scope)
      yield* Effect.provide(ActorSystem.spawn(scribe(journal, "first")), context)
      yield* Effect.provide(ActorSystem.spawn(tree(journal)), context)
      journal.length = 0
      yield* Scope.close(scope, Exit.void)
      expect(journal).toEqual([...torn, "-first.1"])
    }))
})

describe("stop", () => {
  it.effect("law 45: it is idempotent, and concurrent stops all complete, after the end", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const behavior = scribe(journal, "a", {
        initial: () => Effect.as(Effect.addFinalizer(() => Effect.sleep("1 second")), 0)
      })
      const ref = yield* ActorSystem.spawn(behavior)
      const stops = yield* Effect.fork(Effect.all(
        Array.from({ length: 8 }, () => Effect.zipRight(ActorSystem.stop(ref), Effect.sync(() => journal.length))),
        { concurrency: "unbounded" }
      ))
      yield* settle
      expect(yield* isDone(stops)).toBe(false)
      yield* pass("1 second")
      expect(yield* Fiber.join(stops)).toEqual(Array.from({ length: 8 }, () => 2))
      yield* ActorSystem.stop(ref)
      expect(journal).toEqual(["+a.1", "-a.1"])
    }).pipe(local))

  it.effect("`within` bounds the handler; the finalizers have the actor's own `shutdown`", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const slow = Effect.zipRight(Effect.sleep("3 seconds"), Effect.sync(() => journal.push("finalized")))
      const ref = yield* ActorSystem.spawn(
        scribe(journal, "a", { initial: () => Effect.as(Effect.addFinalizer(() => slow), 0) }),
        { shutdown: "4 seconds" }
      )
      yield* tell(ref, endless)
      yield* settle
      const stop = yield* Effect.fork(ActorSystem.stop(ref, { within: "1 second" }))
      yield* pass("1 second")
      yield* pass("2999 millis")
      expect(yield* isDone(stop)).toBe(false)
      yield* pass("1 millis")
      yield* Fiber.join(stop)
      expect(journal).toEqual(["+a.1", "finalized", "-a.1"])
    }).pipe(local))

  it.effect("law 45: the current message is finished when it can be within the deadline", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const ref = yield* ActorSystem.spawn(scribe(journal, "a"))
      const work = Effect.zipRight(Effect.sleep("2 seconds"), Effect.sync(() => journal.push("finished")))
      yield* tell(ref, new Do({ step: (n) => Effect.as(work, n) }))
      yield* settle
      const stop = yield* Effect.fork(ActorSystem.stop(ref, { within: "3 seconds" }))
      yield* pass("2 seconds")
      yield* Fiber.join(stop)
      expect(journal).toEqual(["+a.1", "finished", "-a.1"])
    }).pipe(local))

  const waits = { "by another": false, "by its own plain handler": true }
  it.effect.each(Object.entries(waits))(
    "law 45: a handler that never returns is interrupted at the deadline of a stop %s",
    ([, own]) =>
      Effect.gen(function*() {
        const journal: Array<string> = []
        const ref = yield* ActorSystem.spawn(scribe(journal, "a"), { shutdown: "2 seconds" })
        const step = own ? new Do({ step: (_, self) => (self.stop(), Effect.never) }) : endless
        yield* tell(ref, step)
        yield* settle
        if (!own) yield* Effect.fork(ActorSystem.stop(ref))
        const end = yield* Effect.fork(ActorSystem.await(ref))
        yield* pass("1999 millis")
        expect(yield* isDone(end)).toBe(false)
        yield* pass("1 millis")
        expect(yield* Fiber.join(end)).toMatchObject({ reason: { _tag: "Stopped" } })
        expect(journal).toEqual(["+a.1", "-a.1"])
      }).pipe(local)
  )

  it.effect("law 45: a handler that cannot be interrupted, and a finalizer that hangs, are left behind with a warning", () => {
    const lines: Array<string> = []
    const logger = Logger.make(({ logLevel, message }) => lines.push(`${logLevel.label} ${String(message)}`))
    return Effect.gen(function*() {
      const behavior = scribe([], "a", { initial: () => Effect.as(Effect.addFinalizer(() => Effect.never), 0) })
      const ref = yield* ActorSystem.spawn(behavior, { name: "a", shutdown: "1 second" })
      yield* tell(ref, stubborn)
      yield* settle
      const stop = yield* Effect.fork(ActorSystem.stop(ref))
      yield* pass("1 second") // the handler is interrupted
      yield* pass("1 second") // and left behind
      expect(yield* isDone(stop)).toBe(false)
      yield* pass("1 second") // the finalizer as well
      yield* Fiber.join(stop)
      expect(lines).toEqual([
        "WARN the handler of /a cannot be interrupted and is left behind",
        "WARN finalizers of /a did not end within 1000 ms"
      ])
      expect(unsafeTell(ref, crash())).toBe("terminated")
    }).pipe(
      Effect.provide(ActorSystem.layerLocal().pipe(Layer.provideMerge(Logger.replace(Logger.defaultLogger, logger)))),
      Effect.provide(Logger.add(logger))
    )
  })

  it.effect("law 45: no child outlives its parent: at the parent's deadline the handlers of those left are interrupted", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const names = ["a", "b", "c"]
      const behavior = scribe(journal, "parent", {
        initial: (_, self) =>
          Effect.orDie(Effect.as(
            Effect.forEach(names, (name) =>
              Effect.flatMap(
                self.spawn(scribe(journal, name), { name, shutdown: "1 hour" }),
                (child) => tell(child, endless)
              )),
            0
          ))
      })
      const ref = yield* ActorSystem.spawn(behavior, { shutdown: "2 seconds" })
      yield* settle
      journal.length = 0
      const stop = yield* Effect.fork(ActorSystem.stop(ref))
      yield* pass("2 seconds")
      yield* Fiber.join(stop)
      expect(journal).toEqual(["-c.1", "-b.1", "-a.1", "-parent.1"])
    }).pipe(local))

  it.effect("law 46: `process` handles all queued mail and rejects new; `dead-letter` reports each message", () =>
    Effect.gen(function*() {
      for (const drain of ["process", "dead-letter"] as const) {
        const journal: Array<string> = []
        const letters = yield* listen((system) => system.deadLetters)
        const ref = yield* ActorSystem.spawn(scribe(journal, "a"), { drain })
        yield* tell(ref, new Do({ step: (n) => Effect.as(Effect.sleep("1 second"), n) }))
        for (const word of ["1", "2", "3"]) yield* tell(ref, new Say({ word }))
        yield* settle
        const stop = yield* Effect.fork(ActorSystem.stop(ref))
        yield* settle
        expect(unsafeTell(ref, new Say({ word: "4" }))).toBe("terminated")
        yield* pass("1 second")
        yield* Fiber.join(stop)
        yield* settle
        const said = letters.map(({ message, reason }) => `${(message as Say).word} ${reason}`)
        if (drain === "process") {
          expect(journal).toEqual(["+a.1", "a.1:1", "a.1:2", "a.1:3", "-a.1"])
          expect(said).toEqual(["4 terminated"])
        } else {
          expect(journal).toEqual(["+a.1", "-a.1"])
          expect(said).toEqual(["4 terminated", "1 terminated", "2 terminated", "3 terminated"])
        }
      }
    }).pipe(Effect.scoped, local))

  it.effect("law 46: what is not processed at the deadline is a dead letter", () =>
    Effect.gen(function*() {
      const letters = yield* listen((system) => system.deadLetters)
      const ref = yield* ActorSystem.spawn(scribe([], "a"), { drain: "process" })
      yield* tell(ref, endless)
      yield* tell(ref, new Say({ word: "1" }))
      yield* settle
      const stop = yield* Effect.fork(ActorSystem.stop(ref))
      yield* pass("5 seconds")
      yield* Fiber.join(stop)
      yield* settle
      expect(letters.map((letter) => letter.reason)).toEqual(["poison", "terminated"])
    }).pipe(Effect.scoped, local))

  it.effect("law 46: `process` ends at a crash: what is behind it is a dead letter", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const letters = yield* listen((system) => system.deadLetters)
      const ref = yield* ActorSystem.spawn(scribe(journal, "a"), {
        drain: "process",
        supervision: Supervision.restart()
      })
      yield* tell(ref, new Do({ step: (n) => Effect.as(Effect.sleep("1 second"), n) }))
      yield* tell(ref, new Say({ word: "1" }))
      yield* tell(ref, crash())
      yield* tell(ref, new Say({ word: "2" }))
      yield* settle
      const stop = yield* Effect.fork(ActorSystem.stop(ref))
      yield* pass("1 second")
      yield* Fiber.join(stop)
      yield* settle
      expect(journal).toEqual(["+a.1", "a.1:1", "-a.1"])
      expect(letters.map((letter) => letter.reason)).toEqual(["poison", "terminated"])
    }).pipe(Effect.scoped, local))

  it.effect("a handler that stops its actor and then throws leaves no zombie", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const ref = yield* ActorSystem.spawn(scribe(journal, "a"), { supervision: Supervision.restart() })
      const fall = (_: number, self: { readonly stop: () => void }): number => {
        self.stop()
        throw new Error("after the stop")
      }
      yield* tell(ref, new Do({ step: fall }))
      expect(yield* ActorSystem.await(ref)).toMatchObject({ reason: { _tag: "Failed" } })
      expect(unsafeTell(ref, new Say({ word: "hello" }))).toBe("terminated")
      yield* settle
      expect(journal).toEqual(["+a.1", "-a.1"])
    }).pipe(local))
})
