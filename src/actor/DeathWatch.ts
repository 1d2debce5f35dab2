/**
 * How actors end, and how others learn of it.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import type { NodeId } from "../core/NodeId.js"

/**
 * Where an actor lives. The incarnation is fixed at spawn, survives supervised restarts, and differs when the name is spawned again.
 *
 * @since 0.1.0
 * @category models
 */
export interface Address {
  readonly node: NodeId
  /** The names from the root, each after a slash. */
  readonly path: string
  readonly incarnation: number
}

/**
 * Why an actor ended: it was stopped (or its handler was interrupted), it crashed and its supervision gave up, it had ended before it was watched, or its node is down.
 *
 * @since 0.1.0
 * @category models
 */
export type Reason =
  | { readonly _tag: "Stopped" }
  | { readonly _tag: "Failed"; readonly cause: Cause.Cause<unknown> }
  | { readonly _tag: "NotFound" }
  | { readonly _tag: "NodeLost" }

/**
 * The end of an actor, told once for each watch, after its finalizers ran and its name was released. A supervised restart is not an end.
 *
 * @since 0.1.0
 * @category models
 */
export interface Terminated {
  readonly address: Address
  readonly reason: Reason
}
