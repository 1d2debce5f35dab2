/**
 * What the checkers below linearizability answer, and what bounds them.
 *
 * Guarantee: `consistent` and `inconsistent` are exact; `unknown` says which bound or which ambiguity stood in the way.
 *
 * @since 0.1.0
 */

/**
 * Bounds of a check. There is no clock in this room: a deadline is the caller's `isInterrupted`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Budget {
  /** Steps; default 50,000,000 (some seconds). */
  readonly steps?: number
  /** Bytes of working memory; default 512 MiB. */
  readonly memory?: number
  /** Asked every few thousand steps; true ends the check as `unknown`. */
  readonly isInterrupted?: () => boolean
}

/**
 * Why one operation (or transaction) comes before another. `overwritten`: `reader` had `from` before it and still read `key` from `to`, so
 * `to` is the later write. `read-before`: `from` read what `to` overwrote. `follows`: the session of `to` had read `from`. `versions`: the
 * store says so.
 *
 * @since 0.1.0
 * @category models
 */
export type Edge =
  | { readonly because: "session"; readonly from: number; readonly to: number }
  | {
    readonly because: "reads-from" | "read-before" | "follows" | "versions"
    readonly from: number
    readonly to: number
    readonly key: string
  }
  | {
    readonly because: "overwritten"
    readonly from: number
    readonly to: number
    readonly key: string
    readonly reader: number
  }

/**
 * The shapes that a history cannot have. The first ten are the bad patterns of Bouajjani, Enea, Guerraoui and Hamza, On verifying causal
 * consistency (POPL 2017), and what transactions add to them: reads of aborted or intermediate writes, and a transaction that does not see
 * itself.
 * `Stale`: a session guarantee makes a later write visible to this read. `CyclicVersions`: no order of a key's versions satisfies a session's
 * reads. `CyclicOrder`: no one order for all. `NoOrder`: a search has tried them all. `Diverged` and `Lost` are those of eventual consistency.
 *
 * @since 0.1.0
 * @category models
 */
export type Pattern =
  | "ThinAirRead"
  | "AbortedRead"
  | "IntermediateRead"
  | "InternalRead"
  | "CyclicCO"
  | "WriteCOInitRead"
  | "WriteCORead"
  | "CyclicCF"
  | "WriteHBInitRead"
  | "CyclicHB"
  | "Stale"
  | "CyclicVersions"
  | "CyclicOrder"
  | "NoOrder"
  | "Diverged"
  | "Lost"

/**
 * Evidence. `operations` are the reads that cannot be, with the writes they meet, named by id; `path` is the cycle, or the chain of reasons
 * from the first to the last of them: empty where a single read is evidence enough.
 *
 * @since 0.1.0
 * @category models
 */
export interface Violation {
  readonly pattern: Pattern
  readonly operations: ReadonlyArray<number>
  readonly path: ReadonlyArray<Edge>
}

/**
 * Why there is no answer. `values`: a value that was read has several possible sources. `operation`: an operation that is neither a read nor a
 * write nor a swap that succeeded. `quiescence`: nothing was read after the last update. The rest are budgets.
 *
 * @since 0.1.0
 * @category models
 */
export type Reason = "values" | "operation" | "quiescence" | "steps" | "memory" | "interrupted"

/**
 * The verdict with its evidence. Operations (or transactions) are named by their ids.
 *
 * @since 0.1.0
 * @category models
 */
export type Verdict =
  | {
    readonly verdict: "consistent"
    readonly operations: number
    readonly steps: number
    /** One order that explains the history, where the level asks for one order of all: sequential and causal convergence. */
    readonly witness?: ReadonlyArray<number>
  }
  | {
    readonly verdict: "inconsistent"
    readonly operations: number
    readonly steps: number
    readonly violation: Violation
  }
  | {
    readonly verdict: "unknown"
    readonly operations: number
    readonly steps: number
    readonly reason: Reason
    /** The operation that stood in the way, for `values` and `operation`. */
    readonly at?: number
  }
