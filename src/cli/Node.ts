/**
 * `synod node`: one member of a replicated key-value store in its own process.
 *
 * @since 0.1.0
 */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import process from "node:process"
import type { NetworkListenError } from "../network/Network.js"
import type { KeyValueService } from "../services/KeyValue.js"
import type { StartError } from "../services/ReplicatedStateMachine.js"
import { BadInput, CheckFailed } from "./Errors.js"
import { formatAddress } from "./internal/address.js"
import { readText } from "./internal/files.js"
import * as Member from "./internal/member.js"
import type { NodeConfig } from "./internal/nodeConfig.js"
import { algorithms, complete, parseFile } from "./internal/nodeConfig.js"
import * as Server from "./internal/server.js"
import { stopSignal } from "./internal/signals.js"
import { printNote } from "./Output.js"

const text = (name: string, what: string) => Options.text(name).pipe(Options.withDescription(what), Options.optional)

const options = {
  id: text("id", "the name of this member"),
  listen: text("listen", "host:port for the other members"),
  peers: text("peers", "all members, this one included: a=host:port,b=host:port,..."),
  http: text(
    "http",
    "host:port of the HTTP side; its contract is at /docs and /openapi.json. It asks nobody who they are"
  ),
  data: text("data", "the folder of this member's data, made when absent"),
  algorithm: text("algorithm", `${algorithms.join("|")}; default ${algorithms[0]}`),
  config: text(
    "config",
    "a JSON file with any of these, and of cluster, secret, electionTimeoutMillis, heartbeatMillis, timeoutMillis, maxValueBytes, " +
      "maxInFlight, segmentBytes; options of the command line win"
  )
}

/**
 * The command. SIGTERM and SIGINT drain and stop it with status 0. The secret that members share comes from SYNOD_SECRET or the configuration file.
 *
 * @since 0.1.0
 * @category commands
 */
export const node = Command.make("node", options, ({ config: file, ...given }) =>
  Effect.gen(function*() {
    const name = Option.getOrUndefined(file)
    const content = name === undefined
      ? undefined
      : { name, content: yield* Effect.flatMap(readText(name), (content) => parseFile(name, content)) }
    const config = yield* complete(
      {
        id: Option.getOrUndefined(given.id),
        listen: Option.getOrUndefined(given.listen),
        peers: Option.getOrUndefined(given.peers),
        http: Option.getOrUndefined(given.http),
        data: Option.getOrUndefined(given.data),
        algorithm: Option.getOrUndefined(given.algorithm)
      },
      content,
      process.env
    )
    yield* Effect.scoped(serve(config))
  })).pipe(Command.withDescription("Run one member of a replicated key-value store"))

const serve = (config: NodeConfig) =>
  Effect.gen(function*() {
    const member = yield* Effect.mapError(Member.make(config), (error) => refusal(config, error))
    const server = yield* Server.make({
      listen: config.http,
      algorithm: config.algorithm,
      store: member.store,
      network: member.network,
      maxValueBytes: config.maxValueBytes,
      maxInFlight: config.maxInFlight
    })
    const peers = Object.keys(config.peers).length
    printNote(
      `synod: ${config.id}, one of ${peers}, listens on ${formatAddress(config.listen)}; ` +
        `HTTP on http://${formatAddress(server.address)}; data in ${config.data}`
    )
    const signal = yield* Effect.raceFirst(stopSignal, stopped(member.store.replica))
    printNote(`synod: ${signal}: ${config.id} answers what is in flight, and stops`)
    yield* server.drain
  })

/** A node whose disk failed serves no more. */
const stopped = (replica: KeyValueService["replica"]): Effect.Effect<never, CheckFailed> =>
  replica.statusChanges.pipe(
    Stream.filter(({ role }) => role === "stopped"),
    Stream.take(1),
    Stream.runDrain,
    Effect.zipRight(new CheckFailed({ message: "the node has stopped, and its log says why" }))
  )

/** Why a member did not start, by the option that must change. */
const refusal = (config: NodeConfig, error: StartError | NetworkListenError): BadInput => {
  switch (error._tag) {
    case "NetworkListenError": {
      const why = error.code === "EADDRINUSE" ? "the port is in use (EADDRINUSE)" : error.code
      return new BadInput({ message: `--listen: cannot listen on ${formatAddress(config.listen)}: ${why}` })
    }
    case "StorageCorrupt":
    case "StorageForeign":
    case "StorageLocked":
    case "StorageFailed":
      return new BadInput({ message: `--data: ${error.message}` })
    default:
      return new BadInput({ message: error.message })
  }
}
