/**
 * What a check says.
 *
 * @since 0.1.0
 */
import type { Property } from "../../model/Property.js"
import type { End as SearchEnd } from "./Search.js"

/**
 * What ended a check: everything was visited, everything was decided (a check that is not exhaustive), a limit, the caller, or a function of the model that threw.
 *
 * @since 0.1.0
 * @category models
 */
export type End = SearchEnd

/**
 * One step of a trace: the event (absent at the initial state) and the state after it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Step<S> {
  readonly event: string | undefined
  readonly state: S
}

/**
 * What was found of a property. `unknown`: a limit, or a function that threw elsewhere, ended the check before it was decided.
 *
 * @since 0.1.0
 * @category models
 */
export interface Verdict<S> {
  readonly name: string
  readonly kind: Property<S>["kind"]
  readonly verdict: "holds" | "violated" | "unknown"
  /** A run that violates the property, or a witness of `sometimes`; a shortest one, breadth first. */
  readonly trace: ReadonlyArray<Step<S>> | undefined
  /**
   * Of a run that goes on for ever: the place in the trace to which it comes back. Where that is the last place, the run stays in its last state; else the last state
   * is that of this place.
   */
  readonly loop: number | undefined
  /** Why it is violated where that is not what the property says: it threw. */
  readonly reason: string | undefined
}

/**
 * A function of the model (an action, a handler, a hook, a boundary) that threw: the model is violated, whatever its properties say.
 *
 * @since 0.1.0
 * @category models
 */
export interface Failure<S> {
  readonly place: string
  readonly reason: string
  readonly cause: unknown
  /** To the state in which it threw; empty where that is before the first. */
  readonly trace: ReadonlyArray<Step<S>>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Report<S> {
  readonly model: string
  readonly distinctStates: number
  /** Initial states and every edge, repeats included. */
  readonly generatedStates: number
  /** Levels; the initial states are the first. Depth first: states on the longest path. */
  readonly depth: number
  /** Levels that were judged and expanded whole; 0 depth first. */
  readonly finishedDepth: number
  /** States that wait: they were found, and neither judged nor expanded. */
  readonly frontier: number
  /** Every reachable state was visited. */
  readonly complete: boolean
  readonly end: End
  readonly properties: ReadonlyArray<Verdict<S>>
  readonly failure: Failure<S> | undefined
  /** Of the set of states, the way to each, the edges and answers that liveness keeps, and what waits. */
  readonly bytesPerState: number
  /** That two states were taken for one; 0 in exact mode. */
  readonly collisionProbability: number
}
