#!/usr/bin/env node
/**
 * The `synod` command. Exit status: 0 = everything held, 1 = something failed and the report says what, 2 = bad input or bad usage.
 *
 * @since 0.1.0
 */
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as ValidationError from "@effect/cli/ValidationError"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import process from "node:process"
import { benchCommand } from "./Bench.js"
import { check } from "./Check.js"
import { checkHistory } from "./CheckHistory.js"
import { demo } from "./Demo.js"
import { BadInput, CheckFailed } from "./Errors.js"
import { explore } from "./Explore.js"
import { node } from "./Node.js"
import { loggerLayer, oneLine, plain } from "./Output.js"
import { replay } from "./Replay.js"
import { shrink } from "./Shrink.js"
import { simulate } from "./Simulate.js"

const synod = Command.make("synod").pipe(
  Command.withDescription("Run, break and judge distributed protocols"),
  Command.withSubcommands([demo, node, simulate, replay, shrink, check, explore, checkHistory, benchCommand])
)

/** @effect/cli prints a wrong usage over several lines; it is said once, in one line, below. Its help is coloured, which is for terminals. */
const quietly = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Console.consoleWith((console) =>
    Effect.withConsole(effect, {
      ...console,
      error: () => Effect.void,
      log: (...texts) =>
        process.stdout.isTTY ? console.log(...texts) : console.log(...texts.map((text) => plain(String(text))))
    })
  )

const program = quietly(Command.run(synod, { name: "synod", version: "0.1.0" })(process.argv)).pipe(
  Effect.provide(Layer.merge(NodeContext.layer, loggerLayer))
)

/** The status that a run ends with, and the line that says why. */
const verdict = (exit: Exit.Exit<void, unknown>): { readonly status: number; readonly line?: string } => {
  if (Exit.isSuccess(exit)) return { status: 0 }
  const error = Cause.squash(exit.cause)
  if (error instanceof CheckFailed) return { status: 1, line: error.message }
  if (error instanceof BadInput) return { status: 2, line: error.message }
  if (ValidationError.isValidationError(error)) return { status: 2, line: HelpDoc.toAnsiText(error.error) }
  return { status: 2, line: error instanceof Error ? error.message : String(error) }
}

Effect.runPromiseExit(program).then((exit) => {
  const { line, status } = verdict(exit)
  if (line !== undefined && line !== "") process.stderr.write(`synod: ${oneLine(line)}\n`)
  process.exitCode = status
})
