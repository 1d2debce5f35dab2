/**
 * `synod shrink TAPE --out FILE`: a recorded failure, made smaller.
 *
 * @since 0.1.0
 */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import process from "node:process"
import * as Recording from "../simulation/Recording.js"
import type { Size } from "../simulation/Shrink.js"
import * as Shrink from "../simulation/Shrink.js"
import { integer } from "./internal/options.js"
import { open, playing, replayLine, write } from "./internal/tapes.js"
import { printJson, printLine, status } from "./Output.js"

const options = {
  tape: Args.text({ name: "TAPE" }).pipe(Args.withDescription("a file that simulate wrote, of a run that fails")),
  out: Options.text("out").pipe(Options.withDescription("the file of the smaller one")),
  runs: integer("runs", { min: 1, max: 1_000_000 }).pipe(
    Options.withDefault(2_000),
    Options.withDescription("runs at most; default 2000")
  ),
  budget: integer("budget", { min: 1, max: 86_400_000 }).pipe(
    Options.withDefault(60_000),
    Options.withDescription("milliseconds at most; default 60000")
  ),
  json: Options.boolean("json").pipe(Options.withDescription("one JSON object on standard output"))
}

/**
 * The command.
 *
 * @since 0.1.0
 * @category commands
 */
export const shrink = Command.make("shrink", options, (given) =>
  Effect.gen(function*() {
    const { recording, scenario } = yield* open(given.tape)
    const clock = yield* Effect.clock
    const deadline = clock.unsafeCurrentTimeMillis() + given.budget
    const cpuBefore = process.cpuUsage()
    const line = status()
    const shrunk = yield* Effect.ensuring(
      playing(given.tape, () =>
        Shrink.shrink(scenario, recording, {
          maxRuns: given.runs,
          isInterrupted: () => clock.unsafeCurrentTimeMillis() > deadline,
          onProgress: (size, runs) => line.show(`${runs} runs: ${say(size)}`)
        })),
      Effect.sync(line.done)
    )
    const cpu = process.cpuUsage(cpuBefore)
    yield* write(given.out, Recording.encode(shrunk.recording))
    const { after, before, isLocalMinimum, property, runs } = shrunk
    if (given.json) {
      printJson({
        property,
        before,
        after,
        runs,
        isLocalMinimum,
        cpuMillis: Math.round((cpu.user + cpu.system) / 1000),
        tape: given.out,
        replay: replayLine(given.out)
      })
    } else {
      printLine(`${property}: ${say(before)}`)
      printLine(
        `after ${runs} runs: ${say(after)}${
          isLocalMinimum ? "" : "; the budget ended before there was nothing left to try"
        }`
      )
      printLine(replayLine(given.out))
    }
  })).pipe(Command.withDescription("Make a recorded failure smaller, as far as the same property fails"))

const say = ({ decisions, events, kinds, virtualMillis }: Size): string =>
  `${events} events, ${decisions} choices that are not benign, ${kinds} kinds of fault, ${virtualMillis} virtual ms`
