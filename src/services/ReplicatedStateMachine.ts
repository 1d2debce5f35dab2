/**
 * A replicated state machine: one pure `apply`, the same sequence of commands at every node, and clients that never need to know who leads.
 *
 * Guarantee: commands and reads are linearizable; a command takes effect at most once, across retries and changes of the leader, and exactly once where it is answered.
 * Model and message flow: those of the algorithm below (`Raft.layer`). Non-goals: transactions over several machines.
 *
 * @example
 * ```ts
 * class Counter extends ReplicatedStateMachine.Tag<Counter>()("Counter", {
 *   command: Schema.Int, result: Schema.Int, state: Schema.Int,
 *   initial: 0,
 *   apply: (total, by) => [total + by, total + by]
 * }) {}
 * const program = Effect.gen(function*() {
 *   const counter = yield* Counter
 *   yield* counter.propose(3)
 *   return yield* counter.read((total) => total)
 * })
 * program.pipe(Effect.provide(Counter.layer), Effect.provide(Raft.layer({ ... })), ...)
 * ```
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { SpawnError } from "../actor/ActorError.js"
import type { NodeId } from "../core/NodeId.js"
import type { Codec } from "../network/Codec.js"
import { fromSchema } from "../network/Codec.js"
import type { NetworkJoinError } from "../network/NetworkError.js"
import type { RecoveryFailed } from "../node/NodeError.js"
import type { NodeStats } from "../node/ProtocolNode.js"
import type { OpenError } from "../storage/StorageError.js"

/**
 * A promise: the command was not executed and never will be; the read was not served.
 * `NoLeader`: no leader was found within the deadline. `Overloaded`: a bound was full until the deadline. `Stopped`: this node is gone for good.
 *
 * @since 0.1.0
 * @category errors
 */
export class Unavailable extends Data.TaggedError("Unavailable")<{
  readonly reason: "NoLeader" | "Overloaded" | "Stopped"
}> {
  override get message(): string {
    return reasons[this.reason]
  }
}

const reasons = {
  NoLeader: "no leader was reached within the deadline; nothing was executed",
  Overloaded: "the bounds were full until the deadline; nothing was executed",
  Stopped: "the node stopped; nothing was executed"
}

/**
 * The command was handed over, and may have been executed or may be executed yet.
 *
 * @since 0.1.0
 * @category errors
 */
export class OutcomeUnknown extends Data.TaggedError("OutcomeUnknown")<{
  readonly reason: "Deadline" | "SessionExpired" | "Stopped"
}> {
  override get message(): string {
    return `whether the command was executed is unknown (${this.reason})`
  }
}

/**
 * The defect of a caller whose command made `apply` throw: at every replica alike, and without effect on the state.
 *
 * @since 0.1.0
 * @category errors
 */
export class ApplyFailed extends Data.TaggedError("ApplyFailed")<{ readonly detail: string }> {
  override get message(): string {
    return `apply threw: ${this.detail}`
  }
}

/**
 * A watcher asked for, or fell behind to, a command that is no longer kept here. The oldest one that is: `floor + 1`.
 *
 * @since 0.1.0
 * @category errors
 */
export class Compacted extends Data.TaggedError("Compacted")<{ readonly wanted: number; readonly floor: number }> {
  override get message(): string {
    return `command ${this.wanted} is no longer kept: the oldest one is ${this.floor + 1}`
  }
}

/**
 * Why a replica did not start.
 *
 * @since 0.1.0
 * @category errors
 */
export type StartError = OpenError | NetworkJoinError | RecoveryFailed | SpawnError

/**
 * How fresh a read is. `linearizable`: sees every command that was answered anywhere before it was asked. `sequential`: at once from the local state, and at least
 * what this node's own commands and reads saw. `stale`: at once from the local state, whatever it is.
 *
 * @since 0.1.0
 * @category models
 */
export type ReadLevel = "linearizable" | "sequential" | "stale"

/**
 * A command that was executed. `revision` numbers the executed commands 1, 2, 3 ... without a gap, the same at every node (one that threw has none);
 * `index` is the log entry that carried it, perhaps with others.
 *
 * @since 0.1.0
 * @category models
 */
export interface Applied<out C, out R> {
  readonly revision: number
  readonly index: number
  readonly command: C
  readonly result: R
}

/**
 * How far a peer is, as the leader knows it. `lag` is in log entries.
 *
 * @since 0.1.0
 * @category models
 */
export interface PeerStatus {
  readonly node: NodeId
  readonly match: number
  readonly lag: number
  readonly mode: "probe" | "replicate" | "snapshot"
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Status {
  readonly node: NodeId
  readonly role: "leader" | "candidate" | "follower" | "restarting" | "stopped"
  readonly term: number
  readonly leader: NodeId | undefined
  readonly commitIndex: number
  readonly applied: number
  readonly members: ReadonlyArray<NodeId>
  /** Only at a leader. */
  readonly peers: ReadonlyArray<PeerStatus>
  /** 1 at the first start on this storage, one more at each restart. */
  readonly incarnation: number
}

/**
 * Counters of one node since its layer was built, over all its lives.
 *
 * @since 0.1.0
 * @category models
 */
export interface Stats extends Omit<NodeStats, "requests"> {
  /** Commands proposed here, and log entries that carried them. */
  readonly proposals: number
  readonly entries: number
  readonly retries: number
  readonly pending: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface ProposeOptions {
  /** The deadline; the layer's `timeout` unless told. */
  readonly timeout?: Duration.DurationInput | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface ReadOptions extends ProposeOptions {
  /** `linearizable` unless told. */
  readonly level?: ReadLevel | undefined
}

/**
 * How a proposal ends. A defect in it is an `ApplyFailed`.
 *
 * @since 0.1.0
 * @category models
 */
export type Outcome<R> = Exit.Exit<R, Unavailable | OutcomeUnknown>

/**
 * A replica of the machine at this node, and the door to all of them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Replica<S, C, R> {
  /** Executes a command. Interruption stops the waiting, not the command. */
  readonly propose: (command: C, options?: ProposeOptions) => Effect.Effect<R, Unavailable | OutcomeUnknown>
  /** A view of the state. `f` is called once, on an immutable state; a throw becomes the reader's defect. */
  readonly read: <A>(f: (state: S) => A, options?: ReadOptions) => Effect.Effect<A, Unavailable>
  /** The synchronous door: no fiber. `onDone` is called once, later or at once, and must not throw. `timeoutMillis` as in `propose`. */
  readonly unsafePropose: (command: C, onDone: (outcome: Outcome<R>) => void, timeoutMillis?: number) => void
  /** The synchronous door of `read`. */
  readonly unsafeRead: <A>(
    f: (state: S) => A,
    onDone: (outcome: Exit.Exit<A, Unavailable>) => void,
    level?: ReadLevel,
    timeoutMillis?: number
  ) => void
  /** Executed commands in order, from revision `from` or from the next one on. Slow consumers fail with `Compacted` and never slow the machine down. */
  readonly watch: (options?: { readonly from?: number | undefined }) => Stream.Stream<Applied<C, R>, Compacted>
  readonly status: Effect.Effect<Status>
  /** The present status, and a new one whenever role, term or leader change. */
  readonly statusChanges: Stream.Stream<Status>
  readonly stats: Effect.Effect<Stats>
  /** Throws a defect inside the node, as a bug would: it loses everything that is not durable, and supervision restarts it from storage. For tests and demonstrations. */
  readonly crash: (defect: unknown) => Effect.Effect<void>
}

/**
 * The shape of values, as a Schema or as a codec that was shaped by hand.
 *
 * @since 0.1.0
 * @category models
 */
export type Shape<A, I> = Schema.Schema<A, I> | Codec<A>

/**
 * A state machine. `apply` is pure and total: it decides by its arguments alone, and a throw counts as a result (`ApplyFailed`).
 * `state` is the shape of snapshots: equal states must have equal encodings. The shapes alone say what S, C and R are.
 *
 * @since 0.1.0
 * @category models
 */
export interface Definition<S, C, R, SI, CI, RI> {
  readonly command: Shape<C, CI>
  readonly result: Shape<R, RI>
  readonly state: Shape<S, SI>
  readonly initial: NoInfer<S>
  readonly apply: (state: NoInfer<S>, command: NoInfer<C>) => readonly [NoInfer<S>, NoInfer<R>]
  /** Several commands at once, where that is cheaper; it gives what `apply` gives one after the other, and where it throws, that is done instead. */
  readonly applyAll?:
    | ((state: NoInfer<S>, commands: ReadonlyArray<NoInfer<C>>) => readonly [NoInfer<S>, ReadonlyArray<NoInfer<R>>])
    | undefined
}

/**
 * A definition with its codecs and its name, which is the name of its channel on the network.
 *
 * @since 0.1.0
 * @category models
 */
export interface Machine<S, C, R> {
  readonly name: string
  readonly initial: S
  readonly apply: (state: S, command: C) => readonly [S, R]
  readonly applyAll?: ((state: S, commands: ReadonlyArray<C>) => readonly [S, ReadonlyArray<R>]) | undefined
  readonly command: Codec<C>
  readonly result: Codec<R>
  readonly state: Codec<S>
}

/**
 * Names a definition and derives its codecs.
 *
 * @since 0.1.0
 * @category constructors
 */
export const machine = <const S, C, const R, SI, CI, RI>(
  name: string,
  definition: Definition<S, C, R, SI, CI, RI>
): Machine<S, C, R> => ({
  name,
  initial: definition.initial,
  apply: definition.apply,
  applyAll: definition.applyAll,
  command: codecOf(definition.command),
  result: codecOf(definition.result),
  state: codecOf(definition.state)
})

const codecOf = <A, I>(shape: Shape<A, I>): Codec<A> => "ast" in shape ? fromSchema(shape) : shape

/**
 * What agrees on the sequence of commands: provided by `Raft.layer`.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConsensusService {
  readonly algorithm: string
  /** Starts this node's replica of a machine; it leaves when the Scope closes. */
  readonly replicate: <S, C, R>(machine: Machine<S, C, R>) => Effect.Effect<Replica<S, C, R>, StartError, Scope.Scope>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Consensus extends Context.Tag("synod/Consensus")<Consensus, ConsensusService>() {}

/**
 * The class that `Tag` makes: a Context.Tag with its layer.
 *
 * @since 0.1.0
 * @category models
 */
export interface TagClass<Self, Name extends string, S, C, R> extends Context.TagClass<Self, Name, Replica<S, C, R>> {
  readonly machine: Machine<S, C, R>
  /** Starts the replica of this node, over any algorithm. */
  readonly layer: Layer.Layer<Self, StartError, Consensus>
}

/**
 * A tag for the replicas of one machine, with its layer.
 *
 * @since 0.1.0
 * @category constructors
 */
export const Tag = <Self>() =>
<const Name extends string, const S, C, const R, SI, CI, RI>(
  name: Name,
  definition: Definition<S, C, R, SI, CI, RI>
): TagClass<Self, Name, S, C, R> => {
  const tag = Context.Tag(name)<Self, Replica<S, C, R>>()
  const named = machine(name, definition)
  const layer = Layer.scoped(tag, Effect.flatMap(Consensus, (consensus) => consensus.replicate(named)))
  return Object.assign(tag, { machine: named, layer })
}
