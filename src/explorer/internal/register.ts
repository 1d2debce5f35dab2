/**
 * The operations of the register examples, whose clients are nodes: read from the history that their models remember, and judged here once more.
 */
import type { Event } from "../../consistency/History.js"
import { fromEvents, MalformedHistory } from "../../consistency/History.js"
import { check } from "../../consistency/Linearizability.js"
import type { RegisterInput, Value } from "../../consistency/Specification.js"
import { register } from "../../consistency/Specification.js"
import type { RegisterHistory } from "../../model/published/RegisterClients.js"
import { initialValue } from "../../model/published/RegisterClients.js"
import * as Operations from "../Operations.js"
import type { Operation } from "../Trace.js"

type Input = Exclude<RegisterInput, { readonly _tag: "Cas" }>

/** Steps of the search for an order: these histories have a handful of operations. */
const budget = 1_000_000

/** None where the histories are not those of a register. One history a step. */
export const registerOperations = (histories: ReadonlyArray<unknown>): ReadonlyArray<Operation> => {
  if (!histories.every(isRegisterHistory)) return []
  const events: Array<Event<Input, Value>> = []
  const steps: Array<number> = []
  const add = (event: Event<Input, Value>, step: number) => {
    events.push(event)
    steps.push(step)
  }
  for (const [step, history] of histories.entries()) {
    const before = histories[step - 1] ?? {}
    for (const [process, { done, open }] of Object.entries(history)) {
      const was = before[process]
      for (const operation of done.slice(was?.done.length ?? 0)) {
        add({ type: "ok", process, output: operation.kind === "get" ? operation.value! : null }, step)
      }
      if (open === undefined || (was?.open !== undefined && was.done.length === done.length)) continue
      add({ type: "invoke", process, input: inputOf(open) }, step)
    }
  }
  const history = fromEvents(events)
  if (history instanceof MalformedHistory) return []
  const result = check(register({ initial: initialValue }), history, { steps: budget })
  return Operations.fromHistory(history, (position) => steps[position]!, result)
}

const inputOf = ({ kind, value }: { readonly kind: "put" | "get"; readonly value: string | undefined }): Input =>
  kind === "put" ? { _tag: "Write", value: value! } : { _tag: "Read" }

const isRegisterHistory = (history: unknown): history is RegisterHistory =>
  isRecord(history) &&
  Object.values(history).every((of) =>
    isRecord(of) && Array.isArray(of["done"]) && of["done"].every(isOperation) &&
    (of["open"] === undefined || isOperation(of["open"]))
  )

const isOperation = (of: unknown): boolean => isRecord(of) && (of["kind"] === "put" || of["kind"] === "get")

const isRecord = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype
