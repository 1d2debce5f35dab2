/**
 * Partitions as data: who does not hear whom.
 *
 * @since 0.1.0
 */
import type { NodeId } from "../core/NodeId.js"

/**
 * From each receiver to the senders that it does not hear; so a cut may go one way only.
 *
 * @since 0.1.0
 * @category models
 */
export type Cut = ReadonlyMap<NodeId, ReadonlySet<NodeId>>

/**
 * Which partitions may happen, one at a time, and what they do to messages across: `delay` keeps them in flight until it heals; `drop` loses those in flight when it
 * begins and those sent while it stands.
 *
 * @since 0.1.0
 * @category models
 */
export interface Partitions {
  readonly cuts: ReadonlyArray<Cut>
  readonly blocked: "delay" | "drop"
}

/**
 * Both sides do not hear each other; nodes on neither side hear everybody.
 *
 * @since 0.1.0
 * @category constructors
 */
export const between = (left: ReadonlyArray<NodeId>, right: ReadonlyArray<NodeId>): Cut =>
  new Map([
    ...left.map((node) => [node, new Set(right)] as const),
    ...right.map((node) => [node, new Set(left)] as const)
  ])

/**
 * Every way to split the nodes into two sides: 2^(n - 1) - 1 cuts. Throws a `RangeError` beyond 12 nodes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const halves = (nodes: ReadonlyArray<NodeId>): ReadonlyArray<Cut> => {
  if (nodes.length > 12) throw new RangeError(`${nodes.length} nodes split in too many ways: name the cuts`)
  const cuts: Array<Cut> = []
  for (let side = 1; side < 2 ** (nodes.length - 1); side++) {
    // the last node is always on the left, so that no split comes twice
    const isRight = nodes.map((_, i) => (side >> i & 1) === 1)
    cuts.push(between(nodes.filter((_, i) => !isRight[i]), nodes.filter((_, i) => isRight[i])))
  }
  return cuts
}

/**
 * Whether a message is stopped.
 *
 * @since 0.1.0
 * @category predicates
 */
export const blocks = (cut: Cut, from: NodeId, to: NodeId): boolean => from !== to && cut.get(to)?.has(from) === true
