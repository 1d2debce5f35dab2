/**
 * Claims about a model, for systems of nodes and for variables with guarded actions alike. `S` is a state as users see it; `R` is how a claim says what it reads.
 *
 * Safety is about states and steps. Liveness (`eventually`, `leadsTo`, `infinitelyOften`, `eventuallyAlways`, `ltl`) is about every fair run; a run ends only where the
 * model's fairness lets it, and then stays in its last state for ever.
 *
 * @since 0.1.0
 */
import type { Formula, Step } from "./Formula.js"

/**
 * What all claims have. `reads` says on what part of a state the claim depends, so that it is asked once for each value of that part; on all of it where it is absent.
 *
 * @since 0.1.0
 * @category models
 */
export interface Claim<R> {
  readonly name: string
  readonly reads?: R | undefined
}

/**
 * In every reachable state.
 *
 * @since 0.1.0
 * @category models
 */
export interface Always<S, R> extends Claim<R> {
  readonly kind: "always"
  readonly holds: (state: S) => boolean
}

/**
 * On every step between reachable states: terms that only grow, decisions that stay. What changes nothing is no step.
 * With `reads`, the claim depends on that part of both states and on the event.
 *
 * @since 0.1.0
 * @category models
 */
export interface AlwaysStep<S, R> extends Claim<R> {
  readonly kind: "alwaysStep"
  readonly holds: (step: Step<S>) => boolean
}

/**
 * In some reachable state; it guards a model against being vacuous.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sometimes<S, R> extends Claim<R> {
  readonly kind: "sometimes"
  readonly holds: (state: S) => boolean
}

/**
 * Of every fair run: some state of it (`eventually`), infinitely many (`infinitelyOften`), all from some point on (`eventuallyAlways`).
 *
 * @since 0.1.0
 * @category models
 */
export interface Recurrence<S, R> extends Claim<R> {
  readonly kind: "eventually" | "infinitelyOften" | "eventuallyAlways"
  readonly holds: (state: S) => boolean
}

/**
 * In every fair run, each state where `from` is true is one where `to` is, or is followed by one.
 *
 * @since 0.1.0
 * @category models
 */
export interface LeadsTo<S, R> extends Claim<R> {
  readonly kind: "leadsTo"
  readonly from: (state: S) => boolean
  readonly to: (state: S) => boolean
}

/**
 * A formula that is true of every fair run.
 *
 * @since 0.1.0
 * @category models
 */
export interface Ltl<S, R> extends Claim<R> {
  readonly kind: "ltl"
  readonly formula: Formula<S>
}

/**
 * A state that no step leaves is one where `done` is true. A step that changes nothing leaves no state.
 *
 * @since 0.1.0
 * @category models
 */
export interface NoDeadlock<S, R> extends Claim<R> {
  readonly kind: "noDeadlock"
  readonly done: (state: S) => boolean
}

/**
 * @since 0.1.0
 * @category models
 */
export type Property<S, R = never> =
  | Always<S, R>
  | AlwaysStep<S, R>
  | Sometimes<S, R>
  | Recurrence<S, R>
  | LeadsTo<S, R>
  | Ltl<S, R>
  | NoDeadlock<S, R>

/**
 * The kinds that are about whole runs.
 *
 * @since 0.1.0
 * @category models
 */
export type Liveness<S, R = never> = Recurrence<S, R> | LeadsTo<S, R> | Ltl<S, R>

/**
 * Whether a claim is about whole runs.
 *
 * @since 0.1.0
 * @category guards
 */
export const isLiveness = <S, R>(property: Property<S, R>): property is Liveness<S, R> => {
  switch (property.kind) {
    case "eventually":
    case "infinitelyOften":
    case "eventuallyAlways":
    case "leadsTo":
    case "ltl":
      return true
    case "always":
    case "alwaysStep":
    case "sometimes":
    case "noDeadlock":
      return false
  }
}

/**
 * What a claim asks of single states.
 *
 * @since 0.1.0
 * @category inspecting
 */
export const predicates = <S, R>(property: Property<S, R>): ReadonlyArray<(state: S) => boolean> => {
  switch (property.kind) {
    case "alwaysStep":
      return []
    case "leadsTo":
      return [property.from, property.to]
    case "ltl":
      return inFormula(property.formula)
    case "noDeadlock":
      return [property.done]
    default:
      return [property.holds]
  }
}

const inFormula = <S>(formula: Formula<S>): ReadonlyArray<(state: S) => boolean> => {
  switch (formula._tag) {
    case "State":
      return [formula.holds]
    case "Step":
    case "Constant":
      return []
    case "Not":
    case "Next":
      return inFormula(formula.of)
    default:
      return [...inFormula(formula.left), ...inFormula(formula.right)]
  }
}
