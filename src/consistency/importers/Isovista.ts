/**
 * Transaction histories of IsoVista: one access a line, `r(KEY,VALUE,SESSION,TXN)` or `w(KEY,VALUE,SESSION,TXN)`, non-negative integers.
 *
 * A transaction's lines stand together in its session, and a session's transactions in its order; TXN -1 is one that was aborted. There is
 * no real time: the history's events are in the order of the file, and only that of each session means anything. Read twice: `transactions`
 * keeps the transactions whole,
 * `history` is the same accesses one by one, where an access of an aborted transaction has failed. Keys start as null: a value 0 that was read of a key to which
 * nobody wrote 0 is that.
 *
 * @since 0.1.0
 */
import type { KeyValueInput, Value } from "../Specification.js"
import type { ReadOrWrite, Transaction } from "../Transactions.js"
import { collect, excerpt, type Imported, ImportError } from "./Source.js"

const LINE = /^([rw])\((\d+),(\d+),(\d+),(-1|\d+)\)$/
const EXPECTED =
  "r(KEY,VALUE,SESSION,TXN) or w(KEY,VALUE,SESSION,TXN) with non-negative integers, TXN -1 for an aborted one"

interface Access extends ReadOrWrite {
  readonly line: number
  readonly session: number
  readonly transaction: number
}

/**
 * Parses one file. Empty lines are skipped; any other line that is not an access is an error.
 *
 * @since 0.1.0
 * @category importing
 */
export const parse = (text: string): Imported<KeyValueInput> | ImportError => {
  const transactions: Array<Transaction> = []
  const imported = collect<KeyValueInput>(null, (emit) => {
    const accesses = resolveInitial(parseLines(text))
    for (const { key, kind, line, session, transaction, value } of accesses) {
      emit(line, {
        type: "invoke",
        process: session,
        input: kind === "read" ? { _tag: "Get", key } : { _tag: "Put", key, value }
      })
      if (transaction < 0) emit(line, { type: "fail", process: session })
      else emit(line, { type: "ok", process: session, output: kind === "read" ? value : null })
    }
    for (const each of group(accesses)) transactions.push(each)
  })
  return imported instanceof ImportError
    ? imported
    : { ...imported, isTimed: false, transactions: { initial: null, transactions } }
}

const parseLines = (text: string): ReadonlyArray<Access> => {
  const accesses: Array<Access> = []
  text.split("\n").forEach((untrimmed, index) => {
    const source = untrimmed.trim()
    if (source === "") return
    const line = index + 1
    const match = LINE.exec(source)
    if (match === null) throw new ImportError(line, EXPECTED, excerpt(source))
    const [, kind, key = "", ...rest] = match
    const [value = 0, session = 0, transaction = 0] = rest.map(Number)
    if (!rest.map(Number).every(Number.isSafeInteger)) throw new ImportError(line, EXPECTED, excerpt(source))
    accesses.push({ line, kind: kind === "r" ? "read" : "write", key, value, session, transaction })
  })
  return accesses
}

const resolveInitial = (accesses: ReadonlyArray<Access>): ReadonlyArray<Access> => {
  const zeroed = new Set(accesses.filter(({ kind, value }) => kind === "write" && value === 0).map(({ key }) => key))
  const valueOf = ({ key, kind, value }: Access): Value =>
    kind === "read" && value === 0 && !zeroed.has(key) ? null : value
  return accesses.map((access) => ({ ...access, value: valueOf(access) }))
}

const group = (accesses: ReadonlyArray<Access>): ReadonlyArray<Transaction> => {
  const transactions: Array<{ readonly id: number; readonly session: number; readonly accesses: Array<ReadOrWrite> }> =
    []
  const sessionOf = new Map<number, number>()
  const current = new Map<number, typeof transactions[number]>()
  for (const { key, kind, line, session, transaction, value } of accesses) {
    let open = current.get(session)
    if (open?.id !== transaction) {
      const owner = sessionOf.get(transaction)
      if (owner !== undefined) {
        throw new ImportError(
          line,
          "the lines of a transaction together, in one session",
          `transaction ${transaction} again`
        )
      }
      if (transaction >= 0) sessionOf.set(transaction, session)
      open = { id: transaction, session, accesses: [] }
      current.set(session, open)
      transactions.push(open)
    }
    open.accesses.push({ kind, key, value })
  }
  return transactions.map((each) => ({ ...each, outcome: each.id < 0 ? "aborted" : "committed" }))
}
