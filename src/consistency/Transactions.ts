/**
 * Histories as reads and writes: sessions of transactions, without real time. A single operation is a transaction of one access.
 *
 * Guarantee: sessions keep their order, and nothing else of the history's order is kept: below linearizability there is none.
 * Model: a client that goes on under a new process id after an unknown outcome is a new session, so the order between its two lives is not asked
 * for: a checker may miss a violation there, and reports none that is not.
 *
 * @since 0.1.0
 */
import type { History, Operation, ProcessId } from "./History.js"
import type { Specification, Value } from "./Specification.js"

/**
 * One read, with what it answered, or one write.
 *
 * @since 0.1.0
 * @category models
 */
export interface ReadOrWrite {
  readonly kind: "read" | "write"
  readonly key: string
  readonly value: Value
}

/**
 * Accesses that take effect together. `aborted`: certainly without effect. `unknown`: with all its effect, or with none.
 *
 * @since 0.1.0
 * @category models
 */
export interface Transaction {
  readonly id: number
  readonly session: ProcessId
  readonly outcome: "committed" | "aborted" | "unknown"
  readonly accesses: ReadonlyArray<ReadOrWrite>
}

/**
 * Transactions, those of one session in its order. Every key starts as `initial`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Transactions {
  readonly initial: Value
  readonly transactions: ReadonlyArray<Transaction>
}

/**
 * An operation that is neither a read nor a write nor a successful swap: its meaning depends on the state, so values do not tell what it saw.
 *
 * @since 0.1.0
 * @category errors
 */
export class Unsupported extends Error {
  readonly _tag = "Unsupported"
  constructor(readonly operation: number) {
    super(`operation ${operation} is neither a read nor a write nor a swap that succeeded`)
    this.name = "Unsupported"
  }
}

/**
 * A history, operation by operation; ids are those of the operations. Reads of unknown outcome saw nothing and are left out.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromHistory = <S, I>(
  specification: Specification<S, I, Value>,
  history: History<I, Value>
): Transactions | Unsupported => {
  const transactions: Array<Transaction> = []
  for (const operation of history.operations) {
    const accesses = accessesOf(specification, operation)
    if (accesses === undefined) return new Unsupported(operation.id)
    if (accesses.length === 0) continue
    const { id, outcome, process: session } = operation
    transactions.push({
      id,
      session,
      outcome: outcome === "ok" ? "committed" : outcome === "fail" ? "aborted" : "unknown",
      accesses
    })
  }
  // an object of reads and writes holds a value; the state of another one is asked for only where its history is empty
  return { initial: isValue(specification.initial) ? specification.initial : null, transactions }
}

const isValue = (state: unknown): state is Value =>
  state === null || typeof state === "string" || typeof state === "number" || typeof state === "boolean"

const accessesOf = <S, I>(
  { access, partition }: Specification<S, I, Value>,
  operation: Operation<I, Value>
): ReadonlyArray<ReadOrWrite> | undefined => {
  const meaning = access?.(operation.input)
  const key = partition?.(operation.input) ?? ""
  switch (meaning?._tag) {
    case "Read":
      return operation.outcome === "ok" ? [{ kind: "read", key, value: operation.output }] : []
    case "Write":
      return [{ kind: "write", key, value: meaning.value }]
    case "Cas":
      return operation.outcome === "ok" && operation.output !== true ? undefined : [
        { kind: "read", key, value: meaning.from },
        { kind: "write", key, value: meaning.to }
      ]
    default:
      return undefined
  }
}
