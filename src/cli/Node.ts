/**
 * `synod node`: one member of a replicated key-value store in its own process.
 *
 * @since 0.1.0
 */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import process from "node:process"
import { readText } from "./internal/files.js"
import { algorithms, complete, parseFile } from "./internal/nodeConfig.js"

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
      "maxInFlight, segmentBytes, snapshotEvery, checkpointBytes; options of the command line win"
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
    // loaded when the input is known to be good: the HTTP server is half of what the command weighs
    const { serve } = yield* Effect.promise(() => import("./internal/serve.js"))
    yield* Effect.scoped(serve(config))
  })).pipe(Command.withDescription("Run one member of a replicated key-value store"))
