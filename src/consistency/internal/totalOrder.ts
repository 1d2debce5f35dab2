/**
 * What every order of all operations must have, where each read has one source: to the fixed point of two rules. With w the source of a read r of
 * a key, and v another write of it: v before r asks for v before w; w before v asks for r before v. A cycle refutes; no cycle proves nothing, but
 * leaves a search few choices.
 * Source: Gibbons and Korach, Testing shared memories (SIAM J. Comput. 1997); Zennou et al., Gradual consistency checking (CAV 2019).
 */
import type { Violation } from "../Verdict.js"
import { type Dataflow, INITIAL, type SessionWriters } from "./dataflow.js"
import { causalOrder, cyclic, forEachRival, overwritten } from "./patterns.js"
import { Precedence, type Spending } from "./precedence.js"

export const saturateTotal = (flow: Dataflow, spending: Spending): Precedence | Violation => {
  const order = causalOrder(flow, spending)
  if (!(order instanceof Precedence)) return order
  const violation = overwritten(flow, order, spending)
  if (violation !== undefined) return violation
  for (let isChanged = true; isChanged;) {
    isChanged = false
    const link = (from: number, to: number, because: "overwritten" | "read-before", key: number, reader: number) => {
      if (order.isBefore(from, to)) return
      order.link(from, { to, because, key, reader })
      isChanged = true
    }
    for (let unit = 0; unit < flow.units.length; unit++) {
      for (const { key, source } of flow.reads[unit]!) {
        spending.step(2 * flow.writersOf[key]!.length + 1)
        const found = forEachRival(flow, order, unit, { key, source }, (rival) => {
          if (source === INITIAL) return cyclic("CyclicOrder", order.path(rival, unit))
          link(rival, source, "overwritten", key, unit)
          return undefined
        })
        if (found !== undefined) return found
        for (const writers of flow.writersOf[key]!) {
          const rival = earliestAfter(order, source, writers)
          if (rival >= 0 && rival !== unit) link(unit, rival, "read-before", key, unit)
        }
      }
    }
    const cycle = isChanged ? order.settle() : undefined
    if (cycle !== undefined) return cyclic("CyclicOrder", cycle)
  }
  return order
}

/** The first of a session's writers that comes after `source`, or -1; every writer comes after the initial value. */
const earliestAfter = (order: Precedence, source: number, { units }: SessionWriters): number => {
  if (source === INITIAL) return units[0]!
  let low = 0
  let high = units.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (order.isBefore(source, units[middle]!)) high = middle
    else low = middle + 1
  }
  return units[low] ?? -1
}
