/**
 * Law 57: no behaviour reads the real clock or real randomness. The globals are replaced before the library is loaded: each call is recorded with its caller,
 * clocks answer nonsense, randomness is always the same.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Actor from "synod/actor/Actor"
import * as ActorRef from "synod/actor/ActorRef"
import * as ActorSystem from "synod/actor/ActorSystem"
import { Dispatcher, type Turns } from "synod/actor/Dispatcher"
import type { Self } from "synod/actor/Self"
import * as Supervision from "synod/actor/Supervision"
import { vi } from "vitest"
import { listen, pass, settle } from "./lives.js"

const poison = vi.hoisted(() => {
  const later = setImmediate
  const calls: Array<string> = []
  let reads = 0
  /** Hours forth and back, never the same twice. */
  const nonsense = () => (reads++ % 2 === 0 ? 1 : -1) * 3_600_000 * reads
  /** The file that called, in the way the repository names it. */
  const record = (what: string) => {
    const caller = new Error().stack?.split("\n")[3] ?? ""
    const file = /\/((?:src|test)\/[\w/.]+\.ts|node_modules\/[@\w/-]+)/.exec(caller)?.[1]
    calls.push(`${what} from ${file ?? caller.trim()}`)
  }
  const replace = (holder: object, name: string, answer?: () => unknown) =>
    Reflect.set(
      holder,
      name,
      new Proxy(Reflect.get(holder, name), {
        apply: (original, self, args) => {
          record(name)
          return answer === undefined ? Reflect.apply(original, self, args) : answer()
        },
        construct: (original, args) => {
          if (args.length === 0) record(`new ${name}`)
          return Reflect.construct(original, args.length === 0 ? [nonsense()] : args)
        }
      })
    )
  replace(Date, "now", nonsense)
  replace(performance, "now", nonsense)
  replace(Math, "random", () => 0.5)
  replace(crypto, "getRandomValues")
  for (const name of ["Date", "setTimeout", "setInterval", "setImmediate", "queueMicrotask"]) replace(globalThis, name)
  return { calls, later }
})

class Say extends Actor.Message("Say", { word: Schema.String }) {}
class Fall extends Actor.Message("Fall") {}
class Tick extends Actor.Message("Tick", { of: Schema.String }) {}
class Ended extends Actor.Message("Ended", { reason: Schema.String }) {}
class Get extends Actor.Request("Get", { success: Schema.Number, failure: Schema.String }) {}
class Never extends Actor.Request("Never", { success: Schema.Number }) {}
type Words = Say | Fall | Tick | Ended | Get | Never

/** A life of everything that knows time: what it writes depends on the Effect Clock alone. */
const scenario = Effect.gen(function*() {
  const journal: Array<string> = []
  let life = 0
  const events = yield* listen((system) => system.events)
  const letters = yield* listen((system) => system.deadLetters)
  const child = Actor.make("child", { messages: [Say], initial: () => 0 }).on({ Say: (n) => n + 1 })
  const behavior = Actor.make("all", {
    messages: [Say, Fall, Tick, Ended, Get, Never],
    initial: (self: Self<Words>) =>
      Effect.gen(function*() {
        life++
        const now = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
        journal.push(`life ${life} at ${now}`)
        yield* Effect.addFinalizer(() => Effect.sync(() => journal.push("released")))
        const ref = yield* Effect.orDie(self.spawn(child))
        self.watch(ref, ({ reason }) => new Ended({ reason: reason._tag }))
        self.timers.once("once", "1 second", new Tick({ of: "once" }))
        self.timers.every("every", "2 seconds", new Tick({ of: "every" }))
        return 0
      })
  }).on({
    Say: (n, { word }) => word === "slowly" ? Effect.delay(Effect.succeed(n + 1), "1500 millis") : n + 1,
    Fall: (): number => {
      throw new Error("fell")
    },
    Tick: (n, { of }) =>
      Effect.map(Effect.clockWith((clock) => clock.currentTimeMillis), (now) => {
        journal.push(`${of} at ${now}`)
        return n
      }),
    Ended: (n) => n,
    Get: (n) => n === 0 ? Effect.fail("nothing yet") : Actor.reply(n, n),
    Never: (n) => Actor.later(n)
  })
  const ref = yield* ActorSystem.spawn(behavior, {
    name: "all",
    shutdown: "1 second",
    supervision: Supervision.restart({
      intensity: 2,
      period: "10 seconds",
      backoff: Schedule.exponential("1 second")
    })
  })
  const note = (exit: Exit.Exit<unknown, unknown>) => {
    const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
    const tag = typeof error === "object" && error !== null && "_tag" in error ? error._tag : error
    journal.push(Exit.isSuccess(exit) ? `answer ${exit.value}` : `no answer: ${tag}`)
  }
  note(yield* Effect.exit(ActorRef.ask(ref, new Get())))
  yield* ActorRef.tell(ref, new Say({ word: "at once" }))
  yield* ActorRef.tell(ref, new Say({ word: "slowly" }))
  yield* pass("1500 millis")
  note(yield* Effect.exit(ActorRef.ask(ref, new Get())))
  const lapsing = yield* Effect.fork(
    Effect.map(Effect.exit(ActorRef.ask(ref, new Never(), { timeout: "2 seconds" })), note)
  )
  for (let i = 0; i < 4; i++) yield* pass("500 millis")
  yield* Fiber.join(lapsing)
  yield* ActorRef.tell(ref, new Fall())
  for (let i = 0; i < 6; i++) yield* pass("500 millis")
  yield* ActorRef.tell(ref, new Fall())
  for (let i = 0; i < 6; i++) yield* pass("500 millis")
  yield* pass("10 seconds") // the crashes are forgotten, and the backoff begins anew
  yield* ActorRef.tell(ref, new Fall())
  for (let i = 0; i < 4; i++) yield* pass("500 millis")
  yield* ActorRef.tell(ref, new Say({ word: "slowly" }))
  yield* settle
  const stopping = yield* Effect.fork(ActorSystem.stop(ref))
  yield* pass("999 millis")
  journal.push(stopping.unsafePoll() === null ? "the stop waits" : "the stop did not wait")
  yield* pass("1 millis")
  yield* Fiber.join(stopping)
  return { journal, lives: events.map((event) => event._tag), letters: letters.map(({ reason }) => reason) }
})

const expected = {
  journal: [
    "life 1 at 0",
    "no answer: nothing yet",
    "once at 1500",
    "answer 2",
    "every at 2000",
    "no answer: AskTimeout",
    "released",
    "life 2 at 4500",
    "once at 5500",
    "every at 6500",
    "released",
    "life 3 at 8500",
    "once at 9500",
    "every at 10500",
    "every at 12500",
    "every at 14500",
    "every at 16500",
    "every at 18500",
    "released",
    "life 4 at 20500",
    "once at 21500",
    "the stop waits",
    "released"
  ],
  // child and parent, three restarts with a child each, the end of both
  lives: [
    "Started",
    "Started",
    ["Stopped", "Restarted", "Started"],
    ["Stopped", "Restarted", "Started"],
    ["Stopped", "Restarted", "Started"],
    "Stopped",
    "Stopped"
  ].flat(),
  letters: ["poison", "poison", "poison", "poison"]
}

/** Turns without the real clock, as a deterministic runtime provides them. */
const ownTurns: Turns = {
  soon: (turn) => void Promise.resolve().then(turn),
  later: (turn) => void poison.later(turn),
  now: () => 0,
  batch: 512,
  slice: 1_024,
  maxMillis: 10
}

const run = (turns?: Turns) =>
  Effect.gen(function*() {
    poison.calls.length = 0
    const seen = yield* scenario.pipe(
      Effect.scoped,
      Effect.provide(
        turns === undefined
          ? ActorSystem.layerLocal()
          : Layer.provide(ActorSystem.layerLocal(), Layer.succeed(Dispatcher, turns))
      )
    )
    const calls = [...new Set(poison.calls)].toSorted()
    return { seen, ours: calls.filter((call) => call.includes(" from src/")), calls }
  })

describe.sequential("law 57: nothing of the runtime reads the real clock or real randomness", () => {
  it.effect("with the default dispatcher: the only callers are its turns of the event loop", () =>
    Effect.gen(function*() {
      const { calls, ours, seen } = yield* run()
      expect(seen).toMatchObject(expected)
      // the microtask of a turn, the macrotask that refills the slice, and the clock that ends a slice early
      expect(ours).toEqual([
        "now from src/actor/Dispatcher.ts",
        "queueMicrotask from src/actor/internal/DispatchLoop.ts",
        "setImmediate from src/actor/internal/DispatchLoop.ts"
      ])
      // the poison works: Effect names its fibers by the time they began
      expect(calls).toContain("now from node_modules/effect/src/internal/fiberId")
      // and nobody reads a clock or randomness for the runtime, by way of Effect's live services
      expect(calls.filter((call) => /random|(now|Date) from .*(clock|random)/i.test(call))).toEqual([])
    }))

  it.effect("with another dispatcher there is none, and the same happens", () =>
    Effect.gen(function*() {
      const { ours, seen } = yield* run(ownTurns)
      expect(ours).toEqual([])
      expect(seen).toMatchObject(expected)
    }))
})
