import { describe, expect, it } from "@effect/vitest"
import * as Causal from "synod/consistency/Causal"
import * as Consistency from "synod/consistency/Consistency"
import { type Event, fromEvents, type History, MalformedHistory } from "synod/consistency/History"
import { keyValue, type KeyValueInput, type Value } from "synod/consistency/Specification"
import { fromHistory, type Transactions, Unsupported } from "synod/consistency/Transactions"
import type { Verdict } from "synod/consistency/Verdict"
import { make, type Prng } from "synod/core/Prng"
import { canExplain } from "./bruteForce.js"
import * as Orders from "./orders.js"
import type { Op } from "./orders.js"

const oracle: { readonly [level in Consistency.UntimedLevel]: (ops: ReadonlyArray<Op>) => boolean } = {
  sequential: Orders.isSequential,
  "causal-convergence": Orders.isConvergent,
  "causal-memory": Orders.isCausalMemory,
  causal: Orders.isCausal,
  pram: Orders.isPram,
  "read-your-writes": Orders.readsYourWrites,
  "monotonic-reads": Orders.hasMonotonicReads,
  "monotonic-writes": Orders.hasMonotonicWrites,
  "writes-follow-reads": Orders.writesFollowReads
}
const untimed = Consistency.levels.filter((level): level is Consistency.UntimedLevel => level in oracle)
const implications = Consistency.levels.flatMap((level) =>
  Consistency.levels.filter((other) => other !== level && Consistency.implies(level, other)).map((other) =>
    [level, other] as const
  )
)

const valueOf = (value: number): Value => value === 0 ? null : value
const keyOf = (key: number): string => "xyz"[key]!
const transactionsOf = (ops: ReadonlyArray<Op>): Transactions => ({
  initial: null,
  transactions: ops.map(({ isWrite, key, session, value }, id) => ({
    id,
    session,
    outcome: "committed",
    accesses: [{ kind: isWrite ? "write" : "read", key: keyOf(key), value: valueOf(value) }]
  }))
})

const show = (ops: ReadonlyArray<Op>): string =>
  ops.map(({ isWrite, key, session, value }) => `${session}:${isWrite ? "w" : "r"} ${keyOf(key)}${value}`).join("  ")

/** One after the other, each read answers the latest write of its key. */
const explains = (ops: ReadonlyArray<Op>, order: ReadonlyArray<number>): boolean => {
  const latest = new Map<number, number>()
  return order.every((i) => {
    const { isWrite, key, value } = ops[i]!
    if (isWrite) latest.set(key, value)
    return isWrite || (latest.get(key) ?? 0) === value
  })
}

/** Evidence must hold by itself: an order explains, a path is a chain of edges that the history really has. */
const isSound = (level: Consistency.UntimedLevel, ops: ReadonlyArray<Op>, verdict: Verdict): boolean => {
  if (verdict.verdict === "unknown") return false
  if (verdict.verdict === "consistent") {
    const order = verdict.witness
    if (level === "sequential" && (order === undefined || !explains(ops, order))) return false
    return order === undefined || (order.length === ops.length && new Set(order).size === ops.length
      && order.every((a, at) => order.slice(at).every((b) => a <= b || ops[a]!.session !== ops[b]!.session)))
  }
  const { path } = verdict.violation
  return path.every((edge, at) => {
    const [from, to] = [ops[edge.from]!, ops[edge.to]!]
    if (at > 0 && path[at - 1]!.to !== edge.from) return false
    switch (edge.because) {
      case "session":
        return edge.from < edge.to && from.session === to.session
      case "reads-from":
        return from.isWrite && !to.isWrite && from.key === to.key && from.value === to.value
      case "overwritten": {
        const reader = ops[edge.reader]!
        return from.isWrite && to.isWrite && from.key === to.key && reader.key === to.key && reader.value === to.value
      }
      case "follows":
        return from.isWrite && to.isWrite && from.key === to.key
          && ops.some((read, i) =>
            i < edge.to && read.session === to.session && !read.isWrite && read.value === from.value
          )
      case "versions":
        return false
      case "read-before":
        return !from.isWrite && to.isWrite && from.key === to.key && from.value !== to.value
    }
  })
}

const disagreements = (ops: ReadonlyArray<Op>): ReadonlyArray<string> => {
  const transactions = transactionsOf(ops)
  return untimed.flatMap((level) => {
    const verdict = Consistency.checkTransactions(level, transactions)
    const expected = oracle[level](ops) ? "consistent" : "inconsistent"
    if (verdict.verdict === expected && isSound(level, ops, verdict)) return []
    return [`${level}: ${JSON.stringify(verdict)}, expected ${expected}: ${show(ops)}`]
  })
}

/** Up to 7 operations, 2 or 3 sessions, 2 keys; reads of written values, the initial one, and now and then of nobody's. */
const randomOps = (random: Prng): ReadonlyArray<Op> => {
  const sessions = 2 + random.below(2)
  const length = 2 + random.below(6)
  const kinds = Array.from({ length }, () => ({
    session: random.below(sessions),
    key: random.below(2),
    isWrite: random.below(5) < 2
  }))
  let written = 0
  const ops = kinds.map((kind) => kind.isWrite ? { ...kind, value: ++written } : { ...kind, value: 0 })
  return ops.map((op) => {
    if (op.isWrite) return op
    const values = [0, ...ops.filter((w) => w.isWrite && w.key === op.key).flatMap(({ value }) => [value, value])]
    return { ...op, value: random.below(60) === 0 ? 99 : values[random.below(values.length)]! }
  })
}

/** The operations in real time: each client calls and returns at random. */
const historyOf = (ops: ReadonlyArray<Op>, random: Prng): History<KeyValueInput, Value> => {
  const events: Array<Event<KeyValueInput, Value>> = []
  const waiting = ops.slice()
  const open = new Map<number, Op>()
  while (waiting.length > 0 || open.size > 0) {
    const next = waiting[0]
    if (next !== undefined && !open.has(next.session) && random.below(2) === 0) {
      waiting.shift()
      open.set(next.session, next)
      const key = keyOf(next.key)
      const input: KeyValueInput = next.isWrite ? { _tag: "Put", key, value: next.value } : { _tag: "Get", key }
      events.push({ type: "invoke", process: next.session, input })
      continue
    }
    const [session, op] = [...open][random.below(Math.max(1, open.size))] ?? []
    if (session === undefined || op === undefined) continue
    open.delete(session)
    events.push({ type: "ok", process: session, output: op.isWrite ? null : valueOf(op.value) })
  }
  const history = fromEvents(events)
  if (history instanceof MalformedHistory) throw history
  return history
}

describe("10,000 random histories, every checker against all orders", () => {
  const random = make(20261124)
  const all = Array.from({ length: 10_000 }, () => randomOps(random))
  const seen = new Map<string, number>()

  it("no checker disagrees, and every implication of the lattice holds", () => {
    const wrong: Array<string> = []
    for (const ops of all) {
      for (const each of disagreements(ops)) wrong.push(each)
      const history = historyOf(ops, random)
      const transactions = fromHistory(keyValue(), history)
      if (transactions instanceof Unsupported) throw transactions
      const verdicts = new Map<Consistency.Level, boolean>(
        [...Consistency.checkAll(transactions)].map(([level, { verdict }]) => [level, verdict === "consistent"])
      )
      const linearizable = Consistency.check("linearizable", keyValue(), history).verdict === "consistent"
      if (linearizable !== canExplain(keyValue(), history.operations)) wrong.push(`linearizable: ${show(ops)}`)
      verdicts.set("linearizable", linearizable)
      for (const [level, below] of implications) {
        if (verdicts.get(level) === true && verdicts.get(below) === false) {
          wrong.push(`${level} without ${below}: ${show(ops)}`)
        }
      }
      for (const [level, holds] of verdicts) seen.set(`${level} ${holds}`, (seen.get(`${level} ${holds}`) ?? 0) + 1)
    }
    expect(wrong).toEqual([])
  })

  it("both verdicts of every level were common, so that agreement says something", () => {
    for (const level of [...untimed, "linearizable"]) {
      expect(seen.get(`${level} true`), level).toBeGreaterThan(500)
      expect(seen.get(`${level} false`), level).toBeGreaterThan(500)
    }
  })
})

/** Every history of these sessions over these many keys: writes are numbered, a read may have seen any write of its key, or none. */
const exhaustive = (sessions: ReadonlyArray<number>, keys: number): ReadonlyArray<ReadonlyArray<Op>> => {
  const shapes = (at: number): ReadonlyArray<ReadonlyArray<Omit<Op, "value">>> =>
    at === sessions.length ? [[]] : shapes(at + 1).flatMap((rest) =>
      Array.from({ length: 2 * keys }, (_, i) => [
        { session: sessions[at]!, key: i % keys, isWrite: i < keys },
        ...rest
      ])
    )
  return shapes(0).flatMap((shape) => {
    let written = 0
    const numbered = shape.map((op): Op => ({ ...op, value: op.isWrite ? ++written : 0 }))
    const fill = (at: number): ReadonlyArray<ReadonlyArray<Op>> => {
      if (at === numbered.length) return [[]]
      const op = numbered[at]!
      const values = op.isWrite
        ? [op.value]
        : [0, ...numbered.filter((w) => w.isWrite && w.key === op.key).map(({ value }) => value)]
      return fill(at + 1).flatMap((rest) => values.map((value) => [{ ...op, value }, ...rest]))
    }
    return fill(0)
  })
}

describe("every small history", () => {
  it("2 sessions of 2 operations, 2 keys; and the causal levels over every causal order there is, not only the smallest", () => {
    const all = exhaustive([0, 0, 1, 1], 2)
    const orders = everyOrder([0, 0, 1, 1])
    expect([all.length, orders.length]).toEqual([792, 20])
    const wrong = all.flatMap((ops) => {
      const bad = [...disagreements(ops)]
      const some = (holds: (ops: ReadonlyArray<Op>, co: Orders.Relation) => boolean) =>
        orders.some((co) => holds(ops, co))
      if (some(Orders.isCausalBy) !== Orders.isCausal(ops)) bad.push(`causal, any order: ${show(ops)}`)
      if (some(Orders.isCausalMemoryBy) !== Orders.isCausalMemory(ops)) bad.push(`memory, any order: ${show(ops)}`)
      if (some(Orders.isConvergentBy) !== Orders.isConvergent(ops)) bad.push(`convergence, any order: ${show(ops)}`)
      return bad
    })
    expect(wrong).toEqual([])
  })

  it("2 sessions of 3 and 2 operations, 1 key", () => {
    const all = exhaustive([0, 0, 0, 1, 1], 1)
    expect(all.length).toBeGreaterThan(500)
    expect(all.flatMap(disagreements)).toEqual([])
  })

  it("3 sessions of 2, 2 and 1 operations, 1 key", () => {
    expect(exhaustive([0, 0, 1, 1, 2], 1).flatMap(disagreements)).toEqual([])
  })
})

/** Every strict partial order that keeps the sessions: all relations, those closed and without a cycle. */
const everyOrder = (sessions: ReadonlyArray<number>): ReadonlyArray<Orders.Relation> => {
  const n = sessions.length
  const pairs = sessions.flatMap((a, i) => sessions.flatMap((b, j) => a === b ? [] : [[i, j] as const]))
  const po = sessions.map((a, i) => sessions.reduce((mask, b, j) => a === b && j < i ? mask | 1 << j : mask, 0))
  const orders: Array<Orders.Relation> = []
  for (let chosen = 0; chosen < 1 << pairs.length; chosen++) {
    const before = po.slice()
    pairs.forEach(([i, j], at) => {
      if ((chosen >>> at & 1) === 1) before[j]! |= 1 << i
    })
    const isClosed = before.every((mask, i) => {
      for (let k = 0; k < n; k++) if ((mask >>> k & 1) === 1 && (before[k]! & ~mask) !== 0) return false
      return (mask >>> i & 1) === 0
    })
    if (isClosed) orders.push(before)
  }
  return orders
}

const ops = (text: string): ReadonlyArray<Op> =>
  text.trim().split(/\s{2,}/).map((each) => {
    const [, session, kind, key, value] = /^(\w):([wr]) (\w)(\d)$/.exec(each)!
    return { session: "abc".indexOf(session!), key: "xyz".indexOf(key!), value: Number(value), isWrite: kind === "w" }
  })

const verdicts = (text: string) =>
  Object.fromEntries(
    untimed.map((
      level
    ) => [level, Consistency.checkTransactions(level, transactionsOf(ops(text))).verdict === "consistent"])
  )

describe("the separating examples", () => {
  it("causal convergence without PRAM or causal memory: a writes z, x, y; b writes x, reads z old, y new, x its own", () => {
    const text = "a:w z1  a:w x1  a:w y1  b:w x2  b:r z0  b:r y1  b:r x2"
    expect(verdicts(text)).toMatchObject({
      "causal-convergence": true,
      causal: true,
      pram: false,
      "causal-memory": false,
      sequential: false
    })
    expect(disagreements(ops(text))).toEqual([])
  })

  it("causal memory without causal convergence: two writers of x, each reads the other's", () => {
    const text = "a:w x1  a:r x2  b:w x2  b:r x1"
    expect(verdicts(text)).toMatchObject({
      "causal-memory": true,
      causal: true,
      pram: true,
      "causal-convergence": false,
      sequential: false
    })
    expect(Causal.check("causal-convergence", transactionsOf(ops(text)))).toMatchObject({
      verdict: "inconsistent",
      violation: { pattern: "CyclicCF" }
    })
  })

  it("the incomparable levels are not related, and what is related is so through every chain", () => {
    expect(Consistency.implies("causal-convergence", "pram")).toBe(false)
    expect(Consistency.implies("causal", "pram")).toBe(false)
    expect(Consistency.implies("causal-memory", "causal-convergence")).toBe(false)
    expect(Consistency.implies("linearizable", "monotonic-writes")).toBe(true)
  })
})
