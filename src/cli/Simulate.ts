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
import { join } from "node:path"
import process from "node:process"
import * as Faults from "../simulation/Faults.js"
import * as Recording from "../simulation/Recording.js"
import type { Violation } from "../simulation/Scenario.js"
import { bugs } from "../simulation/scenarios/RaftBugs.js"
import { BadInput, CheckFailed } from "./Errors.js"
import { choice, integer } from "./internal/options.js"
import type { Outcome } from "./internal/seeds.js"
import { runSeeds } from "./internal/seeds.js"
import { stopSignal } from "./internal/signals.js"
import { replayLine, write } from "./internal/tapes.js"
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
  faults: choice("faults", Faults.names).pipe(Options.withDefault("all" as const)),
  duration: Options.text("duration").pipe(
    Options.withDefault("10 seconds"),
    Options.withDescription("virtual time under faults; default \"10 seconds\"")
  ),
  calm: Options.text("calm").pipe(
    Options.withDefault("6 seconds"),
    Options.withDescription("virtual time after them, in which it must recover; default \"6 seconds\"")
  ),
  bug: choice("bug", bugs.map(({ name }) => name)).pipe(
    Options.optional,
    Options.withDescription("plants a known bug of Raft, to see it found")
  ),
  tapes: Options.text("tapes").pipe(
    Options.withDefault(".synod"),
    Options.withDescription("the folder for the tapes of runs that fail; default .synod")
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
    const duration = yield* virtualTime("duration", given.duration)
    const calm = yield* virtualTime("calm", given.calm)
    const requested = to - from + 1
    const bar = progress("seeds", requested)
    const before = process.cpuUsage()
    const shape = { nodes: given.nodes, ...(Option.isSome(given.bug) ? { bug: given.bug.value } : {}) }
    const work = { shape, from, to, faults: given.faults, duration, calm }
    const stop = { isAsked: false }
    const asked = Effect.tap(stopSignal, () => Effect.sync(() => stop.isAsked = true))
    const summary = yield* Effect.scoped(Effect.zipRight(
      Effect.forkScoped(asked),
      runSeeds(work, given.workers, bar.tick, () => stop.isAsked)
    )).pipe(Effect.ensuring(Effect.sync(bar.done)))
    const cpu = process.cpuUsage(before)
    const seconds = (cpu.user + cpu.system) / 1e6
    const violations = yield* Effect.map(
      Effect.forEach(summary.failures, (failure) => keep(given.tapes, failure)),
      (found) => found.flat()
    )
    const isInterrupted = summary.seeds < requested
    const report = {
      protocol: given.protocol,
      nodes: given.nodes,
      faults: given.faults,
      ...(Option.isSome(given.bug) ? { bug: given.bug.value } : {}),
      seeds: summary.seeds,
      ...(isInterrupted ? { interrupted: true, requested } : {}),
      events: summary.events,
      operations: summary.operations,
      virtualMillis: summary.virtualMillis,
      failedSeeds: summary.failed,
      violations,
      traceHash: summary.traceHash,
      eventsPerCpuSecond: Math.round(summary.events / Math.max(seconds, 0.001)),
      cpuMillis: Math.round(seconds * 1000),
      counters: summary.counters
    }
    if (given.json) printJson(report)
    else human(summary, violations, report.eventsPerCpuSecond)
    const untold = isInterrupted ? `interrupted after ${summary.seeds} of ${requested} seeds` : undefined
    if (summary.failed > 0) {
      const failed = `${summary.failed} of ${summary.seeds} seeds failed; again: ${violations[0]?.replay}`
      return yield* new CheckFailed({ message: untold === undefined ? failed : `${untold}; ${failed}` })
    }
    if (untold !== undefined) return yield* new CheckFailed({ message: `${untold}; none of them failed` })
  })).pipe(Command.withDescription("Run a protocol under seeded faults on virtual time, and judge what it did"))

/** Writes a run that failed to its tape, and says what it violated and how to run it again. */
const keep = (folder: string, recording: Recording.Recording) => {
  const { outcome, scenario, seed } = recording
  const tape = join(folder, `${scenario}-${seed}-${outcome.traceHash}.json`)
  const violations = outcome.violations.map(({ atMillis, detail, property }) => ({
    seed,
    property,
    detail,
    atMillis,
    tape,
    replay: replayLine(tape)
  }))
  return Effect.as(write(tape, Recording.encode(recording)), violations)
}

interface Found extends Violation {
  readonly seed: number
  readonly replay: string
}

const human = (summary: Outcome, violations: ReadonlyArray<Found>, rate: number): void => {
  const { counters } = summary
  printLine(
    `${summary.seeds} seeds, ${summary.events} events, ${Math.round(summary.virtualMillis / 1000)} virtual seconds`
  )
  printLine(`${summary.operations} operations answered, ${rate} events a CPU second, trace ${summary.traceHash}`)
  printLine(
    `${counters.crashes} crashes, ${counters.partitions} partitions, ${counters.pauses} pauses, ` +
      `${counters.grayFailures} gray failures, ${counters.dropped} messages lost, ${counters.duplicated} duplicated`
  )
  for (const { atMillis, detail, property, replay, seed } of violations) {
    printLine(`seed ${seed}: ${property} at ${atMillis} ms: ${detail}`)
    printLine(`  ${replay}`)
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

const virtualTime = (name: string, text: string): Effect.Effect<number, BadInput> => {
  const millis = Duration.decodeUnknown(text).pipe(Option.map(Duration.toMillis), Option.getOrElse(() => NaN))
  return millis >= 1 && millis <= 86_400_000
    ? Effect.succeed(Math.floor(millis))
    : new BadInput({
      message: `--${name} takes a time such as "10 seconds", at most a day, got ${JSON.stringify(text)}`
    })
}
