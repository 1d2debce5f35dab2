/**
 * Clients' operations on a trace: from a history, the steps in which its events happened, and what a check of linearizability said of it.
 *
 * @since 0.1.0
 */
import type { History, Operation as Entry } from "../consistency/History.js"
import type { Result } from "../consistency/Linearizability.js"
import type { Operation } from "./Trace.js"
import * as Value from "./Value.js"

/**
 * The operations of a history. `stepOf` names the step of the trace in which an event of the history happened, by its place there; the steps of later events are not
 * earlier. With a result, each operation of the order that was found has the first point at which that order can place it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromHistory = <I, O>(
  { operations }: History<I, O>,
  stepOf: (position: number) => number,
  result?: Result | undefined
): ReadonlyArray<Operation> => {
  const places = pointsOf(operations, stepOf, result)
  const violated = result?.verdict === "inconsistent" ? result.blocked : undefined
  return operations.map((operation): Operation => ({
    client: String(operation.process),
    request: Value.gist(Value.of(operation.input)),
    reply: operation.outcome === "ok"
      ? Value.gist(Value.of(operation.output))
      : operation.outcome === "fail"
      ? "failed"
      : undefined,
    invoked: stepOf(operation.call),
    returned: operation.outcome === "ok" ? stepOf(operation.return) : undefined,
    ...places.get(operation.id),
    isViolation: operation.id === violated
  }))
}

const pointsOf = <I, O>(
  operations: ReadonlyArray<Entry<I, O>>,
  stepOf: (position: number) => number,
  result: Result | undefined
): ReadonlyMap<number, { readonly point: number; readonly order: number }> => {
  const order = result === undefined || result.verdict === "unknown" ? [] : result.linearization ?? []
  const places = new Map<number, { readonly point: number; readonly order: number }>()
  let point = 0
  for (const [i, id] of order.entries()) {
    point = Math.max(point, stepOf(operations[id]!.call))
    places.set(id, { point, order: i + 1 })
  }
  return places
}
