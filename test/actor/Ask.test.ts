import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import * as Actor from "synod/actor/Actor"
import { AskCycle } from "synod/actor/ActorError"
import * as ActorRef from "synod/actor/ActorRef"
import * as ActorSystem from "synod/actor/ActorSystem"
import * as Mailbox from "synod/actor/Mailbox"
import type { Self } from "synod/actor/Self"
import * as Supervision from "synod/actor/Supervision"
import { deadLetters, settle } from "./support.js"

class Hold extends Actor.Message("Hold") {}
class Release extends Actor.Message("Release", { value: Schema.Int }) {}
class Count extends Actor.Request("Count", { success: Schema.Int }) {}
class Refuse
  extends Actor.Request("Refuse", { payload: { plain: Schema.Boolean }, success: Schema.Int, failure: Schema.String })
{}
class Crash extends Actor.Request("Crash", { success: Schema.Int }) {}
class Never extends Actor.Request("Never", { success: Schema.Int }) {}
class Later extends Actor.Request("Later", { payload: { n: Schema.Int }, success: Schema.Int }) {}

type Words = Hold | Release | Count | Refuse | Crash | Never | Later

interface Options {
  readonly latch?: Effect.Effect<void>
  readonly later?: Array<Later>
  readonly onNever?: Effect.Effect<void>
}

/** Answers each request in its own way, and counts what it handled. `Hold` keeps the mailbox until the latch opens. */
const oracle = ({ latch = Effect.void, later = [], onNever = Effect.void }: Options = {}) =>
  Actor.make("oracle", {
    messages: [Hold, Release, Count, Refuse, Crash, Never, Later],
    initial: () => 0
  }).on((self: Self<Words>) => ({
    Hold: (n) => Effect.as(latch, n + 1),
    Release: (n, { value }) => {
      const request = later.shift()
      if (request !== undefined) self.reply(request, Exit.succeed(value))
      return n + 1
    },
    Count: (n) => Actor.reply(n, n + 1),
    Refuse: (_, { plain }) => plain ? Effect.fail("no") : Effect.zipRight(Effect.yieldNow(), Effect.fail("no")),
    Crash: (): Actor.Reply<number, number> => {
      throw new Error("crashed")
    },
    Never: () => Effect.onInterrupt(Effect.never, () => onNever),
    Later: (n, request) => {
      later.push(request)
      return Actor.later(n + 1)
    }
  }))

const local = <A, E>(program: Effect.Effect<A, E, ActorSystem.ActorSystem | Scope.Scope>) =>
  Effect.provide(program, ActorSystem.layerLocal())

/** White box on purpose: what the runtime still holds of asks, which no answer shows. */
const retained = (ref: ActorRef.ActorRef<never>) => {
  const { extras, system } = ref as unknown as {
    readonly extras?: { readonly owed: ReadonlyMap<unknown, ReadonlyArray<unknown>> }
    readonly system: {
      readonly lists: ReadonlyMap<number, { readonly first: { readonly after: unknown } | undefined }>
    }
  }
  let waiting = 0
  for (const list of system.lists.values()) {
    for (let ask = list.first; ask !== undefined; ask = ask.after as typeof ask) waiting++
  }
  const owed = [...extras?.owed.values() ?? []].reduce((sum, asks) => sum + asks.length, 0)
  return { waiting, owed, lists: system.lists.size }
}

const tagOf = <A, E extends { readonly _tag: string }>(exit: Exit.Exit<A, E | string>): string => {
  if (Exit.isSuccess(exit)) return "answer"
  const failure = Cause.failureOption(exit.cause)
  if (failure._tag === "None") return Cause.isInterrupted(exit.cause) ? "interrupted" : "defect"
  return typeof failure.value === "string" ? "declared" : failure.value._tag
}

describe("ask", () => {
  it.scoped("law 34: each ask ends in exactly one of answer, declared failure, ActorTerminated, AskTimeout, MailboxFull", () =>
    local(Effect.gen(function*() {
      const ref = yield* ActorSystem.spawn(oracle({ latch: Effect.never }), {
        supervision: Supervision.resume,
        mailbox: Mailbox.bounded(1, "fail"),
        shutdown: 0
      })
      expect(yield* ActorRef.ask(ref, new Count())).toBe(0)
      expect(tagOf(yield* Effect.exit(ActorRef.ask(ref, new Refuse({ plain: true }))))).toBe("declared")
      expect(tagOf(yield* Effect.exit(ActorRef.ask(ref, new Refuse({ plain: false }))))).toBe("declared")
      expect(tagOf(yield* Effect.exit(ActorRef.ask(ref, new Crash())))).toBe("ActorTerminated")
      // a declared failure and a resumed crash leave the state alone
      expect(yield* ActorRef.ask(ref, new Count())).toBe(1)
      ActorRef.unsafeTell(ref, new Hold())
      yield* settle
      const asking = yield* Effect.fork(Effect.exit(ActorRef.ask(ref, new Count(), { timeout: "2 seconds" })))
      yield* settle
      const full = yield* Effect.flip(ActorRef.ask(ref, new Count()))
      expect(full._tag === "MailboxFull" && [full.capacity, full.address]).toEqual([1, ref.address])
      yield* TestClock.adjust("1999 millis")
      expect(asking.unsafePoll()).toBeNull()
      yield* TestClock.adjust("1 millis")
      expect(tagOf(yield* Fiber.join(asking))).toBe("AskTimeout")
    })))

  it.scoped("law 34: an ask without a timeout of its own ends after 5 seconds; each ask has its own time", () =>
    local(Effect.gen(function*() {
      const ref = yield* ActorSystem.spawn(oracle({ latch: Effect.never }), { shutdown: 0 })
      ActorRef.unsafeTell(ref, new Hold())
      const ended: Array<string> = []
      const ask = (name: string, timeout?: Duration.DurationInput) =>
        Effect.fork(Effect.ensuring(
          Effect.exit(ActorRef.ask(ref, new Count(), timeout === undefined ? {} : { timeout })),
          Effect.sync(() => ended.push(name))
        ))
      yield* ask("default")
      yield* ask("3 s", "3 seconds")
      yield* settle
      yield* TestClock.adjust("1 seconds")
      yield* ask("1 s", "1 seconds")
      yield* ask("at once", 0)
      yield* settle
      expect(ended).toEqual(["at once"])
      yield* TestClock.adjust("1 seconds")
      yield* settle
      expect(ended).toEqual(["at once", "1 s"])
      yield* TestClock.adjust("1 seconds")
      yield* settle
      expect(ended).toEqual(["at once", "1 s", "3 s"])
      yield* TestClock.adjust("1999 millis")
      yield* settle
      expect(ended.length).toBe(3)
      yield* TestClock.adjust("1 millis")
      yield* settle
      expect(ended).toEqual(["at once", "1 s", "3 s", "default"])
      expect(retained(ref).waiting).toBe(0)
    })))

  it.scoped("law 34: asks of an actor that is dead, that never starts, and that restarts", () =>
    local(Effect.gen(function*() {
      const dead = yield* ActorSystem.spawn(oracle())
      yield* ActorSystem.stop(dead)
      const terminated = yield* Effect.flip(ActorRef.ask(dead, new Count()))
      expect(terminated._tag === "ActorTerminated" && terminated.reason).toEqual({ _tag: "Stopped" })

      const handle = yield* Deferred.make<ActorRef.ActorRef<Count>>()
      const gate = yield* Deferred.make<void>()
      const spawning = yield* Effect.fork(Effect.exit(ActorSystem.spawn(
        Actor.make("unborn", {
          messages: [Count],
          initial: (self: Self<Count>) =>
            Effect.zipRight(
              Effect.zipRight(Deferred.succeed(handle, self.ref), Deferred.await(gate)),
              Effect.as(Effect.fail("not today"), 0)
            )
        }).on({ Count: (n) => Actor.reply(n, n) })
      )))
      const unborn = yield* Deferred.await(handle)
      const asking = yield* Effect.fork(Effect.exit(ActorRef.ask(unborn, new Count())))
      yield* settle
      yield* Deferred.succeed(gate, undefined)
      expect(tagOf(yield* Fiber.join(asking))).toBe("ActorTerminated")
      expect(tagOf(yield* Fiber.join(spawning))).toBe("declared")
      expect(tagOf(yield* Effect.exit(ActorRef.ask(unborn, new Count())))).toBe("ActorTerminated")

      const sturdy = yield* ActorSystem.spawn(oracle(), { supervision: Supervision.restart() })
      const exits = yield* Effect.all(
        [new Count(), new Crash(), new Count()].map((request) => Effect.exit(ActorRef.ask(sturdy, request))),
        { concurrency: "unbounded" }
      )
      expect(exits.map(tagOf)).toEqual(["answer", "ActorTerminated", "answer"])
    })))

  it.scoped("law 34: the cause of a crash reaches the asker at once", () =>
    local(Effect.gen(function*() {
      const ref = yield* ActorSystem.spawn(oracle())
      const error = yield* Effect.flip(ActorRef.ask(ref, new Crash()))
      expect(error._tag).toBe("ActorTerminated")
      if (error._tag !== "ActorTerminated" || error.reason._tag !== "Failed") throw error
      expect(Cause.squash(error.reason.cause)).toEqual(new Error("crashed"))
    })))

  it.scoped("law 35: a late answer is dropped: it reaches nobody and nothing of the ask is kept", () =>
    local(Effect.gen(function*() {
      const letters = yield* deadLetters
      const later: Array<Later> = []
      const ref = yield* ActorSystem.spawn(oracle({ later }))
      const asking = yield* Effect.fork(Effect.exit(ActorRef.ask(ref, new Later({ n: 1 }), { timeout: "1 second" })))
      yield* settle
      expect(retained(ref)).toMatchObject({ waiting: 1, owed: 1 })
      yield* TestClock.adjust("1 second")
      expect(tagOf(yield* Fiber.join(asking))).toBe("AskTimeout")
      expect(retained(ref)).toMatchObject({ waiting: 0, owed: 0 })
      yield* ActorRef.tell(ref, new Release({ value: 7 }))
      expect(yield* ActorRef.ask(ref, new Count())).toBe(2)
      yield* settle
      expect(letters).toEqual([])
      expect(retained(ref)).toMatchObject({ waiting: 0, owed: 0 })
    })))

  it.scoped("law 35: a request that is asked again after its timeout is answered by the next answer", () =>
    local(Effect.gen(function*() {
      const later: Array<Later> = []
      const ref = yield* ActorSystem.spawn(oracle({ later }))
      const request = new Later({ n: 1 })
      const first = yield* Effect.fork(Effect.exit(ActorRef.ask(ref, request, { timeout: "1 second" })))
      yield* settle
      yield* TestClock.adjust("1 second")
      expect(tagOf(yield* Fiber.join(first))).toBe("AskTimeout")
      const second = yield* Effect.fork(ActorRef.ask(ref, request, { timeout: "1 second" }))
      yield* settle
      yield* ActorRef.tell(ref, new Release({ value: 5 }))
      yield* settle
      expect(yield* Fiber.join(second)).toBe(5)
    })))

  it.scoped("law 36: an interrupted ask that still waits is never handled, and what follows it is", () =>
    local(Effect.gen(function*() {
      const latch = yield* Deferred.make<void>()
      const later: Array<Later> = []
      const ref = yield* ActorSystem.spawn(oracle({ latch: Deferred.await(latch), later }))
      ActorRef.unsafeTell(ref, new Hold())
      yield* settle
      const asking = yield* Effect.fork(ActorRef.ask(ref, new Later({ n: 1 })))
      const behind = yield* Effect.fork(ActorRef.ask(ref, new Count()))
      yield* settle
      yield* Fiber.interrupt(asking)
      yield* Deferred.succeed(latch, undefined)
      expect(yield* Fiber.join(behind)).toBe(1)
      expect(later).toEqual([])
      expect(retained(ref)).toMatchObject({ waiting: 0, owed: 0 })
    })))

  it.scoped("law 36: an ask whose race is lost or whose time is up around it is withdrawn too", () =>
    local(Effect.gen(function*() {
      const latch = yield* Deferred.make<void>()
      const later: Array<Later> = []
      const ref = yield* ActorSystem.spawn(oracle({ latch: Deferred.await(latch), later }))
      ActorRef.unsafeTell(ref, new Hold())
      yield* settle
      const around = yield* Effect.fork(Effect.timeoutOption(ActorRef.ask(ref, new Later({ n: 1 })), "1 second"))
      yield* settle
      const lost = yield* Effect.race(ActorRef.ask(ref, new Later({ n: 2 })), Effect.as(settle, "other"))
      yield* TestClock.adjust("1 second")
      expect([lost, (yield* Fiber.join(around))._tag]).toEqual(["other", "None"])
      yield* Deferred.succeed(latch, undefined)
      expect(yield* ActorRef.ask(ref, new Count())).toBe(1)
      expect(later).toEqual([])
    })))

  it.scoped("law 36: interrupting an ask whose handler runs lets it run to its end: the state is whole", () =>
    local(Effect.gen(function*() {
      class Add extends Actor.Request("Add", { success: Schema.Int }) {}
      const latch = yield* Deferred.make<void>()
      let interrupted = 0
      const ref = yield* ActorSystem.spawn(
        Actor.make("adder", { messages: [Add], initial: () => 0 }).on({
          Add: (n) =>
            Effect.as(Deferred.await(latch), Actor.reply(n + 1, n + 1)).pipe(
              Effect.onInterrupt(() => Effect.sync(() => void interrupted++))
            )
        })
      )
      const asking = yield* Effect.fork(ActorRef.ask(ref, new Add()))
      yield* settle
      yield* Fiber.interrupt(asking)
      yield* settle
      yield* Deferred.succeed(latch, undefined)
      expect(yield* ActorRef.ask(ref, new Add())).toBe(2)
      expect(interrupted).toBe(0)
      expect(retained(ref)).toMatchObject({ waiting: 0, owed: 0 })
    })))

  it.scoped("law 36: an ask inside an uninterruptible region is not withdrawn: it is answered, then the interruption counts", () =>
    local(Effect.gen(function*() {
      const latch = yield* Deferred.make<void>()
      const ref = yield* ActorSystem.spawn(oracle({ latch: Deferred.await(latch) }))
      ActorRef.unsafeTell(ref, new Hold())
      yield* settle
      const answers: Array<number> = []
      const asking = yield* Effect.fork(Effect.uninterruptible(
        Effect.tap(ActorRef.ask(ref, new Count()), (answer) => Effect.sync(() => answers.push(answer)))
      ))
      yield* settle
      const interrupting = yield* Effect.fork(Fiber.interrupt(asking))
      yield* settle
      expect(asking.unsafePoll()).toBeNull()
      yield* Deferred.succeed(latch, undefined)
      yield* Fiber.join(interrupting)
      expect(answers).toEqual([1])
    })))

  it.scoped("an ask in a finalizer of an interrupted fiber is answered", () =>
    local(Effect.gen(function*() {
      const ref = yield* ActorSystem.spawn(oracle())
      const answers: Array<number> = []
      const fiber = yield* Effect.fork(Effect.onInterrupt(Effect.never, () =>
        Effect.map(Effect.orDie(ActorRef.ask(ref, new Count())), (answer) =>
          answers.push(answer))))
      yield* settle
      yield* Fiber.interrupt(fiber)
      expect(answers).toEqual([0])
    })))

  it.scoped("law 37: of two answers to one request the first wins and the second is reported", () =>
    local(Effect.gen(function*() {
      const letters = yield* deadLetters
      const later: Array<Later> = []
      const ref = yield* ActorSystem.spawn(oracle({ later }))
      const request = new Later({ n: 3 })
      const asking = yield* Effect.fork(ActorRef.ask(ref, request))
      yield* settle
      later.push(request)
      yield* ActorRef.tell(ref, new Release({ value: 1 }))
      yield* ActorRef.tell(ref, new Release({ value: 2 }))
      expect(yield* Fiber.join(asking)).toBe(1)
      yield* settle
      expect(letters).toEqual([{ to: ref.address, message: request, reason: "answered-twice" }])
    })))

  it.scoped("law 37: an answer by `self.reply` before the handler's own counts as the first", () =>
    local(Effect.gen(function*() {
      const letters = yield* deadLetters
      const ref = yield* ActorSystem.spawn(
        Actor.make("eager", { messages: [Count], initial: () => 0 }).on((self: Self<Count>) => ({
          Count: (n, request) => {
            self.reply(request, Exit.succeed(-1))
            return Actor.reply(n, n + 1)
          }
        }))
      )
      const request = new Count()
      expect(yield* ActorRef.ask(ref, request)).toBe(-1)
      yield* settle
      expect(letters.map(({ message, reason }) => [message, reason])).toEqual([[request, "answered-twice"]])
    })))

  it.scoped("law 38: asks that wait, that run and that are owed when the actor stops end with ActorTerminated", () =>
    local(Effect.gen(function*() {
      const ref = yield* ActorSystem.spawn(oracle(), { shutdown: "1 second" })
      const owed = yield* Effect.fork(Effect.exit(ActorRef.ask(ref, new Later({ n: 0 }))))
      yield* settle
      const running = yield* Effect.fork(Effect.exit(ActorRef.ask(ref, new Never())))
      yield* settle
      const waiting = yield* Effect.fork(Effect.exit(ActorRef.ask(ref, new Count())))
      yield* settle
      const stopping = yield* Effect.fork(ActorSystem.stop(ref))
      yield* settle
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(stopping)
      const exits = yield* Effect.all([Fiber.join(owed), Fiber.join(running), Fiber.join(waiting)])
      expect(exits.map(tagOf)).toEqual(["ActorTerminated", "ActorTerminated", "ActorTerminated"])
      expect(retained(ref)).toMatchObject({ waiting: 0, owed: 0 })
    })))

  it.effect("law 38: closing the system ends the asks from outside it", () =>
    Effect.gen(function*() {
      const asking = yield* Effect.scoped(local(Effect.gen(function*() {
        const ref = yield* ActorSystem.spawn(oracle())
        const asking = yield* Effect.forkDaemon(Effect.exit(ActorRef.ask(ref, new Later({ n: 0 }))))
        yield* settle
        return asking
      })))
      expect(tagOf(yield* Fiber.join(asking))).toBe("ActorTerminated")
    }))

  it.scoped("law 39: an actor that asks itself gets the defect AskCycle with the chain, and time does not pass", () =>
    local(Effect.gen(function*() {
      class Outer extends Actor.Request("Outer", { success: Schema.Int }) {}
      const ref = yield* ActorSystem.spawn(
        Actor.make("narcissus", { messages: [Outer, Count], initial: () => 0 }).on((self: Self<Outer | Count>) => ({
          Outer: (n) =>
            Effect.map(Effect.orDie(ActorRef.ask(self.ref, new Count())), (answer) => Actor.reply(answer, n)),
          Count: (n) => Actor.reply(n, n)
        })),
        { name: "narcissus" }
      )
      const error = yield* Effect.flip(ActorRef.ask(ref, new Outer()))
      if (error._tag !== "ActorTerminated" || error.reason._tag !== "Failed") throw error
      const defect = Cause.squash(error.reason.cause)
      expect(defect).toBeInstanceOf(AskCycle)
      expect((defect as AskCycle).chain.map(({ path }) => path)).toEqual(["/narcissus", "/narcissus"])
    })))

  it.scoped("law 39: A asks B asks C asks A: C gets the chain; a chain without a circle is answered", () =>
    local(Effect.gen(function*() {
      class Go extends Actor.Request("Go", { success: Schema.String }) {}
      const next = new Map<string, ActorRef.ActorRef<Go>>()
      const member = (name: string) =>
        ActorSystem.spawn(
          Actor.make(name, { messages: [Go], initial: () => 0 }).on({
            Go: (n) => {
              const target = next.get(name)
              if (target === undefined) return Actor.reply("end", n)
              return ActorRef.ask(target, new Go()).pipe(
                Effect.catchAllDefect((defect) =>
                  defect instanceof AskCycle
                    ? Effect.succeed(`${name}: ${defect.chain.map(({ path }) => path).join(" ")}`)
                    : Effect.die(defect)
                ),
                Effect.orDie,
                Effect.map((answer) => Actor.reply(answer, n))
              )
            }
          }),
          { name }
        )
      const [a, b, c] = yield* Effect.all([member("a"), member("b"), member("c")])
      next.set("a", b)
      next.set("b", c)
      expect(yield* ActorRef.ask(a, new Go())).toBe("end")
      next.set("c", a)
      expect(yield* ActorRef.ask(a, new Go())).toBe("c: /c /a /b /c")
      next.delete("c")
      expect(yield* ActorRef.ask(a, new Go())).toBe("end")
    })))

  it.scoped("law 40: 10^6 asks, answered, refused, lapsed, interrupted or lost, leave no retained entry", () =>
    local(Effect.gen(function*() {
      const ref = yield* ActorSystem.spawn(oracle(), { supervision: Supervision.resume })
      let asked = 0
      const answered = Effect.suspend(() => ActorRef.ask(ref, new Count(), { timeout: 1_000 + asked++ % 3 }))
      yield* Effect.repeatN(answered, 998_999)
      expect(asked).toBe(999_000)
      for (let i = 0; i < 400; i++) {
        yield* Effect.exit(ActorRef.ask(ref, new Refuse({ plain: i % 2 === 0 })))
        const lapsing = yield* Effect.fork(Effect.exit(ActorRef.ask(ref, new Later({ n: i }), { timeout: 1 })))
        yield* Effect.yieldNow()
        const leaving = yield* Effect.fork(ActorRef.ask(ref, new Count()))
        yield* Fiber.interrupt(leaving)
        yield* TestClock.adjust(1)
        expect(tagOf(yield* Fiber.join(lapsing))).toBe("AskTimeout")
      }
      yield* settle
      expect(retained(ref)).toMatchObject({ waiting: 0, owed: 0 })
    })))

  it.scoped("law 40: asks with ever different timeouts leave no list each", () =>
    local(Effect.gen(function*() {
      const ref = yield* ActorSystem.spawn(oracle())
      for (let i = 0; i < 5_000; i++) yield* ActorRef.ask(ref, new Count(), { timeout: 10_000 + i })
      expect(retained(ref).waiting).toBe(0)
      expect(retained(ref).lists).toBeLessThan(200)
    })))

  it.scoped("a request that is only told answers nobody, and its declared failure is no crash", () =>
    local(Effect.gen(function*() {
      const letters = yield* deadLetters
      const ref = yield* ActorSystem.spawn(oracle())
      yield* ActorRef.tell(ref, new Count())
      yield* ActorRef.tell(ref, new Refuse({ plain: true }))
      yield* ActorRef.tell(ref, new Refuse({ plain: false }))
      expect(yield* ActorRef.ask(ref, new Count())).toBe(1)
      expect(letters).toEqual([])
    })))

  it.scoped("an ask of `drop-oldest` pushes the oldest out, and a pushed-out ask ends with MailboxFull", () =>
    local(Effect.gen(function*() {
      const latch = yield* Deferred.make<void>()
      const ref = yield* ActorSystem.spawn(oracle({ latch: Deferred.await(latch) }), {
        mailbox: Mailbox.bounded(2, "drop-oldest")
      })
      ActorRef.unsafeTell(ref, new Hold())
      yield* settle
      const asks: Array<Fiber.RuntimeFiber<Exit.Exit<number, { readonly _tag: string }>>> = []
      for (let i = 0; i < 4; i++) {
        asks.push(yield* Effect.fork(Effect.exit(ActorRef.ask(ref, new Count()))))
        yield* settle
      }
      yield* Deferred.succeed(latch, undefined)
      const exits = yield* Effect.forEach(asks, (ask) => Fiber.join(ask))
      expect(exits.map(tagOf)).toEqual(["MailboxFull", "MailboxFull", "answer", "answer"])
    })))

  it.scoped("both forms of tell and ask: data first and data last", () =>
    local(Effect.gen(function*() {
      const ref = yield* ActorSystem.spawn(oracle())
      yield* ActorRef.tell(new Hold())(ref)
      expect(ActorRef.unsafeTell(new Hold())(ref)).toBe("enqueued")
      expect(yield* ActorRef.ask(new Count(), { timeout: "1 second" })(ref)).toBe(2)
      expect(yield* ActorRef.ask(new Count())(ref)).toBe(3)
    })))
})
