/**
 * Systems of variables and guarded actions, as TLA-like specifications describe them: for what is not made of nodes and messages.
 *
 * A state is a value for each variable. An action names the variables it reads and gives, for their values, the assignments that it allows: one for each of its instances,
 * so that two instances with the same successor count as two. The checker runs an action once for each combination of values that it reads; so `step` must be a
 * function of them alone.
 *
 * @since 0.1.0
 */

import type { FairActions } from "./Fairness.js"
import type { Property as Claim } from "./Property.js"

/**
 * Values for some variables; those that are not named keep theirs.
 *
 * @since 0.1.0
 * @category models
 */
export type Assignment<V> = { readonly [K in keyof V]?: V[K] }

/**
 * A guarded action. It is disabled where `step` gives nothing.
 *
 * @since 0.1.0
 * @category models
 */
export interface Action<V> {
  readonly name: string
  readonly reads: ReadonlyArray<keyof V & string>
  readonly step: (variables: V) => ReadonlyArray<Assignment<V>>
}

/**
 * A claim about the model. `reads` are the variables that it depends on.
 *
 * @since 0.1.0
 * @category models
 */
export type Property<V> = Claim<V, ReadonlyArray<keyof V & string>>

/**
 * A system of variables and guarded actions. Values are plain data: canonical encodings tell them apart.
 *
 * @since 0.1.0
 * @category models
 */
export interface ActionModel<V extends { readonly [name: string]: unknown }> {
  readonly name: string
  readonly initial: ReadonlyArray<V>
  readonly actions: ReadonlyArray<Action<V>>
  readonly properties: ReadonlyArray<Property<V>>
  /** States outside it are generated and judged, but neither counted nor expanded, as TLC treats a state constraint. */
  readonly boundary?: ((state: V) => boolean) | undefined
  /** Sets of atoms (`Symmetry`) that the model does not tell apart: any permutation within a set takes behaviours to behaviours and leaves the properties true. */
  readonly symmetry?: ReadonlyArray<ReadonlyArray<string>> | undefined
  /** What is owed to actions. Where it is absent, a run goes on as long as any action changes something; where it is empty, a run may end anywhere. */
  readonly fairness?: ReadonlyArray<FairActions> | undefined
}

/**
 * Checks a model's type against its variables.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <V extends { readonly [name: string]: unknown }>(model: ActionModel<V>): ActionModel<V> => model

/**
 * The assignment of a value to the variable of a name that is computed, such as `rm.${r}`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const assign = <K extends string, const A>(name: K, value: A): { readonly [Name in K]: A } =>
  ({ [name]: value }) as { readonly [Name in K]: A } // a computed key is typed as any string
