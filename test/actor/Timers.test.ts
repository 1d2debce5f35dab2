import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import * as Actor from "synod/actor/Actor"
import * as ActorRef from "synod/actor/ActorRef"
import * as ActorSystem from "synod/actor/ActorSystem"
import * as Mailbox from "synod/actor/Mailbox"
import type { Self } from "synod/actor/Self"
import * as Supervision from "synod/actor/Supervision"
import { deadLetters, settle } from "./support.js"

class Tick extends Actor.Message("Tick", { id: Schema.String }) {}
/** The test's hand inside the actor. */
class Do extends Actor.Message("Do", {
  what: Schema.declare((u): u is (self: Self<Words>) => void | Effect.Effect<void> => typeof u === "function")
}) {}
type Words = Tick | Do

interface Options {
  readonly onTick?: (tick: Tick, self: Self<Words>) => Effect.Effect<void> | undefined
}

const clock = (ticks: Array<string>, { onTick }: Options = {}) =>
  Actor.make("clock", { messages: [Tick, Do], initial: () => 0 }).on((self: Self<Words>) => ({
    Tick: (n, tick) => {
      ticks.push(tick.id)
      const effect = onTick?.(tick, self)
      return effect === undefined ? n : Effect.as(effect, n)
    },
    Do: (n, { what }) => {
      const effect = what(self)
      return Effect.isEffect(effect) ? Effect.as(effect, n) : n
    }
  }))

const local = <A, E>(program: Effect.Effect<A, E, ActorSystem.ActorSystem | Scope.Scope>) =>
  Effect.provide(program, ActorSystem.layerLocal())

const make = (ticks: Array<string>, options?: Options) =>
  Effect.map(
    ActorSystem.spawn(clock(ticks, options), { supervision: Supervision.restart({ intensity: 1_000 }), shutdown: 0 }),
    (ref) => ({
      ref,
      /** Does it and lets the consequences happen. */
      act: (what: (self: Self<Words>) => void | Effect.Effect<void>) =>
        Effect.zipRight(ActorRef.tell(ref, new Do({ what })), settle)
    })
  )

const pass = (millis: number) => Effect.zipRight(Effect.zipRight(settle, TestClock.adjust(millis)), settle)
const boom = () => {
  throw new Error("boom")
}

describe("timers", () => {
  it.scoped("once ticks once, after its delay; a second timer of that key replaces the first; keys do not touch each other", () =>
    local(Effect.gen(function*() {
      const ticks: Array<string> = []
      const { act } = yield* make(ticks)
      yield* act((self) => {
        self.timers.once("k", "1 second", new Tick({ id: "replaced" }))
        self.timers.once("k", "2 seconds", new Tick({ id: "k" }))
        self.timers.once("other", "1 second", new Tick({ id: "other" }))
      })
      yield* pass(999)
      expect(ticks).toEqual([])
      yield* pass(1)
      expect(ticks).toEqual(["other"])
      yield* pass(10_000)
      expect(ticks).toEqual(["other", "k"])
    })))

  for (const how of ["cancelled", "replaced", "restarted"] as const) {
    it.scoped(`law 41: a tick that is already queued is not handled when its timer is ${how} before its turn`, () =>
      local(Effect.gen(function*() {
        const letters = yield* deadLetters
        const ticks: Array<string> = []
        const { act, ref } = yield* make(ticks)
        yield* act((self) => {
          self.timers.once("once", "1 second", new Tick({ id: "stale" }))
          self.timers.every("every", "1 second", new Tick({ id: "stale" }))
        })
        // a handler that waits while both ticks come in behind it, and ends the timers before it ends
        yield* ActorRef.tell(
          ref,
          new Do({
            what: (self) =>
              Effect.andThen(Effect.sleep("5 seconds"), () => {
                if (how === "restarted") return boom()
                for (const key of ["once", "every"]) {
                  if (how === "cancelled") self.timers.cancel(key)
                  else self.timers.once(key, "1 minute", new Tick({ id: `new ${key}` }))
                }
              })
          })
        )
        yield* pass(4_999)
        expect(ticks).toEqual([])
        yield* pass(1)
        yield* pass(10_000)
        expect(ticks).toEqual([])
        yield* pass(60_000)
        expect(ticks.toSorted()).toEqual(how === "replaced" ? ["new every", "new once"] : [])
        expect(letters.map(({ reason }) => reason)).toEqual(how === "restarted" ? ["poison"] : [])
      })))
  }

  it.scoped("law 41: a timer that is cancelled, replaced, or whose life ended goes on nowhere: its schedule takes no step more", () =>
    local(Effect.gen(function*() {
      for (const how of ["cancelled", "replaced", "restarted", "stopped"] as const) {
        let steps = 0
        const counted = Schedule.map(Schedule.spaced("1 second"), () => steps++)
        const { act, ref } = yield* make([])
        yield* act((self) => self.timers.every("k", counted, new Tick({ id: how })))
        yield* pass(1_000)
        if (how === "cancelled") yield* act((self) => self.timers.cancel("k"))
        else if (how === "replaced") yield* act((self) => self.timers.once("k", 1, new Tick({ id: how })))
        else if (how === "restarted") yield* act(boom)
        else yield* ActorSystem.stop(ref)
        const before = steps
        for (let second = 0; second < 5; second++) yield* pass(1_000)
        expect([how, steps]).toEqual([how, before])
      }
    })))

  it.scoped("law 41: a life's timers end with it, the next life's are its own, a stopped actor's are gone", () =>
    local(Effect.gen(function*() {
      const letters = yield* deadLetters
      const ticks: Array<string> = []
      const { act, ref } = yield* make(ticks)
      yield* act((self) => self.timers.every("k", "1 second", new Tick({ id: "old" })))
      yield* pass(1_000)
      yield* act(boom)
      yield* act((self) => self.timers.every("k", "3 seconds", new Tick({ id: "new" })))
      yield* pass(3_000)
      expect(ticks).toEqual(["old", "new"])
      yield* ActorSystem.stop(ref)
      yield* pass(60_000)
      expect(ticks).toEqual(["old", "new"])
      expect(letters.map(({ reason }) => reason)).toEqual(["poison"])
    })))

  it.effect.prop(
    "law 41: what ticks is what a table of deadlines says, whatever is armed, replaced, cancelled or restarted",
    [FastCheck.array(
      FastCheck.oneof(
        {
          weight: 4,
          arbitrary: FastCheck.tuple(FastCheck.constant("arm"), FastCheck.nat(2), FastCheck.integer({ min: 1, max: 9 }))
        },
        {
          weight: 1,
          arbitrary: FastCheck.tuple(FastCheck.constant("cancel"), FastCheck.nat(2), FastCheck.constant(0))
        },
        { weight: 1, arbitrary: FastCheck.tuple(FastCheck.constant("crash"), FastCheck.nat(2), FastCheck.constant(0)) },
        {
          weight: 3,
          arbitrary: FastCheck.tuple(
            FastCheck.constant("pass"),
            FastCheck.nat(2),
            FastCheck.integer({ min: 1, max: 5 })
          )
        }
      ),
      { maxLength: 25 }
    )],
    ([commands]) =>
      local(Effect.gen(function*() {
        const ticks: Array<string> = []
        const { act } = yield* make(ticks)
        const due = new Map<string, { readonly at: number; readonly id: string }>()
        const expected: Array<string> = []
        let now = 0
        for (const [index, [name, k, n]] of commands.entries()) {
          const key = String(k)
          if (name === "arm") {
            const id = `${key}.${index}`
            due.delete(key)
            due.set(key, { at: now + n, id })
            yield* act((self) => self.timers.once(key, n, new Tick({ id })))
          } else if (name === "cancel") {
            due.delete(key)
            yield* act((self) => self.timers.cancel(key))
          } else if (name === "crash") {
            due.clear()
            yield* act(boom)
          } else {
            for (let step = 0; step < n; step++) {
              now++
              for (const [key, { at, id }] of due) {
                if (at > now) continue
                expected.push(id)
                due.delete(key)
              }
              yield* pass(1)
            }
          }
          expect(ticks.toSorted()).toEqual(expected.toSorted())
        }
      })).pipe(Effect.scoped),
    { fastCheck: { numRuns: 25 } }
  )

  it.scoped("a timer armed again by its own tick goes on, and one cancelled by its own tick does not", () =>
    local(Effect.gen(function*() {
      const ticks: Array<string> = []
      const { act } = yield* make(ticks, {
        onTick: ({ id }, self) => {
          if (id === "again" && ticks.filter((tick) => tick === "again").length < 3) {
            self.timers.once("a", "1 second", new Tick({ id }))
          }
          if (id === "never again") self.timers.cancel("b")
          return undefined
        }
      })
      yield* act((self) => {
        self.timers.once("a", "1 second", new Tick({ id: "again" }))
        self.timers.every("b", "1 second", new Tick({ id: "never again" }))
      })
      for (let i = 0; i < 6; i++) yield* pass(1_000)
      expect(ticks.toSorted()).toEqual(["again", "again", "again", "never again"])
    })))

  it.scoped("law 42: every never overlaps its ticks: the next delay begins when a slow handler ended", () =>
    local(Effect.gen(function*() {
      const begun: Array<number> = []
      let active = 0
      let most = 0
      const { act } = yield* make([], {
        onTick: () =>
          Effect.gen(function*() {
            begun.push(yield* Effect.clockWith((clock) => clock.currentTimeMillis))
            most = Math.max(most, ++active)
            yield* Effect.sleep("2500 millis")
            active--
          })
      })
      yield* act((self) => self.timers.every("k", "1 second", new Tick({ id: "slow" })))
      for (let i = 0; i < 24; i++) yield* pass(500)
      expect(begun).toEqual([1_000, 4_500, 8_000, 11_500])
      expect(most).toBe(1)
    })))

  it.scoped("law 42: a tick that waits behind other mail is one tick, however late it comes", () =>
    local(Effect.gen(function*() {
      const ticks: Array<string> = []
      const { act, ref } = yield* make(ticks)
      yield* act((self) => self.timers.every("k", "1 second", new Tick({ id: "tick" })))
      yield* ActorRef.tell(ref, new Do({ what: () => Effect.sleep("10 seconds") }))
      yield* pass(10_000)
      expect(ticks).toEqual(["tick"])
      yield* pass(1_000)
      expect(ticks).toEqual(["tick", "tick"])
    })))

  it.scoped("every follows a schedule, and ends with it", () =>
    local(Effect.gen(function*() {
      const ticks: Array<string> = []
      const { act } = yield* make(ticks)
      yield* act((self) =>
        self.timers.every(
          "k",
          Schedule.intersect(Schedule.exponential("1 second"), Schedule.recurs(3)),
          new Tick({ id: "e" })
        )
      )
      const counts: Array<number> = []
      for (let second = 0; second < 20; second++) {
        counts.push(ticks.length)
        yield* pass(1_000)
      }
      expect(counts.slice(0, 9)).toEqual([0, 1, 1, 2, 2, 2, 2, 3, 3])
      expect(ticks.length).toBe(3)
    })))

  it.scoped("a tick that crashes is poison, and under resume the timer goes on", () =>
    local(Effect.gen(function*() {
      const letters = yield* deadLetters
      const ticks: Array<string> = []
      const ref = yield* ActorSystem.spawn(
        clock(ticks, { onTick: () => ticks.length === 1 ? Effect.die("tick") : undefined }),
        { supervision: Supervision.resume }
      )
      yield* ActorRef.tell(ref, new Do({ what: (self) => self.timers.every("k", "1 second", new Tick({ id: "t" })) }))
      yield* pass(1_000)
      yield* pass(1_000)
      expect(ticks).toEqual(["t", "t"])
      expect(letters.map(({ message, reason }) => [message, reason])).toEqual([[new Tick({ id: "t" }), "poison"]])
    })))

  it.scoped("ticks are bounded by their timers, not by the mailbox: a full one loses none and holds no more for them", () =>
    local(Effect.gen(function*() {
      const ticks: Array<string> = []
      const ref = yield* ActorSystem.spawn(clock(ticks), { mailbox: Mailbox.bounded(1, "fail") })
      yield* ActorRef.tell(ref, new Do({ what: (self) => self.timers.once("k", 1, new Tick({ id: "timer" })) }))
      yield* settle
      yield* ActorRef.tell(ref, new Do({ what: () => Effect.sleep(2) }))
      yield* settle
      expect(ActorRef.unsafeTell(ref, new Tick({ id: "mail" }))).toBe("enqueued")
      yield* pass(1)
      expect(ActorRef.unsafeTell(ref, new Tick({ id: "too much" }))).toBe("dropped")
      yield* pass(1)
      expect(ticks).toEqual(["mail", "timer"])
      expect(["a", "b"].map((id) => ActorRef.unsafeTell(ref, new Tick({ id })))).toEqual(["enqueued", "dropped"])
    })))
})
