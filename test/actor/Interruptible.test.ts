import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/TestClock"
import * as Actor from "synod/actor/Actor"
import * as ActorRef from "synod/actor/ActorRef"
import * as ActorSystem from "synod/actor/ActorSystem"
import type { Self } from "synod/actor/Self"
import { failureOf, isDone, listen, local, pass, settle } from "./lives.js"

/** Is answered with the count after the latch opens. */
class Work extends Actor.Request("Work", { success: Schema.Int, failure: Schema.String }) {}
class Count extends Actor.Request("Count", { success: Schema.Int }) {}

type Mark = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
const unmarked: Mark = (effect) => effect

const worker = (journal: Array<string>, latch: Effect.Effect<void, string>, mark: Mark = Actor.interruptible) =>
  Actor.make("worker", { messages: [Work, Count], initial: () => 0 }).on({
    Work: (n) =>
      mark(
        Effect.acquireUseRelease(
          Effect.sync(() => journal.push("begun")),
          () => Effect.as(latch, Actor.reply(n + 1, n + 1)),
          () => Effect.sync(() => journal.push("released"))
        ).pipe(
          Effect.tap(() => Effect.sync(() => journal.push("done"))),
          Effect.onInterrupt(() => Effect.sync(() => journal.push("interrupted")))
        )
      ),
    Count: (n) => Actor.reply(n, n)
  })

describe("interrupting a running ask", () => {
  const leaves: Record<string, (ref: ActorRef.ActorRef<Work>) => Effect.Effect<unknown>> = {
    "an interruption": (ref) =>
      Effect.gen(function*() {
        const asking = yield* Effect.fork(ActorRef.ask(ref, new Work()))
        yield* settle
        yield* Fiber.interrupt(asking)
      }),
    "a lost race": (ref) => Effect.raceFirst(Effect.exit(ActorRef.ask(ref, new Work())), settle),
    "an interruption whose asker lives on": (ref) =>
      Effect.gen(function*() {
        const ask = Effect.exit(ActorRef.ask(ref, new Work()))
        const asking = yield* Effect.forkDaemon(
          Effect.uninterruptibleMask((restore) => Effect.zipRight(restore(ask), Effect.never))
        )
        yield* settle
        yield* Fiber.interruptFork(asking)
      }),
    "its timeout": (ref) =>
      Effect.gen(function*() {
        const asking = yield* Effect.fork(Effect.exit(ActorRef.ask(ref, new Work(), { timeout: "1 second" })))
        yield* pass("1 second")
        expect(failureOf(yield* Fiber.join(asking))).toMatchObject({ _tag: "AskTimeout" })
      }),
    "a timeout around it": (ref) =>
      Effect.gen(function*() {
        const asking = yield* Effect.fork(Effect.timeoutOption(Effect.exit(ActorRef.ask(ref, new Work())), "1 second"))
        yield* pass("1 second")
        expect((yield* Fiber.join(asking))._tag).toBe("None")
      })
  }

  it.effect.each(Object.entries(leaves))(
    "a marked handler is interrupted by %s: its finalizers run, the state stays, the actor goes on",
    ([, leave]) =>
      Effect.gen(function*() {
        const letters = yield* listen((system) => system.deadLetters)
        const events = yield* listen((system) => system.events)
        const journal: Array<string> = []
        const ref = yield* ActorSystem.spawn(worker(journal, Effect.never))
        yield* leave(ref)
        yield* settle
        expect(journal).toEqual(["begun", "released", "interrupted"])
        expect(yield* ActorRef.ask(ref, new Count())).toBe(0)
        expect(letters).toEqual([])
        expect(events.map(({ _tag }) => _tag)).toEqual(["Started"])
      }).pipe(Effect.scoped, local)
  )

  it.effect.each(Object.entries(leaves))(
    "one without the mark goes on to its end after %s",
    ([, leave]) =>
      Effect.gen(function*() {
        const journal: Array<string> = []
        const latch = yield* Deferred.make<void>()
        const ref = yield* ActorSystem.spawn(worker(journal, Deferred.await(latch), unmarked))
        yield* leave(ref)
        yield* settle
        expect(journal).toEqual(["begun"])
        yield* Deferred.succeed(latch, undefined)
        expect(yield* ActorRef.ask(ref, new Count())).toBe(1)
        expect(journal).toEqual(["begun", "released", "done"])
      }).pipe(local)
  )

  it.effect("the next message waits for the finalizers and sees the state before the request", () =>
    Effect.gen(function*() {
      const ref = yield* ActorSystem.spawn(
        Actor.make("slow", { messages: [Work, Count], initial: () => 7 }).on({
          Work: (n) =>
            Actor.interruptible(
              Effect.onInterrupt(Effect.as(Effect.never, Actor.reply(0, n + 1)), () => Effect.sleep("1 second"))
            ),
          Count: (n) => Actor.reply(n, n)
        })
      )
      const asking = yield* Effect.fork(ActorRef.ask(ref, new Work()))
      yield* settle
      const next = yield* Effect.fork(ActorRef.ask(ref, new Count()))
      yield* settle
      yield* Fiber.interrupt(asking)
      yield* pass("999 millis")
      expect(yield* isDone(next)).toBe(false)
      yield* pass("1 millis")
      expect(yield* Fiber.join(next)).toBe(7)
    }).pipe(local))

  it.effect("the mark changes nothing while the asker waits: answer, declared failure, crash, FiberRefs, what is told", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const letters = yield* listen((system) => system.deadLetters)
      const ref = yield* ActorSystem.spawn(worker(journal, Effect.yieldNow()))
      expect(yield* ActorRef.ask(ref, new Work())).toBe(1)
      yield* ActorRef.tell(ref, new Work())
      expect(yield* ActorRef.ask(ref, new Count())).toBe(2)
      const refusing = yield* ActorSystem.spawn(worker(journal, Effect.fail("no")))
      expect(failureOf(yield* Effect.exit(ActorRef.ask(refusing, new Work())))).toBe("no")
      expect(yield* ActorRef.ask(refusing, new Count())).toBe(0)
      expect(letters).toEqual([])
      const dying = yield* ActorSystem.spawn(worker(journal, Effect.die("boom")))
      expect(failureOf(yield* Effect.exit(ActorRef.ask(dying, new Work())))).toMatchObject({ _tag: "ActorTerminated" })
      expect(yield* ActorSystem.await(dying)).toMatchObject({ reason: { _tag: "Failed" } })

      const colour = FiberRef.unsafeMake("none")
      const painter = yield* ActorSystem.spawn(
        Actor.make("painter", { messages: [Count], initial: () => 0 }).on({
          Count: (n) =>
            Effect.zipRight(
              Actor.interruptible(FiberRef.update(colour, (old) => `${old}!`)),
              Effect.map(FiberRef.get(colour), (now) => Actor.reply(now.length, n))
            )
        })
      )
      expect(yield* ActorRef.ask(painter, new Count())).toBe("none!".length)
    }).pipe(Effect.scoped, local))

  it.effect("it holds for the part that it marks: what was done before it is undone by nobody, what follows does not run", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const latch = yield* Deferred.make<void>()
      const note = (word: string) => Effect.sync(() => void journal.push(word))
      const ref = yield* ActorSystem.spawn(
        Actor.make("parts", { messages: [Work, Count], initial: () => 0 }).on({
          Work: (n) =>
            Effect.gen(function*() {
              yield* Effect.onInterrupt(Deferred.await(latch), () => note("never"))
              yield* note("first")
              yield* Effect.catchAll(Actor.interruptible(note("second")), () => note("caught"))
              yield* note("third")
              return Actor.reply(n, n + 1)
            }),
          Count: (n) => Actor.reply(n, n)
        })
      )
      const asking = yield* Effect.fork(ActorRef.ask(ref, new Work()))
      yield* settle
      yield* Fiber.interrupt(asking)
      yield* settle
      expect(journal).toEqual([])
      yield* Deferred.succeed(latch, undefined)
      expect(yield* ActorRef.ask(ref, new Count())).toBe(0)
      expect(journal).toEqual(["first"])
    }).pipe(local))

  it.effect("it travels: a marked handler that asks another marked handler takes its interruption along", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const last = yield* ActorSystem.spawn(worker(journal, Effect.never))
      const first = yield* ActorSystem.spawn(
        worker(journal, Effect.asVoid(Effect.orDie(ActorRef.ask(last, new Work()))))
      )
      const asking = yield* Effect.fork(ActorRef.ask(first, new Work()))
      yield* settle
      yield* Fiber.interrupt(asking)
      yield* settle
      expect(journal.toSorted()).toEqual(["begun", "begun", "interrupted", "interrupted", "released", "released"])
      expect(yield* ActorRef.ask(first, new Count())).toBe(0)
      expect(yield* ActorRef.ask(last, new Count())).toBe(0)
    }).pipe(local))

  it.effect("after an early answer by `self.reply` a marked handler goes on to its end", () =>
    Effect.gen(function*() {
      const latch = yield* Deferred.make<void>()
      const ref = yield* ActorSystem.spawn(
        Actor.make("early", { messages: [Work, Count], initial: () => 0 }).on((self: Self<Work | Count>) => ({
          Work: (n, request) =>
            Actor.interruptible(
              Effect.sync(() => self.reply(request, Exit.succeed(42))).pipe(
                Effect.zipRight(Deferred.await(latch)),
                Effect.as(Actor.later(n + 1))
              )
            ),
          Count: (n) => Actor.reply(n, n)
        }))
      )
      expect(yield* ActorRef.ask(ref, new Work())).toBe(42)
      yield* TestClock.adjust("1 minute")
      yield* Deferred.succeed(latch, undefined)
      expect(yield* ActorRef.ask(ref, new Count())).toBe(1)
    }).pipe(local))

  it.effect("a stop interrupts a marked handler at its deadline, its finalizers run, the asker gets ActorTerminated", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const ref = yield* ActorSystem.spawn(worker(journal, Effect.never), { shutdown: "1 second" })
      const asking = yield* Effect.fork(Effect.exit(ActorRef.ask(ref, new Work())))
      yield* settle
      const stop = yield* Effect.fork(ActorSystem.stop(ref))
      yield* pass("1 second")
      yield* Fiber.join(stop)
      expect(failureOf(yield* Fiber.join(asking))).toMatchObject({ _tag: "ActorTerminated" })
      expect(journal).toEqual(["begun", "released", "interrupted"])
    }).pipe(local))
})
