/**
 * When actors get their turns. One dispatcher serves all actors of a system: ready actors stand in a ring, each runs at most one batch of its mail, and
 * the whole gives the event loop back after a slice.
 *
 * Guarantee: no actor runs more than one batch while another is ready; between two macrotasks at most one slice is spent, whatever chain of microtasks,
 * promises or fibers the handlers make, so timers and I/O run. Non-goal: preemption of a plain handler that does not return.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"

/**
 * How a dispatcher reaches the event loop, and how much it takes of it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Turns {
  /** Runs `turn` soon: before timers and I/O. */
  readonly soon: (turn: () => void) => void
  /** Runs `turn` after timers and I/O had their chance. */
  readonly later: (turn: () => void) => void
  /** Milliseconds of a monotonic clock, for `maxMillis` only. */
  readonly now: () => number
  /** Messages of one actor before the next ready actor has its turn. */
  readonly batch: number
  /** Messages of all actors in one turn of the event loop. */
  readonly slice: number
  /** A slice ends early when it has taken so long (looked at after each 64 messages). */
  readonly maxMillis: number
}

/**
 * Microtasks and `setImmediate`, batch 512, slice 1,024, 10 ms: chosen by the sweeps of the prototype that this follows.
 *
 * @since 0.1.0
 * @category constructors
 */
export const eventLoop: Turns = {
  soon: queueMicrotask,
  later: setImmediate,
  now: () => performance.now(),
  batch: 512,
  slice: 1_024,
  maxMillis: 10
}

/**
 * The turns that a system built here takes. A deterministic runtime provides its own.
 *
 * @since 0.1.0
 * @category tags
 */
export class Dispatcher extends Context.Reference<Dispatcher>()("synod/Dispatcher", {
  defaultValue: () => eventLoop
}) {}
