/**
 * Recorded runs as files: what is none is bad input, in one line that names the file and the place.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import { TapeMismatch } from "../../core/Tape.js"
import { MalformedTape } from "../../core/TapeJson.js"
import * as Recording from "../../simulation/Recording.js"
import type { Scenario } from "../../simulation/Scenario.js"
import * as RaftKeyValue from "../../simulation/scenarios/RaftKeyValue.js"
import { BadInput } from "../Errors.js"
import { readText } from "./files.js"

/** A recording, and the scenario that it is of. */
export interface Opened {
  readonly recording: Recording.Recording
  readonly scenario: Scenario<RaftKeyValue.Vocabulary>
}

/** Reads a tape. */
export const open = (file: string): Effect.Effect<Opened, BadInput, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const recording = Recording.decode(yield* readText(file))
    if (recording instanceof MalformedTape) return yield* new BadInput({ message: `${file}: ${recording.message}` })
    if (recording.scenario !== "raft") {
      return yield* new BadInput({
        message: `${file}: scenario: there is none called ${JSON.stringify(recording.scenario)}`
      })
    }
    const scenario = RaftKeyValue.fromParameters(recording.parameters)
    if (typeof scenario === "string") return yield* new BadInput({ message: `${file}: parameters: ${scenario}` })
    return { recording, scenario }
  })

/** Runs something of a tape: a program that asks for other choices than the tape holds is bad input, with the place. */
export const playing = <A>(file: string, run: () => A): Effect.Effect<A, BadInput> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(run())
    } catch (error) {
      if (error instanceof TapeMismatch) return new BadInput({ message: `${file}: ${error.message}` })
      if (error instanceof RangeError) return new BadInput({ message: `${file}: ${error.message}` })
      throw error
    }
  })

/** Writes a file, and the folders it lies in. */
export const write = (
  file: string,
  text: string
): Effect.Effect<void, BadInput, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    yield* files.makeDirectory(path.dirname(file), { recursive: true })
    yield* files.writeFileString(file, text)
  }).pipe(Effect.mapError((error) => new BadInput({ message: `${file}: cannot be written: ${error.message}` })))

/** The line that runs a tape again. */
export const replayLine = (file: string): string => `synod replay ${file}`
