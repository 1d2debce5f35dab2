/**
 * A handler that runs only as long as its asker waits. Only such a handler pays for it: one fiber more, and a hook in its own ask.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { askerGone } from "./Declared.js"
import { askOf, ended, interrupt, type LifeFiber, onLeave } from "./fiber.js"

/** Ends as `effect` does; when the asker leaves, interrupts it, waits for its finalizers, and ends with `askerGone`. */
export const whileAsked = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.withFiberRuntime<A, E, R>((fiber) => {
    const ask = askOf(fiber as LifeFiber)
    if (ask === undefined || ask.answered) return effect // it was told, or what comes now is after the answer
    if (!ask.isWanted()) return Effect.die(askerGone)
    return Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(Effect.fork(restore(effect)), (child) => {
        let left = false
        onLeave(ask, () => {
          left = true
          interrupt(child)
        })
        const end = Effect.onInterrupt(restore(child.await), () =>
          Effect.zipRight(Effect.sync(() => interrupt(child)), ended(child)))
        return Effect.flatMap(end, (exit) =>
          left && Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause)
            ? Effect.die(askerGone)
            : Effect.zipRight(child.inheritAll, exit))
      })
    )
  })
