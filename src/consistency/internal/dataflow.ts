/**
 * Who reads from whom: transactions as numbered units, each read with its one source. Everything below linearizability starts here.
 * Only the last write of a unit to a key can be read by others; only reads before the unit's own write of the key read from others.
 */
import type { Value } from "../Specification.js"
import type { Transaction, Transactions } from "../Transactions.js"
import type { Violation } from "../Verdict.js"
import { same, valueKey } from "./values.js"

/** The source of a read of the initial value. */
export const INITIAL = -1

/** A read from another unit: `source` is a unit, or INITIAL. */
export interface UnitRead {
  readonly key: number
  readonly source: number
}

/** The writers of a key in one session, ascending by rank. */
export interface SessionWriters {
  readonly session: number
  readonly ranks: Array<number>
  readonly units: Array<number>
}

export interface Dataflow {
  /** The transaction of each unit: those committed, and those of unknown outcome that somebody read from. Ascending in each session. */
  readonly units: ReadonlyArray<Transaction>
  readonly session: Int32Array
  readonly rank: Int32Array
  readonly sessions: ReadonlyArray<ReadonlyArray<number>>
  readonly reads: ReadonlyArray<ReadonlyArray<UnitRead>>
  /** The keys that each unit writes. */
  readonly writes: ReadonlyArray<ReadonlyArray<number>>
  readonly keys: ReadonlyArray<string>
  readonly writersOf: ReadonlyArray<ReadonlyArray<SessionWriters>>
  /** A read that has several possible sources: it is left out of `reads`, so what is found without it still holds. */
  readonly ambiguous: number | undefined
}

type Written = { readonly transaction: number; readonly isFinal: boolean }

/** Resolves every read to its source, or shows one that cannot have any. */
export const resolve = ({ initial, transactions }: Transactions): Dataflow | Violation => {
  const writers = writersByValue(transactions)
  const kept = transactions.map(({ outcome }) => outcome === "committed")
  const pending = transactions.flatMap((_, i) => kept[i] === true ? [i] : [])
  const sources = new Map<number, Array<{ readonly key: string; readonly source: number }>>()
  let ambiguous: number | undefined
  for (let at = 0; at < pending.length; at++) {
    const reader = pending[at]!
    const transaction = transactions[reader]!
    const resolved: Array<{ readonly key: string; readonly source: number }> = []
    const own = new Map<string, Value>()
    for (const { key, kind, value } of transaction.accesses) {
      if (kind === "write") {
        own.set(key, value)
        continue
      }
      const ownValue = own.get(key)
      if (ownValue !== undefined) {
        if (same(value, ownValue)) continue
        return alone("InternalRead", transaction)
      }
      const written = writers.get(addressOf(key, value)) ?? []
      const candidates = written.filter((each) => each.isFinal && transactions[each.transaction]!.outcome !== "aborted")
        .map((each) => each.transaction)
      if (same(value, initial)) candidates.push(INITIAL)
      if (candidates.length === 0) {
        return impossible(
          transaction,
          written.map((each) => transactions[each.transaction]!)
        )
      }
      if (candidates.length > 1) {
        ambiguous ??= transaction.id
        continue
      }
      keep(candidates[0]!)
      resolved.push({ key, source: candidates[0]! })
    }
    sources.set(reader, resolved)
  }
  return number(transactions, kept, sources, ambiguous)

  function keep(transaction: number): void {
    if (transaction === INITIAL || kept[transaction] === true) return
    kept[transaction] = true
    pending.push(transaction)
  }
}

const alone = (pattern: Violation["pattern"], ...transactions: ReadonlyArray<Transaction>): Violation => ({
  pattern,
  operations: transactions.map(({ id }) => id),
  path: []
})

const impossible = (reader: Transaction, writers: ReadonlyArray<Transaction>): Violation => {
  const writer = writers.find(({ outcome }) => outcome !== "aborted") ?? writers[0]
  if (writer === undefined) return alone("ThinAirRead", reader)
  return alone(writer.outcome === "aborted" ? "AbortedRead" : "IntermediateRead", writer, reader)
}

const addressOf = (key: string, value: Value): string => `${valueKey(value)}@${key}`

const writersByValue = (transactions: ReadonlyArray<Transaction>): Map<string, Array<Written>> => {
  const writers = new Map<string, Array<Written>>()
  transactions.forEach(({ accesses }, transaction) => {
    accesses.forEach(({ key, kind, value }, at) => {
      if (kind !== "write") return
      const isFinal = !accesses.some((later, i) => i > at && later.kind === "write" && later.key === key)
      const address = addressOf(key, value)
      const known = writers.get(address)
      if (known === undefined) writers.set(address, [{ transaction, isFinal }])
      else known.push({ transaction, isFinal })
    })
  })
  return writers
}

const number = (
  transactions: ReadonlyArray<Transaction>,
  kept: ReadonlyArray<boolean>,
  sources: ReadonlyMap<number, ReadonlyArray<{ readonly key: string; readonly source: number }>>,
  ambiguous: number | undefined
): Dataflow => {
  const unitOf = new Int32Array(transactions.length).fill(-1)
  const order = transactions.flatMap((_, i) => kept[i] === true ? [i] : [])
  order.forEach((transaction, unit) => (unitOf[transaction] = unit))
  const units = order.map((i) => transactions[i]!)
  const session = new Int32Array(units.length)
  const rank = new Int32Array(units.length)
  const sessions: Array<Array<number>> = []
  const sessionIds = new Map<unknown, number>()
  const keys: Array<string> = []
  const keyIds = new Map<string, number>()
  const writersOf: Array<Array<SessionWriters>> = []
  const keyId = (key: string): number => {
    const known = keyIds.get(key)
    if (known !== undefined) return known
    keyIds.set(key, keys.length)
    writersOf.push([])
    return keys.push(key) - 1
  }
  const writes = units.map((transaction, unit) => {
    let of = sessionIds.get(transaction.session)
    if (of === undefined) sessionIds.set(transaction.session, of = sessions.push([]) - 1)
    session[unit] = of
    rank[unit] = sessions[of]!.push(unit) - 1
    const written = new Set<number>()
    for (const { key, kind } of transaction.accesses) if (kind === "write") written.add(keyId(key))
    for (const key of written) {
      let writers = writersOf[key]!.find((each) => each.session === of)
      if (writers === undefined) writersOf[key]!.push(writers = { session: of, ranks: [], units: [] })
      writers.ranks.push(rank[unit]!)
      writers.units.push(unit)
    }
    return [...written]
  })
  const reads = order.map((transaction) =>
    (sources.get(transaction) ?? []).map(({ key, source }): UnitRead => ({
      key: keyId(key),
      source: source === INITIAL ? INITIAL : unitOf[source]!
    }))
  )
  return { units, session, rank, sessions, reads, writes, keys, writersOf, ambiguous }
}

/** The latest of a session's writers with a rank below `bound`, or -1. */
export const latestBelow = ({ ranks, units }: SessionWriters, bound: number): number => {
  let low = 0
  let high = ranks.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ranks[middle]! < bound) low = middle + 1
    else high = middle
  }
  return low === 0 ? -1 : units[low - 1]!
}
