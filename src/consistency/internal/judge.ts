/** The frame of every check below linearizability: sources first, then the level's own rules within the budget. */
import type { Transactions } from "../Transactions.js"
import type { Budget, Verdict, Violation } from "../Verdict.js"
import { type Dataflow, resolve } from "./dataflow.js"
import { Exhausted, Spending } from "./precedence.js"

/** What a level's rules found: a violation, or nothing against it, perhaps with an order that explains all. */
export type Finding = Violation | ReadonlyArray<number> | undefined

const isViolation = (finding: Dataflow | Finding): finding is Violation =>
  typeof finding === "object" && "pattern" in finding

export const spendingOf = (budget: Budget): Spending =>
  new Spending(budget.steps ?? 50_000_000, budget.memory ?? 512 * 1024 * 1024, budget.isInterrupted)

export const judge = (
  transactions: Transactions,
  budget: Budget,
  rules: (flow: Dataflow, spending: Spending) => Finding
): Verdict => {
  const spending = spendingOf(budget)
  const flow = resolve(transactions)
  const operations = transactions.transactions.length
  if (isViolation(flow)) return { verdict: "inconsistent", operations, steps: 0, violation: flow }
  try {
    const finding = rules(flow, spending)
    const { steps } = spending
    if (isViolation(finding)) return { verdict: "inconsistent", operations, steps, violation: finding }
    if (flow.ambiguous !== undefined) {
      return { verdict: "unknown", operations, steps, reason: "values", at: flow.ambiguous }
    }
    return { verdict: "consistent", operations, steps, ...(finding === undefined ? {} : { witness: finding }) }
  } catch (error) {
    if (!(error instanceof Exhausted)) throw error
    return { verdict: "unknown", operations, steps: spending.steps, reason: error.reason }
  }
}
