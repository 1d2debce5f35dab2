/** Actors whose lives can be read afterwards: a journal of starts, releases and handled words. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import * as Actor from "synod/actor/Actor"
import type * as ActorRef from "synod/actor/ActorRef"
import * as ActorSystem from "synod/actor/ActorSystem"
import type * as DeathWatch from "synod/actor/DeathWatch"
import type { Self } from "synod/actor/Self"

export type Words = Say | Do | Count
export type Step = (state: number, self: Self<Words>) => number | Effect.Effect<number, never, Scope.Scope>

/** Is written into the journal, and counted. */
export class Say extends Actor.Message("Say", { word: Schema.String }) {}
/** Is obeyed: the step is the handler. */
export class Do extends Actor.Message("Do", { step: Schema.declare((u): u is Step => typeof u === "function") }) {}
/** How many words this life has heard. */
export class Count extends Actor.Request("Count", { success: Schema.Number }) {}

export const crash = (what = "boom") =>
  new Do({
    step: () => {
      throw new Error(what)
    }
  })

export interface Options {
  readonly initial?: (life: number, self: Self<Words>) => Effect.Effect<number, string, Scope.Scope>
  readonly stopping?: (state: number, reason: DeathWatch.Reason) => Effect.Effect<void>
}

/** Writes `+name.1` when its first life acquires, `-name.1` when that is released, and `name.1:word` for each word. */
export const scribe = (journal: Array<string>, name: string, options: Options = {}) => {
  let life = 0
  return Actor.make(name, {
    messages: [Say, Do, Count],
    initial: (self: Self<Words>) => {
      life++
      return Effect.zipRight(hold(journal, `${name}.${life}`), options.initial?.(life, self) ?? Effect.succeed(0))
    },
    ...(options.stopping === undefined ? {} : { stopping: options.stopping })
  }).on((self) => ({
    Say: (heard, { word }) => {
      journal.push(`${name}.${life}:${word}`)
      return heard + 1
    },
    Do: (heard, { step }) => step(heard, self),
    Count: (heard) => Actor.reply(heard, heard)
  }))
}

/** A resource of the current Scope, seen in the journal. */
export const hold = (journal: Array<string>, name: string): Effect.Effect<void, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => void journal.push(`+${name}`)),
    () => Effect.sync(() => void journal.push(`-${name}`))
  )

export const local = Effect.provide(ActorSystem.layerLocal())

/** Lets everything that can run without time passing run to its end. */
export const settle: Effect.Effect<void> = Effect.repeatN(
  Effect.async<void>((resume) => {
    setImmediate(() => resume(Effect.void))
  }),
  7
)

/** Time passes, and what it woke runs to its end. */
export const pass = (duration: Parameters<typeof TestClock.adjust>[0]) =>
  Effect.zipRight(settle, Effect.zipRight(TestClock.adjust(duration), settle))

/** What a topic of the system tells from now on, in a list that grows. */
export const listen = <A>(topic: (system: ActorSystem.ActorSystemService) => Stream.Stream<A>) =>
  Effect.gen(function*() {
    const heard: Array<A> = []
    const system = yield* ActorSystem.ActorSystem
    yield* Effect.forkScoped(Stream.runForEach(topic(system), (value) => Effect.sync(() => void heard.push(value))))
    yield* settle
    return heard
  })

/** Whether a fiber has ended, looked at once. */
export const isDone = <A, E>(fiber: Fiber.RuntimeFiber<A, E>): Effect.Effect<boolean> =>
  Effect.map(Fiber.poll(fiber), (exit) => exit._tag === "Some")

export const failureOf = <A, E>(exit: Exit.Exit<A, E>): E | undefined =>
  Exit.isFailure(exit) && exit.cause._tag === "Fail" ? exit.cause.error : undefined

export type Ref = ActorRef.ActorRef<Words>
