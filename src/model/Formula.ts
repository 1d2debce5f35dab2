/**
 * Formulas of linear temporal logic over the states and steps of a run.
 *
 * A run is infinite: one that ends stays in its last state for ever, and no step is taken there. What changes nothing is no step. A formula is true of a run when it is true
 * from its first state on.
 *
 * @since 0.1.0
 */

/**
 * A step as claims see it: it changes something. `event` is the name of the action, delivery or fault that was taken.
 *
 * @since 0.1.0
 * @category models
 */
export interface Step<S> {
  readonly before: S
  readonly event: string
  readonly after: S
}

/**
 * @since 0.1.0
 * @category models
 */
export type Formula<S> =
  | { readonly _tag: "Constant"; readonly value: boolean }
  | { readonly _tag: "State"; readonly holds: (state: S) => boolean }
  | { readonly _tag: "Step"; readonly holds: (step: Step<S>) => boolean }
  | { readonly _tag: "Not"; readonly of: Formula<S> }
  | { readonly _tag: "And" | "Or" | "Until" | "Release"; readonly left: Formula<S>; readonly right: Formula<S> }
  | { readonly _tag: "Next"; readonly of: Formula<S> }

/**
 * True of a state.
 *
 * @since 0.1.0
 * @category constructors
 */
export const state = <S>(holds: (state: S) => boolean): Formula<S> => ({ _tag: "State", holds })

/**
 * True where the next step is one of these; false where the run has ended.
 *
 * @since 0.1.0
 * @category constructors
 */
export const step = <S>(holds: (step: Step<S>) => boolean): Formula<S> => ({ _tag: "Step", holds })

/**
 * @since 0.1.0
 * @category connectives
 */
export const not = <S>(of: Formula<S>): Formula<S> => ({ _tag: "Not", of })

/**
 * @since 0.1.0
 * @category connectives
 */
export const and = <S>(left: Formula<S>, right: Formula<S>): Formula<S> => ({ _tag: "And", left, right })

/**
 * @since 0.1.0
 * @category connectives
 */
export const or = <S>(left: Formula<S>, right: Formula<S>): Formula<S> => ({ _tag: "Or", left, right })

/**
 * @since 0.1.0
 * @category connectives
 */
export const implies = <S>(left: Formula<S>, right: Formula<S>): Formula<S> => or(not(left), right)

/**
 * From the next state on.
 *
 * @since 0.1.0
 * @category temporal
 */
export const next = <S>(of: Formula<S>): Formula<S> => ({ _tag: "Next", of })

/**
 * `left` until `right`, which must come; where `right` is true already, `left` need not be.
 *
 * @since 0.1.0
 * @category temporal
 */
export const until = <S>(left: Formula<S>, right: Formula<S>): Formula<S> => ({ _tag: "Until", left, right })

/**
 * `right` up to and including the first `left`; for ever where `left` never comes.
 *
 * @since 0.1.0
 * @category temporal
 */
export const release = <S>(left: Formula<S>, right: Formula<S>): Formula<S> => ({ _tag: "Release", left, right })

/**
 * Now and from every later state on.
 *
 * @since 0.1.0
 * @category temporal
 */
export const always = <S>(of: Formula<S>): Formula<S> => release({ _tag: "Constant", value: false }, of)

/**
 * Now or from some later state on.
 *
 * @since 0.1.0
 * @category temporal
 */
export const eventually = <S>(of: Formula<S>): Formula<S> => until({ _tag: "Constant", value: true }, of)
