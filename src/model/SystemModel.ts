/**
 * A distributed system as a model: nodes, the network between them, the protocol that they run, and the faults that may happen.
 *
 * The protocol is the very value that runs in production. Asynchronous time: any enabled event may be next; an armed timer may fire at any moment. Durability is
 * atomic here: what a step persists is durable with it. Everything that grows without a bound (retransmission, re-armed timers) needs a budget, a `set` network or a boundary.
 *
 * @since 0.1.0
 */
import type { NodeId } from "../core/NodeId.js"
import type { Protocol, Vocabulary } from "../core/Protocol.js"
import type { NetworkModel } from "./NetworkModel.js"

/**
 * A message in flight.
 *
 * @since 0.1.0
 * @category models
 */
export interface Envelope<M> {
  readonly from: NodeId
  readonly to: NodeId
  readonly message: M
}

/**
 * A node: its volatile part while it is up, and what survives a crash.
 *
 * @since 0.1.0
 * @category models
 */
export interface Local<P extends Vocabulary> {
  readonly up: boolean
  /** `undefined` while it is down. */
  readonly state: P["state"]
  /** Armed, in the order of their encodings. */
  readonly timers: ReadonlyArray<P["timer"]>
  readonly durable: P["durable"]
}

/**
 * How many faults have happened.
 *
 * @since 0.1.0
 * @category models
 */
export interface Used {
  readonly crashes: number
  readonly restarts: number
  readonly drops: number
}

/**
 * A state of the whole system, as properties see it.
 *
 * @since 0.1.0
 * @category models
 */
export interface System<P extends Vocabulary, H> {
  readonly nodes: ReadonlyArray<Local<P>>
  /** In flight: sorted by their encodings, equal ones side by side; or in the order of each channel. */
  readonly network: ReadonlyArray<Envelope<P["message"]>>
  readonly history: H
  readonly used: Used
}

/**
 * What is remembered of a run beside its state: part of the state, so that properties can judge it. A hook that returns its argument remembers nothing.
 * On a delivery first `onDeliver` sees it, then `onSend` each message that the step sends.
 *
 * @since 0.1.0
 * @category models
 */
export interface HistoryModel<M, H> {
  readonly initial: H
  readonly onDeliver: (history: H, envelope: Envelope<M>) => H
  readonly onSend: (history: H, envelope: Envelope<M>) => H
}

/**
 * A claim about systems. `always`: in every reachable one. `sometimes`: in some reachable one.
 *
 * `reads` says what the claim depends on, so that it is asked once for each value of that: `history` alone, the `nodes` alone, or the whole `system` (the default).
 *
 * @since 0.1.0
 * @category models
 */
export interface SystemProperty<P extends Vocabulary, H> {
  readonly name: string
  readonly kind: "always" | "sometimes"
  readonly reads?: "history" | "nodes" | "system" | undefined
  readonly holds: (system: System<P, H>) => boolean
}

/**
 * @since 0.1.0
 * @category models
 */
export interface SystemModel<P extends Vocabulary, H> {
  readonly name: string
  readonly nodes: ReadonlyArray<NodeId>
  /** One for all, or by node where roles differ. */
  readonly protocol: Protocol<P> | ((node: NodeId) => Protocol<P>)
  readonly network: NetworkModel
  readonly faults: Used
  readonly history: HistoryModel<P["message"], H>
  readonly properties: ReadonlyArray<SystemProperty<P, H>>
  /** Systems beyond it are not visited: neither stored nor counted. */
  readonly boundary?: ((system: System<P, H>) => boolean) | undefined
}

/**
 * Remembers nothing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const noHistory: HistoryModel<unknown, undefined> = {
  initial: undefined,
  onDeliver: () => undefined,
  onSend: () => undefined
}

/**
 * Completes a model: no faults unless told.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <P extends Vocabulary, H>(
  options: Omit<SystemModel<P, H>, "faults"> & { readonly faults?: Partial<Used> | undefined }
): SystemModel<P, H> => ({ ...options, faults: { crashes: 0, restarts: 0, drops: 0, ...options.faults } })
