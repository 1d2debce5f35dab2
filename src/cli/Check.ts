/**
 * `synod check MODEL`: every reachable state of a model, and what its properties say of them.
 *
 * @since 0.1.0
 */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import process from "node:process"
import type { Exploration, Limits, Report, Settings } from "../checker/Checker.js"
import { Refusal, start, startSystem } from "../checker/Checker.js"
import * as ActionTrace from "../explorer/ActionTrace.js"
import * as Format from "../explorer/Format.js"
import * as SystemTrace from "../explorer/SystemTrace.js"
import { toText } from "../explorer/Text.js"
import type { Found, Trace } from "../explorer/Trace.js"
import * as Catalog from "../model/Catalog.js"
import { BadInput, CheckFailed } from "./Errors.js"
import { entryOf, model, parameters } from "./internal/modelOptions.js"
import { choice, integer } from "./internal/options.js"
import { stopSignal } from "./internal/signals.js"
import { traceJson } from "./internal/traces.js"
import { printJson, printLine, status } from "./Output.js"

const options = {
  model,
  parameters,
  maxStates: integer("max-states", { min: 1, max: 1_000_000_000 }).pipe(
    Options.withDefault(100_000_000),
    Options.withDescription("distinct states; beyond them what is not decided is unknown; default 100000000")
  ),
  maxDepth: integer("max-depth", { min: 1, max: 1_000_000_000 }).pipe(
    Options.optional,
    Options.withDescription("levels, the initial states are the first; no limit unless told")
  ),
  maxMemory: integer("max-memory", { min: 1, max: 1_000_000 }).pipe(
    Options.withDefault(4_096),
    Options.withDescription("MiB for states, ways to them and what waits; default 4096")
  ),
  budget: integer("budget", { min: 1, max: 86_400_000 }).pipe(
    Options.optional,
    Options.withDescription("milliseconds; no limit unless told. What a limit left undecided is unknown")
  ),
  order: choice("order", ["breadth", "depth"]).pipe(
    Options.withDefault("breadth" as const),
    Options.withDescription("which states come first; breadth (the default) has the shortest traces")
  ),
  exact: Options.boolean("exact").pipe(
    Options.withDescription("compares whole states, not 64-bit fingerprints of them")
  ),
  symmetry: Options.boolean("symmetry").pipe(
    Options.withDescription(
      "counts states that differ only in interchangeable names once, where the model declares such names"
    )
  ),
  mutant: Options.text("mutant").pipe(
    Options.optional,
    Options.withDescription("a planted bug, which the check must find")
  ),
  listMutants: Options.boolean("list-mutants").pipe(Options.withDescription("the model's planted bugs, and no check")),
  trace: Options.text("trace").pipe(
    Options.optional,
    Options.withDescription(
      `writes what was found to this file: as JSON, or for ${
        Format.endings.join(", ")
      } the first violation in that format`
    )
  ),
  json: Options.boolean("json").pipe(Options.withDescription("one JSON object on standard output"))
}

/** A model under check, whatever its states are. */
interface Subject {
  readonly run: (limits: Limits) => Report<unknown>
  /** What the last report says of one property, to be looked at; undefined where it has no trace. */
  readonly view: (property: number) => Trace | undefined
  /** How the last report's failure came about; undefined where there was none. */
  readonly failure: () => Trace | undefined
}

const subject = <S>(exploration: Exploration<S>, make: (found: Found<S>) => Trace): Subject => {
  let last: Report<S> | undefined
  return {
    run: (limits) => last = exploration.run(limits),
    view: (property) => {
      const verdict = last?.properties[property]
      return verdict?.trace === undefined
        ? undefined
        : make({ steps: verdict.trace, loop: verdict.loop, finding: sentence(verdict) })
    },
    failure: () =>
      last?.failure === undefined
        ? undefined
        : make({ steps: last.failure.trace, finding: `${last.failure.place} threw: ${last.failure.reason}` })
  }
}

const sentence = ({ kind, name, reason, verdict }: Report<unknown>["properties"][number]): string =>
  `${kind} ${name}: ${verdict}${reason === undefined ? "" : `: ${reason}`}`

/** What a reader of the catalogue makes of either kind of model. */
const checking = (settings: Settings): Catalog.Reader<Subject> => ({
  actions: (model) => subject(start(model, settings), (found) => ActionTrace.make(model, found)),
  system: (model) => subject(startSystem(model, settings), (found) => SystemTrace.make(model, found))
})

/** The length of the first turn of a search; each is twice as long as the one before, up to the last. Between turns signals are heard. */
const firstTurnMillis = 250
const longestTurnMillis = 16_000

/** Runs until everything is decided, a limit is reached or a signal asks to stop; the report says which. */
const explore = (
  subject: Subject,
  limits: Limits,
  budgetMillis: number
): Effect.Effect<Report<unknown>> =>
  Effect.gen(function*() {
    const { unsafeCurrentTimeMillis: now } = yield* Effect.clock
    const line = status()
    const end = now() + budgetMillis
    let isStopped = false
    yield* Effect.forkScoped(Effect.map(stopSignal, () => isStopped = true))
    for (let turn = firstTurnMillis;; turn = Math.min(2 * turn, longestTurnMillis)) {
      const turnEnd = Math.min(end, now() + turn)
      const report = subject.run({ ...limits, isInterrupted: () => now() >= turnEnd })
      line.show(`${report.distinctStates} states, ${report.generatedStates} generated, depth ${report.depth}`)
      yield* Effect.sleep(0) // a turn of the event loop, in which signals are heard
      if (report.end !== "interrupted" || isStopped || now() >= end) {
        line.done()
        return report
      }
    }
  }).pipe(Effect.scoped)

/**
 * The command.
 *
 * @since 0.1.0
 * @category commands
 */
export const check = Command.make("check", options, (given) =>
  Effect.gen(function*() {
    const entry = yield* entryOf(given.model)
    if (given.listMutants) return listMutants(entry, given.json)
    const mutant = Option.getOrUndefined(given.mutant)
    const clock = yield* Effect.clock
    const started = clock.unsafeCurrentTimeMillis()
    const before = process.cpuUsage()
    const values = yield* refusing(() => Catalog.valuesOf(entry, given.parameters))
    const request = { parameters: given.parameters, mutant }
    const subject = yield* refusing(() => Catalog.build(entry, request, checking(given)))
    const limits: Limits = {
      maxStates: given.maxStates,
      maxDepth: Option.getOrUndefined(given.maxDepth),
      maxBytes: given.maxMemory * 2 ** 20
    }
    const write = yield* opened(given.trace)
    const budget = Option.getOrElse(given.budget, () => Number.POSITIVE_INFINITY)
    const report = yield* explore(subject, limits, budget)
    const cpu = process.cpuUsage(before)
    const summary = {
      model: entry.name,
      parameters: values,
      ...(mutant === undefined ? {} : { mutant }),
      distinctStates: report.distinctStates,
      generatedStates: report.generatedStates,
      depth: report.depth,
      complete: report.complete,
      end: report.end,
      finishedDepth: report.finishedDepth,
      frontier: report.frontier,
      properties: report.properties.map(({ kind, loop, name, reason, trace, verdict }) => ({
        name,
        kind,
        verdict,
        // steps: the initial state is none
        ...(trace === undefined ? {} : { traceLength: trace.length - 1 }),
        ...(loop === undefined ? {} : { loop }),
        ...(reason === undefined ? {} : { reason })
      })),
      ...(report.failure === undefined
        ? {}
        : { failure: { place: report.failure.place, reason: report.failure.reason } }),
      bytesPerState: Math.round(report.bytesPerState * 10) / 10,
      collisionProbability: report.collisionProbability,
      elapsedMillis: clock.unsafeCurrentTimeMillis() - started,
      cpuMillis: Math.round((cpu.user + cpu.system) / 1000)
    }
    if (write !== undefined) yield* write(traceText(given.trace, subject, summary, report))
    if (given.json) printJson(summary)
    else people(summary, report, subject)
    const open = report.properties.filter(({ verdict }) => verdict !== "holds").map(({ name, verdict }) =>
      `${name}: ${verdict}`
    )
    const thrown = report.failure === undefined ? [] : [`${report.failure.place} threw: ${report.failure.reason}`]
    if (open.length + thrown.length > 0) return yield* new CheckFailed({ message: [...thrown, ...open].join(", ") })
  })).pipe(Command.withDescription("Visit every reachable state of a model and judge its properties"))

/** Writes to the file of `--trace`. It is tried before the check, which may take long. */
const opened = (
  trace: Option.Option<string>
): Effect.Effect<((text: string) => Effect.Effect<void, BadInput>) | undefined, BadInput, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    if (Option.isNone(trace)) return undefined
    const files = yield* FileSystem.FileSystem
    const write = (text: string) =>
      Effect.mapError(
        files.writeFileString(trace.value, text),
        (error) => new BadInput({ message: `--trace: ${trace.value}: ${error.message}` })
      )
    yield* write("")
    return write
  })

/** In the format of the file's ending: of the first violation, or of the first witness where there is none. All of them, as JSON, for other endings. */
const traceText = (file: Option.Option<string>, subject: Subject, summary: object, report: Report<unknown>): string => {
  const format = Option.getOrUndefined(Option.map(file, Format.ofFile))
  if (format === undefined) return traceJson(summary, report)
  const isShown = report.properties.some(({ trace, verdict }) => trace !== undefined && verdict === "violated")
    ? "violated"
    : "holds"
  const at = report.properties.findIndex(({ trace, verdict }) => trace !== undefined && verdict === isShown)
  const trace = at < 0 ? undefined : subject.view(at)
  return trace === undefined ? "" : format(trace)
}

/** Bad parameters, and models that are not what they declare to be, in the words of who found out. */
const refusing = <A>(run: () => A): Effect.Effect<A, BadInput> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(run())
    } catch (error) {
      if (error instanceof RangeError || error instanceof Refusal) return new BadInput({ message: error.message })
      throw error
    }
  })

const listMutants = ({ mutants, name }: Catalog.Entry, json: boolean): void => {
  const all = Object.entries(mutants).map(([mutant, description]) => ({ mutant, description }))
  if (json) printJson({ model: name, mutants: all })
  else for (const { description, mutant } of all) printLine(`${mutant}: ${description}`)
}

interface Summary {
  readonly model: string
  readonly distinctStates: number
  readonly generatedStates: number
  readonly depth: number
  readonly complete: boolean
  readonly cpuMillis: number
}

const people = (
  { complete, cpuMillis, depth, distinctStates, generatedStates, model }: Summary,
  report: Report<unknown>,
  subject: Subject
): void => {
  const extent = complete ? "all of them" : `not all of them: the search ended by ${report.end}`
  printLine(
    `${model}: ${distinctStates} states (${extent}), ${generatedStates} generated, depth ${depth}, ${cpuMillis} ms of CPU`
  )
  for (const [at, property] of report.properties.entries()) {
    const trace = property.verdict === "violated" ? subject.view(at) : undefined
    if (trace === undefined) printLine(sentence(property))
    else printTrace(trace)
  }
  const failure = subject.failure()
  if (failure !== undefined) printTrace(failure)
}

/** The model's name, which the text begins with, was said. */
const printTrace = (trace: Trace): void => {
  for (const line of toText(trace).trimEnd().split("\n").slice(1)) printLine(line)
}
