/**
 * The consistency levels by name, what follows from what, and one door to their checkers.
 *
 * ```
 * linearizable -> sequential -> causal-convergence -> causal
 *                 sequential -> causal-memory -> causal
 *                               causal-memory -> pram
 * causal-convergence, pram -> read-your-writes, monotonic-reads, monotonic-writes
 * causal-convergence, causal-memory -> writes-follow-reads;  causal -> read-your-writes
 * ```
 * Causal convergence and causal memory are incomparable, and neither causal nor causal convergence implies PRAM. What others call "causal"
 * without more may be causal memory (Elle). Eventual consistency asks another question and is on no chain here.
 *
 * @since 0.1.0
 */
import * as Causal from "./Causal.js"
import * as Eventual from "./Eventual.js"
import type { History } from "./History.js"
import * as Linearizability from "./Linearizability.js"
import * as Sequential from "./Sequential.js"
import * as SessionGuarantees from "./SessionGuarantees.js"
import type { Specification, Value } from "./Specification.js"
import { fromHistory, type Transactions, Unsupported } from "./Transactions.js"
import type { Budget, Verdict } from "./Verdict.js"

/**
 * Every level, stronger before weaker.
 *
 * @since 0.1.0
 * @category models
 */
export const levels = [
  "linearizable",
  "sequential",
  "causal-convergence",
  "causal-memory",
  "causal",
  "pram",
  "read-your-writes",
  "monotonic-reads",
  "monotonic-writes",
  "writes-follow-reads",
  "eventual"
] as const

/**
 * A level's name, as `--consistency` knows it.
 *
 * @since 0.1.0
 * @category models
 */
export type Level = typeof levels[number]

/**
 * The levels that need no real time, and so can be asked of transactions without one.
 *
 * @since 0.1.0
 * @category models
 */
export type UntimedLevel = Exclude<Level, "linearizable" | "eventual">

const weaker: { readonly [level in Level]: ReadonlyArray<Level> } = {
  linearizable: ["sequential"],
  sequential: ["causal-convergence", "causal-memory"],
  "causal-convergence": [
    "causal",
    "read-your-writes",
    "monotonic-reads",
    "monotonic-writes",
    "writes-follow-reads"
  ],
  "causal-memory": ["causal", "pram", "writes-follow-reads"],
  causal: ["read-your-writes"],
  pram: ["read-your-writes", "monotonic-reads", "monotonic-writes"],
  "read-your-writes": [],
  "monotonic-reads": [],
  "monotonic-writes": [],
  "writes-follow-reads": [],
  eventual: []
}

/**
 * Does every history of the one level have the other? A level implies itself.
 *
 * @since 0.1.0
 * @category models
 */
export const implies = (level: Level, other: Level): boolean =>
  level === other || weaker[level].some((next) => implies(next, other))

/**
 * Checks a history at one level. Linearizability that its budget leaves open is refuted by what is weaker, where that can be done.
 *
 * @since 0.1.0
 * @category checking
 */
export const check = <S, I>(
  level: Level,
  specification: Specification<S, I, Value>,
  history: History<I, Value>,
  budget: Budget = {}
): Verdict | Linearizability.Result | Eventual.Result => {
  if (level === "sequential") return Sequential.check(specification, history, budget)
  if (level === "eventual") return Eventual.check(specification, history, budget)
  if (level === "linearizable") {
    const result = Linearizability.check(specification, history, budget)
    if (result.verdict !== "unknown" || result.reason === "interrupted") return result
    const transactions = fromHistory(specification, history)
    if (transactions instanceof Unsupported) return result
    for (const below of ["causal-convergence", "causal-memory"] as const) {
      const verdict = Causal.check(below, transactions, budget)
      if (verdict.verdict === "inconsistent") return verdict
    }
    return result
  }
  const transactions = fromHistory(specification, history)
  if (!(transactions instanceof Unsupported)) return checkTransactions(level, transactions, budget)
  const operations = history.operations.length
  return { verdict: "unknown", operations, steps: 0, reason: "operation", at: transactions.operation }
}

/**
 * Checks transactions at one level.
 *
 * @since 0.1.0
 * @category checking
 */
export const checkTransactions = (level: UntimedLevel, transactions: Transactions, budget: Budget = {}): Verdict => {
  switch (level) {
    case "sequential":
      return Sequential.checkTransactions(transactions, budget)
    case "causal-convergence":
    case "causal-memory":
    case "causal":
    case "pram":
      return Causal.check(level, transactions, budget)
    default:
      return SessionGuarantees.check(level, transactions, budget)
  }
}

/**
 * Checks transactions at every untimed level, from the weakest: the failure of a weaker one settles the stronger, with the same evidence.
 *
 * @since 0.1.0
 * @category checking
 */
export const checkAll = (transactions: Transactions, budget: Budget = {}): ReadonlyMap<UntimedLevel, Verdict> => {
  const verdicts = new Map<UntimedLevel, Verdict>()
  for (const level of levels.toReversed()) {
    if (level === "linearizable" || level === "eventual") continue
    const settled = [...verdicts].find(([below, { verdict }]) => verdict === "inconsistent" && implies(level, below))
    verdicts.set(level, settled?.[1] ?? checkTransactions(level, transactions, budget))
  }
  return verdicts
}
