/**
 * Text in, verdict out: what `synod check-history` does with one file, without files, clocks or a terminal.
 *
 * @since 0.1.0
 */
import type { Event, History } from "./History.js"
import { type Format, type Imported, ImportError, type Input, parse } from "./Import.js"
import { type ModelName, models as modelNames, type Shipped, withModel } from "./internal/models.js"
import { check, type Options, type Result } from "./Linearizability.js"
import type { Value } from "./Specification.js"

/**
 * The objects by the names that `--model` knows.
 *
 * @since 0.1.0
 * @category models
 */
export type Model = ModelName

/**
 * Every model, for help texts and validation.
 *
 * @since 0.1.0
 * @category models
 */
export const models: ReadonlyArray<Model> = modelNames

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
  return withModel(options.model, (object) => {
    const history = narrow(imported, object)
    return history instanceof ImportError ? history : check(object.specification(imported.initial), history, options)
  })
}

const narrow = <S, I extends Input>(
  { history, lines }: Imported,
  { accepts, expected }: Shipped<S, I>
): History<I, Value> | ImportError => {
  const isEvent = (event: Event<Input, Value>): event is Event<I, Value> =>
    event.type !== "invoke" || accepts(event.input)
  const odd = history.events.findIndex((event) => !isEvent(event))
  const event = history.events[odd]
  if (event !== undefined && event.type === "invoke") {
    return new ImportError(lines[odd] ?? 1, expected, event.input._tag.toLowerCase())
  }
  // Every input has just been seen to be an I, and operations hold the same inputs; the pairing type cannot say so.
  return history as History<I, Value>
}
