/**
 * One member of a replicated key-value store: the store over Raft, over TCP, over files.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { FaultControl } from "../../network/FaultInjection.js"
import * as FaultInjection from "../../network/FaultInjection.js"
import type { NetworkListenError, NetworkService } from "../../network/Network.js"
import * as Network from "../../network/Network.js"
import type { KeyValueService } from "../../services/KeyValue.js"
import { KeyValue } from "../../services/KeyValue.js"
import * as Raft from "../../services/Raft.js"
import type { StartError } from "../../services/ReplicatedStateMachine.js"
import * as Storage from "../../storage/Storage.js"
import type { NodeConfig } from "./nodeConfig.js"
import * as WatchedStorage from "./watchedStorage.js"
import { Failure } from "./watchedStorage.js"

/** A member that comes back is dialled soon: until the leader has reached it, it knows of none. */
const reconnect = Schedule.exponential("50 millis").pipe(
  Schedule.union(Schedule.spaced("400 millis")),
  Schedule.jittered
)

/** What is known of a member that runs. */
export interface Member {
  readonly store: KeyValueService
  readonly network: NetworkService
  /** Why its storage failed, where it did: the member has ended then. */
  readonly failure: Failure
}

/** What a member must know; its HTTP side is not its business. */
export type MemberConfig = Omit<NodeConfig, "http" | "maxInFlight">

/** Starts a member; it leaves when the Scope closes, and its journal is flushed then. */
export const make = (config: MemberConfig): Effect.Effect<Member, StartError | NetworkListenError, Scope.Scope> =>
  Effect.gen(function*() {
    const failure = new Failure()
    const context = yield* Layer.build(store(config, failure).pipe(Layer.provideMerge(network(config))))
    return member(context, failure)
  })

/** A member whose network has faults; none until they are asked for. */
export const makeFaulty = (
  config: MemberConfig
): Effect.Effect<Member & { readonly faults: FaultControl }, StartError | NetworkListenError, Scope.Scope> =>
  Effect.gen(function*() {
    const failure = new Failure()
    const faulty = FaultInjection.layer().pipe(Layer.provide(network(config)))
    const context = yield* Layer.build(store(config, failure).pipe(Layer.provideMerge(faulty)))
    return { ...member(context, failure), faults: Context.get(context, FaultInjection.FaultInjection) }
  })

const member = (context: Context.Context<KeyValue | Network.Network>, failure: Failure): Member => ({
  store: Context.get(context, KeyValue),
  network: Context.get(context, Network.Network),
  failure
})

const store = (config: MemberConfig, failure: Failure) =>
  KeyValue.layer.pipe(
    Layer.provide(Raft.layer({
      node: config.id,
      nodes: Object.keys(config.peers),
      cluster: config.cluster,
      electionTimeout: config.electionTimeoutMillis,
      heartbeatInterval: config.heartbeatMillis,
      timeout: config.timeoutMillis,
      snapshotEvery: config.snapshotEvery,
      checkpointBytes: config.checkpointBytes,
      // a comparison carries two values
      maxCommandBytes: 2 * config.maxValueBytes + 4_096
    })),
    Layer.provide(WatchedStorage.layer(failure)),
    Layer.provide(Storage.layerFile({ directory: config.data, segmentBytes: config.segmentBytes }))
  )

const network = (config: MemberConfig) =>
  Network.layerTcp({
    cluster: config.cluster,
    secret: config.secret,
    node: config.id,
    listen: config.listen,
    peers: config.peers,
    reconnect
  })
