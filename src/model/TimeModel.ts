/**
 * What time promises: the T that a system is checked under. It is a parameter of the system, never of the protocol.
 *
 * @since 0.1.0
 */
import type { Millis } from "../core/Protocol.js"

/**
 * - `asynchronous`: no clock. Any enabled event may be next; an armed timer may fire at any moment.
 * - `synchronous`: lock-step rounds. In a round every live node takes all messages that were sent to it in the round before, in the order of senders and then of
 *   encodings, and then each of its timers fires. A node that crashes in a round has sent to a subset of those it meant to reach.
 * - `partiallySynchronous`: asynchronous until the event of stabilisation (GST), which may come at any moment. From then on a clock ticks: a message that its receiver
 *   minds arrives at most `delta` after GST or after it was sent, whichever is later, and a timer fires within the range that it was armed with; nothing is lost.
 *
 * @since 0.1.0
 * @category models
 */
export type TimeModel =
  | { readonly kind: "asynchronous" }
  | { readonly kind: "synchronous" }
  | {
    readonly kind: "partiallySynchronous"
    /** In ticks. */
    readonly delta: number
    /** What one tick of the clock stands for. A timer's range is widened to whole ticks. */
    readonly tick: Millis
  }

/**
 * @since 0.1.0
 * @category constructors
 */
export const asynchronous: TimeModel = { kind: "asynchronous" }

/**
 * @since 0.1.0
 * @category constructors
 */
export const synchronous: TimeModel = { kind: "synchronous" }

/**
 * Both in milliseconds; `delta` counts as whole ticks, rounded up. Throws a `RangeError` where a tick is not positive or `delta` is negative.
 *
 * @since 0.1.0
 * @category constructors
 */
export const partiallySynchronous = (options: { readonly delta: Millis; readonly tick: Millis }): TimeModel => {
  if (!(options.tick > 0 && options.delta >= 0 && Number.isFinite(options.delta / options.tick))) {
    throw new RangeError(`partial synchrony: delta ${options.delta} ms and a tick of ${options.tick} ms make no clock`)
  }
  return { kind: "partiallySynchronous", delta: Math.ceil(options.delta / options.tick), tick: options.tick }
}
