/** Clusters of key-value nodes in one process, over any network and storage, on virtual or real time. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as NodeId from "synod/core/NodeId"
import * as FaultInjection from "synod/network/FaultInjection"
import type * as Grudge from "synod/network/Grudge"
import * as Network from "synod/network/Network"
import * as KeyValue from "synod/services/KeyValue"
import * as Raft from "synod/services/Raft"
import type { StartError } from "synod/services/ReplicatedStateMachine"
import * as Storage from "synod/storage/Storage"
import { freePort, tcp } from "../network/support.js"

export const names = ["a", "b", "c"] as const
export type Name = typeof names[number]
export const id = (name: string) => NodeId.make(name)

type Store = KeyValue.KeyValueService
type Ground = Context.Context<Network.Network | Storage.Storage>

/** One node on its network and storage; it ends with its Scope. */
const start = (
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

/** Runs an effect while virtual time goes on, `step` milliseconds at a time. */
export const going = <A, E, R>(effect: Effect.Effect<A, E, R>, step = 10): Effect.Effect<A, E, R> =>
  Effect.raceFirst(effect, Effect.forever(TestClock.adjust(step)))

/** Crashes on purpose are no news. */
export const quiet = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Logger.withMinimumLogLevel(effect, LogLevel.None)

/** Three nodes, with faults; each can be stopped, and started again from what it stored. */
export interface Cluster {
  readonly stores: Record<Name, Store>
  readonly partition: (grudge: Grudge.Grudge) => Effect.Effect<void>
  readonly heal: Effect.Effect<void>
  readonly setFaults: (faults: FaultInjection.LinkFaults) => Effect.Effect<void>
  readonly leader: Effect.Effect<Name>
  readonly follower: Effect.Effect<Name>
  readonly stop: (name: Name) => Effect.Effect<void>
  readonly restart: (name: Name) => Effect.Effect<void, StartError>
}

/** What the nodes stand on: each on its own, or all on one. */
export type Grounds = Effect.Effect<
  Record<Name, Context.Context<Network.Network | FaultInjection.FaultInjection | Storage.Storage>>,
  Network.NetworkListenError,
  Scope.Scope
>

export const memoryGrounds = (
  plan: FaultInjection.Plan = {},
  storage: Layer.Layer<Storage.Storage> = Storage.layerMemory,
  network: Network.MemoryOptions = {}
): Grounds =>
  Effect.map(
    Layer.build(Layer.merge(Layer.provide(FaultInjection.layer(plan), Network.layerMemory(network)), storage)),
    (ground) => ({ a: ground, b: ground, c: ground })
  )

/** A TCP network for each node, on loopback. */
export const tcpGrounds = (storage: Layer.Layer<Storage.Storage>): Grounds =>
  Effect.gen(function*() {
    const ports = { a: yield* freePort, b: yield* freePort, c: yield* freePort }
    const shared = Context.get(yield* Layer.build(storage), Storage.Storage)
    const ground = (name: Name) =>
      Layer.build(Layer.merge(
        Layer.provide(FaultInjection.layer(), tcp(id(name), ports)),
        Layer.succeed(Storage.Storage, shared)
      ))
    return { a: yield* ground("a"), b: yield* ground("b"), c: yield* ground("c") }
  })

/** Files in a folder of their own, removed when the Scope closes. */
export const fileLayer: Layer.Layer<Storage.Storage> = Layer.unwrapScoped(
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "synod-services-"))),
      (directory) => Effect.sync(() => fs.rmSync(directory, { recursive: true, force: true }))
    ),
    (directory) => Storage.layerFile({ directory: (node) => path.join(directory, node), segmentBytes: 65_536 })
  )
)

export const cluster = <E>(
  options: Partial<Raft.Options>,
  groundsOf: Effect.Effect<Effect.Effect.Success<Grounds>, E, Scope.Scope>
): Effect.Effect<Cluster, StartError | E, Scope.Scope> =>
  Effect.gen(function*() {
    const grounds = yield* groundsOf
    const scope = yield* Effect.scope
    const scopes: Record<string, Scope.CloseableScope> = {}
    const stores: Record<string, Store> = {}
    const restart = (name: Name) =>
      Effect.gen(function*() {
        const own = scopes[name] = yield* Scope.fork(scope, ExecutionStrategy.sequential)
        stores[name] = yield* Scope.extend(start(name, grounds[name], options), own)
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
    const controls = new Set(names.map((name) => Context.get(grounds[name], FaultInjection.FaultInjection)))
    const all = (change: (control: FaultInjection.FaultControl) => Effect.Effect<void>) =>
      Effect.forEach(controls, change, { discard: true })
    return {
      stores: stores as Record<Name, Store>, // every name was started
      partition: (grudge) => all((control) => control.partition(grudge)),
      heal: all((control) => control.heal),
      setFaults: (faults) => all((control) => control.setFaults(faults)),
      leader: live((role) => role === "leader"),
      follower: live((role) => role === "follower"),
      stop: (name) => Scope.close(scopes[name]!, Exit.void),
      restart
    }
  })

export const memoryCluster = (
  options: Partial<Raft.Options> = {},
  plan: FaultInjection.Plan = {}
): Effect.Effect<Cluster, StartError | Network.NetworkListenError, Scope.Scope> => cluster(options, memoryGrounds(plan))
