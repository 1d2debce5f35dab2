/**
 * Text in, verdict out: what `synod check-history` does with one file, without files, clocks or a terminal.
 *
 * @since 0.1.0
 */
import { check, checkTransactions, type Level } from "./Consistency.js"
import type { Result as Eventual } from "./Eventual.js"
import type { Event, History } from "./History.js"
import { type Format, type Imported, ImportError, type Input, parse } from "./Import.js"
import { type ModelName, models as modelNames, type Shipped, withModel } from "./internal/models.js"
import type { Options, Result } from "./Linearizability.js"
import type { Value } from "./Specification.js"
import type { Verdict } from "./Verdict.js"

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
 * How to read the text and what to hold it against; the rest bounds the check. `consistency` defaults to linearizable. `over`: a format
 * with transactions is checked over whole transactions, unless its operations are asked for one by one.
 *
 * @since 0.1.0
 * @category models
 */
export interface CheckFileOptions extends Options {
  readonly format: Format
  readonly model: Model
  readonly consistency?: Level
  readonly over?: Over
}

/**
 * What a verdict counts and names: operations, or transactions.
 *
 * @since 0.1.0
 * @category models
 */
export type Over = "operations" | "transactions"

/**
 * The verdict of the level's checker, and what it was asked over.
 *
 * @since 0.1.0
 * @category models
 */
export type FileResult = (Result | Verdict | Eventual) & { readonly over: Over }

/**
 * Imports a history and checks it. An operation that the model does not have is an `ImportError` too, with its line, and so is a level that the
 * format cannot answer.
 *
 * @since 0.1.0
 * @category checking
 */
export const checkFile = (text: string, options: CheckFileOptions): FileResult | ImportError => {
  const imported = parse(text, options.format)
  if (imported instanceof ImportError) return imported
  const level = options.consistency ?? "linearizable"
  const needsTime = level === "linearizable" || level === "eventual"
  if (needsTime && !imported.isTimed) {
    return new ImportError(1, `a format with real time, for ${level}`, `${options.format}, which has none`)
  }
  const { transactions } = imported
  if (options.over === "transactions" && (transactions === undefined || needsTime)) {
    return new ImportError(
      1,
      "a format with transactions, and a level without real time",
      `${options.format}, ${level}`
    )
  }
  return withModel(options.model, (object) => {
    const history = narrow(imported, object)
    if (history instanceof ImportError) return history
    if (transactions !== undefined && options.over !== "operations" && !needsTime) {
      return { ...checkTransactions(level, transactions, options), over: "transactions" }
    }
    return { ...check(level, object.specification(imported.initial), history, options), over: "operations" }
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
