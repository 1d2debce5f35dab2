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
 * What a system of nodes owes: a class for each message (each channel where the network is ordered), each request of a client, each armed timer, each node with an unfinished
 * write or down, and the partition. Other faults are owed to nobody; time goes on (`Tick`, GST, rounds) in any case.
 *
 * @since 0.1.0
 * @category models
 */
export interface SystemFairness {
  readonly deliveries: Strength | "none"
  readonly requests: Strength | "none"
  readonly timers: Strength | "none"
  readonly writes: Strength | "none"
  readonly restarts: Strength | "none"
  readonly heals: Strength | "none"
}

/**
 * A message to a node that stays up and can be reached arrives, an idle client asks, a timer that stays armed fires, a write ends; nobody must restart, and no partition
 * must heal.
 *
 * @since 0.1.0
 * @category constants
 */
export const ofSystems: SystemFairness = {
  deliveries: "weak",
  requests: "weak",
  timers: "weak",
  writes: "weak",
  restarts: "none",
  heals: "none"
}
