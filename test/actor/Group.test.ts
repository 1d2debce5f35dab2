import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as ActorRef from "synod/actor/ActorRef"
import * as ActorSystem from "synod/actor/ActorSystem"
import * as Supervision from "synod/actor/Supervision"
import { Count, crash, Do, failureOf, listen, local, type Options, pass, Say, scribe, settle } from "./lives.js"

const { ask, tell } = ActorRef

/** A group of a, b, c; `restart` and `initial` by name. */
const trio = (journal: Array<string>, options: {
  readonly strategy: Supervision.Strategy
  readonly intensity?: number
  readonly backoff?: Supervision.Backoff
  readonly restart?: Partial<Record<"a" | "b" | "c", Supervision.Restart>>
  readonly initial?: Partial<Record<"a" | "b" | "c", Options["initial"]>>
}) => {
  const child = <Id extends "a" | "b" | "c">(id: Id) => {
    const initial = options.initial?.[id]
    const restart: Supervision.Restart = options.restart?.[id] ?? "permanent"
    return {
      id,
      behavior: scribe(journal, id, initial === undefined ? {} : { initial }),
      restart
    }
  }
  return ActorSystem.spawnGroup(
    Supervision.group({
      strategy: options.strategy,
      intensity: options.intensity,
      backoff: options.backoff,
      children: [child("a"), child("b"), child("c")]
    }),
    { name: "g" }
  )
}
const quit = new Do({ step: (n, self) => (self.stop(), n) })

describe("groups", () => {
  const ends = {
    "one-for-one": ["-b.1", "+b.2"],
    "one-for-all": ["-c.1", "-b.1", "-a.1", "+a.2", "+b.2", "+c.2"],
    "rest-for-one": ["-c.1", "-b.1", "+b.2", "+c.2"]
  } as const
  it.effect.each(Object.keys(ends) as Array<Supervision.Strategy>)(
    "law 21: %s stops those affected in reverse start order and begins them in start order; others are untouched",
    (strategy) =>
      Effect.gen(function*() {
        const journal: Array<string> = []
        const { children } = yield* trio(journal, { strategy })
        expect(journal.splice(0)).toEqual(["+a.1", "+b.1", "+c.1"])
        yield* tell(children.b, crash())
        yield* settle
        expect(journal.splice(0)).toEqual(ends[strategy])
        yield* tell(children.c, new Say({ word: "still here" }))
        expect(yield* ask(children.c, new Count())).toBe(1)
      }).pipe(local)
  )

  it.effect("law 21: queued mail of all children is handled by their next lives, in order", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const { children } = yield* trio(journal, { strategy: "one-for-all" })
      yield* tell(children.b, crash())
      for (const word of ["1", "2"]) {
        yield* Effect.forEach(Object.values(children), (ref) => tell(ref, new Say({ word })))
      }
      yield* settle
      for (const name of ["a", "b", "c"]) {
        expect(journal.filter((entry) => entry.startsWith(`${name}.`)).map((entry) => entry.split(":")[1])).toEqual(
          ["1", "2"]
        )
      }
    }).pipe(local))

  it.effect("law 21: temporary children are not restarted, transient ones after a crash only, permanent ones always", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const restart = { a: "temporary", b: "transient", c: "permanent" } as const
      const { children } = yield* trio(journal, { strategy: "one-for-one", restart, intensity: 10 })
      journal.length = 0
      yield* tell(children.b, crash())
      yield* tell(children.c, quit)
      yield* settle
      expect(journal.splice(0).toSorted()).toEqual(["+b.2", "+c.2", "-b.1", "-c.1"])
      yield* tell(children.b, quit)
      yield* tell(children.a, crash())
      expect(yield* ActorSystem.await(children.a)).toMatchObject({ reason: { _tag: "Failed" } })
      expect(yield* ActorSystem.await(children.b)).toMatchObject({ reason: { _tag: "Stopped" } })
      expect(journal.toSorted()).toEqual(["-a.1", "-b.2"])
      yield* tell(children.c, crash())
      yield* settle
      expect(journal.slice(2)).toEqual(["-c.2", "+c.3"])
    }).pipe(local))

  it.effect("law 21: a temporary child that another's crash stopped stays away", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const { children } = yield* trio(journal, { strategy: "one-for-all", restart: { c: "temporary" } })
      journal.length = 0
      yield* tell(children.a, crash())
      yield* ActorSystem.await(children.c)
      yield* settle
      expect(journal).toEqual(["-c.1", "-b.1", "-a.1", "+a.2", "+b.2"])
    }).pipe(local))

  it.effect.each(["one-for-one", "one-for-all"] as const)(
    "law 19, law 21: intensity is the group's; the crash too many stops all children, then the group (%s)",
    (strategy) =>
      Effect.gen(function*() {
        const journal: Array<string> = []
        const { children, ref } = yield* trio(journal, { strategy, intensity: 2 })
        for (const child of [children.a, children.b]) {
          yield* tell(child, crash())
          yield* settle
        }
        journal.length = 0
        yield* tell(children.c, crash("the third"))
        expect(yield* ActorSystem.await(ref)).toMatchObject({ reason: { _tag: "Failed" } })
        expect(journal.map((entry) => entry.slice(0, 2))).toEqual(["-c", "-b", "-a"])
        const { stats } = yield* ActorSystem.ActorSystem
        expect((yield* stats).crashes).toBe(4) // three of the children, and the group's own end
        expect(yield* ActorSystem.await(children.c)).toMatchObject({ reason: { _tag: "Failed" } })
        expect(yield* ActorSystem.await(children.a)).toMatchObject({ reason: { _tag: "Stopped" } })
      }).pipe(local)
  )

  it.effect.each(["one-for-one", "one-for-all"] as const)(
    "law 19, law 20: a group forgets a crash after its period, and begins its backoff anew after a quiet one (%s)",
    (strategy) =>
      Effect.gen(function*() {
        const journal: Array<string> = []
        const { children } = yield* trio(journal, { strategy, intensity: 1, backoff: Schedule.exponential("1 second") })
        for (let life = 2; life <= 5; life++) {
          yield* tell(children.a, crash())
          yield* pass("999 millis")
          expect(journal).not.toContain(`+a.${life}`)
          yield* pass("1 millis")
          expect(journal).toContain(`+a.${life}`)
          yield* pass("4 seconds")
        }
      }).pipe(local)
  )

  it.effect("law 20: in a one-for-one group one child's backoff delays no other's", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const backoff = Schedule.exponential("3 seconds") // and the steps of one are not another's
      const { children } = yield* trio(journal, { strategy: "one-for-one", backoff })
      yield* tell(children.a, crash())
      yield* pass("2 seconds")
      yield* tell(children.b, crash())
      journal.length = 0
      yield* pass("1 second")
      expect(journal).toEqual(["-b.1", "+a.2"])
      yield* pass("2 seconds")
      expect(journal).toEqual(["-b.1", "+a.2", "+b.2"])
    }).pipe(local))

  it.effect.each(["one-for-one", "one-for-all", "rest-for-one"] as const)(
    "a stop of the group during its backoff ends all children, then the group, at once (%s)",
    (strategy) =>
      Effect.gen(function*() {
        const journal: Array<string> = []
        const { children, ref } = yield* trio(journal, { strategy, backoff: Schedule.spaced("1 hour") })
        yield* tell(children.b, crash())
        yield* settle
        yield* ActorSystem.stop(ref)
        for (const child of Object.values(children)) {
          expect(yield* ActorSystem.await(child)).toMatchObject({ reason: { _tag: "Stopped" } })
        }
        expect(journal.slice(3).toSorted()).toEqual(["-a.1", "-b.1", "-c.1"])
      }).pipe(local)
  )

  it.effect.each(["one-for-one", "one-for-all", "rest-for-one"] as const)(
    "law 23: an initial that fails in the middle of a group's restart is the next crash, and nobody is forgotten (%s)",
    (strategy) =>
      Effect.gen(function*() {
        const journal: Array<string> = []
        const initial = (life: number) => life === 2 ? Effect.fail("the second life of b") : Effect.succeed(life)
        const { children } = yield* trio(journal, { strategy, initial: { b: initial } })
        yield* tell(children.b, crash())
        yield* settle
        for (const child of Object.values(children)) yield* ask(child, new Count())
        expect(yield* ask(children.b, new Count())).toBe(3)
        expect(journal.filter((entry) => entry.startsWith("+")).length).toBe(
          journal.filter((entry) => entry.startsWith("-")).length + 3
        )
      }).pipe(local)
  )

  it.effect("a child that is stopped while the group waits for it holds up nobody", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const { children } = yield* trio(journal, { strategy: "one-for-all" })
      yield* tell(children.c, new Do({ step: () => Effect.never }))
      yield* settle
      yield* tell(children.a, crash())
      yield* settle
      const stop = yield* Effect.fork(ActorSystem.stop(children.c, { within: "1 second" }))
      yield* pass("1 second")
      yield* Fiber.join(stop)
      yield* settle
      expect(journal.slice(3)).toEqual(["-c.1", "-b.1", "-a.1", "+a.2", "+b.2"])
    }).pipe(local))

  it.effect("law 26: children that crash at once are each one event with its own cause", () =>
    Effect.gen(function*() {
      const events = yield* listen((system) => system.events)
      const { children } = yield* trio([], { strategy: "one-for-all" })
      for (const [name, child] of Object.entries(children)) yield* tell(child, crash(name))
      yield* settle
      const causes = events.flatMap((event) => event.cause === undefined ? [] : [event.address.path])
      expect(causes.toSorted()).toEqual(["/g/a", "/g/b", "/g/c"])
    }).pipe(Effect.scoped, local))

  it.effect("law 22: a child that cannot start fails the group's spawner; those before it end in reverse, nothing is left", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const failing = { c: () => Effect.fail("no c") }
      expect(failureOf(yield* Effect.exit(trio(journal, { strategy: "one-for-all", initial: failing })))).toBe("no c")
      expect(journal).toEqual(["+a.1", "+b.1", "+c.1", "-c.1", "-b.1", "-a.1"])
      const { children } = yield* trio(journal, { strategy: "one-for-all" }) // the name is free
      expect(yield* ask(children.c, new Count())).toBe(0)
    }).pipe(local))
})
