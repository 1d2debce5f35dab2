/**
 * The one definition of a node's part in a distributed algorithm. The production node, the simulator and the model checker interpret the same value.
 *
 * Laws (each a test):
 * 1. States are immutable values; a handler returns the next state. The same reference and an untouched outbox mean "ignored".
 * 2. Handlers are total and deterministic: no throw on any input from the network, no clock, no randomness but `Outbox.choose`.
 * 3. Effects apply in call order. What is gated waits for every record persisted before it (see `core/Gate`).
 * 4. Timers are disarmed before their handler runs; stale ones never fire. Epochs and lives are the driver's business.
 *
 * @since 0.1.0
 */
import type { NodeId } from "./NodeId.js"

/**
 * The words a protocol speaks, one record instead of eight type parameters.
 *
 * @since 0.1.0
 * @category models
 */
export interface Vocabulary {
  readonly state: unknown
  readonly message: unknown
  readonly timer: unknown
  readonly request: unknown
  readonly reply: unknown
  readonly event: unknown
  readonly record: unknown
  readonly durable: unknown
}

/**
 * Completes a partial vocabulary: a word that is absent is `never`, an absent `durable` is `undefined`.
 *
 * @example
 * ```ts
 * type Echo = Protocol.Types<{ state: number; message: string }>
 * ```
 *
 * @since 0.1.0
 * @category models
 */
// `out` is said because TypeScript, left to itself, measures a parameter behind `infer` as independent: any two vocabularies would be assignable
export interface Types<out W extends Partial<Vocabulary>> {
  readonly state: W extends { readonly state: infer A } ? A : never
  readonly message: W extends { readonly message: infer A } ? A : never
  readonly timer: W extends { readonly timer: infer A } ? A : never
  readonly request: W extends { readonly request: infer A } ? A : never
  readonly reply: W extends { readonly reply: infer A } ? A : never
  readonly event: W extends { readonly event: infer A } ? A : never
  readonly record: W extends { readonly record: infer A } ? A : never
  readonly durable: W extends { readonly durable: infer A } ? A : undefined
}

declare const RequestIdBrand: unique symbol

/**
 * The identity of a request at the node that took it. It carries the node's incarnation, so that ids of two lives never meet:
 * a safe integer `incarnation * 2^32 + sequence`.
 *
 * @since 0.1.0
 * @category models
 */
export type RequestId = number & { readonly [RequestIdBrand]: "RequestId" }

/**
 * Makes a request id. `incarnation` is at most 2^21 - 1, `sequence` at most 2^32 - 1; beyond them it throws a `RangeError`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const requestId = (incarnation: number, sequence: number): RequestId => {
  if (!(incarnation >= 0 && incarnation < 0x200000 && sequence >= 0 && sequence <= 0xffffffff)) {
    throw new RangeError(`no request id for incarnation ${incarnation}, sequence ${sequence}`)
  }
  return (incarnation * 0x100000000 + sequence) as RequestId // the only place where the brand is made
}

/**
 * A time span in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export type Millis = number

/**
 * What a node knows when it boots: its id and the bootstrap set, which includes it (or not, for a client).
 *
 * @since 0.1.0
 * @category models
 */
export interface NodeContext {
  readonly id: NodeId
  readonly nodes: ReadonlyArray<NodeId>
}

/**
 * The effects that may leave past the durability gate. Only for what no unfinished write of one's own vouches for.
 *
 * @since 0.1.0
 * @category models
 */
export interface Immediate<in P extends Vocabulary> {
  readonly send: (to: NodeId, message: P["message"]) => void
  readonly reply: (id: RequestId, reply: P["reply"]) => void
  readonly emit: (event: P["event"]) => void
}

/**
 * Where a handler puts its effects: an out-parameter that the driver reuses. A handler must not keep it.
 *
 * Its members are function properties, since methods would be compared bivariantly: an outbox for cats is none for cats and dogs. Call them on the outbox;
 * a driver may implement them as methods.
 *
 * @since 0.1.0
 * @category models
 */
export interface Outbox<in P extends Vocabulary> {
  /** Leaves only after everything persisted before it, in this step or earlier, is durable. */
  readonly send: (to: NodeId, message: P["message"]) => void
  /** The same effects, at once. */
  readonly now: Immediate<P>
  /** Appends a record to the node's durable stream. The records of one step are one atomic frame. */
  readonly persist: (record: P["record"]) => void
  /** Arms a timer; the driver draws the delay in [min, max]. Re-arming replaces. 0 = at the end of this batch. */
  readonly setTimer: (timer: P["timer"], min: Millis, max?: Millis) => void
  readonly cancelTimer: (timer: P["timer"]) => void
  /** Answers a request of `onRequest`, gated like `send`. A reply to an unknown or finished id is dropped and counted. */
  readonly reply: (id: RequestId, reply: P["reply"]) => void
  /** What the world may observe, gated like `reply`. */
  readonly emit: (event: P["event"]) => void
  /** The only randomness a protocol has: an integer in [0, n), where 0 is the benign choice. */
  readonly choose: (n: number, label: string) => number
}

/**
 * How records become the durable part of a state.
 *
 * @since 0.1.0
 * @category models
 */
export interface Durable<P extends Vocabulary> {
  readonly empty: P["durable"]
  readonly fold: (durable: P["durable"], record: P["record"]) => P["durable"]
}

/**
 * A node's part in a distributed algorithm: a deterministic state machine without clock, randomness, I/O or Effect.
 *
 * @since 0.1.0
 * @category models
 */
export interface Protocol<P extends Vocabulary> {
  readonly name: string
  /** What survives a crash. The runtime checkpoints and compacts it by itself. */
  readonly durable?: Durable<P>
  /** Boot and reboot are one thing: start from what was durable (`empty` the first time). */
  readonly start: (self: NodeContext, durable: P["durable"], out: Outbox<P>) => P["state"]
  readonly onMessage: (state: P["state"], from: NodeId, message: P["message"], out: Outbox<P>) => P["state"]
  readonly onTimer?: (state: P["state"], timer: P["timer"], out: Outbox<P>) => P["state"]
  /** A local client asks. */
  readonly onRequest?: (state: P["state"], id: RequestId, request: P["request"], out: Outbox<P>) => P["state"]
  /** Own writes became durable up to `durable`, a prefix of what was persisted. */
  readonly onDurable?: (state: P["state"], durable: P["durable"], out: Outbox<P>) => P["state"]
}

/**
 * Names a protocol's vocabulary once and checks the definition against it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <P extends Vocabulary>(protocol: Protocol<P>): Protocol<P> => protocol

/**
 * The durable value of a node that has written nothing.
 *
 * @since 0.1.0
 * @category accessors
 */
export const emptyDurable = <P extends Vocabulary>(protocol: Protocol<P>): P["durable"] => protocol.durable?.empty
