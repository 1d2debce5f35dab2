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
import { checkFile, models } from "../consistency/CheckFile.js"
import { formats, ImportError } from "../consistency/Import.js"
import type { Result } from "../consistency/Linearizability.js"
import { BadInput, CheckFailed } from "./Errors.js"
import { readText } from "./internal/files.js"
import { choice, integer } from "./internal/options.js"
import { printJson, printLine } from "./Output.js"

const options = {
  files: Args.text({ name: "FILE" }).pipe(Args.atLeast(1)),
  format: choice("format", formats).pipe(Options.withDescription("how the files are written")),
  model: choice("model", models).pipe(Options.withDescription("the object that the clients used")),
  consistency: choice("consistency", ["linearizable"]).pipe(Options.withDefault("linearizable" as const)),
  budget: integer("budget", { min: 1, max: 86_400_000 }).pipe(
    Options.withDefault(60_000),
    Options.withDescription("milliseconds a file; beyond them its verdict is unknown; default 60000")
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
        isInterrupted: () => clock.unsafeCurrentTimeMillis() > deadline
      })
      if (result instanceof ImportError) return yield* new BadInput({ message: `${file}: ${result.message}` })
      const cpu = process.cpuUsage(before)
      const report = {
        file,
        verdict: result.verdict,
        operations: result.operations,
        ...longestPrefix(result),
        elapsedMillis: clock.unsafeCurrentTimeMillis() - started,
        cpuMillis: Math.round((cpu.user + cpu.system) / 10) / 100
      }
      if (given.json) printJson(report)
      else printLine(`${file}: ${report.verdict}, ${report.operations} operations, ${report.cpuMillis} ms of CPU`)
      if (result.verdict !== "consistent") failed++
    }
    if (failed > 0) {
      return yield* new CheckFailed({
        message: `${failed} of ${given.files.length} histories are not ${given.consistency}`
      })
    }
  })).pipe(Command.withDescription("Judge recorded histories"))

const longestPrefix = (result: Result): { readonly longestPrefix?: number } =>
  result.verdict === "inconsistent" ? { longestPrefix: result.longestPrefix } : {}
