/**
 * What a model says of itself to the catalogue: its parameters, its planted bugs, and how it is built.
 */
import type { Vocabulary } from "../../core/Protocol.js"
import type { ActionModel } from "../ActionModel.js"
import type { SystemModel } from "../SystemModel.js"

/** A parameter: a whole number within bounds, or one of some words. */
export type Parameter = WholeNumber | Word<string>

export interface WholeNumber {
  readonly _tag: "WholeNumber"
  readonly description: string
  readonly min: number
  readonly max: number
  readonly default: number
}

export interface Word<W extends string> {
  readonly _tag: "Word"
  readonly description: string
  readonly words: ReadonlyArray<W>
  readonly default: W
}

export const whole = (description: string, byDefault: number, min: number, max: number): WholeNumber => ({
  _tag: "WholeNumber",
  description,
  min,
  max,
  default: byDefault
})

export const word = <const W extends string>(
  description: string,
  words: readonly [W, ...ReadonlyArray<W>]
): Word<W> => ({
  _tag: "Word",
  description,
  words,
  default: words[0]
})

/** A value for each parameter, by name. */
export type Values = { readonly [parameter: string]: number | string }

/** What to do with a model that was built: one way for each of the two kinds of models, generic in what they are made of. */
export interface Reader<A> {
  readonly actions: <V extends { readonly [name: string]: unknown }>(model: ActionModel<V>) => A
  readonly system: <P extends Vocabulary, H>(model: SystemModel<P, H>) => A
}

export interface Entry {
  readonly name: string
  readonly summary: string
  /** Where the same model was published. */
  readonly elsewhere: string
  /** By name: the option is `--` and the name. */
  readonly parameters: { readonly [name: string]: Parameter }
  /** By name, what each planted bug is. The check of the model with default parameters finds it. */
  readonly mutants: { readonly [name: string]: string }
  /** Hands the model, with the planted bug where one is named, to the reader. Values and mutant are the entry's own. */
  readonly build: <A>(values: Values, mutant: string | undefined, reader: Reader<A>) => A
}

type ValuesOf<P> = { readonly [K in keyof P]: P[K] extends Word<infer W> ? W : number }

interface Description<P extends Entry["parameters"], M extends string> extends Omit<Entry, "build"> {
  readonly parameters: P
  readonly mutants: { readonly [name in M]: string }
}

/** An entry of a model of guarded actions. */
export const actionEntry = <
  const P extends Entry["parameters"],
  M extends string,
  V extends { readonly [name: string]: unknown }
>(
  description: Description<P, M>,
  model: (values: ValuesOf<P>, mutant: M | undefined) => ActionModel<V>
): Entry => ({
  ...description,
  // the catalogue has held both against the entry
  build: (values, mutant, reader) => reader.actions(model(values as ValuesOf<P>, mutant as M | undefined))
})

/** An entry of a system of nodes. */
export const systemEntry = <const P extends Entry["parameters"], M extends string, T extends Vocabulary, H>(
  description: Description<P, M>,
  model: (values: ValuesOf<P>, mutant: M | undefined) => SystemModel<T, H>
): Entry => ({
  ...description,
  // the catalogue has held both against the entry
  build: (values, mutant, reader) => reader.system(model(values as ValuesOf<P>, mutant as M | undefined))
})
