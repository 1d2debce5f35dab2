/**
 * The explicit-state model checker: visits every reachable state of a model and judges its properties, with shortest traces.
 *
 * Guarantee: a violation that is reported is real, and its trace is a shortest one. "holds" is said only when every reachable state was visited (but for the chance of
 * `collisionProbability` that two states shared a 64-bit fingerprint); a search that a limit ended says "unknown" of what it did not decide.
 *
 * @since 0.1.0
 */
import type { Vocabulary } from "../core/Protocol.js"
import type { ActionModel } from "../model/ActionModel.js"
import { permuteState } from "../model/Symmetry.js"
import type { System, SystemModel } from "../model/SystemModel.js"
import { ActionSpace } from "./internal/ActionSpace.js"
import { sampled } from "./internal/Equivariance.js"
import { replay } from "./internal/Replay.js"
import type { End } from "./internal/Search.js"
import { Search } from "./internal/Search.js"
import type { Space } from "./internal/Space.js"
import { SymmetricSpace } from "./internal/SymmetricSpace.js"
import { SystemSpace } from "./internal/SystemSpace.js"

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
  /** Counts states that the model's symmetry turns into each other once. Default false; a model that declares none is refused with a `RangeError`. */
  readonly symmetry?: boolean | undefined
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
  readonly kind: "always" | "sometimes"
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
  const plain = new ActionSpace(model)
  const space = options.symmetry === true ? reduced(plain, model) : plain
  return explore(space, model.name, model.properties, options, (vector, length) => {
    const state = plain.decode(vector, length)
    return (property) => property.holds(state)
  })
}

const reduced = <V extends { readonly [name: string]: unknown }>(
  space: ActionSpace<V>,
  model: ActionModel<V>
): Space => {
  const { actions, name, properties, symmetry = [] } = model
  if (symmetry.length === 0) throw new RangeError(`${name} declares no symmetry`)
  const guard = sampled<V>({
    name,
    successors: (state) => actions.flatMap((action) => action.step(state).map((next) => ({ ...state, ...next }))),
    rename: permuteState,
    claims: properties
  }, symmetry)
  return new SymmetricSpace(space, symmetry, (state) => guard(state as () => V)) // the space decodes the states of its own model
}

/**
 * Checks a system of nodes. A property, a handler or a hook that throws is its author's: the error names it.
 *
 * @since 0.1.0
 * @category checking
 */
export const checkSystem = <P extends Vocabulary, H>(
  model: SystemModel<P, H>,
  options: Options = {}
): Report<System<P, H>> => {
  const space = new SystemSpace(model)
  const memos = model.properties.map((): Array<boolean | undefined> => [])
  return explore(space, model.name, model.properties, options, (vector, length) => {
    let system: System<P, H> | undefined
    const decoded = () => system ??= space.decode(vector, length)
    return (property, index) => {
      if (property.reads === undefined || property.reads === "system") return property.holds(decoded())
      const dependency = space.dependency(vector, property.reads)
      return memos[index]![dependency] ??= property.holds(decoded())
    }
  })
}

/** What is asked of a state: the property, and its position among the model's. */
type Ask<S, Q extends Claim<S>> = (property: Q, index: number) => boolean

interface Claim<S> {
  readonly name: string
  readonly kind: "always" | "sometimes"
  readonly holds: (state: S) => boolean
}

const explore = <S, Q extends Claim<S>>(
  space: Space,
  name: string,
  properties: ReadonlyArray<Q>,
  options: Options,
  judge: (vector: Int32Array, length: number) => Ask<S, Q>
): Report<S> => {
  const found: Array<number> = properties.map(() => -1)
  let open = properties.length
  const exhaustive = options.exhaustive ?? true
  const search = new Search(
    space,
    (vector, length, number) => {
      if (open === 0) return false
      const ask = judge(vector, length)
      for (let index = 0; index < properties.length; index++) {
        if (found[index]! >= 0) continue
        const property = properties[index]!
        if (judged(name, property, () => ask(property, index)) === (property.kind === "always")) continue
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
    model: name,
    distinctStates: search.distinct,
    generatedStates: search.generated,
    depth: search.depth,
    complete,
    end,
    properties: properties.map(({ kind, name }, index) => {
      const number = found[index]!
      const isFound = number >= 0
      const whenFound = kind === "always" ? "violated" : "holds"
      const whenNot = kind === "always" ? "holds" : "violated"
      return {
        name,
        kind,
        verdict: isFound ? whenFound : complete ? whenNot : "unknown",
        trace: isFound
          ? replay(space, search, number).map(({ event, vector }) => ({
            event,
            state: space.decode(vector, vector.length) as S // the space decodes the states of its own model
          }))
          : undefined
      }
    }),
    bytesPerState: search.distinct === 0 ? 0 : search.bytes / search.distinct,
    collisionProbability: search.distinct ** 2 / 2 ** 65
  }
}

const judged = (model: string, property: { readonly name: string }, ask: () => boolean): boolean => {
  try {
    return ask()
  } catch (error) {
    throw new Error(`property ${property.name} of ${model} threw: ${String(error)}`, { cause: error })
  }
}
