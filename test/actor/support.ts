/** What the tests of actors share. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as ActorSystem from "synod/actor/ActorSystem"
import type { DeadLetter } from "synod/actor/DeadLetters"

/** Lets everything that is ready run: some turns of the event loop, no time. */
export const settle: Effect.Effect<void> = Effect.repeatN(
  Effect.async<void>((resume) => {
    setImmediate(() => resume(Effect.void))
  }),
  5
)

/** Every dead letter from now on. */
export const deadLetters: Effect.Effect<
  Array<DeadLetter>,
  never,
  ActorSystem.ActorSystem | Scope.Scope
> = Effect.gen(function*() {
  const system = yield* ActorSystem.ActorSystem
  const letters: Array<DeadLetter> = []
  yield* Effect.forkScoped(Stream.runForEach(system.deadLetters, (letter) => Effect.sync(() => letters.push(letter))))
  yield* settle
  return letters
})
