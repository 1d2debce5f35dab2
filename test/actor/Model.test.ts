/**
 * The reference actor system: mailboxes are arrays, a handler is a case of a switch, time is a number. Random commands run on it and on the runtime, and
 * after each of them everything that can be seen is compared.
 */
import { afterAll, describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/TestClock"
import * as Actor from "synod/actor/Actor"
import * as ActorRef from "synod/actor/ActorRef"
import * as ActorSystem from "synod/actor/ActorSystem"
import type { Terminated } from "synod/actor/DeathWatch"
import * as Mailbox from "synod/actor/Mailbox"
import type { Self } from "synod/actor/Self"
import * as Supervision from "synod/actor/Supervision"
import { deadLetters, settle } from "./support.js"

type Policy = "restart" | "resume" | "stop"
type Overflow = "drop-newest" | "drop-oldest" | "fail"
type How = "plain" | "settled" | "yields"

class Note extends Actor.Message("Note", { id: Schema.Int, how: Schema.Literal("plain", "settled", "yields") }) {}
/** Keeps the actor busy for so long. */
class Work extends Actor.Message("Work", { id: Schema.Int, millis: Schema.Int }) {}
class Crash extends Actor.Message("Crash", { id: Schema.Int, how: Schema.Literal("plain", "settled", "yields") }) {}
class Quit extends Actor.Message("Quit", { id: Schema.Int }) {}
class Look extends Actor.Message("Look", { id: Schema.Int, at: Schema.Int }) {}
class Ended extends Actor.Message("Ended", { id: Schema.Int, who: Schema.Int, reason: Schema.String }) {}
class Sum extends Actor.Request("Sum", { payload: { id: Schema.Int }, success: Schema.String }) {}
type Mail = Note | Work | Crash | Quit | Look | Ended | Sum

type Command =
  | { readonly do: "spawn"; readonly policy: Policy; readonly capacity: number; readonly overflow: Overflow }
  | { readonly do: "note" | "crash"; readonly to: number; readonly how: How }
  | { readonly do: "work"; readonly to: number; readonly millis: number }
  | { readonly do: "quit"; readonly to: number }
  | { readonly do: "stop"; readonly to: number }
  | { readonly do: "watch"; readonly to: number; readonly at: number }
  | { readonly do: "ask"; readonly to: number; readonly millis: number }
  | { readonly do: "advance"; readonly millis: number }

const shutdownMillis = 20 // 2 modulo 3: see `thirds`

/** What can be seen of a system: of both in the same words. */
interface Seen {
  readonly handled: ReadonlyArray<string>
  readonly letters: ReadonlyArray<string>
  readonly answers: ReadonlyArray<string>
}

// ---- the model

interface ModelAsk {
  readonly id: number
  readonly due: number
  pending: boolean
}
interface ModelActor {
  readonly index: number
  readonly policy: Policy
  readonly capacity: number
  readonly overflow: Overflow
  mailbox: Array<{ readonly mail: Mail; readonly ask?: ModelAsk; readonly isNews?: boolean }>
  state: number
  life: number
  alive: boolean
  stopping: boolean
  busyUntil: number
  current: number
  killAt: number
  endedAt: number
  watchers: Array<{ readonly index: number; readonly since: number }>
}

class Model {
  readonly actors: Array<ModelActor> = []
  readonly handled: Array<string> = []
  readonly letters: Array<string> = []
  readonly answers: Array<string> = []
  private asks: Array<ModelAsk> = []
  /** News whose reason is nobody's promise: the watch and the end happened at one instant. */
  readonly unclear: Array<string> = []
  private now = 0
  private isTicking = false

  spawn(policy: Policy, capacity: number, overflow: Overflow): void {
    const idle = {
      state: 0,
      life: 1,
      alive: true,
      stopping: false,
      busyUntil: 0,
      current: -1,
      killAt: Infinity,
      endedAt: -1
    }
    this.actors.push({ index: this.actors.length, policy, capacity, overflow, mailbox: [], watchers: [], ...idle })
  }

  private letter(mail: Mail, reason: string, ask?: ModelAsk): void {
    if (ask !== undefined && !ask.pending) return // nobody waits for it: it was withdrawn
    this.letters.push(`${mail.id} ${reason}`)
    if (ask !== undefined) this.answer(ask, reason === "overflow" ? "MailboxFull" : "ActorTerminated")
  }

  private answer(ask: ModelAsk, answer: string): void {
    ask.pending = false
    this.answers.push(`${ask.id} ${answer}`)
  }

  send(actor: ModelActor, mail: Mail, ask?: ModelAsk): void {
    if (!actor.alive || actor.stopping) return this.letter(mail, "terminated", ask)
    if (actor.mailbox.filter(({ isNews }) => isNews !== true).length >= actor.capacity) {
      if (actor.overflow !== "drop-oldest") return this.letter(mail, "overflow", ask)
      const oldest = actor.mailbox.splice(actor.mailbox.findIndex(({ isNews }) => isNews !== true), 1)[0]!
      this.letter(oldest.mail, "overflow", oldest.ask)
    }
    actor.mailbox.push(ask === undefined ? { mail } : { mail, ask })
  }

  ask(actor: ModelActor, mail: Sum, millis: number): void {
    const ask = { id: mail.id, due: this.now + millis, pending: true }
    this.asks.push(ask)
    this.send(actor, mail, ask)
  }

  stop(actor: ModelActor): void {
    if (!actor.alive || actor.stopping) return
    actor.stopping = true
    actor.killAt = this.now + shutdownMillis
    if (actor.busyUntil <= this.now) this.end(actor, "Stopped")
  }

  private end(actor: ModelActor, reason: string): void {
    actor.alive = false
    actor.busyUntil = 0
    for (const { ask, isNews, mail } of actor.mailbox) if (isNews !== true) this.letter(mail, "terminated", ask)
    actor.mailbox = []
    actor.endedAt = this.now
    this.forgetWatches(actor)
    for (const { index, since } of actor.watchers) {
      if (this.isTicking && since === this.now) this.unclear.push(`${index} ${actor.index}`)
      this.news(this.actors[index]!, actor.index, reason)
    }
  }

  private forgetWatches({ index }: ModelActor): void {
    for (const other of this.actors) other.watchers = other.watchers.filter((watcher) => watcher.index !== index)
  }

  private news(to: ModelActor, who: number, reason: string): void {
    if (to.alive && !to.stopping) to.mailbox.push({ mail: new Ended({ id: -1, who, reason }), isNews: true })
  }

  /** Handles all that can be handled now. Actors do not share what they do, so their order is free. */
  settle(): void {
    for (let busy = true; busy;) {
      busy = false
      for (const actor of this.actors) {
        if (!actor.alive || actor.busyUntil > this.now || actor.mailbox.length === 0) continue
        busy = true
        this.handle(actor)
      }
    }
  }

  private handle(actor: ModelActor): void {
    const { ask, mail } = actor.mailbox.shift()!
    if (ask !== undefined && !ask.pending) return
    const seen = mail._tag === "Ended" ? `Ended ${mail.who} ${mail.reason}` : `${mail.id}`
    this.handled.push(`${actor.index}.${actor.life}: ${seen} at ${actor.state}`)
    switch (mail._tag) {
      case "Note":
        actor.state++
        return
      case "Ended":
        return
      case "Sum":
        return this.answer(ask!, `${actor.state}`)
      case "Work":
        actor.busyUntil = this.now + mail.millis
        actor.current = mail.id
        return
      case "Look": {
        const target = this.actors[mail.at]!
        if (target.alive) target.watchers.push({ index: actor.index, since: this.now })
        else {
          if (this.isTicking && target.endedAt === this.now) this.unclear.push(`${actor.index} ${mail.at}`)
          this.news(actor, mail.at, "NotFound")
        }
        return
      }
      case "Quit":
        actor.stopping = true
        return this.end(actor, "Stopped")
      case "Crash":
        this.letters.push(`${mail.id} poison`)
        if (actor.policy === "stop") return this.end(actor, "Failed")
        if (actor.policy === "resume") return
        actor.life++
        actor.state = 0
        actor.mailbox = actor.mailbox.filter(({ isNews }) => isNews !== true) // news of the life before
        this.forgetWatches(actor)
    }
  }

  tick(): void {
    this.now++
    this.isTicking = true
    for (const actor of this.actors) {
      if (!actor.alive || actor.busyUntil === 0) continue
      if (actor.busyUntil <= this.now) {
        actor.busyUntil = 0
        if (actor.stopping) this.end(actor, "Stopped")
      } else if (actor.killAt <= this.now) {
        this.letters.push(`${actor.current} poison`)
        this.end(actor, "Stopped")
      }
    }
    for (const ask of this.asks) if (ask.pending && ask.due <= this.now) this.answer(ask, "AskTimeout")
    this.settle()
    this.isTicking = false
  }
}

// ---- the runtime

const after = <A>(how: How, value: () => A): A | Effect.Effect<A> =>
  how === "plain" ? value() : how === "settled" ? Effect.sync(value) : Effect.map(Effect.yieldNow(), value)

const makeRuntime = Effect.gen(function*() {
  const refs: Array<ActorRef.ActorRef<Mail>> = []
  const handled: Array<string> = []
  const answers: Array<string> = []
  const letters = yield* deadLetters
  const lives: Array<number> = []

  const behavior = (index: number) =>
    Actor.make("member", {
      messages: [Note, Work, Crash, Quit, Look, Ended, Sum],
      initial: () => {
        lives[index] = (lives[index] ?? 0) + 1
        return 0
      }
    }).on((self: Self<Mail>) => {
      const log = (state: number, seen: string) => void handled.push(`${index}.${lives[index]}: ${seen} at ${state}`)
      return {
        Note: (n, { how, id }) => {
          log(n, `${id}`)
          return after(how, () => n + 1)
        },
        Work: (n, { id, millis }) => {
          log(n, `${id}`)
          return Effect.as(Effect.sleep(millis), n)
        },
        Crash: (n, { how, id }): number | Effect.Effect<number> => {
          log(n, `${id}`)
          return after(how, (): number => {
            throw new Error("crash")
          })
        },
        Quit: (n, { id }) => {
          log(n, `${id}`)
          self.stop()
          return n
        },
        Look: (n, { at, id }) => {
          log(n, `${id}`)
          self.watch(refs[at]!, ({ reason }: Terminated) => new Ended({ id: -1, who: at, reason: reason._tag }))
          return n
        },
        Ended: (n, { reason, who }) => {
          log(n, `Ended ${who} ${reason}`)
          return n
        },
        Sum: (n, { id }) => {
          log(n, `${id}`)
          return Actor.reply(`${n}`, n)
        }
      }
    })

  const policies = {
    restart: Supervision.restart({ intensity: Number.POSITIVE_INFINITY }),
    resume: Supervision.resume,
    stop: Supervision.stop
  }
  return {
    spawn: (policy: Policy, capacity: number, overflow: Overflow) =>
      Effect.map(
        ActorSystem.spawn(behavior(refs.length), {
          supervision: policies[policy],
          mailbox: Mailbox.bounded(capacity, overflow),
          shutdown: shutdownMillis
        }),
        (ref) => void refs.push(ref)
      ),
    tell: (to: number, mail: Mail) => ActorRef.tell(refs[to]!, mail),
    stop: (to: number) => Effect.fork(ActorSystem.stop(refs[to]!)),
    ask: (to: number, request: Sum, millis: number) =>
      Effect.fork(Effect.map(Effect.exit(ActorRef.ask(refs[to]!, request, { timeout: millis })), (exit) => {
        const failure = Exit.isFailure(exit) ? Cause.failureOption(exit.cause) : undefined
        answers.push(
          `${request.id} ${Exit.isSuccess(exit) ? exit.value : failure?._tag === "Some" ? failure.value._tag : "?"}`
        )
      })),
    seen: (): Seen => ({
      handled,
      answers,
      letters: letters.map(({ message, reason }) => `${(message as Mail).id} ${reason}`)
    })
  }
})

// ---- both

const member = FastCheck.nat(3)
const how = FastCheck.constantFrom<How>("plain", "plain", "settled", "yields")
const is = <const T>(value: T) => FastCheck.constant(value)
/**
 * Times that never meet: work begins and ends at multiples of 3, deadlines of asks are 1 beyond one, those of stops 2. What happens first at one instant is nobody's promise.
 */
const thirds = (max: number, beyond: number) => FastCheck.integer({ min: 1, max }).map((n) => 3 * n + beyond)

const command: FastCheck.Arbitrary<Command> = FastCheck.oneof(
  {
    weight: 2,
    arbitrary: FastCheck.record({
      do: is("spawn"),
      policy: FastCheck.constantFrom<Policy>("restart", "resume", "stop", "stop"),
      capacity: FastCheck.integer({ min: 1, max: 4 }),
      overflow: FastCheck.constantFrom<Overflow>("drop-newest", "drop-oldest", "fail")
    })
  },
  { weight: 6, arbitrary: FastCheck.record({ do: is("note"), to: member, how }) },
  { weight: 4, arbitrary: FastCheck.record({ do: is("crash"), to: member, how }) },
  {
    weight: 5,
    arbitrary: FastCheck.record({ do: is("work"), to: member, millis: thirds(10, 0) })
  },
  { weight: 1, arbitrary: FastCheck.record({ do: is("quit"), to: member }) },
  { weight: 1, arbitrary: FastCheck.record({ do: is("stop"), to: member }) },
  { weight: 7, arbitrary: FastCheck.record({ do: is("watch"), to: member, at: FastCheck.oneof(member, is(1)) }) },
  {
    weight: 4,
    arbitrary: FastCheck.record({ do: is("ask"), to: member, millis: thirds(4, 1) })
  },
  { weight: 3, arbitrary: FastCheck.record({ do: is("advance"), millis: thirds(3, 0) }) }
)

const byActor = (lines: ReadonlyArray<string>) => lines.toSorted((a, b) => a.slice(0, 1).localeCompare(b.slice(0, 1)))

/** Without the reason of news that is unclear. */
const clear = (lines: ReadonlyArray<string>, { unclear }: Model) =>
  byActor(lines).map((line) => {
    const [, to, who] = /^(\d)\.\d+: Ended (\d)/.exec(line) ?? []
    return unclear.includes(`${to} ${who}`) ? line.replace(/Ended \d \w+/, `Ended ${who}`) : line
  })

const seeds = [1, 2, 3, 4]

describe("the runtime and the reference actor system", () => {
  const coveredBy = seeds.map(() => new Set<string>())

  for (const [index, seed] of seeds.entries()) {
    const covered = coveredBy[index]!
    it.effect.prop(
      `laws 1, 3, 4, 5, 7, 10, 14, 15, 27, 28, 34: they agree after every command (seed ${seed})`,
      [FastCheck.array(command, { minLength: 5, maxLength: 40, size: "max" })],
      ([commands]) =>
        Effect.gen(function*() {
          const runtime = yield* makeRuntime
          const model = new Model()
          // the system closes with busy actors in it: time has to pass for them
          yield* Effect.addFinalizer(() =>
            Effect.gen(function*() {
              yield* Effect.forEach(model.actors, ({ index }) => runtime.stop(index))
              yield* settle
              yield* TestClock.adjust(shutdownMillis)
              yield* settle
            })
          )
          // one that lives through everything and sees how the other ends
          for (const [policy, overflow] of [["resume", "drop-newest"], ["stop", "drop-oldest"]] as const) {
            yield* runtime.spawn(policy, 2, overflow)
            model.spawn(policy, 2, overflow)
          }
          for (const [id, command] of commands.entries()) {
            // a member that is not there yet is another one
            const pick = (n: number) => n % model.actors.length
            // the same instant in both: what a millisecond wakes is done before the next, and no two events meet in one
            if (command.do === "advance") {
              for (let i = 0; i < command.millis; i++) {
                model.tick()
                yield* TestClock.adjust(1)
                yield* settle
              }
            } else if (command.do === "spawn") {
              if (model.actors.length < 4) {
                model.spawn(command.policy, command.capacity, command.overflow)
                yield* runtime.spawn(command.policy, command.capacity, command.overflow)
              }
            } else {
              const to = pick(command.to)
              const actor = model.actors[to]!
              if (command.do === "stop") {
                model.stop(actor)
                yield* runtime.stop(to)
              } else if (command.do === "ask") {
                const request = new Sum({ id })
                model.ask(actor, request, command.millis)
                yield* runtime.ask(to, request, command.millis)
              } else {
                const mail = command.do === "work"
                  ? new Work({ id, millis: command.millis })
                  : command.do === "watch"
                  ? new Look({ id, at: pick(command.at) })
                  : command.do === "quit"
                  ? new Quit({ id })
                  : command.do === "note"
                  ? new Note({ id, how: command.how })
                  : new Crash({ id, how: command.how })
                model.send(actor, mail)
                yield* runtime.tell(to, mail)
              }
            }
            model.settle()
            yield* settle
            const seen = runtime.seen()
            expect(clear(seen.handled, model)).toEqual(clear(model.handled, model))
            expect(seen.letters.toSorted()).toEqual(model.letters.toSorted())
            expect(seen.answers.toSorted()).toEqual(model.answers.toSorted())
          }
          for (const line of [...model.letters, ...model.answers]) covered.add(line.slice(line.indexOf(" ") + 1))
          for (const line of clear(model.handled, model)) {
            const word = /Ended \d (\w+)/.exec(line)?.[1]
            if (word !== undefined) covered.add(word)
          }
        }).pipe(Effect.scoped, Effect.provide(ActorSystem.layerLocal())),
      { fastCheck: { numRuns: 60, seed, endOnFailure: true } }
    )
  }

  afterAll(() => {
    const outcomes = ["terminated", "overflow", "poison", "AskTimeout", "MailboxFull", "ActorTerminated"]
    const ends = ["Stopped", "Failed", "NotFound"]
    const missing = coveredBy.map((covered) => [...outcomes, ...ends].filter((word) => !covered.has(word)))
    expect(missing, "outcomes that the commands of a seed never reached").toEqual(seeds.map(() => []))
  })
})
