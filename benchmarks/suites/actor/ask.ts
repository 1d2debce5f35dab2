/**
 * Asks one after another from one fiber (nact: one async function), and tells from a fiber: n requests of which each adds its number.
 */
import * as Machine from "@effect/experimental/Machine"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { dispatch, query, type Ref, spawn, start } from "nact"
import * as Actor from "synod/actor/Actor"
import * as ActorRef from "synod/actor/ActorRef"
import * as Mailbox from "synod/actor/Mailbox"
import type { Started } from "../../harness/Suite.js"
import { fold } from "./state.js"
import { system } from "./toolkits/synod.js"

/** The answer to the last request is the fold of all of them. */
export const expected = (n: number): string => {
  let hash = 0
  for (let i = 0; i < n; i++) hash = fold(hash, i)
  return String(hash)
}

/** n asks in one fiber; the first one starts afresh. */
const inFiber = (ask: (n: number) => Effect.Effect<number, unknown>): Started => ({
  run: (n) =>
    Effect.gen(function*() {
      let last = 0
      for (let i = 0; i < n; i++) last = yield* ask(i)
      return { operations: n, checksum: String(last) }
    }).pipe(Effect.runPromise)
})

const next = (state: number, n: number): number => n === 0 ? 0 : fold(state, n)

class Add extends Actor.Request("Add", { payload: { n: Schema.Int }, success: Schema.Int }) {}

export const synod = async (): Promise<Started> => {
  const adder = Actor.make("adder", { messages: [Add], initial: () => 0 }).on({
    Add: (state, { n }) => {
      const sum = next(state, n)
      return Actor.reply(sum, sum)
    }
  })
  const ref = await Effect.runPromise((await system()).spawn(adder))
  return inFiber((n) => ActorRef.ask(ref, new Add({ n })))
}

/** The idiom of Effect's own documentation: the request carries a Deferred. */
export const queueDeferred = async (): Promise<Started> => {
  const queue = Effect.runSync(Queue.unbounded<{ readonly n: number; readonly answer: Deferred.Deferred<number> }>())
  let state = 0
  const handle = ({ answer, n }: { readonly n: number; readonly answer: Deferred.Deferred<number> }) =>
    Effect.suspend(() => {
      state = next(state, n)
      return Deferred.succeed(answer, state)
    })
  Effect.runFork(Effect.forever(Effect.flatMap(Queue.take(queue), handle)))
  return inFiber((n) =>
    Effect.flatMap(
      Deferred.make<number>(),
      (answer) => Effect.zipRight(Queue.offer(queue, { n, answer }), Deferred.await(answer))
    )
  )
}

class MachineAdd extends Schema.TaggedRequest<MachineAdd>()("Add", {
  payload: { n: Schema.Int },
  success: Schema.Int,
  failure: Schema.Never
}) {}

const bootMachine = () =>
  Effect.runPromise(
    Machine.boot(Machine.make(Effect.succeed(
      Machine.procedures.make(0).pipe(
        Machine.procedures.add<MachineAdd>()("Add", ({ request, state }) => {
          const sum = next(state, request.n)
          return Effect.succeed([sum, sum] as const)
        })
      )
    ))).pipe(Effect.provideService(Scope.Scope, Effect.runSync(Scope.make())))
  )

export const machine = async (): Promise<Started> => {
  const actor = await bootMachine()
  return inFiber((n) => actor.send(new MachineAdd({ n })))
}

interface NactRequest {
  readonly n: number
  readonly to: Ref<number>
}

const nactActor = () =>
  spawn(start(), (state: number | undefined, { n, to }: NactRequest) => {
    const sum = next(state ?? 0, n)
    dispatch(to, sum)
    return sum
  }, "adder")

export const nact = (): Promise<Started> => {
  const ref = nactActor()
  return Promise.resolve({
    run: async (n) => {
      let last = 0
      for (let i = 0; i < n; i++) last = await query(ref, (to: Ref<number>) => ({ n: i, to }), 60_000)
      return { operations: n, checksum: String(last) }
    }
  })
}

class Note extends Actor.Message("Note", { n: Schema.Int }) {}
class Sum extends Actor.Request("Sum", { success: Schema.Int }) {}

/** n tells from a fiber, in order, with back-pressure of the standard mailbox; an ask at the end. */
export const synodTell = async (): Promise<Started> => {
  const adder = Actor.make("adder", { messages: [Note, Sum], initial: () => 0 }).on({
    Note: (state, { n }) => next(state, n),
    Sum: (state) => Actor.reply(state, state)
  })
  const ref = await Effect.runPromise((await system()).spawn(adder, { mailbox: Mailbox.standard }))
  return {
    run: (n) =>
      Effect.gen(function*() {
        for (let i = 0; i < n; i++) yield* ActorRef.tell(ref, new Note({ n: i }))
        return { operations: n, checksum: String(yield* ActorRef.ask(ref, new Sum(), { timeout: "1 minute" })) }
      }).pipe(Effect.runPromise)
  }
}

/** The same on a bounded Queue of the same size. */
export const queueTell = async (): Promise<Started> => {
  const queue = Effect.runSync(Queue.bounded<number | Deferred.Deferred<number>>(1_024))
  let state = 0
  const handle = (message: number | Deferred.Deferred<number>): Effect.Effect<unknown> => {
    if (typeof message !== "number") return Deferred.succeed(message, state)
    state = next(state, message)
    return Effect.void
  }
  Effect.runFork(Effect.forever(Effect.flatMap(Queue.take(queue), handle)))
  return {
    run: (n) =>
      Effect.gen(function*() {
        for (let i = 0; i < n; i++) yield* Queue.offer(queue, i)
        const answer = yield* Deferred.make<number>()
        yield* Queue.offer(queue, answer)
        return { operations: n, checksum: String(yield* Deferred.await(answer)) }
      }).pipe(Effect.runPromise)
  }
}
