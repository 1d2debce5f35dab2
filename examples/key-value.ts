/**
 * A replicated key-value store in one process: three nodes, the leader crashes, nothing acknowledged is lost. Run it with `npm run example -- key-value`.
 *
 * For three processes take `Network.layerTcp` and `Storage.layerFile`: nothing else changes.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Context, Effect, Layer, Logger, LogLevel, Option } from "effect"
import { KeyValue, Network, Raft, Storage } from "synod"

const nodes = ["a", "b", "c"]

/** One node's store. The network and the disks below are shared, as a wire and three folders would be. */
const node = (name: string) =>
  Effect.map(
    Layer.build(Layer.provide(KeyValue.KeyValue.layer, Raft.layer({ node: name, nodes }))),
    (context) => Context.get(context, KeyValue.KeyValue)
  )

const program = Effect.gen(function*() {
  const [a, b, c] = yield* Effect.all([node("a"), node("b"), node("c")])
  yield* a.put("colour", "blue") // any node takes it: it finds the leader
  yield* Console.log("read at b:", Option.getOrNull(yield* b.get("colour")))
  const swapped = yield* c.compareAndSet("colour", "blue", "green")
  yield* Console.log("swapped at c:", swapped.written)

  const leader = (yield* a.replica.status).leader
  const store = leader === "a" ? a : leader === "b" ? b : c
  yield* store.replica.crash(new Error("pulled the plug")) // supervision restarts it from its storage
  yield* Console.log("after the crash:", Option.getOrNull(yield* a.get("colour")))
})

program.pipe(
  Effect.scoped,
  Effect.provide([Network.layerMemory(), Storage.layerMemory]),
  Logger.withMinimumLogLevel(LogLevel.Error), // the crash would be logged as a warning
  NodeRuntime.runMain
)

/* prints
read at b: blue
swapped at c: true
after the crash: green
*/
