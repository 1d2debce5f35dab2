import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/TestClock"
import * as Actor from "synod/actor/Actor"
import * as ActorRef from "synod/actor/ActorRef"
import * as ActorSystem from "synod/actor/ActorSystem"
import * as Mailbox from "synod/actor/Mailbox"
import * as Supervision from "synod/actor/Supervision"
import { Count, crash, Do, failureOf, hold, isDone, listen, local, pass, Say, scribe, settle } from "./lives.js"

const always = Supervision.restart({ intensity: 1_000 })
const { ask, tell, unsafeTell } = ActorRef

/** The ways in which a handler can crash: on the dispatcher's stack, in the fiber, after a wait. */
const crashes = {
  thrown: () => crash(),
  died: () => new Do({ step: () => Effect.die(new Error("boom")) }),
  later: () => new Do({ step: () => Effect.zipRight(Effect.yieldNow(), Effect.die(new Error("boom"))) })
}
type Kind = keyof typeof crashes
const kinds = Object.keys(crashes) as Array<Kind>

describe("a crash and the mail behind it", () => {
  const orders = FastCheck.array(FastCheck.constantFrom<"say" | Kind>("say", "say", ...kinds), { maxLength: 40 })

  it.effect.prop(
    "law 14, law 15, law 16: all but the crashing messages are handled, in order, each by the life after the crashes before it; each crashing one is poison once",
    [orders],
    ([orders]) =>
      Effect.gen(function*() {
        const journal: Array<string> = []
        const letters = yield* listen((system) => system.deadLetters)
        const ref = yield* ActorSystem.spawn(scribe(journal, "a"), { supervision: always })
        const sent = orders.map((order, i) => order === "say" ? new Say({ word: String(i) }) : crashes[order]())
        for (const message of sent) unsafeTell(ref, message)
        yield* ask(ref, new Count())
        let life = 1
        const expected = orders.flatMap((order, i) => order === "say" ? [`a.${life}:${i}`] : (life++, []))
        expect(journal.filter((entry) => entry.includes(":"))).toEqual(expected)
        yield* settle
        expect(letters.map((letter) => letter.reason)).toEqual(sent.filter((m) => m instanceof Do).map(() => "poison"))
        expect(letters.map((letter) => letter.message)).toEqual(sent.filter((m) => m instanceof Do))
      }).pipe(Effect.scoped, local),
    { fastCheck: { numRuns: 60 } }
  )

  it.effect("law 15: a request whose handler crashes ends its asker at once, with the cause", () =>
    Effect.gen(function*() {
      class Fall extends Actor.Request("Fall", { success: Schema.Number }) {}
      const behavior = Actor.make("faller", { messages: [Fall], initial: () => 0 }).on({
        Fall: (): Effect.Effect<Actor.Reply<number, number>> => Effect.die("fell")
      })
      const ref = yield* ActorSystem.spawn(behavior, { supervision: always })
      const failure = failureOf(yield* Effect.exit(ask(ref, new Fall())))
      expect(failure).toMatchObject({ _tag: "ActorTerminated", reason: { _tag: "Failed", cause: Cause.die("fell") } })
    }).pipe(local))

  it.effect("law 17: what arrives during the backoff waits, up to the capacity, and is handled after it", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const ref = yield* ActorSystem.spawn(scribe(journal, "a"), {
        mailbox: Mailbox.bounded(3, "drop-newest"),
        supervision: Supervision.restart({ backoff: Schedule.spaced("1 second") })
      })
      yield* tell(ref, crash())
      yield* settle
      const verdicts = ["1", "2", "3", "4"].map((word) => unsafeTell(ref, new Say({ word })))
      expect(verdicts).toEqual(["enqueued", "enqueued", "enqueued", "dropped"])
      yield* pass("999 millis")
      expect(journal).toEqual(["+a.1", "-a.1"])
      yield* pass("1 millis")
      expect(journal).toEqual(["+a.1", "-a.1", "+a.2", "a.2:1", "a.2:2", "a.2:3"])
    }).pipe(local))

  it.effect("law 17: a sender that waits for room during the backoff enters after it", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const ref = yield* ActorSystem.spawn(scribe(journal, "a"), {
        mailbox: Mailbox.bounded(1),
        supervision: Supervision.restart({ backoff: Schedule.spaced("1 second") })
      })
      yield* tell(ref, crash())
      yield* settle
      yield* tell(ref, new Say({ word: "1" }))
      const sender = yield* Effect.fork(tell(ref, new Say({ word: "2" })))
      yield* pass("999 millis")
      expect(yield* isDone(sender)).toBe(false)
      yield* pass("1 millis")
      yield* Fiber.join(sender)
      yield* settle
      expect(journal.slice(2)).toEqual(["+a.2", "a.2:1", "a.2:2"])
    }).pipe(local))
})

describe("one life after the other", () => {
  it.effect("law 18: finalizers of a life complete before the next begins, however long they take", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const behavior = scribe(journal, "a", {
        initial: (life) =>
          life > 1 ? Effect.succeed(0) : Effect.as(
            Effect.addFinalizer(() =>
              Effect.zipRight(Effect.sleep("2 seconds"), Effect.sync(() => journal.push("slow release")))
            ),
            0
          )
      })
      const ref = yield* ActorSystem.spawn(behavior, { supervision: always })
      yield* tell(ref, crash())
      yield* pass("1999 millis")
      expect(journal).toEqual(["+a.1"])
      yield* pass("1 millis")
      expect(journal).toEqual(["+a.1", "slow release", "-a.1", "+a.2"])
    }).pipe(local))

  it.effect("law 18: a finalizer that fails keeps neither the others nor the next life from running", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const behavior = scribe(journal, "a", {
        initial: () => Effect.as(Effect.addFinalizer(() => Effect.die("in a finalizer")), 0)
      })
      const ref = yield* ActorSystem.spawn(behavior, { supervision: always })
      yield* tell(ref, crash())
      expect(yield* ask(ref, new Count())).toBe(0)
      expect(journal).toEqual(["+a.1", "-a.1", "+a.2"])
    }).pipe(local))

  it.effect("law 18: a stop during the finalizers of a restart does not cut them short", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const behavior = scribe(journal, "a", {
        initial: () => Effect.as(Effect.addFinalizer(() => Effect.sleep("2 seconds")), 0)
      })
      const ref = yield* ActorSystem.spawn(behavior, { supervision: always })
      yield* tell(ref, crash())
      yield* pass("1 second")
      const stop = yield* Effect.fork(ActorSystem.stop(ref))
      yield* settle
      expect(yield* isDone(stop)).toBe(false)
      expect(journal).toEqual(["+a.1"])
      yield* pass("1 second")
      yield* Fiber.join(stop)
      expect(journal).toEqual(["+a.1", "-a.1"])
    }).pipe(local))

  it.effect("law 25: a restart stops the children first, in reverse order, and forgets its timers", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const behavior = scribe(journal, "parent", {
        initial: (life, self) =>
          Effect.gen(function*() {
            if (life > 1) return 0
            for (const name of ["a", "b", "c"]) yield* Effect.orDie(self.spawn(scribe(journal, name), { name }))
            self.timers.once("late", "1 second", new Say({ word: "stale" }))
            self.timers.every("tick", "1 second", new Say({ word: "stale" }))
            return 0
          })
      })
      const ref = yield* ActorSystem.spawn(behavior, { supervision: always })
      yield* tell(ref, crash())
      yield* pass("5 seconds")
      expect(journal).toEqual(["+parent.1", "+a.1", "+b.1", "+c.1", "-c.1", "-b.1", "-a.1", "-parent.1", "+parent.2"])
    }).pipe(local))

  it.effect("resume: the life goes on with its state, Scope, timers and children", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const behavior = scribe(journal, "parent", {
        initial: (_, self) =>
          Effect.gen(function*() {
            yield* Effect.orDie(self.spawn(scribe(journal, "child"), { name: "child" }))
            self.timers.once("late", "1 second", new Say({ word: "tick" }))
            return 7
          })
      })
      const ref = yield* ActorSystem.spawn(behavior, { supervision: Supervision.resume })
      for (const kind of kinds) yield* tell(ref, crashes[kind]())
      yield* tell(ref, new Do({ step: (n) => Effect.as(hold(journal, "in a handler"), n) }))
      yield* pass("1 second")
      expect(yield* ask(ref, new Count())).toBe(8)
      yield* ActorSystem.stop(ref)
      expect(journal).toEqual(
        ["+parent.1", "+child.1", "+in a handler", "parent.1:tick", "-child.1", "-in a handler", "-parent.1"]
      )
    }).pipe(local))
})

describe("intensity", () => {
  const at = FastCheck.array(FastCheck.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 12 })

  it.effect.prop(
    "law 19: the crash that is one too many inside the sliding period stops the actor, and no other does; time is the Clock's",
    [at, FastCheck.integer({ min: 0, max: 4 })],
    ([gaps, intensity]) =>
      Effect.gen(function*() {
        const ref = yield* ActorSystem.spawn(scribe([], "a"), {
          supervision: Supervision.restart({ intensity, period: "5 seconds" })
        })
        const watch = yield* Effect.fork(ActorSystem.await(ref))
        const times: Array<number> = []
        let now = 0
        for (const gap of gaps) {
          yield* TestClock.adjust(gap)
          now += gap
          times.push(now)
          unsafeTell(ref, crash())
          yield* settle
          const tooMany = times.filter((time) => now - time < 5_000).length > intensity
          expect(yield* isDone(watch)).toBe(tooMany)
          if (tooMany) {
            expect(yield* Fiber.join(watch)).toMatchObject({ reason: { _tag: "Failed" } })
            return
          }
        }
      }).pipe(local),
    { fastCheck: { numRuns: 60 } }
  )

  it.effect("law 23: an initial that fails at a restart is a crash, and counts", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const behavior = scribe(journal, "a", {
        initial: (life) => life === 1 ? Effect.succeed(0) : Effect.fail("no second life")
      })
      const events = yield* listen((system) => system.events)
      const ref = yield* ActorSystem.spawn(behavior, { supervision: Supervision.restart({ intensity: 2 }) })
      yield* tell(ref, crash())
      const { reason } = yield* ActorSystem.await(ref)
      expect(reason).toEqual({ _tag: "Failed", cause: Cause.fail("no second life") })
      expect(journal).toEqual(["+a.1", "-a.1", "+a.2", "-a.2", "+a.3", "-a.3"])
      yield* settle
      expect(events.map((event) => `${event._tag} ${event.life}`)).toEqual(
        ["Started 1", "Restarted 2", "Restarted 3", "Failed 3"]
      )
    }).pipe(Effect.scoped, local))

  it.effect("law 23: a stop finds the actor while a restart's initial has failed and the next waits", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const slow = Effect.addFinalizer(() => Effect.sleep("1 second"))
      const behavior = scribe(journal, "a", {
        initial: (life) => life === 1 ? Effect.succeed(0) : Effect.zipRight(slow, Effect.fail("no second life"))
      })
      const ref = yield* ActorSystem.spawn(behavior, { supervision: always })
      yield* tell(ref, crash())
      yield* settle
      const stop = yield* Effect.fork(ActorSystem.stop(ref))
      yield* pass("1 second")
      yield* Fiber.join(stop)
      expect(journal).toEqual(["+a.1", "-a.1", "+a.2", "-a.2"])
    }).pipe(local))

  it.effect("law 23: a life that never began cannot be resumed: it is begun again", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const behavior = scribe(journal, "a", {
        initial: (life) => life === 2 ? Effect.fail("the second life") : Effect.succeed(life * 100)
      })
      const ref = yield* ActorSystem.spawn(behavior, {
        supervision: Supervision.restart({ decide: (cause) => Cause.isFailure(cause) ? "resume" : "restart" })
      })
      yield* tell(ref, crash())
      expect(yield* ask(ref, new Count())).toBe(300)
      expect(journal).toEqual(["+a.1", "-a.1", "+a.2", "-a.2", "+a.3"])
    }).pipe(local))

  it.effect("a decision that throws stops the actor", () =>
    Effect.gen(function*() {
      const supervision = Supervision.restart({
        decide: () => {
          throw new Error("undecided")
        }
      })
      const ref = yield* ActorSystem.spawn(scribe([], "a"), { supervision })
      yield* tell(ref, crash("first"))
      const { reason } = yield* ActorSystem.await(ref)
      expect(reason._tag === "Failed" ? Cause.pretty(reason.cause) : reason).toContain("first")
    }).pipe(local))

  it("limits that mean nothing are refused", () => {
    expect(() => Supervision.restart({ intensity: -1 })).toThrow(RangeError)
    expect(() => Supervision.restart({ intensity: Number.NaN })).toThrow(RangeError)
    expect(() => Supervision.restart({ period: 0 })).toThrow(RangeError)
  })
})

describe("backoff", () => {
  /** Crashes at once in each life until told otherwise; the times at which lives began. */
  const lives = (backoff: Supervision.Backoff, crashing: () => boolean, intensity = 1_000) =>
    Effect.gen(function*() {
      const began: Array<number> = []
      const clock = yield* TestClock.testClock()
      const behavior = scribe([], "a", {
        initial: (_, self) =>
          Effect.sync(() => {
            began.push(clock.unsafeCurrentTimeMillis())
            if (crashing()) unsafeTell(self.ref, crash())
            return 0
          })
      })
      const ref = yield* ActorSystem.spawn(behavior, {
        supervision: Supervision.restart({ intensity, period: "5 seconds", backoff })
      })
      return { began, ref }
    })

  it.effect(
    "law 20: the delays are the Schedule's, and begin anew after one quiet period",
    () =>
      Effect.gen(function*() {
        let left = 4
        const { began, ref } = yield* lives(Schedule.exponential("100 millis"), () => left-- > 0)
        for (let i = 0; i < 40; i++) yield* pass("100 millis")
        expect(began).toEqual([0, 100, 300, 700, 1_500])
        yield* pass("1699 millis") // 5.699 s, and the last crash was at 0.7 s: one millisecond short of a quiet period
        yield* tell(ref, crash())
        yield* pass("1600 millis")
        expect(began.slice(5)).toEqual([7_299])
        yield* pass("3400 millis") // 10.699 s: a quiet period has passed since 5.699 s
        yield* tell(ref, crash())
        yield* pass("100 millis")
        expect(began.slice(6)).toEqual([10_799])
      }).pipe(local),
    { timeout: 20_000 }
  )

  it.effect("law 20: jitter stays within the Schedule's bounds", () =>
    Effect.gen(function*() {
      let left = 20
      const backoff = Schedule.spaced("100 millis").pipe(Schedule.jittered)
      const { began } = yield* lives(backoff, () => left-- > 0)
      for (let i = 0; i < 20; i++) yield* pass("120 millis")
      expect(began.length).toBe(21)
    }).pipe(local))

  it.effect("law 20: the Schedule hears the cause, and its end stops the actor", () =>
    Effect.gen(function*() {
      const heard: Array<string> = []
      const backoff = Schedule.recurs(2).pipe(Schedule.tapInput((cause: Cause.Cause<unknown>) =>
        Effect.sync(() => void heard.push(Cause.pretty(cause).split("\n")[0]!))
      ))
      const { began, ref } = yield* lives(backoff, () =>
        true)
      expect(yield* ActorSystem.await(ref)).toMatchObject({ reason: { _tag: "Failed" } })
      expect(began).toEqual([0, 0, 0])
      expect(heard).toEqual(["Error: boom", "Error: boom", "Error: boom"])
    }).pipe(local))

  it.effect("law 20: one child's backoff delays no other's", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const supervision = (delay: number) => Supervision.restart({ backoff: Schedule.spaced(delay) })
      const slow = yield* ActorSystem.spawn(scribe(journal, "slow"), { supervision: supervision(3_000) })
      const quick = yield* ActorSystem.spawn(scribe(journal, "quick"), { supervision: supervision(1_000) })
      yield* tell(slow, crash())
      yield* tell(quick, crash())
      yield* pass("1 second")
      expect(journal).toContain("+quick.2")
      expect(journal).not.toContain("+slow.2")
      yield* pass("2 seconds")
      expect(journal).toContain("+slow.2")
    }).pipe(local))

  it.effect("a stop during the backoff ends the actor at once, and its mail is told", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const letters = yield* listen((system) => system.deadLetters)
      const ref = yield* ActorSystem.spawn(scribe(journal, "a"), {
        supervision: Supervision.restart({ backoff: Schedule.spaced("1 hour") })
      })
      yield* tell(ref, crash())
      yield* tell(ref, new Say({ word: "waits" }))
      yield* settle
      yield* ActorSystem.stop(ref)
      expect(yield* ActorSystem.await(ref)).toMatchObject({ reason: { _tag: "Stopped" } })
      expect(journal).toEqual(["+a.1", "-a.1"])
      yield* settle
      expect(letters.map((letter) => letter.reason)).toEqual(["poison", "terminated"])
    }).pipe(Effect.scoped, local))
})

describe("what the spawner and the log hear", () => {
  it.effect.each(
    [
      { title: "fails", initial: Effect.fail("no start"), error: "no start" },
      { title: "dies", initial: Effect.die("no start"), error: { _tag: "SpawnError", reason: "StartFailed" } },
      { title: "is interrupted", initial: Effect.interrupt, error: { _tag: "SpawnError", reason: "StartFailed" } },
      {
        title: "fails after a while",
        initial: Effect.zipRight(Effect.yieldNow(), Effect.fail("no start")),
        error: "no start"
      }
    ]
  )(
    "law 22: an initial that $title at spawn is the spawner's error and leaves nothing",
    ({ error, initial }) =>
      Effect.gen(function*() {
        const journal: Array<string> = []
        const behavior = scribe(journal, "a", {
          initial: (life, self) =>
            life > 1
              ? Effect.succeed(0)
              : Effect.zipRight(Effect.orDie(self.spawn(scribe(journal, "child"), { name: "child" })), initial)
        })
        const failure = failureOf(
          yield* Effect.exit(ActorSystem.spawn(behavior, { name: "a", supervision: always }))
        )
        if (typeof error === "string") expect(failure).toBe(error)
        else expect(failure).toMatchObject(error)
        expect(journal).toEqual(["+a.1", "+child.1", "-child.1", "-a.1"])
        const { stats } = yield* ActorSystem.ActorSystem
        expect(yield* stats).toMatchObject({ spawned: 2, ended: 2 })
        const ref = yield* ActorSystem.spawn(behavior, { name: "a" }) // the name is free
        expect(yield* ask(ref, new Count())).toBe(0)
      }).pipe(local)
  )

  it.effect("law 24: a declared failure answers the asker, and leaves the actor and its state alone", () =>
    Effect.gen(function*() {
      class Take extends Actor.Request("Take", {
        payload: { amount: Schema.Number, later: Schema.Boolean },
        success: Schema.Number,
        failure: Schema.String
      }) {}
      let lives = 0
      const purse = Actor.make("purse", { messages: [Take], initial: (): number => (lives++, 10) }).on({
        Take: (money, { amount, later }) => {
          if (amount <= money) return Actor.reply(money - amount, money - amount)
          const refusal = Effect.fail("too much")
          return later ? Effect.zipRight(Effect.yieldNow(), refusal) : refusal
        }
      })
      const events = yield* listen((system) => system.events)
      const ref = yield* ActorSystem.spawn(purse)
      for (const later of [false, true]) {
        expect(failureOf(yield* Effect.exit(ask(ref, new Take({ amount: 11, later }))))).toBe("too much")
      }
      expect(yield* ask(ref, new Take({ amount: 4, later: false }))).toBe(6)
      yield* settle
      expect(lives).toBe(1)
      expect(events.map((event) => event._tag)).toEqual(["Started"])
    }).pipe(Effect.scoped, local))

  it.effect("law 26: each crash is one event and one log line, with cause, path and life", () => {
    const lines: Array<string> = []
    const logger = Logger.make(({ annotations, cause }) => {
      const of = (key: string) => String(HashMap.unsafeGet(annotations, key))
      lines.push(`${of("outcome")} ${of("actor")} ${of("life")} ${Cause.pretty(cause).split("\n")[0]}`)
    })
    return Effect.gen(function*() {
      const events = yield* listen((system) => system.events)
      const decisions: Array<Supervision.Directive> = ["restart", "resume", "restart", "stop"]
      const ref = yield* ActorSystem.spawn(scribe([], "a"), {
        name: "a",
        supervision: Supervision.restart({ decide: () => decisions.shift()! })
      })
      for (const what of ["one", "two", "three", "four"]) yield* tell(ref, crash(what))
      yield* ActorSystem.await(ref)
      yield* settle
      const expected = ["Restarted /a 2 one", "Resumed /a 2 two", "Restarted /a 3 three", "Failed /a 3 four"]
      expect(lines).toEqual(expected.map((line) => line.replace(/(\w+)$/, "Error: $1")))
      expect(
        events.flatMap(({ _tag, address, cause, life }) =>
          cause === undefined ? [] : [`${_tag} ${address.path} ${life} ${(Cause.squash(cause) as Error).message}`]
        )
      ).toEqual(expected)
      const { stats } = yield* ActorSystem.ActorSystem
      expect((yield* stats).crashes).toBe(4)
    }).pipe(Effect.scoped, Effect.provide(ActorSystem.layerLocal().pipe(Layer.provideMerge(Logger.add(logger)))))
  })

  it.effect("law 14: a state that crashed a handler is gone: the new life has a new initial", () =>
    Effect.gen(function*() {
      const initials = yield* Ref.make(0)
      const behavior = scribe([], "a", { initial: () => Ref.updateAndGet(initials, (n) => n + 10) })
      const ref = yield* ActorSystem.spawn(behavior, { supervision: always })
      yield* tell(ref, new Say({ word: "one" }))
      yield* tell(ref, crash())
      expect(yield* ask(ref, new Count())).toBe(20)
    }).pipe(local))
})
