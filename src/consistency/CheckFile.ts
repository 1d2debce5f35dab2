/**
 * Text in, verdict out: what `synod check-history` does with one file, without files, clocks or a terminal.
 *
 * @since 0.1.0
 */
import type { Event, History } from "./History.js"
import { type Format, type Imported, ImportError, type Input, parse } from "./Import.js"
import { check, type Options, type Result } from "./Linearizability.js"
import { casRegister, keyValue, type KeyValueInput, register, type RegisterInput, type Value } from "./Specification.js"

/**
 * The objects by the names that `--model` knows.
 *
 * @since 0.1.0
 * @category models
 */
export type Model = "register" | "cas-register" | "kv"

/**
 * Every model, for help texts and validation.
 *
 * @since 0.1.0
 * @category models
 */
export const models: ReadonlyArray<Model> = ["register", "cas-register", "kv"]

/**
 * How to read the text and what to hold it against; the rest bounds the search.
 *
 * @since 0.1.0
 * @category models
 */
export interface CheckFileOptions extends Options {
  readonly format: Format
  readonly model: Model
}

/**
 * Imports a history and checks that it is linearizable. An operation that the model does not have is an `ImportError` too, with its line.
 *
 * @since 0.1.0
 * @category checking
 */
export const checkFile = (text: string, options: CheckFileOptions): Result | ImportError => {
  const imported = parse(text, options.format)
  if (imported instanceof ImportError) return imported
  const { initial } = imported
  switch (options.model) {
    case "register": {
      const history = narrow(imported, isRegister, "read or write (model register)")
      return history instanceof ImportError ? history : check(register({ initial }), history, options)
    }
    case "cas-register": {
      const history = narrow(imported, isCasRegister, "read, write or cas without a key (model cas-register)")
      return history instanceof ImportError ? history : check(casRegister({ initial }), history, options)
    }
    case "kv": {
      const history = narrow(imported, isKeyValue, "get, put, append, delete or cas with a key (model kv)")
      return history instanceof ImportError ? history : check(keyValue({ initial }), history, options)
    }
  }
}

const isKeyValue = (input: Input): input is KeyValueInput => "key" in input
const isCasRegister = (input: Input): input is RegisterInput => !isKeyValue(input)
const isRegister = (input: Input): input is Exclude<RegisterInput, { readonly _tag: "Cas" }> =>
  isCasRegister(input) && input._tag !== "Cas"

const narrow = <I extends Input>(
  { history, lines }: Imported,
  isInput: (input: Input) => input is I,
  expected: string
): History<I, Value> | ImportError => {
  const isEvent = (event: Event<Input, Value>): event is Event<I, Value> =>
    event.type !== "invoke" || isInput(event.input)
  const odd = history.events.findIndex((event) => !isEvent(event))
  const event = history.events[odd]
  if (event !== undefined && event.type === "invoke") {
    return new ImportError(lines[odd] ?? 1, expected, event.input._tag.toLowerCase())
  }
  // Every input has just been seen to be an I, and operations hold the same inputs; the pairing type cannot say so.
  return history as History<I, Value>
}
