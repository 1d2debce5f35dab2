/**
 * Which runs count when a claim is about whole runs: those that do not keep a part of the system waiting for ever.
 *
 * Weak: what is possible from some point on, without a break, is done infinitely often. Strong: what is possible infinitely often is done infinitely often. A step that
 * changes nothing is never done, and what could only change nothing is not possible. A run may end where nothing is possible that is owed to a class.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 * @category models
 */
export type Strength = "weak" | "strong"

/**
 * A class of actions, by their names: the class is possible where one of them is, and done when one of them is.
 *
 * @since 0.1.0
 * @category models
 */
export interface FairActions {
  readonly kind: Strength
  readonly actions: ReadonlyArray<string>
}

/**
 * A class for each name: what is said of every node is N classes, not one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const each = (kind: Strength, actions: ReadonlyArray<string>): ReadonlyArray<FairActions> =>
  actions.map((action) => ({ kind, actions: [action] }))

/**
 * One class of all these names.
 *
 * @since 0.1.0
 * @category constructors
 */
export const together = (kind: Strength, actions: ReadonlyArray<string>): ReadonlyArray<FairActions> => [
  { kind, actions }
]

/**
 * What a system of nodes owes: a class for each message (each channel where the network is ordered), each armed timer, and each node that could restart. Faults are owed to
 * nobody.
 *
 * @since 0.1.0
 * @category models
 */
export interface SystemFairness {
  readonly deliveries: Strength | "none"
  readonly timers: Strength | "none"
  readonly restarts: Strength | "none"
}

/**
 * A message to a node that stays up arrives, and a timer that stays armed fires; nobody must restart.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ofSystems: SystemFairness = { deliveries: "weak", timers: "weak", restarts: "none" }
