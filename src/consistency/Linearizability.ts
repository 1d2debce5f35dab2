/**
 * Is a history linearizable: can each operation be given one instant between its call and its return so that the object, alone, would have
 * answered as recorded?
 *
 * Guarantee: `consistent` and `inconsistent` are exact, with a witness; a check that exceeds a budget says `unknown` and never hangs.
 * Model: operations without a known outcome may take effect at any point after their call, or never.
 * Flow: partition by key, search the partitions in turn, a slice of steps each, so that a hard key cannot hide an easy refutation. The first
 * refuted key ends the check.
 * Non-goals: transactions over several keys, nondeterministic objects.
 * Source: Herlihy and Wing 1990 (locality); Wing and Gong 1993; Lowe 2017.
 *
 * @since 0.1.0
 */
import type { History, Operation } from "./History.js"
import type { Meter } from "./internal/transitions.js"
import { type CommitRule, Search } from "./internal/wgl.js"
import type { Specification } from "./Specification.js"

/**
 * Bounds of a check.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Search steps over all partitions; default 50,000,000 (some seconds). */
  readonly steps?: number
  /** Bytes of search memory over all partitions; default 512 MiB. */
  readonly memory?: number
  /** Steps that a partition takes before the next one's turn; default 4,096. */
  readonly slice?: number
  /** Asked between slices; true ends the check as `unknown`. Here a caller with a clock puts a deadline: this module has none. */
  readonly isInterrupted?: () => boolean
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
    /** One order that explains the history; operations of unknown outcome appear in it where they had to take effect. */
    readonly linearization: ReadonlyArray<number>
  }
  | {
    readonly verdict: "inconsistent"
    readonly operations: number
    readonly steps: number
    /** The key that cannot be explained; absent for a specification without partitions. */
    readonly partition?: string
    /** The history's first `longestPrefix` events can be explained for this key; the next event, the return of `blocked`, cannot be passed. */
    readonly longestPrefix: number
    /** An order of this key's operations that explains the prefix. */
    readonly linearization: ReadonlyArray<number>
    readonly blocked: number
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
): Result => checkWith("pure-in-every-state", specification, history, options)

/**
 * `check` with the commit rule named: for the tests of the rule itself.
 *
 * @internal
 */
export const checkWith = <S, I, O>(
  rule: CommitRule,
  specification: Specification<S, I, O>,
  history: History<I, O>,
  options: Options
): Result => {
  const budget = options.steps ?? 50_000_000
  const slice = Math.max(1, options.slice ?? 4096)
  const meter: Meter = { bytes: 0, limit: options.memory ?? 512 * 1024 * 1024 }
  const operations = history.operations.length
  const searches = [...partition(specification, history)].map(([key, members]) => ({
    key,
    search: new Search(specification, members, meter, rule)
  }))
  const steps = () => searches.reduce((sum, { search }) => sum + search.steps, 0)
  let spent = steps()
  let active = searches
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
      const { key, search } = candidate
      const already = search.steps
      const progress = search.run(Math.min(slice, budget - spent))
      spent += search.steps - already
      if (progress === "out-of-memory") return unknown("memory")
      if (progress === "running") undecided.push(candidate)
      if (progress === "inconsistent") {
        return {
          verdict: "inconsistent",
          operations,
          steps: spent,
          ...(key === undefined ? {} : { partition: key }),
          longestPrefix: search.furthest,
          linearization: search.order().map(({ id }) => id),
          blocked: search.blocked()!.id // a search is refuted only at a return, which it has noted
        }
      }
    }
    active = undecided
  }
  return {
    verdict: "consistent",
    operations,
    steps: spent,
    linearization: merge(searches.map(({ search }) => search.order()))
  }
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
