/**
 * The models after published ones, by name: what `synod check MODEL` can run, with the parameters that each takes, their bounds, and its planted bugs.
 *
 * @since 0.1.0
 */
import type { Entry, Parameter, Reader, Values } from "./published/Entry.js"
import { models } from "./published/index.js"

export type {
  /**
   * A model of the catalogue.
   *
   * @since 0.1.0
   * @category models
   */
  Entry,
  /**
   * A parameter of a model.
   *
   * @since 0.1.0
   * @category models
   */
  Parameter,
  /**
   * What to do with a model that was built.
   *
   * @since 0.1.0
   * @category models
   */
  Reader,
  /**
   * A value for each parameter of a model, by name.
   *
   * @since 0.1.0
   * @category models
   */
  Values
}

/**
 * Every model, in the order in which a list shows them.
 *
 * @since 0.1.0
 * @category catalogue
 */
export const entries: ReadonlyArray<Entry> = models

/**
 * The model of that name.
 *
 * @since 0.1.0
 * @category catalogue
 */
export const find = (name: string): Entry | undefined => entries.find((entry) => entry.name === name)

/**
 * What is asked of a model: parameters as text or as numbers, by name, and a planted bug.
 *
 * @since 0.1.0
 * @category models
 */
export interface Request {
  readonly parameters?: { readonly [name: string]: number | string | undefined } | undefined
  readonly mutant?: string | undefined
}

/**
 * The values of all parameters: those that are given, and the defaults of the rest. Throws a `RangeError` that names the option where one is not the model's, not a whole
 * number or a word of it, or out of its bounds.
 *
 * @since 0.1.0
 * @category catalogue
 */
export const valuesOf = (entry: Entry, given: Request["parameters"] = {}): Values => {
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined && !Object.hasOwn(entry.parameters, name)) {
      const known = Object.keys(entry.parameters).map((parameter) => `--${parameter}`)
      throw new RangeError(`--${name}: ${entry.name} has no such option; its options: ${listed(known)}`)
    }
  }
  return Object.fromEntries(
    Object.entries(entry.parameters).map(([name, parameter]) => {
      const value = given[name]
      return [name, value === undefined ? parameter.default : valueOf(name, parameter, value)]
    })
  )
}

/**
 * Builds a model and hands it to the reader. Throws the `RangeError` of `valuesOf`, and one that lists the planted bugs where `mutant` is none of them.
 *
 * @since 0.1.0
 * @category catalogue
 */
export const build = <A>(entry: Entry, { mutant, parameters }: Request, reader: Reader<A>): A => {
  if (mutant !== undefined && !Object.hasOwn(entry.mutants, mutant)) {
    const known = listed(Object.keys(entry.mutants))
    throw new RangeError(`--mutant: ${entry.name} has no mutant ${JSON.stringify(mutant)}; its mutants: ${known}`)
  }
  return entry.build(valuesOf(entry, parameters), mutant, reader)
}

const listed = (names: ReadonlyArray<string>): string => names.length === 0 ? "none" : names.join(", ")

const valueOf = (name: string, parameter: Parameter, value: number | string): number | string => {
  const text = String(value)
  const refuse = (expected: string): never => {
    throw new RangeError(`--${name}: expected ${expected}, got ${JSON.stringify(text)}`)
  }
  if (parameter._tag === "Word") {
    return parameter.words.includes(text) ? text : refuse(`one of ${listed(parameter.words)}`)
  }
  const { max, min } = parameter
  const isInside = /^-?\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max
  return isInside ? Number(text) : refuse(`a whole number from ${min} to ${max}`)
}
