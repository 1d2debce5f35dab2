/**
 * What every importer gives: a history together with the line that each event came from.
 *
 * @since 0.1.0
 */
import type { CounterInput, LogInput, QueueInput, SetInput, StackInput } from "../Collections.js"
import { type Event, fromEvents, type History, MalformedHistory } from "../History.js"
import type { LockInput } from "../Locks.js"
import type { KeyValueInput, RegisterInput, Value } from "../Specification.js"
import type { Transactions } from "../Transactions.js"

/**
 * The text is not a history in this format. `line` counts from 1; `expected` says what should have stood there, `found` what does.
 *
 * @since 0.1.0
 * @category errors
 */
export class ImportError extends Error {
  readonly _tag = "ImportError"
  constructor(readonly line: number, readonly expected: string, readonly found: string) {
    super(`line ${line}: expected ${expected}, found ${found}`)
    this.name = "ImportError"
  }
}

/**
 * Operations of the shipped objects, as files hold them.
 *
 * @since 0.1.0
 * @category models
 */
export type Input =
  | RegisterInput
  | KeyValueInput
  | QueueInput
  | StackInput
  | SetInput
  | CounterInput
  | LogInput
  | LockInput

/**
 * An imported history. `lines[i]` is the line of event i; `initial` is the value that the format starts its objects with.
 *
 * @since 0.1.0
 * @category models
 */
export interface Imported<I extends Input = Input> {
  readonly history: History<I, Value>
  readonly lines: ReadonlyArray<number>
  readonly initial: Value
  /** Does the order of the events say anything beyond the order of each process? */
  readonly isTimed: boolean
  /** The same accesses as whole transactions, where the format has them. */
  readonly transactions?: Transactions
}

/** Source text in an error stays short. */
export const excerpt = (text: string): string => {
  const trimmed = text.trim()
  return trimmed === "" ? "nothing" : trimmed.length > 80 ? `"${trimmed.slice(0, 77)}..."` : `"${trimmed}"`
}

/** Runs a parser to a value: its `ImportError`, or a history out of the events. */
export const collect = <I extends Input>(
  initial: Value,
  parse: (emit: (line: number, event: Event<I, Value>) => void) => void
): Imported<I> | ImportError => {
  const events: Array<Event<I, Value>> = []
  const lines: Array<number> = []
  try {
    parse((line, event) => {
      events.push(event)
      lines.push(line)
    })
  } catch (error) {
    if (error instanceof ImportError) return error
    throw error
  }
  const history = fromEvents(events)
  if (history instanceof MalformedHistory) {
    return new ImportError(
      lines[history.position] ?? 1,
      "an event that fits the process's last one",
      `process ${history.process} that ${history.reason}`
    )
  }
  return { history, lines, initial, isTimed: true }
}

/** The open input of each process, for formats that repeat it (or not) at the completion. */
export class OpenInputs<I> {
  private readonly inputs = new Map<number | string, I>()
  invoke(process: number | string, input: I): void {
    this.inputs.set(process, input)
  }
  complete(process: number | string, line: number, found: string): I {
    const input = this.inputs.get(process)
    if (input === undefined) throw new ImportError(line, `an open operation of process ${process}`, found)
    this.inputs.delete(process)
    return input
  }
}
