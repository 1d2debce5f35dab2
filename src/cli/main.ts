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
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import process from "node:process"
import { checkHistory } from "./CheckHistory.js"
import { BadInput, CheckFailed } from "./Errors.js"
import { simulate } from "./Simulate.js"

const synod = Command.make("synod").pipe(
  Command.withDescription("Run, break and judge distributed protocols"),
  Command.withSubcommands([simulate, checkHistory])
)

const run = Command.run(synod, { name: "synod", version: "0.1.0" })

const program = run(process.argv).pipe(Effect.provide(NodeContext.layer))

/** The status that a run ends with, and the line that says why. */
const verdict = (exit: Exit.Exit<void, unknown>): { readonly status: number; readonly line?: string } => {
  if (Exit.isSuccess(exit)) return { status: 0 }
  const error = Cause.squash(exit.cause)
  if (error instanceof CheckFailed) return { status: 1, line: error.message }
  if (error instanceof BadInput) return { status: 2, line: error.message }
  // @effect/cli has printed its own explanation by then
  if (ValidationError.isValidationError(error)) {
    return process.argv.length > 2 ? { status: 2 } : { status: 2, line: HelpDoc.toAnsiText(error.error).trim() }
  }
  return { status: 2, line: error instanceof Error ? error.message : String(error) }
}

Effect.runPromiseExit(program).then((exit) => {
  const { line, status } = verdict(exit)
  if (line !== undefined && line !== "") process.stderr.write(`synod: ${line}\n`)
  process.exitCode = status
})
