/**
 * The explicit-state model checker: visits every reachable state of a model and judges its properties, with shortest traces.
 *
 * Guarantee: a violation that is reported is real, and its trace is a shortest one. "holds" is said only when every reachable state was visited (but for the chance of
 * `collisionProbability` that two states shared a 64-bit fingerprint); a search that a limit ended says "unknown" of what it did not decide.
 *
 * @since 0.1.0
 */
import type { ActionModel, Property } from "../model/ActionModel.js"
import { ActionSpace } from "./internal/ActionSpace.js"
import { replay } from "./internal/Replay.js"
import type { End } from "./internal/Search.js"
import { Search } from "./internal/Search.js"

/**
 * When a search gives up. All are without a limit unless told.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly maxStates?: number | undefined
  readonly maxDepth?: number | undefined
  /** Asked now and then; true ends the search. The engine has no clock: time limits are the caller's. */
  readonly isInterrupted?: (() => boolean) | undefined
  /** Goes on when every property is decided, so that the counts are those of the whole space. Default true. */
  readonly exhaustive?: boolean | undefined
}

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
 * What was found of a property. The trace leads to a violation of `always`, or to a witness of `sometimes`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Verdict<S> {
  readonly name: string
  readonly kind: Property<S>["kind"]
  readonly verdict: "holds" | "violated" | "unknown"
  readonly trace: ReadonlyArray<Step<S>> | undefined
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
  /** Levels; the initial states are the first. */
  readonly depth: number
  /** Every reachable state was visited. */
  readonly complete: boolean
  readonly end: End
  readonly properties: ReadonlyArray<Verdict<S>>
  /** Of the store, the traces and the frontier. */
  readonly bytesPerState: number
  readonly collisionProbability: number
}

/**
 * Checks a model of variables and guarded actions. A property or an action that throws is its author's: the error names it.
 *
 * @since 0.1.0
 * @category checking
 */
export const check = <V extends { readonly [name: string]: unknown }>(
  model: ActionModel<V>,
  options: Options = {}
): Report<V> => {
  const space = new ActionSpace(model)
  const found: Array<number> = model.properties.map(() => -1)
  let open = model.properties.length
  const exhaustive = options.exhaustive ?? true
  const search = new Search(
    space,
    (vector, length, number) => {
      if (open === 0) return false
      const state = space.decode(vector, length)
      for (const [index, property] of model.properties.entries()) {
        if (found[index]! >= 0 || judged(model.name, property, state) === (property.kind === "always")) continue
        found[index] = number
        open--
      }
      return open === 0 && !exhaustive
    },
    {
      maxStates: options.maxStates ?? Number.POSITIVE_INFINITY,
      maxDepth: options.maxDepth ?? Number.POSITIVE_INFINITY,
      isInterrupted: options.isInterrupted ?? (() => false)
    }
  )
  const end = search.run()
  const complete = end === "exhausted"
  return {
    model: model.name,
    distinctStates: search.distinct,
    generatedStates: search.generated,
    depth: search.depth,
    complete,
    end,
    properties: model.properties.map((property, index) => {
      const number = found[index]!
      const isFound = number >= 0
      const whenFound = property.kind === "always" ? "violated" : "holds"
      const whenNot = property.kind === "always" ? "holds" : "violated"
      return {
        name: property.name,
        kind: property.kind,
        verdict: isFound ? whenFound : complete ? whenNot : "unknown",
        trace: isFound
          ? replay(space, search, number).map(({ event, vector }) => ({
            event: event < 0 ? undefined : space.eventName(event),
            state: space.decode(vector, vector.length)
          }))
          : undefined
      }
    }),
    bytesPerState: search.distinct === 0 ? 0 : search.bytes / search.distinct,
    collisionProbability: search.distinct ** 2 / 2 ** 65
  }
}

const judged = <S>(model: string, property: Property<S>, state: S): boolean => {
  try {
    return property.holds(state)
  } catch (error) {
    throw new Error(`property ${property.name} of ${model} threw: ${String(error)}`, { cause: error })
  }
}
