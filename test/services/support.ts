/** Clusters of key-value nodes in one process, over any network and storage, on virtual or real time. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import * as NodeId from "synod/core/NodeId"
import * as FaultInjection from "synod/network/FaultInjection"
import * as Network from "synod/network/Network"
import * as KeyValue from "synod/services/KeyValue"
import * as Raft from "synod/services/Raft"
import type { StartError } from "synod/services/ReplicatedStateMachine"
import * as Storage from "synod/storage/Storage"

export const names = ["a", "b", "c"] as const
export type Name = typeof names[number]
export const id = (name: string) => NodeId.make(name)

export type Store = KeyValue.KeyValueService
type Ground = Context.Context<Network.Network | Storage.Storage>

/** One node on its network and storage; it ends with its Scope. */
export const start = (
  name: string,
  ground: Ground,
  options: Partial<Raft.Options> = {}
): Effect.Effect<Store, StartError, Scope.Scope> =>
  Layer.build(
    KeyValue.KeyValue.layer.pipe(
      Layer.provide(Raft.layer({ node: name, nodes: names, seed: name.charCodeAt(0), ...options })),
      Layer.provide(Layer.succeedContext(ground))
    )
  ).pipe(Effect.map((built) => Context.get(built, KeyValue.KeyValue)))

/** Runs an effect while virtual time goes on. */
export const going = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.raceFirst(effect, Effect.forever(TestClock.adjust("10 millis")))

/** Three nodes in memory, with faults; each can be stopped, and started again from what it stored. */
export interface Cluster {
  readonly stores: Record<Name, Store>
  readonly faults: FaultInjection.FaultControl
  readonly leader: Effect.Effect<Name>
  readonly follower: Effect.Effect<Name>
  readonly stop: (name: Name) => Effect.Effect<void>
  readonly restart: (name: Name) => Effect.Effect<void, StartError>
}

export const memoryCluster = (
  options: Partial<Raft.Options> = {},
  plan: FaultInjection.Plan = {},
  storage: Layer.Layer<Storage.Storage> = Storage.layerMemory
): Effect.Effect<Cluster, StartError, Scope.Scope> =>
  Effect.gen(function*() {
    const ground = yield* Layer.build(
      Layer.merge(Layer.provide(FaultInjection.layer(plan), Network.layerMemory()), storage)
    )
    const scope = yield* Effect.scope
    const scopes: Record<string, Scope.CloseableScope> = {}
    const stores: Record<string, Store> = {}
    const restart = (name: Name) =>
      Effect.gen(function*() {
        const own = scopes[name] = yield* Scope.fork(scope, ExecutionStrategy.sequential)
        stores[name] = yield* Scope.extend(start(name, ground, options), own)
      })
    for (const name of names) yield* restart(name)
    const live = (role: (status: string) => boolean): Effect.Effect<Name> =>
      Effect.gen(function*() {
        for (;;) {
          for (const name of names) {
            const status = yield* stores[name]!.replica.status
            if (role(status.role) && status.leader !== undefined) return name
          }
          yield* Effect.sleep(10)
        }
      })
    return {
      stores: stores as Record<Name, Store>,
      faults: Context.get(ground, FaultInjection.FaultInjection),
      leader: live((role) => role === "leader"),
      follower: live((role) => role === "follower"),
      stop: (name) => Scope.close(scopes[name]!, Exit.void),
      restart
    }
  })
