/**
 * How much mail an actor holds, and what happens to the rest.
 *
 * @since 0.1.0
 */

/**
 * What happens to a message that finds the mailbox full. Every lost message is a dead letter with the reason `overflow`; a lost ask ends with `MailboxFull`.
 *
 * - `suspend`: the sender of `tell` waits, first come first served, until there is room or the actor ended. A cycle of full mailboxes can stall.
 * - `drop-newest`: the first messages are kept. `unsafeTell` says `dropped`.
 * - `drop-oldest`: the last messages are kept. `unsafeTell` says `enqueued`.
 * - `fail`: a refusal is the sender's to act on: as `drop-newest`, named for what the sender sees.
 *
 * @since 0.1.0
 * @category models
 */
export type Overflow = "suspend" | "drop-newest" | "drop-oldest" | "fail"

/**
 * The bound of a mailbox, in messages (the stash counts), and its overflow policy. Ticks of timers, news of watched actors and results of `pipe` are bounded
 * by their sources and never lost to the bound.
 *
 * @since 0.1.0
 * @category models
 */
export interface Mailbox {
  readonly capacity: number
  readonly overflow: Overflow
}

/**
 * A mailbox of at most `capacity` messages. Throws a `RangeError` unless it is a positive integer.
 *
 * @since 0.1.0
 * @category constructors
 */
export const bounded = (capacity: number, overflow: Overflow = "suspend"): Mailbox => {
  if (!Number.isSafeInteger(capacity) || capacity < 1) {
    throw new RangeError(`a mailbox holds at least 1 message, got ${capacity}`)
  }
  return { capacity, overflow }
}

/**
 * A mailbox without a bound: memory is the limit.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unbounded: Mailbox = { capacity: Number.POSITIVE_INFINITY, overflow: "fail" }

/**
 * 1,024 messages, then the sender waits: what `spawn` takes unless told.
 *
 * @since 0.1.0
 * @category constructors
 */
export const standard: Mailbox = bounded(1_024, "suspend")
