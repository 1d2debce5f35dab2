/**
 * One member of ours. usage: node member.js NODE DIRECTORY PORT_A PORT_B PORT_C PORT_CLIENT
 * The key-value service over Raft, TCP and files; the bench's client talks to it over the same network, by the synchronous doors.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import process from "node:process"
import * as NodeId from "synod/core/NodeId"
import * as Network from "synod/network/Network"
import * as KeyValue from "synod/services/KeyValue"
import * as Raft from "synod/services/Raft"
import * as Storage from "synod/storage/Storage"
import { type Request, talk } from "./wire.js"
import { closedLoop, keyOf, valueOf } from "./workload.js"

const [node, directory, ...ports] = process.argv.slice(2)
if (node === undefined || directory === undefined || ports.length !== 4) throw new Error("wrong arguments")
const nodes = ["a", "b", "c"]
const peers = Object.fromEntries(
  [...nodes, "client"].map((id, i) => [id, { host: "127.0.0.1", port: Number(ports[i]) }])
)
const listen = peers[node]!

const live = KeyValue.KeyValue.layer.pipe(
  // as etcd's defaults: elections after a second, heartbeats each 100 ms
  Layer.provide(
    Raft.layer({ node, nodes, electionTimeout: "1 second", heartbeatInterval: "100 millis", cluster: "bench" })
  ),
  Layer.provideMerge(Network.layerTcp({ cluster: "bench", secret: "bench", node: NodeId.make(node), listen, peers })),
  Layer.provide(Storage.layerFile({ directory }))
)

const program = Effect.gen(function*() {
  const { replica } = yield* KeyValue.KeyValue
  const network = yield* Network.Network
  const client = NodeId.make("client")
  const answer = (id: number, exit: Exit.Exit<string | undefined, Error>): void => {
    const reply = Exit.isSuccess(exit)
      ? { id, error: "", value: exit.value }
      : { id, error: String(Cause.squash(exit.cause)), value: undefined }
    endpoint.send(client, { _tag: "Answer", reply })
  }
  const put = (key: string, value: string, done: (exit: Exit.Exit<unknown, Error>) => void): void =>
    replica.unsafePropose({ _tag: "Put", key, value }, done)

  /** The callers live in this process: no client protocol and no second network hop. */
  const embedded = async (n: number, inFlight: number, round: number): Promise<string> => {
    const { latency, wallSeconds } = await closedLoop(
      n,
      inFlight,
      (i, done) =>
        put(
          keyOf(i),
          valueOf(round, i),
          (exit) => Exit.isSuccess(exit) ? done() : done(new Error(Cause.pretty(exit.cause)))
        )
    )
    return JSON.stringify({ seconds: wallSeconds, ...latency })
  }

  const onRequest = (request: Request): void => {
    const { id } = request
    switch (request._tag) {
      case "Put":
        return put(request.key, request.value, (exit) => answer(id, Exit.as(exit, undefined)))
      case "Get":
        return replica.unsafeRead((store) => store.get(request.key), (exit) => answer(id, exit))
      case "Leader":
        return void Effect.runFork(Effect.map(replica.status, ({ leader }) => answer(id, Exit.succeed(leader))))
      case "Embedded":
        return void embedded(request.n, request.inFlight, request.round).then(
          (value) => answer(id, Exit.succeed(value)),
          (error: Error) => answer(id, Exit.fail(error))
        )
    }
  }
  const endpoint = yield* network.join({
    node: NodeId.make(node),
    channel: "bench",
    codec: talk,
    receive: (_, message) => {
      if (message._tag === "Ask") onRequest(message.request)
    }
  })
  process.send?.("ready")
  yield* Effect.async<void>((resume) => {
    process.once("disconnect", () => resume(Effect.void))
  })
})

Effect.runPromise(Effect.scoped(Effect.provide(program, live))).then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`)
    process.exit(1)
  }
)
