/**
 * Systems of variables and guarded actions, as TLA-like specifications describe them: for what is not made of nodes and messages.
 *
 * A state is a value for each variable. An action names the variables it reads and gives, for their values, the assignments that it allows: one for each of its instances,
 * so that two instances with the same successor count as two. The checker runs an action once for each combination of values that it reads; so `step` must be a
 * function of them alone.
 *
 * @since 0.1.0
 */

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
 * A claim about states. `always`: in every reachable one. `sometimes`: in some reachable one; it guards a model against being vacuous.
 *
 * @since 0.1.0
 * @category models
 */
export interface Property<S> {
  readonly name: string
  readonly kind: "always" | "sometimes"
  /** The variables that the claim depends on, so that it is asked once for each combination of their values; every variable where this is absent. */
  readonly reads?: ReadonlyArray<keyof S & string> | undefined
  readonly holds: (state: S) => boolean
}

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
