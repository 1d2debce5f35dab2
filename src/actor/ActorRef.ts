/**
 * The handle of an actor. It stays good across supervised restarts; after the end, what is sent to it is a dead letter.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import type { AnyRequest, Failure, Success, Tagged } from "./Actor.js"
import type { ActorTerminated, AskTimeout, MailboxFull } from "./ActorError.js"
import type { Address } from "./DeathWatch.js"
import type { Cell } from "./internal/Cell.js"
import { askFromFiber } from "./internal/fiber.js"

/**
 * @since 0.1.0
 * @category symbols
 */
export const TypeId: unique symbol = Symbol.for("synod/ActorRef")

/**
 * @since 0.1.0
 * @category symbols
 */
export type TypeId = typeof TypeId

/**
 * A reference to an actor that takes messages `M`. Who may send more may be used where less is sent: it is contravariant.
 *
 * @since 0.1.0
 * @category models
 */
export interface ActorRef<in M> {
  readonly [TypeId]: (message: M) => void
  readonly address: Address
}

/**
 * What became of a message at the moment it was sent: it waits in the mailbox, it was lost to the mailbox's bound, or the actor has ended.
 *
 * @since 0.1.0
 * @category models
 */
export type Verdict = "enqueued" | "dropped" | "terminated"

// every ref of this process is the cell itself: a second object per actor would cost more than it hides
const cellOf = (ref: ActorRef<never>): Cell => ref as unknown as Cell

/**
 * Sends a message synchronously. It never throws and never waits: at a full mailbox with the policy `suspend` the message is dropped.
 *
 * @since 0.1.0
 * @category messaging
 */
export const unsafeTell: {
  <M extends Tagged>(message: M): (ref: ActorRef<M>) => Verdict
  <M extends Tagged>(ref: ActorRef<M>, message: M): Verdict
} = function(first: unknown, message?: Tagged): never {
  // not by `dual`: all functions that it makes share their type feedback
  const verdict = message === undefined
    ? (ref: ActorRef<Tagged>) => cellOf(ref).tell(first as Tagged)
    : cellOf(first as ActorRef<Tagged>).tell(message)
  return verdict as never // the overloads above say which of the two it is
}

/**
 * Sends a message: at most once, in order for this sender and receiver. It never fails; it waits only at a full mailbox with the policy `suspend`.
 *
 * @since 0.1.0
 * @category messaging
 */
export const tell: {
  <M extends Tagged>(message: M): (ref: ActorRef<M>) => Effect.Effect<void>
  <M extends Tagged>(ref: ActorRef<M>, message: M): Effect.Effect<void>
} = dual(
  2,
  <M extends Tagged>(ref: ActorRef<M>, message: M): Effect.Effect<void> =>
    Effect.suspend(() => cellOf(ref).offer(message) ?? Effect.void)
)

/**
 * How long an ask waits unless told: 5 seconds.
 *
 * @since 0.1.0
 * @category messaging
 */
export const defaultTimeoutMillis = 5_000

/**
 * Asks and waits for the answer. It always ends, in one of five ways: the answer, the request's declared failure, `ActorTerminated`, `AskTimeout` (default 5 seconds) or
 * `MailboxFull`. Interrupting it withdraws a request that waits; one whose handler runs goes on, and its
 * answer is dropped, unless the handler allows to be interrupted (`Actor.interruptible`).
 *
 * @since 0.1.0
 * @category messaging
 */
export const ask: {
  <Q extends Tagged & AnyRequest>(
    request: Q,
    options?: AskOptions
  ): (ref: ActorRef<Q>) => Effect.Effect<Success<Q>, Failure<Q> | ActorTerminated | AskTimeout | MailboxFull>
  <Q extends Tagged & AnyRequest>(
    ref: ActorRef<Q>,
    request: Q,
    options?: AskOptions
  ): Effect.Effect<Success<Q>, Failure<Q> | ActorTerminated | AskTimeout | MailboxFull>
} = dual(
  (args) => typeof args[0] === "object" && args[0] !== null && TypeId in args[0],
  (ref: ActorRef<never>, request: Tagged, options?: AskOptions) =>
    // the cell answers what the handler of this very request returned: its types were checked there
    askFromFiber(
      cellOf(ref),
      request,
      options?.timeout === undefined ? defaultTimeoutMillis : Duration.toMillis(options.timeout)
    ) as Effect.Effect<never>
)

/**
 * @since 0.1.0
 * @category models
 */
export interface AskOptions {
  readonly timeout?: Duration.DurationInput | undefined
}
