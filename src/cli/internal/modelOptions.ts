/**
 * How the command line names a model of the catalogue: by its name, its parameters, and a planted bug.
 *
 * @since 0.1.0
 */
import * as Args from "@effect/cli/Args"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Catalog from "../../model/Catalog.js"
import { BadInput } from "../Errors.js"

/** The model's name. */
export const model = Args.text({ name: "MODEL" }).pipe(
  Args.withDescription(
    Catalog.entries.map(({ elsewhere, name, summary }) => `${name}: ${summary} (${elsewhere})`).join("; ")
  )
)

const parameterNames = [...new Set(Catalog.entries.flatMap(({ parameters }) => Object.keys(parameters)))].toSorted()

const described = (name: string): string => {
  const takers = Catalog.entries.filter(({ parameters }) => Object.hasOwn(parameters, name))
  const bounds = ({ parameters }: Catalog.Entry): string => {
    const parameter = parameters[name]!
    return parameter._tag === "Word"
      ? `${parameter.words.join("|")}; default ${parameter.default}`
      : `${parameter.min} to ${parameter.max}; default ${parameter.default}`
  }
  return takers.map((entry) => `${entry.name}: ${bounds(entry)}`).join(". ")
}

/** One option for each parameter of any model; which of them a model takes, the catalogue says. */
export const parameters: Options.Options<{ readonly [name: string]: string | undefined }> = Options.all(
  Object.fromEntries(parameterNames.map((name) => [
    name,
    Options.text(name).pipe(
      Options.optional,
      Options.map(Option.getOrUndefined),
      Options.withDescription(described(name))
    )
  ]))
)

/** The entry of that name. */
export const entryOf = (name: string): Effect.Effect<Catalog.Entry, BadInput> => {
  const entry = Catalog.find(name)
  if (entry !== undefined) return Effect.succeed(entry)
  const known = Catalog.entries.map(({ name }) => name).join(", ")
  return new BadInput({ message: `no model ${JSON.stringify(name)}; the models: ${known}` })
}
