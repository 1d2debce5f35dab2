/** What the causal levels and sequential consistency share: the causal order, and the reads that it makes impossible. */
import type { Edge, Pattern, Violation } from "../Verdict.js"
import { type Dataflow, INITIAL, latestBelow } from "./dataflow.js"
import { Precedence, type Spending } from "./precedence.js"

export const cyclic = (pattern: Pattern, path: ReadonlyArray<Edge>): Violation => ({
  pattern,
  operations: [...new Set(path.map(({ from }) => from))],
  path
})

export const causalOrder = (flow: Dataflow, spending: Spending): Precedence | Violation => {
  const order = Precedence.of(flow, spending, () => true)
  return order instanceof Precedence ? order : cyclic("CyclicCO", order)
}

/** Visits every write that `unit`'s read of `key` had before it, but for its source: the latest of each session stands for those before it. */
export const forEachRival = (
  flow: Dataflow,
  order: Precedence,
  unit: number,
  { key, source }: { readonly key: number; readonly source: number },
  visit: (rival: number) => Violation | undefined
): Violation | undefined => {
  for (const writers of flow.writersOf[key]!) {
    const rival = latestBelow(writers, order.before(unit, writers.session))
    if (rival < 0 || rival === source) continue
    const violation = visit(rival)
    if (violation !== undefined) return violation
  }
  return undefined
}

export const rivalOfInitial = (
  pattern: Pattern,
  flow: Dataflow,
  order: Precedence,
  rival: number,
  unit: number
): Violation => ({
  pattern,
  operations: [flow.units[rival]!.id, flow.units[unit]!.id],
  path: order.path(rival, unit)
})

/** The patterns of the weakest level, which all stronger ones share. */
export const overwritten = (flow: Dataflow, order: Precedence, spending: Spending): Violation | undefined => {
  for (let unit = 0; unit < flow.units.length; unit++) {
    for (const read of flow.reads[unit]!) {
      spending.step(flow.writersOf[read.key]!.length + 1)
      const violation = forEachRival(flow, order, unit, read, (rival) => {
        if (read.source === INITIAL) return rivalOfInitial("WriteCOInitRead", flow, order, rival, unit)
        if (!order.isBefore(read.source, rival)) return undefined
        return {
          pattern: "WriteCORead",
          operations: [read.source, rival, unit].map((each) => flow.units[each]!.id),
          path: [...order.path(read.source, rival), ...order.path(rival, unit)]
        }
      })
      if (violation !== undefined) return violation
    }
  }
  return undefined
}
