/**
 * `synod bench [SUITE...]`: the benchmarks of a checkout, ours and peers in turns.
 *
 * @since 0.1.0
 */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import { BadInput, CheckFailed } from "./Errors.js"

const options = {
  suites: Args.text({ name: "SUITE" }).pipe(
    Args.withDescription("actor, tcp, log, replicated; all of them unless told"),
    Args.repeated
  ),
  against: Options.text("against").pipe(
    Options.repeated,
    Options.withDescription("measure only this peer beside the floors; may be given again")
  ),
  cases: Options.text("case").pipe(
    Options.repeated,
    Options.withDescription("only groups whose name contains this text; may be given again")
  ),
  rounds: Options.integer("rounds").pipe(
    Options.withDefault(5),
    Options.withDescription("counted rounds, after the warm-ups; default 5")
  ),
  quick: Options.boolean("quick").pipe(
    Options.withDescription("few operations and one warm-up: shows that all runs, measures nothing")
  ),
  json: Options.boolean("json").pipe(Options.withDescription("one JSON object a line, one a comparison"))
}

/** What benchmarks/run.mjs exports: it lies outside the package, so no compiler joins the two. */
interface Runner {
  readonly bench: (options: object) => Promise<void>
}

const runner = new URL("../../benchmarks/run.mjs", import.meta.url)

/**
 * The command.
 *
 * @since 0.1.0
 * @category commands
 */
export const benchCommand = Command.make("bench", options, (given) =>
  Effect.gen(function*() {
    if (given.rounds < 1) return yield* new BadInput({ message: `--rounds must be at least 1, got ${given.rounds}` })
    const path = yield* (yield* Path.Path).fromFileUrl(runner).pipe(Effect.orDie)
    const files = yield* FileSystem.FileSystem
    const isCheckout = yield* files.exists(path).pipe(Effect.orElseSucceed(() => false))
    if (!isCheckout) {
      return yield* new BadInput({
        message: "bench runs from a checkout of the repository: the published package has no benchmarks/"
      })
    }
    yield* Effect.tryPromise({
      try: async () => {
        const { bench } = (await import(runner.href)) as Runner
        await bench(given)
      },
      catch: (error) => failure(error instanceof Error ? error : new Error(String(error)))
    })
  })).pipe(Command.withDescription("Measure this package beside its peers"))

/** A name that the benchmarks do not know is bad usage; whatever else they throw is a run that failed. */
const failure = (error: Error): BadInput | CheckFailed =>
  error.name === "UnknownName"
    ? new BadInput({ message: error.message })
    : new CheckFailed({ message: `bench: ${error.message}` })
