/**
 * Options whose errors name the option and show what was given: one line, as the contract of the command line asks.
 *
 * @since 0.1.0
 */
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Options from "@effect/cli/Options"
import * as ValidationError from "@effect/cli/ValidationError"
import * as Effect from "effect/Effect"

const refuse = (line: string) => Effect.fail(ValidationError.invalidValue(HelpDoc.p(line)))

/** An integer from `min` to `max`, both included. */
export const integer = (
  name: string,
  { max, min }: { readonly min: number; readonly max: number }
): Options.Options<number> =>
  Options.text(name).pipe(
    Options.withPseudoName("integer"),
    Options.mapEffect((text) => {
      const value = /^-?\d{1,16}$/.test(text) ? Number(text) : NaN
      return value >= min && value <= max
        ? Effect.succeed(value)
        : refuse(`--${name} must be an integer from ${min} to ${max}, got ${JSON.stringify(text)}`)
    })
  )

/** One of some words. */
export const choice = <const A extends string>(name: string, choices: ReadonlyArray<A>): Options.Options<A> =>
  Options.text(name).pipe(
    Options.withPseudoName(choices.join("|")),
    Options.mapEffect((text) => {
      const found = choices.find((word) => word === text)
      return found === undefined
        ? refuse(`--${name} is one of ${choices.join(", ")}; got ${JSON.stringify(text)}`)
        : Effect.succeed(found)
    })
  )
