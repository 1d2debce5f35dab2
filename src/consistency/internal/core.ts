/**
 * The smallest failing part of a refuted partition, by delta debugging with sound steps only.
 *
 * To leave an update out could make a good history bad: the read of a value that nobody wrote. So an operation is *weakened*: one that
 * changes nothing is left out, an update becomes one of unknown outcome, which may take effect at any time after its call, or never. What
 * cannot be explained then could not be explained before.
 */
import type { Operation } from "../History.js"
import type { Core } from "../Linearizability.js"
import type { Specification } from "../Specification.js"
import { decide } from "./unambiguous.js"
import { Search } from "./wgl.js"

const MEMORY = 64 * 1024 * 1024

export const coreOf = <S, I, O>(
  specification: Specification<S, I, O>,
  operations: ReadonlyArray<Operation<I, O>>,
  furthest: number,
  steps: number
): Core | undefined => {
  type Op = Operation<I, O>
  const bill = { left: steps }
  const isPure = (operation: Op) =>
    operation.outcome === "ok" && specification.isPure(operation.input, operation.output)
  const weakened = ({ call, id, input, process }: Op): Op => ({ outcome: "unknown", id, process, input, call })
  let isExact = true
  /** Can `required` be explained, with any of `optional`? Undefined when that is too hard: no single question may spend all. */
  const canExplain = (required: ReadonlyArray<Op>, optional: ReadonlyArray<Op>): boolean | undefined => {
    const members = [...required, ...optional].sort((a, b) => a.call - b.call)
    bill.left -= members.length
    const decision = decide(specification, members)
    if (decision !== undefined) return decision.verdict === "consistent"
    const search = new Search(specification, members, { bytes: 0, limit: MEMORY })
    const progress = search.run(Math.min(bill.left, steps >>> 3))
    bill.left -= search.steps
    if (progress === "running" || progress === "out-of-memory") isExact = false
    return progress === "consistent" ? true : progress === "inconsistent" ? false : undefined
  }
  const optionsOf = (dropped: ReadonlyArray<Op>) => dropped.filter((each) => !isPure(each)).map(weakened)

  const completed = operations.filter(({ outcome }) => outcome === "ok")
  const open = operations.filter(({ outcome }) => outcome === "unknown")
  // Where the prefix fails without the answers to come, it is the smaller start.
  const inPrefix = (operation: Op) => operation.outcome === "ok" && operation.return <= furthest
  const later = operations.filter((each) => !inPrefix(each) && each.call <= furthest)
  const prefix = completed.filter(inPrefix)
  const isPrefixEnough = canExplain(prefix, optionsOf(later)) === false
  let required = isPrefixEnough ? prefix : completed
  let optional = isPrefixEnough ? optionsOf(later) : open
  if (bill.left <= 0) return undefined

  // What the larger steps left open, the steps of one decide.
  let isMinimal = false
  for (let size = Math.max(1, required.length >>> 1); bill.left > 0;) {
    let isChanged = false
    isExact = true
    for (let at = 0; at < required.length && bill.left > 0;) {
      const kept = [...required.slice(0, at), ...required.slice(at + size)]
      const more = [...optional, ...optionsOf(required.slice(at, at + size))]
      if (canExplain(kept, more) !== false) at += size
      else {
        required = kept
        optional = more
        isChanged = true
      }
    }
    if (size === 1 && !isChanged) {
      isMinimal = bill.left > 0 && isExact
      break
    }
    size = Math.max(1, isChanged ? Math.min(size, required.length >>> 1) : size >>> 1)
  }
  const isStillMinimal = (without: ReadonlyArray<Op>): boolean =>
    required.every((each) =>
      canExplain(required.filter((other) => other !== each), [...without, ...optionsOf([each])]) === true
    )
  for (let size = Math.max(1, optional.length >>> 1); isMinimal && optional.length > 0; size = size >>> 1) {
    if (size === 0) break
    for (let at = 0; at < optional.length;) {
      const kept = [...optional.slice(0, at), ...optional.slice(at + size)]
      if (isStillMinimal(kept)) optional = kept
      else at += size
    }
    isMinimal = bill.left > 0
  }
  const ids = (some: ReadonlyArray<Op>) => some.map(({ id }) => id).sort((a, b) => a - b)
  return { operations: ids(required), optional: ids(optional), isMinimal }
}
