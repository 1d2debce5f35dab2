/**
 * What happens to an actor that crashed, as data.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import type * as Schedule from "effect/Schedule"
import type { Behavior } from "./Actor.js"

/**
 * `resume` goes on with the last returned state, `restart` with a new `initial` after the old life's children, timers and Scope are gone, `stop` ends with `Failed`.
 *
 * @since 0.1.0
 * @category models
 */
export type Directive = "restart" | "resume" | "stop"

/**
 * The delays of restarts, driven by the cause: the schedule's end stops the actor. It begins anew after one quiet period.
 *
 * @since 0.1.0
 * @category models
 */
export type Backoff = Schedule.Schedule<unknown, Cause.Cause<unknown>>

/**
 * The decision by cause, and its limit: crash number `intensity + 1` inside `periodMillis` (sliding, on the Effect Clock) stops the actor.
 * A `decide` that throws means `stop`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Supervision {
  readonly decide: (cause: Cause.Cause<unknown>) => Directive
  readonly intensity: number
  readonly periodMillis: number
  readonly backoff: Backoff | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface RestartOptions {
  /** Default: always `restart`. */
  readonly decide?: ((cause: Cause.Cause<unknown>) => Directive) | undefined
  /** Restarts allowed inside one period. Default 3. */
  readonly intensity?: number | undefined
  /** Default 5 seconds. */
  readonly period?: Duration.DurationInput | undefined
  /** Default: at once. */
  readonly backoff?: Backoff | undefined
}

/**
 * Restarts after a crash: by default at most 3 times in 5 seconds, at once.
 *
 * @example
 * ```ts
 * import { Supervision } from "synod"
 * import { Schedule } from "effect"
 *
 * export const patient = Supervision.restart({ intensity: 10, period: "1 minute", backoff: Schedule.exponential("100 millis") })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const restart = (options: RestartOptions = {}): Supervision => ({
  decide: options.decide ?? (() => "restart"),
  ...limits(options)
})

/**
 * Goes on with the last returned state, without a limit: each crash consumes its message.
 *
 * @since 0.1.0
 * @category constructors
 */
export const resume: Supervision = {
  decide: () => "resume",
  intensity: Number.POSITIVE_INFINITY,
  periodMillis: 0,
  backoff: undefined
}

/**
 * Ends at the first crash: what `spawn` takes unless told.
 *
 * @since 0.1.0
 * @category constructors
 */
export const stop: Supervision = { decide: () => "stop", intensity: 0, periodMillis: 0, backoff: undefined }

/**
 * Advice on intensity. `sturdy`: a fault that comes and goes (3 in 5 s). `eager`: short-lived work behind a flaky dependency (100 in 10 s).
 * `strict`: a crash is a bug, once may happen (1 in 1 h).
 *
 * @since 0.1.0
 * @category constructors
 */
export const presets = {
  sturdy: restart(),
  eager: restart({ intensity: 100, period: "10 seconds" }),
  strict: restart({ intensity: 1, period: "1 hour" })
} as const

/**
 * Whose crash restarts whom: the crashed child; all children; the crashed child and those started after it.
 *
 * @since 0.1.0
 * @category models
 */
export type Strategy = "one-for-one" | "one-for-all" | "rest-for-one"

/**
 * When a child is started again: always; after a crash; never.
 *
 * @since 0.1.0
 * @category models
 */
export type Restart = "permanent" | "transient" | "temporary"

/**
 * A child of a group.
 *
 * @since 0.1.0
 * @category models
 */
export interface ChildSpec<Id extends string, M, E, R> {
  /** Its name in the group. */
  readonly id: Id
  readonly behavior: Behavior<M, E, R>
  /** Default `permanent`. */
  readonly restart?: Restart | undefined
  /** How long its handler may go on after a stop. Default 5 seconds. */
  readonly shutdown?: Duration.DurationInput | undefined
}

/**
 * Several actors whose crashes are one matter: an ordered list of children, started in order and stopped in reverse.
 *
 * @since 0.1.0
 * @category models
 */
export interface Group<Children extends ReadonlyArray<ChildSpec<string, never, unknown, unknown>>> {
  readonly strategy: Strategy
  readonly children: Children
  readonly intensity: number
  readonly periodMillis: number
  readonly backoff: Backoff | undefined
}

/**
 * Describes a group for `ActorSystem.spawnGroup`. Intensity and period count the crashes of all children: the one too many stops all children in
 * reverse order, then the group.
 *
 * @since 0.1.0
 * @category constructors
 */
export const group = <const Children extends ReadonlyArray<ChildSpec<string, never, unknown, unknown>>>(
  options: {
    readonly strategy: Strategy
    readonly children: Children
    readonly intensity?: number | undefined
    readonly period?: Duration.DurationInput | undefined
    readonly backoff?: Backoff | undefined
  }
): Group<Children> => ({ strategy: options.strategy, children: options.children, ...limits(options) })

function limits(options: Pick<RestartOptions, "backoff" | "intensity" | "period">) {
  const intensity = options.intensity ?? 3
  const periodMillis = Duration.toMillis(options.period ?? "5 seconds")
  if (!(intensity >= 0)) throw new RangeError(`intensity must not be negative, got ${intensity}`)
  if (!(periodMillis > 0)) throw new RangeError(`the period must be longer than 0 ms, got ${periodMillis}`)
  return { intensity, periodMillis, backoff: options.backoff }
}
