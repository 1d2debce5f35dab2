/**
 * `synod replay TAPE`: one recorded run, again.
 *
 * @since 0.1.0
 */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Simulation from "../simulation/Simulation.js"
import { BadInput, CheckFailed } from "./Errors.js"
import { choice } from "./internal/options.js"
import { open, playing, write } from "./internal/tapes.js"
import { testCase } from "./internal/testCase.js"
import { printJson, printLine } from "./Output.js"

const options = {
  tape: Args.text({ name: "TAPE" }).pipe(Args.withDescription("a file that simulate or shrink wrote")),
  test: Options.text("test").pipe(
    Options.optional,
    Options.withDescription("writes a test of vitest that replays the failure")
  ),
  expect: choice("expect", ["fails", "holds"]).pipe(
    Options.withDefault("fails" as const),
    Options.withDescription("what that test asserts of the property: that it fails, or that it holds; default fails")
  ),
  json: Options.boolean("json").pipe(Options.withDescription("one JSON object on standard output"))
}

/**
 * The command.
 *
 * @since 0.1.0
 * @category commands
 */
export const replay = Command.make("replay", options, (given) =>
  Effect.gen(function*() {
    const { recording, scenario } = yield* open(given.tape)
    const report = yield* playing(given.tape, () => Simulation.replay(scenario, recording))
    const [violation] = report.violations
    const { outcome, parameters, seed } = recording
    const isSameRun = report.traceHash === outcome.traceHash && report.events === outcome.events
    if (Option.isSome(given.test)) {
      const property = violation?.property ?? outcome.violations[0]?.property
      if (property === undefined) {
        return yield* new BadInput({ message: `${given.tape}: violates nothing: there is nothing to test` })
      }
      yield* write(given.test.value, testCase(recording, property, given.expect))
    }
    const { events, operations, traceHash, violations, virtualMillis } = report
    if (given.json) {
      printJson({
        protocol: recording.scenario,
        parameters,
        seed,
        events,
        operations,
        virtualMillis,
        violations,
        traceHash,
        isSameRun,
        ...(Option.isSome(given.test) ? { test: given.test.value } : {})
      })
    } else {
      printLine(`${events} events, ${virtualMillis} virtual ms, trace ${traceHash}`)
      for (const { atMillis, detail, property } of violations) printLine(`${property} at ${atMillis} ms: ${detail}`)
      if (violation === undefined) printLine("every property held")
      if (!isSameRun) printLine(`not the recorded run: its trace was ${outcome.traceHash}, ${outcome.events} events`)
      if (Option.isSome(given.test)) printLine(`wrote ${given.test.value}`)
    }
    if (violation !== undefined) {
      return yield* new CheckFailed({ message: `${violation.property} at ${violation.atMillis} ms` })
    }
  })).pipe(Command.withDescription("Run a recorded failure again, choice by choice"))
