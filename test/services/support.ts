/** Clusters of key-value nodes in one process, over any network and storage. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Network from "synod/network/Network"
import * as KeyValue from "synod/services/KeyValue"
import * as Raft from "synod/services/Raft"
import type { StartError } from "synod/services/ReplicatedStateMachine"
import type * as Storage from "synod/storage/Storage"

export const names = ["a", "b", "c"] as const
export type Name = typeof names[number]

/** One node on its own network and storage; they may be shared. */
export const node = (
  name: string,
  context: Context.Context<Network.Network | Storage.Storage>,
  options: Partial<Raft.Options> = {}
): Effect.Effect<KeyValue.KeyValueService, StartError, Scope.Scope> =>
  Layer.build(
    KeyValue.KeyValue.layer.pipe(
      Layer.provide(Raft.layer({ node: name, nodes: names, seed: name.charCodeAt(0), ...options })),
      Layer.provide(Layer.succeedContext(context))
    )
  ).pipe(Effect.map((built) => Context.get(built, KeyValue.KeyValue)))

/** Waits for the first status that satisfies a predicate. */
export const leaderOf = (nodes: ReadonlyArray<KeyValue.KeyValueService>) =>
  Effect.gen(function*() {
    for (;;) {
      for (const one of nodes) {
        const status = yield* one.replica.status
        if (status.role === "leader") return one
      }
      yield* Effect.sleep(20)
    }
  })

