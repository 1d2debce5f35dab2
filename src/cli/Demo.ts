/**
 * `synod demo`: the main job in seconds. Three nodes over TCP and files, clients at work, a crash, a partition, and a verdict on what the clients saw.
 *
 * @since 0.1.0
 */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { checkFile } from "../consistency/CheckFile.js"
import { ImportError, toSynod } from "../consistency/Import.js"
import * as NodeId from "../core/NodeId.js"
import { BadInput, CheckFailed } from "./Errors.js"
import { defaultMaxValueBytes } from "./internal/api.js"
import type { Member } from "./internal/demoStory.js"
import { complaint, play } from "./internal/demoStory.js"
import { makeFaulty } from "./internal/member.js"
import { integer } from "./internal/options.js"
import { freePorts } from "./internal/ports.js"
import { stopSignal } from "./internal/signals.js"
import { percentile } from "./internal/workload.js"
import { printJson, printLine, status } from "./Output.js"

const options = {
  seed: integer("seed", { min: 0, max: Number.MAX_SAFE_INTEGER }).pipe(
    Options.withDefault(1),
    Options.withDescription("what the clients do; the machine decides the rest; default 1")
  ),
  history: Options.text("history").pipe(
    Options.withDescription("where to write the history; default: a temporary folder, which the report names"),
    Options.optional
  ),
  json: Options.boolean("json").pipe(Options.withDescription("one JSON object on standard output"))
}

const ids = ["a", "b", "c"]
const clients = 8

/**
 * The command. Status 1: the history is not linearizable, an acknowledged write was lost, or something did not happen in time.
 *
 * @since 0.1.0
 * @category commands
 */
export const demo = Command.make("demo", options, (given) =>
  Effect.raceFirst(
    // the story tells what a log would warn of
    Effect.scoped(run(given.seed, Option.getOrUndefined(given.history), given.json)).pipe(
      Logger.withMinimumLogLevel(LogLevel.Error)
    ),
    Effect.flatMap(
      stopSignal,
      (signal) => new CheckFailed({ message: `${signal}: the demo was not played to its end` })
    )
  )).pipe(
    Command.withDescription(
      "Three nodes over TCP and files serve clients while the leader crashes and a partition comes and goes; then judge what the clients saw"
    )
  )

const run = (seed: number, wanted: string | undefined, json: boolean) =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const started = yield* Clock.currentTimeMillis
    const clock = yield* Effect.clock
    const seconds = () => ((clock.unsafeCurrentTimeMillis() - started) / 1000).toFixed(2).padStart(6)
    const bar = status()
    const tell = (line: string) => json ? bar.show(`${seconds()} s  ${line}`) : printLine(`${seconds()} s  ${line}`)
    yield* Effect.addFinalizer(() => Effect.sync(bar.done))

    const folder = yield* Effect.mapError(
      files.makeTempDirectoryScoped({ prefix: "synod-demo-" }),
      (error) => new BadInput({ message: `a temporary folder: ${error.message}` })
    )
    const history = wanted ?? (yield* historyFile)
    // asked before the work, and nothing is overwritten by it
    yield* Effect.scoped(Effect.mapError(files.open(history, { flag: "a" }), unwritable))
    const seen = yield* Effect.scoped(Effect.gen(function*() {
      const members = yield* cluster(folder, tell)
      return yield* play(members, { clients, keys: 4, seed, capacity: 200_000, pauseMillis: 1_000, tell })
    }))
    const text = toSynod(seen.workload.history)
    yield* Effect.mapError(files.writeFileString(history, text), unwritable)
    tell(`the history of ${seen.workload.operations} operations is checked`)
    const verdict = checkFile(text, { format: "synod", model: "kv" })
    bar.done()
    const { acknowledged, failed, latencies, lost, operations, throughput, unknown } = seen.workload
    const report = {
      nodes: ids.length,
      operations,
      acknowledged,
      failed,
      unknown,
      crashes: seen.crashes,
      restarts: seen.restarts,
      partitions: seen.partitions,
      elections: seen.elections,
      linearizable: !(verdict instanceof ImportError) && verdict.verdict === "consistent",
      lostWrites: lost.length,
      throughput,
      latency: { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) },
      elapsedMillis: clock.unsafeCurrentTimeMillis() - started,
      history
    }
    if (json) printJson(report)
    else human(report)
    const missing = complaint(seen, verdict instanceof ImportError ? verdict.message : verdict.verdict)
    if (missing !== undefined) return yield* new CheckFailed({ message: missing })
  })

const unwritable = (error: PlatformError) => new BadInput({ message: `--history: ${error.message}` })

const historyFile = Effect.gen(function*() {
  const files = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  return path.join(yield* files.makeTempDirectory({ prefix: "synod-history-" }), "history.jsonl")
}).pipe(Effect.mapError((error) => new BadInput({ message: `a temporary folder: ${error.message}` })))

/** Three members on free ports. Where another process was faster at taking a port, others are tried. */
const cluster = (
  folder: string,
  tell: (line: string) => void
): Effect.Effect<ReadonlyArray<Member>, CheckFailed, Scope.Scope | Path.Path> =>
  Effect.gen(function*() {
    const path = yield* Path.Path
    const ports = yield* freePorts(ids.length)
    const peers = Object.fromEntries(ids.map((id, i) => [id, { host: "127.0.0.1", port: ports[i]! }]))
    const members = yield* Effect.forEach(ids, (id) =>
      Effect.map(
        makeFaulty({
          cluster: "demo",
          id: NodeId.make(id),
          listen: peers[id]!,
          peers,
          data: path.join(folder, id),
          algorithm: "raft",
          secret: "demo",
          electionTimeoutMillis: 300,
          heartbeatMillis: 60,
          timeoutMillis: 5_000,
          maxValueBytes: defaultMaxValueBytes,
          segmentBytes: 4 * 1024 * 1024,
          snapshotEvery: 1_024,
          checkpointBytes: 4 * 1024 * 1024
        }),
        (member): Member => ({ id: NodeId.make(id), ...member })
      ), { concurrency: "unbounded" })
    tell(`${ids.length} nodes listen on 127.0.0.1, ports ${ports.join(", ")}; their data are in ${folder}`)
    return members
  }).pipe(
    Effect.retry({ while: (error) => error._tag === "NetworkListenError", schedule: Schedule.recurs(4) }),
    Effect.mapError((error) => new CheckFailed({ message: `the cluster did not start: ${error.message}` }))
  )

const human = (report: {
  readonly operations: number
  readonly acknowledged: number
  readonly failed: number
  readonly unknown: number
  readonly linearizable: boolean
  readonly throughput: number
  readonly latency: { readonly p50: number; readonly p99: number }
  readonly crashes: number
  readonly restarts: number
  readonly partitions: number
  readonly elections: number
  readonly history: string
}): void => {
  printLine(
    `${report.operations} operations: ${report.acknowledged} acknowledged, ${report.failed} certainly without effect, ` +
      `${report.unknown} of unknown outcome`
  )
  printLine(`${report.throughput} a second; half within ${report.latency.p50} ms, 99 % within ${report.latency.p99} ms`)
  printLine(
    `${report.crashes} crash, ${report.restarts} restart, ${report.partitions} partition, ${report.elections} elections`
  )
  printLine(`linearizable: ${report.linearizable ? "yes" : "NO"}`)
  printLine(`again: synod check-history ${report.history} --format synod --model kv`)
}
