/**
 * Is a history sequentially consistent: is there one order of all operations that keeps each session's own order, and that the object, alone,
 * would have answered as recorded? Real time is not asked for.
 *
 * Guarantee: `consistent` (with an order) and `inconsistent` are exact; the problem is NP-hard, so a bound may end the check as `unknown`.
 * Flow: a linearization, if a short search finds one, answers at once. Else, where each value read has one source, the causal patterns and
 * what every order of all must have are saturated first (polynomial: it refutes most of what can be refuted); then a search, within what is
 * saturated. Not by key: sequential consistency does not compose.
 * Model: an operation of unknown outcome may take effect at the end of its session, or never.
 * Non-goals: real time; a memory model with fences.
 * Source: Lamport, How to make a multiprocessor computer that correctly executes multiprocess programs (IEEE ToC 1979); Gibbons and Korach 1997.
 *
 * @since 0.1.0
 */
import type { History, Operation } from "./History.js"
import { interleaveFlow } from "./internal/flowSearch.js"
import { interleave, type Unit } from "./internal/interleaving.js"
import { judge, spendingOf } from "./internal/judge.js"
import { Exhausted, Precedence } from "./internal/precedence.js"
import { saturateTotal } from "./internal/totalOrder.js"
import { type Meter, Transitions } from "./internal/transitions.js"
import * as Linearizability from "./Linearizability.js"
import type { Specification, Value } from "./Specification.js"
import { fromHistory, type Transactions, Unsupported } from "./Transactions.js"
import type { Budget, Verdict, Violation } from "./Verdict.js"

/**
 * Checks a history against a sequential specification, all its objects together.
 *
 * @since 0.1.0
 * @category checking
 */
export const check = <S, I>(
  specification: Specification<S, I, Value>,
  history: History<I, Value>,
  budget: Budget = {}
): Verdict => {
  // An order that keeps real time keeps the sessions too, and is often there, and found at once.
  const steps = budget.steps ?? 50_000_000
  const timed = Linearizability.check(specification, history, { ...budget, steps: Math.min(100_000, steps >>> 2) })
  if (timed.verdict === "consistent") {
    const { linearization, operations, steps } = timed
    return {
      verdict: "consistent",
      operations,
      steps,
      ...(linearization === undefined ? {} : { witness: linearization })
    }
  }
  const left = { ...budget, steps: Math.max(0, steps - timed.steps) }
  const transactions = fromHistory(specification, history)
  if (!(transactions instanceof Unsupported)) {
    const verdict = checkTransactions(transactions, left)
    if (verdict.verdict !== "unknown" || verdict.reason !== "values") return verdict
  }
  return search(specification, history, left)
}

/**
 * Checks transactions: serializability in the order of each session.
 *
 * @since 0.1.0
 * @category checking
 */
export const checkTransactions = (transactions: Transactions, budget: Budget = {}): Verdict =>
  judge(transactions, budget, (flow, spending) => {
    const order = saturateTotal(flow, spending)
    if (!(order instanceof Precedence)) return order
    if (flow.ambiguous !== undefined) return undefined
    const found = interleaveFlow(flow, order, spending, meterOf(budget))
    return found?.map((unit) => flow.units[unit]!.id) ?? none(flow.units)
  })

const meterOf = (budget: Budget): Meter => ({ bytes: 0, limit: budget.memory ?? 512 * 1024 * 1024 })

const none = (units: ReadonlyArray<{ readonly id: number }>): Violation => ({
  pattern: "NoOrder",
  operations: units.map(({ id }) => id),
  path: []
})

/** Without sources: any object, and values that were written twice. */
const search = <S, I>(
  specification: Specification<S, I, Value>,
  history: History<I, Value>,
  budget: Budget
): Verdict => {
  const spending = spendingOf(budget)
  const meter = meterOf(budget)
  const operations = history.operations.length
  const happened = history.operations.filter(({ outcome }) => outcome !== "fail")
  const objects = new Objects(specification, meter)
  const outputOf = (operation: Operation<I, Value>) => operation.outcome === "ok" ? operation.output : undefined
  const places = happened.map((operation) =>
    objects.add(specification.partition?.(operation.input) ?? "", operation.input, outputOf(operation))
  )
  const compiled = objects.compile()
  const sessions = new Map<unknown, Array<number>>()
  const units = happened.map((operation, unit): Unit => {
    const session = sessions.get(operation.process)
    if (session === undefined) sessions.set(operation.process, [unit])
    else session.push(unit)
    return {
      steps: [compiled.stepOf(places[unit]!)],
      isPure: operation.outcome === "ok" && specification.isPure(operation.input, operation.output),
      isOptional: operation.outcome !== "ok"
    }
  })
  try {
    const order = interleave(
      { units, sessions: [...sessions.values()], objects: compiled.transitions },
      spending,
      meter
    )
    const { steps } = spending
    if (order === undefined) return { verdict: "inconsistent", operations, steps, violation: none(happened) }
    return { verdict: "consistent", operations, steps, witness: order.map((unit) => happened[unit]!.id) }
  } catch (error) {
    if (!(error instanceof Exhausted)) throw error
    return { verdict: "unknown", operations, steps: spending.steps, reason: error.reason }
  }
}

interface Place {
  readonly object: number
  readonly index: number
}

/** The independent objects of a history, collected key by key and then compiled. */
class Objects<S, I> {
  private readonly ids = new Map<string, number>()
  private readonly inputs: Array<Array<I>> = []
  private readonly outputs: Array<Array<Value | undefined>> = []

  constructor(private readonly specification: Specification<S, I, Value>, private readonly meter: Meter) {}

  add(key: string, input: I, output: Value | undefined): Place {
    let object = this.ids.get(key)
    if (object === undefined) {
      this.ids.set(key, object = this.inputs.push([]) - 1)
      this.outputs.push([])
    }
    this.outputs[object]!.push(output)
    return { object, index: this.inputs[object]!.push(input) - 1 }
  }

  compile() {
    const transitions = this.inputs.map((inputs, object) =>
      new Transitions(this.specification, inputs, this.outputs[object]!, this.meter)
    )
    const stepOf = ({ index, object }: Place) => ({ object, operationClass: transitions[object]!.classOf[index]! })
    return { transitions, stepOf }
  }
}
