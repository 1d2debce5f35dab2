/**
 * Linearizability without search, for objects whose histories write each value at most once: O(n log n), where the search may be exponential.
 *
 * A register (Gibbons and Korach, SIAM J. Comput. 1997): each write with its reads is a zone from its earliest return to its latest call, forward
 * when the return comes first. Linearizable iff no read returns before its write is called, no two forward zones overlap, and no forward zone
 * covers a backward one. A queue (Henzinger, Sezgin and Vafeiadis, CONCUR 2013): no value from nowhere or twice, none dequeued before it is
 * enqueued, none overtaken, and no empty answer while the queue surely held something.
 *
 * The question is asked of a prefix, too: of the operations called before the event `cut`, those that had not returned by then are open, with the
 * answer that they were to have. That makes the longest prefix a matter of bisection.
 */
import type { Operation } from "../History.js"
import type { Specification, Value } from "../Specification.js"
import { makeQueueProblem } from "./unambiguousQueue.js"
import { makeRegisterProblem } from "./unambiguousRegister.js"

/** One object's history, ready to be asked. */
export interface Problem {
  /** Can the events before `cut` be explained? */
  readonly isExplained: (cut: number) => boolean
  /** An order that explains the events before `cut`, where one is at hand: indices of operations. */
  readonly order?: (cut: number) => ReadonlyArray<number>
}

/** What a completed or open operation is, in the words of `Specification.access`, with what it answered. */
export interface Accessed {
  readonly kind: "read" | "write" | "enqueue" | "dequeue"
  /** What was written or enqueued; or what was answered: undefined when that is unknown. */
  readonly value: Value | undefined
  readonly call: number
  /** Infinity for an operation of unknown outcome. */
  readonly return: number
}

export type Decision<I, O> =
  | { readonly verdict: "consistent"; readonly order?: ReadonlyArray<Operation<I, O>> }
  | {
    readonly verdict: "inconsistent"
    readonly furthest: number
    readonly blocked: Operation<I, O>
    readonly order?: ReadonlyArray<Operation<I, O>>
  }

/** Decides one partition, or says undefined: some operation is of another kind, or a value is ambiguous. */
export const decide = <S, I, O>(
  specification: Specification<S, I, O>,
  operations: ReadonlyArray<Operation<I, O>>
): Decision<I, O> | undefined => {
  const { access } = specification
  if (access === undefined) return undefined
  const accessed: Array<Accessed> = []
  for (const operation of operations) {
    const each = accessedBy(access(operation.input), operation)
    if (each === undefined) return undefined
    accessed.push(each)
  }
  const first = accessed[0]?.kind
  const problem = first === "read" || first === "write"
    ? makeRegisterProblem(accessed, specification.initial)
    : makeQueueProblem(accessed)
  if (problem === undefined) return undefined
  const orderOf = (cut: number) =>
    problem.order === undefined ? {} : { order: problem.order(cut).map((i) => operations[i]!) }
  if (problem.isExplained(Number.POSITIVE_INFINITY)) {
    return { verdict: "consistent", ...orderOf(Number.POSITIVE_INFINITY) }
  }
  const returned = accessed.flatMap((each, i) => each.return === Number.POSITIVE_INFINITY ? [] : [i])
    .sort((a, b) => accessed[a]!.return - accessed[b]!.return)
  // The first return that cannot be passed: all before `low` can.
  let low = 0
  let high = returned.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if (problem.isExplained(accessed[returned[middle]!]!.return + 1)) low = middle + 1
    else high = middle
  }
  const furthest = accessed[returned[low]!]!.return
  return { verdict: "inconsistent", furthest, blocked: operations[returned[low]!]!, ...orderOf(furthest) }
}

const accessedBy = <I, O>(
  meaning: ReturnType<NonNullable<Specification<never, I, O>["access"]>>,
  operation: Operation<I, O>
): Accessed | undefined => {
  const { call } = operation
  const isOk = operation.outcome === "ok"
  const end = isOk ? operation.return : Number.POSITIVE_INFINITY
  const output = isOk ? operation.output : undefined
  switch (meaning?._tag) {
    case "Read":
    case "Dequeue": {
      const kind = meaning._tag === "Read" ? "read" : "dequeue"
      if (output === undefined) return { kind, value: undefined, call, return: end }
      return isScalar(output) ? { kind, value: output, call, return: end } : undefined
    }
    case "Write":
    case "Enqueue": {
      if (output !== undefined && output !== null) return undefined
      return { kind: meaning._tag === "Write" ? "write" : "enqueue", value: meaning.value, call, return: end }
    }
    default:
      return undefined
  }
}

const isScalar = (output: unknown): output is Value =>
  output === null || typeof output === "string" || typeof output === "number" || typeof output === "boolean"
