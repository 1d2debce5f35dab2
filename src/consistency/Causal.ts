/**
 * Causal consistency, in its three strengths, and PRAM: can every session's reads be explained, although no one order explains all?
 *
 * Guarantee: exact for histories in which every value that was read has one possible source; elsewhere `inconsistent` is exact, and
 * `unknown` is said instead of `consistent`. Polynomial: clocks of (units times sessions) entries, saturated.
 * Model: co is session order with reads-from, closed. *Causal*: no read of what is, in co, already overwritten. *Causal convergence*: there
 * is also one order of all writes by which concurrent ones win. *Causal memory*: each session sees one order that keeps co. *PRAM*: each
 * session sees one order that keeps all sessions' own orders, but not what others read.
 * Non-goals: real time; operations whose effect depends on the state (failed swaps, appends, deletes).
 * Source: Bouajjani, Enea, Guerraoui and Hamza, On verifying causal consistency (POPL 2017, arXiv 1611.00580); over transactions, Biswas and Enea
 * (OOPSLA 2019) for convergence.
 *
 * @since 0.1.0
 */
import { type Dataflow, INITIAL } from "./internal/dataflow.js"
import { judge } from "./internal/judge.js"
import { causalOrder, cyclic, forEachRival, overwritten, rivalOfInitial } from "./internal/patterns.js"
import { Precedence, type Spending } from "./internal/precedence.js"
import type { Transactions } from "./Transactions.js"
import type { Budget, Verdict, Violation } from "./Verdict.js"

/**
 * The levels that are decided by patterns in the causal order.
 *
 * @since 0.1.0
 * @category models
 */
export type CausalLevel = "causal" | "causal-convergence" | "causal-memory" | "pram"

/**
 * Checks one level.
 *
 * @since 0.1.0
 * @category checking
 */
export const check = (level: CausalLevel, transactions: Transactions, budget: Budget = {}): Verdict =>
  judge(transactions, budget, (flow, spending) => {
    switch (level) {
      case "causal":
        return causal(flow, spending)
      case "causal-convergence":
        return causalConvergence(flow, spending)
      case "causal-memory":
        return causalMemory(flow, spending)
      case "pram":
        return pram(flow, spending)
    }
  })

const causal = (flow: Dataflow, spending: Spending): Violation | undefined => {
  const order = causalOrder(flow, spending)
  return order instanceof Precedence ? overwritten(flow, order, spending) : order
}

const causalConvergence = (flow: Dataflow, spending: Spending): Violation | ReadonlyArray<number> => {
  const order = causalOrder(flow, spending)
  if (!(order instanceof Precedence)) return order
  const violation = overwritten(flow, order, spending)
  if (violation !== undefined) return violation
  const arbitration = order.copy()
  for (let unit = 0; unit < flow.units.length; unit++) {
    for (const { key, source } of flow.reads[unit]!) {
      spending.step(flow.writersOf[key]!.length + 1)
      forEachRival(flow, order, unit, { key, source }, (rival) => {
        arbitration.link(rival, { to: source, because: "overwritten", key, reader: unit })
        return undefined
      })
    }
  }
  const cycle = arbitration.settle()
  return cycle === undefined ? arbitration.topological().map((unit) => flow.units[unit]!.id) : cyclic("CyclicCF", cycle)
}

const causalMemory = (flow: Dataflow, spending: Spending): Violation | undefined => {
  const order = causalOrder(flow, spending)
  if (!(order instanceof Precedence)) return order
  const violation = overwritten(flow, order, spending)
  if (violation !== undefined) return violation
  for (const members of flow.sessions) {
    if (!hasRead(flow, members)) continue
    const seen = order.copy()
    const found = saturate(flow, seen, members, spending)
    seen.release()
    if (found !== undefined) return found
  }
  order.release()
  return undefined
}

const pram = (flow: Dataflow, spending: Spending): Violation | undefined => {
  for (let session = 0; session < flow.sessions.length; session++) {
    if (!hasRead(flow, flow.sessions[session]!)) continue
    const order = Precedence.of(flow, spending, (unit) => flow.session[unit] === session)
    if (!(order instanceof Precedence)) return cyclic("CyclicHB", order)
    const found = saturate(flow, order, flow.sessions[session]!, spending)
    order.release()
    if (found !== undefined) return found
  }
  return undefined
}

/** A session that read nothing has seen nothing that could be wrong. */
const hasRead = (flow: Dataflow, members: ReadonlyArray<number>): boolean =>
  members.some((unit) => flow.reads[unit]!.length > 0)

/**
 * What one session must have seen: a write that comes before its read of another one's value comes before that one. To the fixed point, or
 * a cycle.
 */
const saturate = (
  flow: Dataflow,
  order: Precedence,
  members: ReadonlyArray<number>,
  spending: Spending
): Violation | undefined => {
  for (let isChanged = true; isChanged;) {
    isChanged = false
    for (const unit of members) {
      for (const { key, source } of flow.reads[unit]!) {
        spending.step(flow.writersOf[key]!.length + 1)
        const violation = forEachRival(flow, order, unit, { key, source }, (rival) => {
          if (source === INITIAL) return rivalOfInitial("WriteHBInitRead", flow, order, rival, unit)
          if (order.isBefore(rival, source)) return undefined
          order.link(rival, { to: source, because: "overwritten", key, reader: unit })
          isChanged = true
          return undefined
        })
        if (violation !== undefined) return violation
      }
    }
    const cycle = isChanged ? order.settle() : undefined
    if (cycle !== undefined) return cyclic("CyclicHB", cycle)
  }
  return undefined
}
