import { describe, expect, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Actor from "synod/actor/Actor"
import { SpawnError } from "synod/actor/ActorError"
import * as ActorRef from "synod/actor/ActorRef"
import * as ActorSystem from "synod/actor/ActorSystem"
import type { Self } from "synod/actor/Self"
import * as Supervision from "synod/actor/Supervision"
import {
  Count,
  crash,
  Do,
  failureOf,
  hold,
  isDone,
  local,
  pass,
  type Ref,
  Say,
  scribe,
  settle,
  type Words
} from "./lives.js"

const { ask, tell } = ActorRef
const supervision = Supervision.restart()

describe("a life and what belongs to it", () => {
  it.effect("stopping: runs once at the end, with the last state and the reason, and never at a restart", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const stopping = (state: number, reason: { readonly _tag: string }) =>
        Effect.sync(() => void journal.push(`stopping ${state} ${reason._tag}`))
      for (const end of ["Stopped", "Failed"]) {
        const ref = yield* ActorSystem.spawn(scribe(journal, "a", { stopping }), {
          supervision: Supervision.restart({ intensity: 1 })
        })
        yield* tell(ref, crash())
        yield* tell(ref, new Say({ word: "one" }))
        yield* ask(ref, new Count())
        yield* end === "Stopped" ? ActorSystem.stop(ref) : tell(ref, crash())
        yield* ActorSystem.await(ref)
        expect(journal.splice(0)).toEqual(["+a.1", "-a.1", "+a.2", "a.2:one", `stopping 1 ${end}`, "-a.2"])
      }
    }).pipe(local))

  it.effect("stopping: one that hangs is left behind at the deadline, and the Scope closes after it", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const ref = yield* ActorSystem.spawn(scribe(journal, "a", { stopping: () => Effect.never }))
      const stop = yield* Effect.fork(ActorSystem.stop(ref))
      yield* pass("4999 millis")
      expect(yield* isDone(stop)).toBe(false)
      yield* pass("1 millis")
      yield* Fiber.join(stop)
      expect(journal).toEqual(["+a.1", "-a.1"])
    }).pipe(local))

  it.effect("law 18: what handlers acquire and fork belongs to the life: acquire, release, acquire", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const ref = yield* ActorSystem.spawn(scribe(journal, "a"), { supervision })
      const fork = new Do({
        step: (n) =>
          Effect.as(
            Effect.forkScoped(Effect.zipRight(hold(journal, "forked"), Effect.never).pipe(Effect.scoped)),
            n
          )
      })
      for (let life = 1; life <= 2; life++) {
        yield* tell(ref, fork)
        yield* settle
        expect(journal.splice(0)).toEqual([`+a.${life}`, "+forked"])
        yield* tell(ref, crash())
        yield* settle
        expect(journal.splice(0, 2)).toEqual(["-forked", `-a.${life}`])
      }
    }).pipe(local))

  it.effect("pipe: its exit comes back as a message; it is interrupted with the life and not heard in the next", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const ref = yield* ActorSystem.spawn(scribe(journal, "a"), { supervision })
      const slow = Effect.onInterrupt(Effect.sleep("1 second"), () => Effect.sync(() => void journal.push("cut")))
      const pipe = new Do({
        step: (n, self) => Effect.as(self.pipe(slow, (exit) => new Say({ word: exit._tag })), n)
      })
      yield* tell(ref, pipe)
      yield* pass("1 second")
      expect(journal.splice(0)).toEqual(["+a.1", "a.1:Success"])
      yield* tell(ref, pipe)
      yield* tell(ref, crash())
      yield* pass("2 seconds")
      expect(journal).toEqual(["cut", "-a.1", "+a.2"])
    }).pipe(local))

  it.effect("requirements and FiberRefs of the spawner are there in every life, in handlers, effects and hooks", () => {
    class Depth extends Context.Tag("test/Depth")<Depth, number>() {}
    const colour = FiberRef.unsafeMake("none")
    class Look extends Actor.Request("Look", { success: Schema.String }) {}
    class Fall extends Actor.Message("Fall") {}
    return Effect.gen(function*() {
      const seen: Array<string> = []
      const look = Effect.zipWith(Depth, FiberRef.get(colour), (depth, colour) => `${depth} ${colour}`)
      const record = Effect.map(look, (text) => void seen.push(text))
      const behavior = Actor.make("looker", {
        messages: [Look, Fall],
        initial: () => Effect.as(record, 0),
        stopping: () => record
      }).on({
        Look: (n) => Effect.map(look, (text) => Actor.reply(text, n)),
        Fall: () => Effect.die("fell")
      })
      const ref = yield* ActorSystem.spawn(behavior, { supervision }).pipe(
        Effect.provideService(Depth, 7),
        Effect.locally(colour, "red")
      )
      for (let life = 1; life <= 3; life++) {
        expect(yield* ask(ref, new Look())).toBe("7 red")
        yield* tell(ref, new Fall())
      }
      yield* ask(ref, new Look())
      yield* ActorSystem.stop(ref)
      expect(seen).toEqual(Array.from({ length: 5 }, () => "7 red"))
    }).pipe(local)
  })

  it.effect("an actor spawned inside an uninterruptible region is still interrupted at its deadline", () =>
    Effect.gen(function*() {
      const ref = yield* Effect.uninterruptible(ActorSystem.spawn(scribe([], "a")))
      yield* tell(ref, new Do({ step: () => Effect.never }))
      yield* settle
      const stop = yield* Effect.fork(ActorSystem.stop(ref, { within: "1 second" }))
      yield* pass("1 second")
      yield* Fiber.join(stop)
      expect(yield* ActorSystem.await(ref)).toMatchObject({ reason: { _tag: "Stopped" } })
    }).pipe(local))

  it.effect("law 22: a spawner that is interrupted while `initial` runs leaves nothing, at once", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const hanging = scribe(journal, "a", { initial: (life) => life === 1 ? Effect.never : Effect.succeed(0) })
      const spawner = yield* Effect.fork(ActorSystem.spawn(hanging, { name: "a" }))
      yield* settle
      yield* Fiber.interrupt(spawner)
      expect(journal).toEqual(["+a.1", "-a.1"])
      const { stats } = yield* ActorSystem.ActorSystem
      expect(yield* stats).toMatchObject({ spawned: 1, ended: 1 })
      const ref = yield* ActorSystem.spawn(hanging, { name: "a" }) // the name is free
      expect(yield* ask(ref, new Count())).toBe(0)
    }).pipe(local))

  describe("a child belongs to one life of its parent: there is none to be had", () => {
    const bearing = (outcomes: Array<string>) => (self: Self<Words>) =>
      Effect.map(Effect.exit(self.spawn(scribe([], "child"), { name: "child" })), (exit) => {
        const error = failureOf(exit)
        outcomes.push(error instanceof SpawnError ? `${error.path} ${error.reason}` : exit._tag)
      })
    interface Birth {
      readonly supervision: Supervision.Supervision
      /** Where the first life's child is asked for: `bear` spawns it and notes how that went. */
      readonly when: (bear: Effect.Effect<void>) => Effect.Effect<number, never, Scope.Scope>
      readonly ends: (
        ref: Ref,
        bear: (self: Self<Words>) => Effect.Effect<void>
      ) => Effect.Effect<unknown, never, ActorSystem.ActorSystem>
    }
    const crashed = (ref: Ref) => Effect.zipRight(tell(ref, crash()), pass("1 second"))
    const inFinalizer = (bear: Effect.Effect<void>) => Effect.as(Effect.addFinalizer(() => bear), 0)
    const patient = Supervision.restart({ backoff: Schedule.spaced("1 second") })
    const cases: Record<string, Birth> = {
      "by a finalizer of a life that crashed": { supervision, when: inFinalizer, ends: crashed },
      "during the backoff": {
        supervision: patient,
        when: (bear) => Effect.as(Effect.forkDaemon(Effect.delay(bear, "500 millis")), 0),
        ends: crashed
      },
      "by a finalizer of the last life, after a crash": {
        supervision: Supervision.stop,
        when: inFinalizer,
        ends: crashed
      },
      "by a finalizer of the last life, after a stop": {
        supervision,
        when: inFinalizer,
        ends: (ref) => ActorSystem.stop(ref)
      },
      "after the end": {
        supervision: Supervision.stop,
        when: (bear) => Effect.as(Effect.forkDaemon(Effect.delay(bear, "500 millis")), 0),
        ends: crashed
      },
      "by a handler that stopped its actor": {
        supervision,
        when: () => Effect.succeed(0),
        ends: (ref, bear) =>
          Effect.zipRight(
            tell(ref, new Do({ step: (n, self) => (self.stop(), Effect.as(bear(self), n)) })),
            ActorSystem.await(ref)
          )
      }
    }
    it.effect.each(Object.entries(cases))("%s", ([, { ends, supervision, when }]) =>
      Effect.gen(function*() {
        const outcomes: Array<string> = []
        const bear = bearing(outcomes)
        const behavior = scribe([], "a", {
          initial: (life, self) => life === 1 ? when(bear(self)) : Effect.succeed(0)
        })
        const ref = yield* ActorSystem.spawn(behavior, { name: "a", supervision })
        yield* ends(ref, bear)
        yield* settle
        expect(outcomes).toEqual(["/a/child SystemClosing"])
        yield* ActorSystem.stop(ref)
        const { stats } = yield* ActorSystem.ActorSystem
        expect(yield* stats).toMatchObject({ spawned: 1, ended: 1 })
      }).pipe(local))

    it.effect("nor an actor of a system that closes", () =>
      Effect.gen(function*() {
        const outcomes: Array<string> = []
        yield* local(Effect.gen(function*() {
          const again = Effect.map(Effect.exit(ActorSystem.spawn(scribe([], "late"), { name: "late" })), (exit) => {
            outcomes.push(`${(failureOf(exit) as SpawnError | undefined)?.reason}`)
          })
          const context = yield* Effect.context<ActorSystem.ActorSystem>()
          const finalizer = Effect.addFinalizer(() => Effect.provide(again, context))
          yield* ActorSystem.spawn(scribe([], "a", { initial: () => Effect.as(finalizer, 0) }))
        }))
        expect(outcomes).toEqual(["SystemClosing"])
      }))
  })
})
