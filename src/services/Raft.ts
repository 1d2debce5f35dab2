/**
 * Raft as the algorithm below replicated state machines: `protocols/raft`, hosted on `Network` and `Storage`.
 *
 * Guarantee, model and source: see `protocols/raft/Raft`. Each machine is a group of its own, on a channel and a journal of its own name.
 *
 * @example
 * ```ts
 * program.pipe(
 *   Effect.provide(KeyValue.layer),
 *   Effect.provide(Raft.layer({ node: "a", nodes: ["a", "b", "c"] })),
 *   Effect.provide([Storage.layerFile({ directory: "data" }), Network.layerTcp({ ... })])
 * )
 * ```
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ActorSystem from "../actor/ActorSystem.js"
import type { Backoff } from "../actor/Supervision.js"
import * as NodeId from "../core/NodeId.js"
import type { Network } from "../network/Network.js"
import type { Storage } from "../storage/Storage.js"
import type { Settings } from "./internal/raftReplica.js"
import { replicate } from "./internal/raftReplica.js"
import { Consensus } from "./ReplicatedStateMachine.js"

/**
 * What a node of a Raft cluster is told. All nodes should be told the same, but for `node` and `seed`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly node: string
  /** All voters, this one included. */
  readonly nodes: ReadonlyArray<string>
  /** Names the data: those of another cluster are refused. Default "synod". */
  readonly cluster?: string | undefined
  /** T: a leader that was not heard for T is replaced within 2 T. Default 300 ms. */
  readonly electionTimeout?: Duration.DurationInput | undefined
  /** At most T / 3. Default T / 5. */
  readonly heartbeatInterval?: Duration.DurationInput | undefined
  /** The deadline of commands and reads that name none. Default 5 seconds. */
  readonly timeout?: Duration.DurationInput | undefined
  /** For election timeouts; default: drawn from Effect's Random. */
  readonly seed?: number | undefined
  /** Batches of commands under way; what comes meanwhile forms the next one. Default 8. */
  readonly maxInflight?: number | undefined
  /** Commands, and reads, that may wait at this node. Beyond it they are `Unavailable`. Default 65,536. */
  readonly maxPending?: number | undefined
  /** The largest command, encoded; a larger one is its caller's defect. Default 1 MiB. */
  readonly maxCommandBytes?: number | undefined
  /** A snapshot is taken when so many entries (batches of commands) were applied since the last one, or 8 MiB of them. Default 4,096. */
  readonly snapshotEvery?: number | undefined
  /** The journal is checkpointed when it passes this size. Default 64 MiB. */
  readonly checkpointBytes?: number | undefined
  /** Executed commands that are kept for watchers; up to twice as many may be. Default 16,384. */
  readonly watchCapacity?: number | undefined
  /** Crashes of a node that supervision answers with a restart from storage. Default: 10 in 10 seconds, the first at once, later ones up to 1 s apart. */
  readonly restarts?: {
    readonly intensity?: number | undefined
    readonly period?: Duration.DurationInput | undefined
    readonly backoff?: Backoff | undefined
  } | undefined
}

/**
 * Provides Raft. Options that make no sense (an id that is none, a node that is not among `nodes`, a heartbeat beyond T / 3) are a `RangeError` at the call.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<Consensus, never, Network | Storage> => {
  const settings = decide(options)
  return Layer.effect(
    Consensus,
    Effect.map(Effect.context<ActorSystem.ActorSystem | Network | Storage>(), (context) => ({
      algorithm: "raft",
      replicate: (machine) =>
        Effect.mapInputContext(replicate(settings, machine), (scope) => Context.merge(context, scope))
    }))
  ).pipe(Layer.provide(ActorSystem.layerLocal({ node: settings.node })))
}

const decide = (options: Options): Settings => {
  const nodes = options.nodes.map(NodeId.make)
  const node = NodeId.make(options.node)
  if (!nodes.includes(node)) throw new RangeError(`raft: node ${JSON.stringify(node)} is not among nodes`)
  if (new Set(nodes).size < nodes.length) throw new RangeError("raft: a node is listed twice")
  const electionTimeout = Duration.toMillis(options.electionTimeout ?? 300)
  const heartbeatInterval = options.heartbeatInterval === undefined
    ? electionTimeout / 5
    : Duration.toMillis(options.heartbeatInterval)
  if (!(electionTimeout >= 1)) throw new RangeError(`raft: electionTimeout must be at least 1 ms`)
  if (!(heartbeatInterval * 3 <= electionTimeout)) {
    throw new RangeError(`raft: heartbeatInterval (${heartbeatInterval} ms) must be at most a third of electionTimeout`)
  }
  return {
    node,
    nodes,
    cluster: options.cluster ?? "synod",
    electionTimeout,
    heartbeatInterval,
    timeout: Duration.toMillis(options.timeout ?? 5_000),
    seed: options.seed,
    maxInflight: options.maxInflight ?? 8,
    maxPending: options.maxPending ?? 65_536,
    maxCommandBytes: options.maxCommandBytes ?? 1_048_576,
    snapshotEvery: options.snapshotEvery ?? 4_096,
    checkpointBytes: options.checkpointBytes,
    watchCapacity: options.watchCapacity ?? 16_384,
    restarts: options.restarts
  }
}
