/**
 * A request's failure that its type declares: it answers the asker and leaves the actor and its state alone.
 */
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** What a request's handler failed with on purpose. */
export class Declared {
  constructor(readonly error: unknown) {}
}

/** On the prototype of what `Actor.Request` makes. */
export const requestMark = Symbol.for("synod/Request")

/** Whether a message declares failures: nobody can crash an actor by telling it what is meant to be asked. */
export const isRequest = (message: object): boolean => requestMark in message || Schema.symbolWithResult in message

/** Ends a handler whose asker went away. A defect, so that it passes by what a handler does about its failures. */
export const askerGone = Symbol("synod/asker gone")

/** A declared failure is an outcome, and so is that nobody waits for one; anything else is a crash. */
export const declared = (cause: Cause.Cause<unknown>): Effect.Effect<unknown, unknown> => {
  const defects = Cause.defects(cause)
  if (defects.length > 0 && Chunk.every(defects, (defect) => defect === askerGone)) {
    return Effect.succeed(new Declared(askerGone))
  }
  const failure = Cause.isInterrupted(cause) || Cause.isDie(cause) ? Option.none() : Cause.failureOption(cause)
  return Option.isSome(failure) ? Effect.succeed(new Declared(failure.value)) : Effect.failCause(cause)
}
