/**
 * A distributed system as a model: nodes, the network between them, the protocol that they run, what clients ask, what time promises, and the faults that may happen.
 *
 * The protocol is the very value that runs in production. Everything that grows without a bound (retransmission, re-armed timers, clients) needs a budget, a `set`
 * network or a boundary.
 *
 * @since 0.1.0
 */
import type { NodeId } from "../core/NodeId.js"
import type { Protocol, Vocabulary } from "../core/Protocol.js"
import type { Effect } from "../core/Recorder.js"
import type { SystemFairness } from "./Fairness.js"
import type { NetworkModel } from "./NetworkModel.js"
import type { Cut, Partitions } from "./Partition.js"
import type { Property } from "./Property.js"
import type { TimeModel } from "./TimeModel.js"
import { asynchronous } from "./TimeModel.js"
import type { Client, ClientLocal } from "./Workload.js"

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
  /** Under partial synchrony: ticks until it must arrive, counted from GST on. */
  readonly left?: number
}

/**
 * What a node has written or wants to say, and waits for its disk: in the order of the steps.
 *
 * @since 0.1.0
 * @category models
 */
export type Unfinished<P extends Vocabulary> =
  | { readonly _tag: "Frame"; readonly records: ReadonlyArray<P["record"]> }
  | { readonly _tag: "Held"; readonly effect: Effect<P> }

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
  /** Armed with 0 ms: they fire at the end of a batch, whose length is not known, and no budget counts them. Absent where there are none. */
  readonly endOfBatch?: ReadonlyArray<P["timer"]> | undefined
  /** On the disk, and reported. */
  readonly durable: P["durable"]
  /** With delayed durability: behind the write that is not reported yet. Absent where everything is. */
  readonly unfinished?: ReadonlyArray<Unfinished<P>> | undefined
  /** Of a node that may forget: every frame that is on its disk. */
  readonly written?: ReadonlyArray<ReadonlyArray<P["record"]>> | undefined
  /** Under partial synchrony: of each armed timer the earliest and the latest tick at which it may fire, from now or from GST. */
  readonly deadlines?: ReadonlyArray<readonly [earliest: number, latest: number]> | undefined
}

/**
 * How many faults have happened, or may.
 *
 * @since 0.1.0
 * @category models
 */
export interface Used {
  readonly crashes: number
  readonly restarts: number
  readonly drops: number
  readonly duplicates: number
  readonly partitions: number
  readonly heals: number
  /** Timers that fired, but for those of 0 ms. Not counted where there is no bound. */
  readonly timers: number
}

/**
 * A state of the whole system, as properties see it.
 *
 * @since 0.1.0
 * @category models
 */
export interface System<P extends Vocabulary, H> {
  readonly nodes: ReadonlyArray<Local<P>>
  /** In flight: in no order, equal ones side by side; or in the order of each channel. */
  readonly network: ReadonlyArray<Envelope<P["message"]>>
  readonly clients: ReadonlyArray<ClientLocal<P>>
  readonly history: H
  readonly used: Used
  /** The partition of now. */
  readonly cut: Cut | undefined
  /** Under partial synchrony: GST has come. */
  readonly isStable: boolean
  /** Of a network that remembers it: the message that was delivered last. */
  readonly last: Envelope<P["message"]> | undefined
}

/**
 * What is remembered of a run beside its state: part of the state, so that properties can judge it. A hook that returns its argument remembers nothing.
 *
 * Of one event first `onRequest` or `onDeliver` sees what comes in, or `onLost` what a crash cut off; then `onSend` and `onEmit` see what the step sends and emits, in its
 * order; and then `onReply` what it answers.
 *
 * @since 0.1.0
 * @category models
 */
export interface HistoryModel<M, H, E = unknown, Q = unknown, R = unknown> {
  readonly initial: H
  readonly onDeliver: (history: H, envelope: Envelope<M>) => H
  readonly onSend: (history: H, envelope: Envelope<M>) => H
  /** Where it is given, it is asked instead of `onSend`; `durable` is what is on the sender's disk when the message leaves. */
  readonly onSendFrom?: (history: H, envelope: Envelope<M>, durable: unknown) => H
  readonly onEmit?: (history: H, node: NodeId, event: E) => H
  readonly onRequest?: (history: H, client: number, request: Q, node: NodeId) => H
  /** `state` is the node's after the event: what a read that the reply permits would see. */
  readonly onReply?: (history: H, client: number, reply: R, request: Q, state: unknown) => H
  readonly onLost?: (history: H, client: number, request: Q) => H
}

/**
 * A claim about systems.
 *
 * `reads` says what the claim depends on, so that it is asked once for each value of that: `history` alone, the `nodes` alone, or the whole `system` (the default).
 *
 * @since 0.1.0
 * @category models
 */
export type SystemProperty<P extends Vocabulary, H> = Property<System<P, H>, "history" | "nodes" | "system">

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
  readonly time: TimeModel
  /**
   * `atomic`: what a step persists is durable with it, and `onDurable` runs in the same step. `delayed`: the end of a write is an event of its own; gated effects wait
   * for it; it may report any prefix of what is written, and a crash before it leaves any prefix on the disk.
   */
  readonly durability: "atomic" | "delayed"
  /** How often each may happen. Drops of 0 on a lossy network are not bounded. */
  readonly faults: Used
  readonly partitions: Partitions
  /** Nodes that may come back from an older disk: a crash leaves any prefix of all that they ever wrote. */
  readonly forgetful: ReadonlyArray<NodeId>
  readonly clients: ReadonlyArray<Client<P>>
  readonly history: HistoryModel<P["message"], H, P["event"], P["request"], P["reply"]>
  readonly properties: ReadonlyArray<SystemProperty<P, H>>
  /** Systems beyond it are not visited: neither stored nor counted. */
  readonly boundary?: ((system: System<P, H>) => boolean) | undefined
  /** The same, of one node alone, whichever: it is asked once for each state of a node, not of the system. */
  readonly nodeBoundary?: ((node: Local<P>, id: NodeId) => boolean) | undefined
  /** What claims about whole runs may count on: `Fairness.ofSystems` where it is absent. */
  readonly fairness?: SystemFairness | undefined
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
 * No fault.
 *
 * @since 0.1.0
 * @category constants
 */
export const noFaults: Used = {
  crashes: 0,
  restarts: 0,
  drops: 0,
  duplicates: 0,
  partitions: 0,
  heals: 0,
  timers: 0
}

/** What a model may leave to its default. */
type Optional = "faults" | "time" | "durability" | "partitions" | "forgetful" | "clients"

/**
 * Completes a model: asynchronous, durability atomic, no faults and no clients unless told; timers without a bound. Throws a `RangeError` that names two options which
 * make no sense together.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <P extends Vocabulary, H>(
  options:
    & Omit<SystemModel<P, H>, Optional>
    & Partial<Pick<SystemModel<P, H>, Exclude<Optional, "faults">>>
    & { readonly faults?: Partial<Used> | undefined }
): SystemModel<P, H> => {
  const model: SystemModel<P, H> = {
    time: asynchronous,
    durability: "atomic",
    partitions: { cuts: [], blocked: "delay" },
    forgetful: [],
    clients: [],
    ...options,
    faults: { ...noFaults, timers: Number.POSITIVE_INFINITY, ...options.faults }
  }
  for (const [isWrong, reason] of conflicts(model)) {
    if (isWrong) throw new RangeError(`${model.name}: ${reason}`)
  }
  return model
}

const conflicts = <P extends Vocabulary, H>(
  { durability, faults, forgetful, network, nodes, partitions, time }: SystemModel<P, H>
): ReadonlyArray<readonly [isWrong: boolean, reason: string]> => [
  [nodes.length === 0, "there are no nodes"],
  [new Set(nodes).size < nodes.length, "a node is named twice"],
  [Object.values(faults).some((bound) => !(bound >= 0)), "a fault's bound is negative"],
  [network.kind === "set" && faults.duplicates > 0, "a set network repeats messages by itself: no duplicates"],
  [faults.partitions > 0 && partitions.cuts.length === 0, "partitions may happen, and no cut is named"],
  [durability === "delayed" && time.kind !== "asynchronous", "delayed durability is for asynchronous time"],
  [
    time.kind !== "asynchronous" && network.kind === "set",
    "a set keeps messages for ever: it is for asynchronous time"
  ],
  [
    time.kind === "synchronous" &&
    (network.lossy || network.kind !== "unordered" || faults.duplicates > 0 || faults.partitions > 0 ||
      forgetful.length > 0),
    "rounds know crashes only: the network is unordered, neither loses, repeats nor parts, and nobody forgets"
  ],
  [time.kind === "synchronous" && Number.isFinite(faults.timers), "in rounds every timer fires: they have no bound"],
  [forgetful.some((node) => !nodes.includes(node)), "a node that may forget is no node of the model"]
]

/**
 * The protocol of a node.
 *
 * @since 0.1.0
 * @category accessors
 */
export const protocolOf = <P extends Vocabulary, H>(model: SystemModel<P, H>, node: NodeId): Protocol<P> =>
  typeof model.protocol === "function" ? model.protocol(node) : model.protocol
