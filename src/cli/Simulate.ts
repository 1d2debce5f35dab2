/**
 * `synod simulate PROTOCOL`.
 *
 * @since 0.1.0
 */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import process from "node:process"
import type { Report, Summary } from "../simulation/Simulation.js"
import { BadInput, CheckFailed } from "./Errors.js"
import { choice, integer } from "./internal/options.js"
import { runSeeds } from "./internal/seeds.js"
import { printJson, printLine, progress } from "./Output.js"

const options = {
  protocol: Args.choice([["raft", "raft"]], { name: "protocol" }).pipe(
    Args.withDescription("raft: a key-value store over Raft, judged by Raft's invariants and by linearizability")
  ),
  nodes: integer("nodes", { min: 1, max: 9 }).pipe(
    Options.withDefault(3),
    Options.withDescription("1 to 9; default 3")
  ),
  seeds: Options.text("seeds").pipe(Options.withDefault("1..100"), Options.withDescription("A..B; default 1..100")),
  faults: choice("faults", ["none", "crash", "network", "all"]).pipe(Options.withDefault("all" as const)),
  duration: Options.text("duration").pipe(
    Options.withDefault("10 seconds"),
    Options.withDescription("virtual time under faults; a calm of 6 s follows; default \"10 seconds\"")
  ),
  workers: integer("workers", { min: 1, max: 64 }).pipe(
    Options.withDefault(1),
    Options.withDescription("threads that share the seeds, 1 to 64; they change no result; default 1")
  ),
  json: Options.boolean("json").pipe(Options.withDescription("one JSON object on standard output"))
}

/**
 * The command.
 *
 * @since 0.1.0
 * @category commands
 */
export const simulate = Command.make("simulate", options, (given) =>
  Effect.gen(function*() {
    const [from, to] = yield* seedRange(given.seeds)
    const duration = yield* virtualTime(given.duration)
    const bar = progress("seeds", to - from + 1)
    const before = process.cpuUsage()
    const work = { nodes: given.nodes, from, to, faults: given.faults, duration, calm: 6_000 }
    const summary = yield* Effect.ensuring(runSeeds(work, given.workers, bar.tick), Effect.sync(bar.done))
    const cpu = process.cpuUsage(before)
    const seconds = (cpu.user + cpu.system) / 1e6
    const report = {
      protocol: given.protocol,
      nodes: given.nodes,
      faults: given.faults,
      seeds: summary.seeds,
      events: summary.events,
      operations: summary.operations,
      virtualMillis: summary.virtualMillis,
      violations: summary.failures.flatMap(violations),
      traceHash: summary.traceHash,
      eventsPerCpuSecond: Math.round(summary.events / Math.max(seconds, 0.001)),
      cpuMillis: Math.round(seconds * 1000),
      counters: summary.counters
    }
    if (given.json) printJson(report)
    else human(summary, report.eventsPerCpuSecond)
    if (summary.failures.length > 0) {
      return yield* new CheckFailed({
        message: `${summary.failures.length} of ${summary.seeds} seeds failed; again: ${seedLine(summary.failures[0]!)}`
      })
    }
  })).pipe(Command.withDescription("Run a protocol under seeded faults on virtual time, and judge what it did"))

const violations = (report: Report) =>
  report.violations.map(({ atMillis, detail, property }) => ({
    seed: report.seed,
    property,
    detail,
    atMillis,
    replay: seedLine(report),
    tape: report.recording
  }))

const seedLine = ({ faults, recording, seed }: Report): string =>
  `synod simulate ${recording.scenario} --nodes ${
    recording.parameters["nodes"]
  } --seeds ${seed}..${seed} --faults ${faults}`

const human = (summary: Summary, rate: number): void => {
  const { counters } = summary
  printLine(
    `${summary.seeds} seeds, ${summary.events} events, ${Math.round(summary.virtualMillis / 1000)} virtual seconds`
  )
  printLine(`${summary.operations} operations answered, ${rate} events a CPU second, trace ${summary.traceHash}`)
  printLine(
    `${counters.crashes} crashes, ${counters.partitions} partitions, ${counters.pauses} pauses, ` +
      `${counters.dropped} messages lost, ${counters.duplicated} duplicated`
  )
  for (const failure of summary.failures) {
    for (const { atMillis, detail, property } of failure.violations) {
      printLine(`seed ${failure.seed}: ${property} at ${atMillis} ms: ${detail}`)
    }
  }
}

const seedRange = (text: string): Effect.Effect<readonly [number, number], BadInput> => {
  const match = /^(\d{1,15})(?:\.\.(\d{1,15}))?$/.exec(text)
  const from = Number(match?.[1])
  const to = Number(match?.[2] ?? match?.[1])
  return match === null || to < from || to - from >= 10_000_000
    ? new BadInput({ message: `--seeds takes A..B with A <= B, got ${JSON.stringify(text)}` })
    : Effect.succeed([from, to])
}

const virtualTime = (text: string): Effect.Effect<number, BadInput> => {
  const millis = Duration.decodeUnknown(text).pipe(Option.map(Duration.toMillis), Option.getOrElse(() => NaN))
  return millis >= 1 && millis <= 86_400_000
    ? Effect.succeed(Math.floor(millis))
    : new BadInput({
      message: `--duration takes a time such as "10 seconds", at most a day, got ${JSON.stringify(text)}`
    })
}
