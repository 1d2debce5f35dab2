/**
 * Partitions as data: who does not hear whom (Jepsen's grudge). One-way by construction; the union of two is both; the empty one is a healed network.
 *
 * @since 0.1.0
 */
import type { NodeId } from "../core/NodeId.js"

/**
 * Receiver -> the senders it does not hear.
 *
 * @since 0.1.0
 * @category models
 */
export type Grudge = ReadonlyMap<NodeId, ReadonlySet<NodeId>>

/**
 * Everybody hears everybody.
 *
 * @since 0.1.0
 * @category constructors
 */
export const empty: Grudge = new Map()

/**
 * Whether the receiver does not hear the sender.
 *
 * @since 0.1.0
 * @category predicates
 */
export const cuts = (grudge: Grudge, receiver: NodeId, sender: NodeId): boolean =>
  grudge.get(receiver)?.has(sender) === true

/**
 * All cuts of all grudges.
 *
 * @since 0.1.0
 * @category combinators
 */
export const union = (...grudges: ReadonlyArray<Grudge>): Grudge => {
  const out = new Map<NodeId, Set<NodeId>>()
  for (const grudge of grudges) {
    for (const [receiver, senders] of grudge) out.set(receiver, new Set([...out.get(receiver) ?? [], ...senders]))
  }
  return out
}

/**
 * The receivers do not hear the senders; the other way stays open.
 *
 * @since 0.1.0
 * @category constructors
 */
export const oneWay = (receivers: Iterable<NodeId>, senders: Iterable<NodeId>): Grudge => {
  const from = [...senders]
  return new Map([...receivers].map((receiver) => [receiver, new Set(from.filter((sender) => sender !== receiver))]))
}

/**
 * Components that hear only themselves.
 *
 * @since 0.1.0
 * @category constructors
 */
export const components = (...groups: ReadonlyArray<ReadonlyArray<NodeId>>): Grudge =>
  union(...groups.map((group) => oneWay(group, groups.filter((other) => other !== group).flat())))

/**
 * Two halves that only the bridge hears, and which only it reaches.
 *
 * @since 0.1.0
 * @category constructors
 */
export const bridge = (node: NodeId, left: ReadonlyArray<NodeId>, right: ReadonlyArray<NodeId>): Grudge => {
  const without = (group: ReadonlyArray<NodeId>) => group.filter((member) => member !== node)
  return components(without(left), without(right))
}

/**
 * Every node hears a majority, itself included, and no two the same one: the nodes stand in a ring and hear their nearest.
 *
 * @since 0.1.0
 * @category constructors
 */
export const majoritiesRing = (nodes: ReadonlyArray<NodeId>): Grudge => {
  const heard = Math.floor(nodes.length / 2) + 1
  return new Map(nodes.map((receiver, i) => [
    receiver,
    new Set(nodes.filter((_sender, j) => (j - i + nodes.length) % nodes.length >= heard))
  ]))
}
