/**
 * Is a history linearizable: can each operation be given one instant between its call and its return so that the object, alone, would have
 * answered as recorded?
 *
 * Guarantee: `consistent` and `inconsistent` are exact, with a witness; a check that exceeds a budget says `unknown` and never hangs.
 * Model: operations without a known outcome may take effect at any point after their call, or never.
 * Flow: partition by key. A register or queue in which each value is written once is decided without search. The other partitions are
 * searched in turn, a slice of steps each, so that a hard key cannot hide an easy refutation. The first refuted key ends the check.
 * Non-goals: transactions over several keys, nondeterministic objects.
 * Source: Herlihy and Wing 1990 (locality); Wing and Gong 1993; Lowe 2017; Gibbons and Korach 1997.
 *
 * @since 0.1.0
 */
import type { History, Operation } from "./History.js"
import { coreOf } from "./internal/core.js"
import type { Meter } from "./internal/transitions.js"
import { decide } from "./internal/unambiguous.js"
import { type CommitRule, Search } from "./internal/wgl.js"
import type { Specification } from "./Specification.js"
import type { Budget } from "./Verdict.js"

/**
 * Bounds of a check, over all partitions; `isInterrupted` is asked between slices.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends Budget {
  /** Steps that a partition takes before the next one's turn; default 4,096. */
  readonly slice?: number
  /** Steps to spend on the core of a refutation, beside those of the check; default 0: no core. */
  readonly core?: number
}

/**
 * A smallest failing part of a history: `operations` cannot be explained, whichever of the updates in `optional` took effect, at whatever time
 * after their calls (what answers without changing anything is left out where it is not in `operations`). So the whole history cannot be
 * explained either. When `isMinimal`: with any one of `operations` optional too (or left out, if it changes nothing), the rest can be
 * explained, and for that no other `optional` is needed. Else the steps were spent before it was as small as that.
 *
 * @since 0.1.0
 * @category models
 */
export interface Core {
  readonly operations: ReadonlyArray<number>
  readonly optional: ReadonlyArray<number>
  readonly isMinimal: boolean
}

/**
 * The verdict with its evidence. Operations are named by `Operation.id`.
 *
 * @since 0.1.0
 * @category models
 */
export type Result =
  | {
    readonly verdict: "consistent"
    /** Operations in the history, failed ones included. */
    readonly operations: number
    readonly steps: number
    /**
     * One order that explains the history; operations of unknown outcome appear in it where they had to take effect. Absent where a queue was
     * decided without search, and a short search did not find the order.
     */
    readonly linearization?: ReadonlyArray<number>
  }
  | {
    readonly verdict: "inconsistent"
    readonly operations: number
    readonly steps: number
    /** The key that cannot be explained; absent for a specification without partitions. */
    readonly partition?: string
    /** The history's first `longestPrefix` events can be explained for this key; the next event, the return of `blocked`, cannot be passed. */
    readonly longestPrefix: number
    /** An order of this key's operations that explains the prefix; absent as above. */
    readonly linearization?: ReadonlyArray<number>
    readonly blocked: number
    readonly core?: Core
  }
  | {
    readonly verdict: "unknown"
    readonly operations: number
    readonly steps: number
    readonly reason: "steps" | "memory" | "interrupted"
    /** How many partitions were not decided. */
    readonly undecided: number
  }

/**
 * Checks a history against a sequential specification.
 *
 * @since 0.1.0
 * @category checking
 */
export const check = <S, I, O>(
  specification: Specification<S, I, O>,
  history: History<I, O>,
  options: Options = {}
): Result => checkWith("unambiguous-first", specification, history, options)

/**
 * `check` with its rules named: "unambiguous-first" is all of them, the others search only. For the tests of the rules themselves.
 *
 * @internal
 */
export const checkWith = <S, I, O>(
  rules: CommitRule | "unambiguous-first",
  specification: Specification<S, I, O>,
  history: History<I, O>,
  options: Options
): Result => {
  const isShort = rules === "unambiguous-first"
  const rule = isShort ? "pure-in-every-state" : rules
  const budget = options.steps ?? 50_000_000
  const slice = Math.max(1, options.slice ?? 4096)
  const meter: Meter = { bytes: 0, limit: options.memory ?? 512 * 1024 * 1024 }
  const operations = history.operations.length
  let spent = 0
  const orders: Array<ReadonlyArray<Operation<I, O>> | undefined> = []
  const refuted = (
    key: string | undefined,
    members: ReadonlyArray<Operation<I, O>>,
    furthest: number,
    blocked: Operation<I, O>,
    order: ReadonlyArray<Operation<I, O>> | undefined
  ): Result => {
    const core = (options.core ?? 0) > 0 ? coreOf(specification, members, furthest, options.core ?? 0) : undefined
    return {
      verdict: "inconsistent",
      operations,
      steps: spent,
      ...(key === undefined ? {} : { partition: key }),
      longestPrefix: furthest,
      ...(order === undefined ? {} : { linearization: order.map(({ id }) => id) }),
      blocked: blocked.id,
      ...(core === undefined ? {} : { core })
    }
  }
  let active: Array<{
    readonly key: string | undefined
    readonly members: ReadonlyArray<Operation<I, O>>
    readonly search: Search<S, I, O>
  }> = []
  for (const [key, members] of partition(specification, history)) {
    const decision = isShort ? decide(specification, members) : undefined
    if (decision === undefined) {
      const search = new Search(specification, members, meter, rule)
      active.push({ key, members, search })
      continue
    }
    spent += members.length
    const order = decision.order ?? shortSearch(specification, members)
    if (decision.verdict === "inconsistent") return refuted(key, members, decision.furthest, decision.blocked, order)
    orders.push(order)
  }
  const unknown = (reason: "steps" | "memory" | "interrupted"): Result => ({
    verdict: "unknown",
    operations,
    steps: spent,
    reason,
    undecided: active.length
  })
  while (active.length > 0) {
    const undecided: typeof active = []
    for (const candidate of active) {
      if (spent >= budget) return unknown("steps")
      if (options.isInterrupted?.() === true) return unknown("interrupted")
      const { key, members, search } = candidate
      const already = search.steps
      const progress = search.run(Math.min(slice, budget - spent))
      spent += search.steps - already
      if (progress === "out-of-memory") return unknown("memory")
      if (progress === "running") undecided.push(candidate)
      // a search is refuted only at a return, which it has noted
      if (progress === "inconsistent") return refuted(key, members, search.furthest, search.blocked()!, search.order())
      if (progress === "consistent") orders.push(search.order())
    }
    active = undecided
  }
  const known = orders.filter((order) => order !== undefined)
  return {
    verdict: "consistent",
    operations,
    steps: spent,
    ...(known.length === orders.length ? { linearization: merge(known) } : {})
  }
}

/** Steps that finding an order is worth where the verdict is known already. */
const shortSearch = <S, I, O>(
  specification: Specification<S, I, O>,
  members: ReadonlyArray<Operation<I, O>>
): ReadonlyArray<Operation<I, O>> | undefined => {
  const search = new Search(specification, members, { bytes: 0, limit: 64 * 1024 * 1024 })
  const progress = search.run(20_000)
  return progress === "consistent" || progress === "inconsistent" ? search.order() : undefined
}

const partition = <S, I, O>(
  specification: Specification<S, I, O>,
  history: History<I, O>
): Map<string | undefined, Array<Operation<I, O>>> => {
  const parts = new Map<string | undefined, Array<Operation<I, O>>>()
  for (const operation of history.operations) {
    if (operation.outcome === "fail") continue
    const key = specification.partition?.(operation.input)
    const part = parts.get(key)
    if (part === undefined) parts.set(key, [operation])
    else part.push(operation)
  }
  return parts
}

/**
 * One order out of one for each partition. An operation's point is the latest call up to it in its own order: that is after its own call and
 * before its return, so sorting by points keeps real time; two partitions never share a point.
 */
const merge = <I, O>(orders: ReadonlyArray<ReadonlyArray<Operation<I, O>>>): Array<number> => {
  const points: Array<readonly [point: number, id: number]> = []
  for (const order of orders) {
    let point = -1
    for (const { call, id } of order) {
      point = Math.max(point, call)
      points.push([point, id])
    }
  }
  return points.sort((a, b) => a[0] - b[0]).map(([, id]) => id)
}
