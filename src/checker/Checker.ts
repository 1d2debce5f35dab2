/**
 * The explicit-state model checker: visits every reachable state of a model and judges its properties, with shortest traces.
 *
 * Guarantee: a violation that is reported is real, and its trace is a shortest one (breadth first; a run that goes on for ever has a shortest way into its cycle). "holds" is
 * said only when every reachable state was visited (but for the chance of `collisionProbability` that two states shared a 64-bit fingerprint); a search that a limit ended
 * says "unknown" of what it did not decide, and can go on. A claim about whole runs is about those inside the model's boundary.
 *
 * @since 0.1.0
 */
import type { Vocabulary } from "../core/Protocol.js"
import type { ActionModel } from "../model/ActionModel.js"
import type { Property } from "../model/Property.js"
import { isLiveness, predicates } from "../model/Property.js"
import { permuteState } from "../model/Symmetry.js"
import type { System, SystemModel } from "../model/SystemModel.js"
import { ActionSpace } from "./internal/ActionSpace.js"
import { sampled } from "./internal/Equivariance.js"
import { explorationOf } from "./internal/exploration.js"
import { Purity } from "./internal/Purity.js"
import { SymmetricSpace } from "./internal/SymmetricSpace.js"
import { SystemSpace } from "./internal/SystemSpace.js"

export { Refusal } from "./internal/Refusal.js"
export type { End, Failure, Report, Step, Verdict } from "./internal/Report.js"
import { Refusal } from "./internal/Refusal.js"
import type { Report } from "./internal/Report.js"

/**
 * When a search gives up. All are without a limit unless told.
 *
 * @since 0.1.0
 * @category models
 */
export interface Limits {
  readonly maxStates?: number | undefined
  readonly maxDepth?: number | undefined
  /** Of the set of states, the way to each, the edges and answers that liveness keeps, and what waits; looked at after each 1,024 states. */
  readonly maxBytes?: number | undefined
  /** Asked after each 1,024 states; true ends the search. The engine has no clock: time limits are the caller's. */
  readonly isInterrupted?: (() => boolean) | undefined
}

/**
 * How a search goes about it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Settings {
  /** Breadth first (the default) has the shortest traces. */
  readonly order?: "breadth" | "depth" | undefined
  /** Keeps and compares whole states instead of 64-bit fingerprints. Default false. */
  readonly exact?: boolean | undefined
  /** Goes on when every property is decided, so that the counts are those of the whole space. Default true. */
  readonly exhaustive?: boolean | undefined
  /** Counts states that the model's symmetry turns into each other once. Default false; a model that declares none is refused, and so are claims about runs. */
  readonly symmetry?: boolean | undefined
  /** Asks the model's functions and claims again for one memoised answer of so many, freezes what they are given and refuses those that are not pure. Default: never. */
  readonly purity?: number | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options extends Limits, Settings {}

/**
 * A search that can stop at a limit and go on with larger ones, with the counts of one run.
 *
 * @since 0.1.0
 * @category models
 */
export interface Exploration<S> {
  readonly run: (limits?: Limits) => Report<S>
}

/**
 * Checks a model of variables and guarded actions. Throws a `Refusal` for a model or options that cannot be checked.
 *
 * @since 0.1.0
 * @category checking
 */
export const check = <V extends { readonly [name: string]: unknown }>(
  model: ActionModel<V>,
  options: Options = {}
): Report<V> => start(model, options).run(options)

/**
 * Checks a system of nodes. Throws a `Refusal` for a model or options that cannot be checked.
 *
 * @since 0.1.0
 * @category checking
 */
export const checkSystem = <P extends Vocabulary, H>(
  model: SystemModel<P, H>,
  options: Options = {}
): Report<System<P, H>> => startSystem(model, options).run(options)

/**
 * Begins a check of a model of variables and guarded actions.
 *
 * @since 0.1.0
 * @category checking
 */
export const start = <V extends { readonly [name: string]: unknown }>(
  model: ActionModel<V>,
  settings: Settings = {}
): Exploration<V> => {
  const plain = new ActionSpace(model, new Purity(settings.purity))
  if (settings.symmetry === true) refuseUnsound(model, settings)
  const space = settings.symmetry === true ? reduced(plain, model) : plain
  return explorationOf(space, plain, model.name, model.properties, settings)
}

/**
 * Begins a check of a system of nodes.
 *
 * @since 0.1.0
 * @category checking
 */
export const startSystem = <P extends Vocabulary, H>(
  model: SystemModel<P, H>,
  settings: Settings = {}
): Exploration<System<P, H>> => {
  if (settings.symmetry === true) throw new Refusal("invalid", "symmetry", `${model.name} declares no symmetry`)
  const space = new SystemSpace(model, new Purity(settings.purity))
  return explorationOf(space, space, model.name, model.properties, settings)
}

/** What is no answer about all states when only one of each orbit is visited. */
const refuseUnsound = <S, R>(
  { name, properties, symmetry = [] }: {
    readonly name: string
    readonly properties: ReadonlyArray<Property<S, R>>
    readonly symmetry?: ReadonlyArray<unknown> | undefined
  },
  { exact = false }: Settings
): void => {
  if (symmetry.length === 0) throw new Refusal("invalid", "symmetry", `${name} declares no symmetry`)
  if (exact) {
    throw new Refusal("unsound", "exact", "exact mode keeps states, and symmetry knows orbits by fingerprint only")
  }
  for (const property of properties) {
    if (!isLiveness(property) && property.kind !== "noDeadlock") continue
    throw new Refusal(
      "unsound",
      `property ${property.name}`,
      `property ${property.name} of ${name} is about what follows on a state, which symmetry loses: check it without`
    )
  }
}

const reduced = <V extends { readonly [name: string]: unknown }>(
  space: ActionSpace<V>,
  { actions, name, properties, symmetry = [] }: ActionModel<V>
): SymmetricSpace => {
  const guard = sampled<V>({
    name,
    successors: (state) => actions.flatMap((action) => action.step(state).map((next) => ({ ...state, ...next }))),
    rename: permuteState,
    claims: properties.flatMap((property) => predicates(property).map((holds) => ({ name: property.name, holds })))
  }, symmetry)
  return new SymmetricSpace(space, symmetry, (state) => guard(state as () => V)) // the space decodes the states of its own model
}
