/**
 * `synod check-history FILE...`: recorded histories, judged.
 *
 * @since 0.1.0
 */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import process from "node:process"
import { checkFile, type FileResult, models } from "../consistency/CheckFile.js"
import { levels } from "../consistency/Consistency.js"
import { formats, ImportError } from "../consistency/Import.js"
import { BadInput, CheckFailed } from "./Errors.js"
import { readText } from "./internal/files.js"
import { choice, integer } from "./internal/options.js"
import { printJson, printLine } from "./Output.js"

const options = {
  files: Args.text({ name: "FILE" }).pipe(Args.atLeast(1)),
  format: choice("format", formats).pipe(Options.withDescription("how the files are written")),
  model: choice("model", models).pipe(Options.withDescription("the object that the clients used")),
  consistency: choice("consistency", levels).pipe(
    Options.withDefault("linearizable" as const),
    Options.withDescription("the level to hold them against; default linearizable")
  ),
  over: choice("over", ["format", "operations", "transactions"]).pipe(
    Options.withDefault("format" as const),
    Options.withDescription("what the level orders; default: whole transactions where the format has them")
  ),
  budget: integer("budget", { min: 1, max: 86_400_000 }).pipe(
    Options.withDefault(60_000),
    Options.withDescription("milliseconds a file; beyond them its verdict is unknown; default 60000")
  ),
  core: Options.boolean("core").pipe(
    Options.withDescription("name the smallest part of a history that is not linearizable")
  ),
  json: Options.boolean("json").pipe(Options.withDescription("one JSON object a line, one a file"))
}

/**
 * The command.
 *
 * @since 0.1.0
 * @category commands
 */
export const checkHistory = Command.make("check-history", options, (given) =>
  Effect.gen(function*() {
    const clock = yield* Effect.clock
    let failed = 0
    for (const file of given.files) {
      const text = yield* readText(file)
      const started = clock.unsafeCurrentTimeMillis()
      const before = process.cpuUsage()
      const deadline = started + given.budget
      const result = checkFile(text, {
        format: given.format,
        model: given.model,
        consistency: given.consistency,
        ...(given.over === "format" ? {} : { over: given.over }),
        ...(given.core ? { core: CORE_STEPS } : {}),
        isInterrupted: () => clock.unsafeCurrentTimeMillis() > deadline
      })
      if (result instanceof ImportError) return yield* new BadInput({ message: `${file}: ${result.message}` })
      const cpu = process.cpuUsage(before)
      const report = {
        file,
        verdict: result.verdict,
        operations: result.operations,
        ...(result.over === "transactions" ? { over: result.over } : {}),
        ...evidence(result),
        elapsedMillis: clock.unsafeCurrentTimeMillis() - started,
        cpuMillis: Math.round((cpu.user + cpu.system) / 10) / 100
      }
      if (given.json) printJson(report)
      else {
        printLine(
          `${file}: ${report.verdict}${
            inWords(result)
          }, ${report.operations} ${result.over}, ${report.cpuMillis} ms of CPU`
        )
      }
      if (result.verdict !== "consistent") failed++
    }
    if (failed > 0) {
      return yield* new CheckFailed({
        message: `${failed} of ${given.files.length} histories are not ${given.consistency}`
      })
    }
  })).pipe(Command.withDescription("Judge recorded histories"))

/** Steps for the smallest failing part: some seconds at most. */
const CORE_STEPS = 5_000_000

/** What a verdict rests on. Only linearizability has a prefix: the other levels have no real time. */
const evidence = (result: FileResult): object => {
  if (result.verdict === "consistent") return {}
  if (result.verdict === "unknown") return { reason: result.reason }
  if ("violation" in result) return { violation: result.violation }
  return { longestPrefix: result.longestPrefix, ...(result.core === undefined ? {} : { core: result.core }) }
}

const inWords = (result: FileResult): string => {
  if (result.verdict === "consistent") return ""
  if (result.verdict === "unknown") return ` (${result.reason})`
  if (!("violation" in result)) {
    const { core } = result
    if (core === undefined) return ""
    return ` (operations ${few(core.operations)}${
      core.optional.length === 0 ? "" : `, whether or not ${few(core.optional)}`
    })`
  }
  const { operations, pattern } = result.violation
  return ` (${pattern}: ${few(operations)})`
}

const few = (ids: ReadonlyArray<number>): string => `${ids.slice(0, 9).join(", ")}${ids.length > 9 ? ", ..." : ""}`
