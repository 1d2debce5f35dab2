/**
 * `synod explore MODEL`: the state space of a model on loopback, one page a place.
 *
 * @since 0.1.0
 */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Explorer } from "../explorer/Explorer.js"
import { ofActions, ofSystem } from "../explorer/Explorer.js"
import * as Catalog from "../model/Catalog.js"
import { BadInput } from "./Errors.js"
import { entryOf, model, parameters } from "./internal/modelOptions.js"
import { integer } from "./internal/options.js"

const options = {
  model,
  parameters,
  mutant: Options.text("mutant").pipe(Options.optional, Options.withDescription("a planted bug")),
  port: integer("port", { min: 0, max: 65_535 }).pipe(
    Options.withDefault(8_000),
    Options.withDescription("on 127.0.0.1; 0 takes a free one; default 8000")
  )
}

const exploring: Catalog.Reader<Explorer> = { actions: ofActions, system: ofSystem }

/**
 * The command.
 *
 * @since 0.1.0
 * @category commands
 */
export const explore = Command.make(
  "explore",
  options,
  ({ model, mutant, parameters, port }) =>
    Effect.gen(function*() {
      const entry = yield* entryOf(model)
      const explorer = yield* build(entry, parameters, Option.getOrUndefined(mutant))
      const { serve } = yield* Effect.promise(() => import("./internal/explorerServer.js"))
      yield* serve(explorer, port)
    }).pipe(Effect.scoped)
).pipe(
  Command.withDescription("Serve a model's state space on loopback, step by step, with its properties at each state")
)

const build = (
  entry: Catalog.Entry,
  parameters: Catalog.Request["parameters"],
  mutant: string | undefined
): Effect.Effect<Explorer, BadInput> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(Catalog.build(entry, { parameters, mutant }, exploring))
    } catch (error) {
      if (error instanceof RangeError) return new BadInput({ message: error.message })
      throw error
    }
  })
