/**
 * What an actor knows of itself and can do to itself.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Schedule from "effect/Schedule"
import type { AnyRequest, Behavior, Failure, Success } from "./Actor.js"
import type { SpawnError, StashFull } from "./ActorError.js"
import type { ActorRef } from "./ActorRef.js"
import type { SpawnOptions } from "./ActorSystem.js"
import type { Terminated } from "./DeathWatch.js"

/**
 * Keyed timers of one life. A tick that was cancelled, replaced or armed by an earlier life is never handled, even if it is already queued.
 *
 * @since 0.1.0
 * @category models
 */
export interface Timers<in M> {
  /** Sends `message` to the actor after `delay`, once. Replaces the timer of that key. */
  readonly once: (key: string, delay: Duration.DurationInput, message: M) => void
  /** Sends `message` again and again: the next delay begins when the tick was handled, so ticks never pile up. A duration is a fixed delay. */
  readonly every: (
    key: string,
    schedule: Duration.DurationInput | Schedule.Schedule<unknown>,
    message: M
  ) => void
  readonly cancel: (key: string) => void
}

/**
 * An actor, seen by itself. What returns nothing is synchronous, so that plain handlers can use it; what returns an Effect is returned from a handler.
 *
 * @since 0.1.0
 * @category models
 */
export interface Self<M> {
  readonly ref: ActorRef<M>
  /** Ends the actor after the current message. */
  readonly stop: () => void
  /** Puts the current message aside until `unstashAll`. A stashed request is answered when it comes again: return `Actor.later(state)`. */
  readonly stash: (message: M) => Effect.Effect<void, StashFull>
  /** The same for plain handlers: false when stash and mailbox hold their bound, and then nothing happened. */
  readonly unsafeStash: (message: M) => boolean
  /** Puts what was stashed before the waiting mail, in the order of arrival. */
  readonly unstashAll: () => void
  /** Answers a request that was answered by `Actor.later`. The first answer wins; another is reported as a dead letter. */
  readonly reply: <Q extends M & AnyRequest>(request: Q, exit: Exit.Exit<Success<Q>, Failure<Q>>) => void
  /** Starts a child: it ends before the life in which it is started. Between two lives, and from a stop on, it is refused. */
  readonly spawn: <N, E, R>(
    behavior: Behavior<N, E, R>,
    options?: SpawnOptions
  ) => Effect.Effect<ActorRef<N>, E | SpawnError, R>
  /** Runs an effect beside the mailbox; its exit comes back as a message. It is interrupted with this life. */
  readonly pipe: <A, E, R>(
    effect: Effect.Effect<A, E, R>,
    message: (exit: Exit.Exit<A, E>) => M
  ) => Effect.Effect<void, never, R>
  /** Sends this actor a message, once, when the other has ended; at once if it has. A life's watches end with it. */
  readonly watch: (ref: ActorRef<never>, message: (terminated: Terminated) => M) => void
  /** After it no news of `ref` arrives, even if it is already queued. */
  readonly unwatch: (ref: ActorRef<never>) => void
  readonly timers: Timers<M>
}
