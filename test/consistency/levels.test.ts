import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Causal from "synod/consistency/Causal"
import { counter, type CounterInput, set, type SetInput } from "synod/consistency/Collections"
import * as Consistency from "synod/consistency/Consistency"
import * as Eventual from "synod/consistency/Eventual"
import { type Event, fromEvents, type History, MalformedHistory } from "synod/consistency/History"
import * as Sequential from "synod/consistency/Sequential"
import * as SessionGuarantees from "synod/consistency/SessionGuarantees"
import { keyValue, type KeyValueInput, type Specification, type Value } from "synod/consistency/Specification"
import { fromHistory, type ReadOrWrite, type Transactions, Unsupported } from "synod/consistency/Transactions"
import { historyOf } from "./bruteForce.js"
import { forEachObject, keyValue as keyValueObject, type TestedObject } from "./objects.js"

const history = <I>(events: ReadonlyArray<Event<I, Value>>): History<I, Value> => {
  const made = fromEvents(events)
  if (made instanceof MalformedHistory) throw made
  return made
}

const get = (key: string): KeyValueInput => ({ _tag: "Get", key })
const put = (key: string, value: Value): KeyValueInput => ({ _tag: "Put", key, value })

/** Operations that do not overlap, one after the other. */
const oneByOne = <I>(
  operations: ReadonlyArray<readonly [process: number, input: I, output: Value | "info" | "fail"]>
) =>
  history(operations.flatMap(([process, input, output]): ReadonlyArray<Event<I, Value>> => [
    { type: "invoke", process, input },
    output === "info" || output === "fail" ? { type: output, process } : { type: "ok", process, output }
  ]))

/** All interleavings of the sessions: the slow twin of the sequential search. */
const isSequential = <S, I>(specification: Specification<S, I, Value>, { operations }: History<I, Value>): boolean => {
  const happened = operations.filter(({ outcome }) => outcome !== "fail")
  const sessions = [...new Set(happened.map(({ process }) => process))]
    .map((process) => happened.filter((operation) => operation.process === process))
  const place = (positions: ReadonlyArray<number>, states: ReadonlyMap<string, S>): boolean =>
    sessions.every((session, s) => session.slice(positions[s]).every(({ outcome }) => outcome !== "ok"))
    || sessions.some((session, s) => {
      const operation = session[positions[s]!]
      if (operation === undefined) return false
      const key = specification.partition?.(operation.input) ?? ""
      const state = states.has(key) ? states.get(key)! : specification.initial
      const output = operation.outcome === "ok" ? operation.output : undefined
      const next = specification.step(state, operation.input, output)
      return next !== undefined
        && place(positions.map((at, other) => other === s ? at + 1 : at), new Map(states).set(key, next))
    })
  return place(sessions.map(() => 0), new Map())
}

describe("sequential consistency of any object", () => {
  const laws = <S, I>({ input, outputsOf, specification }: TestedObject<S, I>) => {
    let consistent = 0
    FastCheck.assert(
      FastCheck.property(historyOf(input, outputsOf), (random) => {
        const result = Sequential.check(specification, random)
        expect(result.verdict).toBe(isSequential(specification, random) ? "consistent" : "inconsistent")
        if (result.verdict === "consistent") consistent++
      }),
      { numRuns: 600, seed: 20261124 }
    )
    expect(consistent).toBeGreaterThan(60)
    expect(consistent).toBeLessThan(590)
  }
  forEachObject((object) => {
    it(`${object.specification.name}: all interleavings agree, whatever was written twice or left open`, () =>
      laws(object))
  })

  it("is not what every key has alone: it does not compose", () => {
    const both = oneByOne<KeyValueInput>([
      [1, put("x", 1), null],
      [1, get("y"), null],
      [2, put("y", 2), null],
      [2, get("x"), null]
    ])
    expect(Sequential.check(keyValue(), both)).toMatchObject({
      verdict: "inconsistent",
      violation: { pattern: "CyclicOrder" }
    })
    for (const key of ["x", "y"]) {
      const alone = both.operations.filter(({ input }) => input.key === key)
      expect(Sequential.check(keyValue(), { events: both.events, operations: alone }).verdict).toBe("consistent")
    }
  })

  it("gives up within its steps, its memory and its caller's deadline, and never hangs", () => {
    const n = 12
    const hard = history<KeyValueInput>([
      ...Array.from({ length: n }, (_, i): ReadonlyArray<Event<KeyValueInput, Value>> => [
        { type: "invoke", process: i, input: { _tag: "Append", key: "k", value: `${i},` } },
        { type: "ok", process: i, output: null }
      ]).flat(),
      { type: "invoke", process: n, input: get("k") },
      { type: "ok", process: n, output: "impossible" }
    ])
    const check = (budget: object) => Sequential.check(keyValue(), hard, budget)
    expect(check({ steps: 20_000 })).toMatchObject({ verdict: "unknown", reason: "steps" })
    expect(check({ steps: 20_000 }).steps).toBeLessThan(20_100)
    expect(check({ memory: 1_000_000 })).toMatchObject({ verdict: "unknown", reason: "memory" })
    expect(check({ isInterrupted: () => true })).toMatchObject({ verdict: "unknown", reason: "interrupted" })
  })
})

const transaction = (
  id: number,
  session: number,
  text: string,
  outcome: "committed" | "aborted" | "unknown" = "committed"
) => ({
  id,
  session,
  outcome,
  accesses: text.split(" ").map((each): ReadOrWrite => ({
    kind: each[0] === "w" ? "write" : "read",
    key: each[1]!,
    value: each[2] === "0" ? null : Number(each[2])
  }))
})

const transactions = (...all: ReadonlyArray<ReturnType<typeof transaction>>): Transactions => ({
  initial: null,
  transactions: all
})

const pattern = (level: Consistency.UntimedLevel, given: Transactions): string => {
  const result = Consistency.checkTransactions(level, given)
  return result.verdict === "inconsistent" ? result.violation.pattern : result.verdict
}

describe("transactions", () => {
  it("a value that was aborted, overwritten by its own writer, or never written cannot be read, at any level", () => {
    const aborted = transactions(transaction(1, 1, "wx1", "aborted"), transaction(2, 2, "rx1"))
    const intermediate = transactions(transaction(1, 1, "wx1 wx2"), transaction(2, 2, "rx1"))
    const thinAir = transactions(transaction(2, 2, "rx1"))
    const internal = transactions(transaction(1, 1, "wx1"), transaction(2, 2, "wx2 rx1"))
    for (const level of Consistency.levels) {
      if (level === "linearizable" || level === "eventual") continue
      expect(pattern(level, aborted)).toBe("AbortedRead")
      expect(pattern(level, intermediate)).toBe("IntermediateRead")
      expect(pattern(level, thinAir)).toBe("ThinAirRead")
      expect(pattern(level, internal)).toBe("InternalRead")
    }
  })

  it("a fractured read is not causal over transactions, although it is so access by access", () => {
    const fractured = transactions(transaction(1, 1, "wx1 wy1"), transaction(2, 2, "rx1 ry0"))
    expect(pattern("causal", fractured)).toBe("WriteCOInitRead")
    const split = transactions(
      transaction(1, 1, "wy1"),
      transaction(2, 1, "wx1"),
      transaction(3, 2, "ry0"),
      transaction(4, 2, "rx1")
    )
    expect(pattern("sequential", split)).toBe("consistent")
  })

  it("lost update and write skew: causal, and not serializable", () => {
    const lost = transactions(transaction(1, 1, "rx0 wx1"), transaction(2, 2, "rx0 wx2"))
    expect([pattern("causal-convergence", lost), pattern("sequential", lost)]).toEqual(["consistent", "CyclicOrder"])
    const skew = transactions(transaction(1, 1, "rx0 wy1"), transaction(2, 2, "ry0 wx1"))
    expect([pattern("causal-memory", skew), pattern("sequential", skew)]).toEqual(["consistent", "CyclicOrder"])
  })

  it("one of unknown outcome counts when somebody has read from it, and else never was", () => {
    const unread = transactions(transaction(1, 1, "wx1", "unknown"), transaction(2, 2, "rx0"))
    expect(pattern("sequential", unread)).toBe("consistent")
    const read = transactions(transaction(1, 1, "wx1", "unknown"), transaction(2, 2, "rx1"), transaction(3, 2, "rx0"))
    expect(pattern("causal", read)).toBe("WriteCOInitRead")
  })

  it("a value with two writers is unknown where it matters, and what is wrong without it is wrong", () => {
    const twice = [transaction(1, 1, "wx1"), transaction(2, 2, "wx1"), transaction(3, 3, "rx1")]
    expect(Causal.check("causal", transactions(...twice))).toMatchObject({
      verdict: "unknown",
      reason: "values",
      at: 3
    })
    expect(pattern("causal", transactions(...twice, transaction(4, 4, "ry7")))).toBe("ThinAirRead")
    expect(pattern("causal", transactions(...twice.slice(0, 2)))).toBe("consistent")
  })

  it("a swap that succeeded is a read and a write at once; one that failed, or an append, is beyond these checkers", () => {
    const cas: KeyValueInput = { _tag: "Cas", key: "x", from: 1, to: 2 }
    const swapped = oneByOne<KeyValueInput>([[1, put("x", 1), null], [2, cas, true], [2, get("x"), 1]])
    expect(Consistency.check("causal", keyValue(), swapped)).toMatchObject({ verdict: "inconsistent" })
    const refused = oneByOne<KeyValueInput>([[1, put("x", 1), null], [2, cas, false]])
    expect(Consistency.check("causal", keyValue(), refused))
      .toMatchObject({ verdict: "unknown", reason: "operation", at: 1 })
  })

  it("the causal levels give up within their budgets", () => {
    const long = transactions(
      ...Array.from({ length: 20_000 }, (_, i) => transaction(i, i % 2, i < 2 ? "wx1" : "ry0"))
    )
    for (const level of ["causal", "causal-convergence", "causal-memory", "pram", "sequential"] as const) {
      const check = (budget: object) => Consistency.checkTransactions(level, long, budget)
      expect(check({ steps: 5000 })).toMatchObject({ verdict: "unknown", reason: "steps" })
      expect(check({ memory: 50_000 })).toMatchObject({ verdict: "unknown", reason: "memory" })
      expect(check({ isInterrupted: () => true })).toMatchObject({ verdict: "unknown", reason: "interrupted" })
    }
  })

  it("a weaker failure settles the stronger with the same evidence", () => {
    const stale = transactions(transaction(1, 1, "wx1"), transaction(2, 1, "rx0"))
    const verdicts = Consistency.checkAll(stale)
    expect(verdicts.get("sequential")).toBe(verdicts.get("read-your-writes"))
    expect(verdicts.get("writes-follow-reads")?.verdict).toBe("consistent")
  })
})

describe("session guarantees", () => {
  const stories: ReadonlyArray<
    readonly [SessionGuarantees.SessionGuarantee, string, ReadonlyArray<readonly [number, string]>]
  > = [
    ["read-your-writes", "does not see its own write", [[1, "wx1"], [1, "rx0"]]],
    ["monotonic-reads", "goes back", [[1, "wx1"], [2, "wx2"], [3, "rx1"], [3, "rx2"], [3, "rx1"]]],
    ["monotonic-writes", "sees the second write and not the first", [[1, "wx1"], [1, "wy1"], [2, "ry1"], [2, "rx0"]]],
    ["writes-follow-reads", "sees the answer and not the question", [[1, "wx1"], [2, "rx1"], [2, "wy1"], [3, "ry1"], [
      3,
      "rx0"
    ]]]
  ]
  for (const [broken, story, steps] of stories) {
    it(`${broken} alone is broken by a session that ${story}`, () => {
      const given = transactions(...steps.map(([session, text], id) => transaction(id, session, text)))
      for (const [guarantee] of stories) {
        const expected = guarantee === broken ? "inconsistent" : "consistent"
        expect(SessionGuarantees.check(guarantee, given).verdict, guarantee).toBe(expected)
      }
    })
  }

  it("the store's order of versions settles what the sessions leave open", () => {
    const given = transactions(
      transaction(1, 1, "wx1"),
      transaction(2, 2, "wx2"),
      transaction(3, 3, "rx1"),
      transaction(4, 3, "rx2")
    )
    const check = (versions?: ReadonlyArray<Value>) =>
      SessionGuarantees.check(
        "monotonic-reads",
        given,
        versions === undefined ? {} : { versions: new Map([["x", versions]]) }
      )
    expect(check().verdict).toBe("consistent")
    expect(check([1, 2]).verdict).toBe("consistent")
    expect(check([2, 1])).toMatchObject({
      verdict: "inconsistent",
      violation: { path: [{ because: "versions" }, { because: "overwritten" }] }
    })
  })
})

describe("eventual consistency", () => {
  const late = (final: ReadonlyArray<readonly [number, Value]>) =>
    oneByOne<KeyValueInput>([
      [1, put("x", 1), null],
      [2, put("x", 2), null],
      ...final.map(([process, value]) => [process, get("x"), value] as const)
    ])

  it("stale answers may come as long as the last ones agree; the time until then is told", () => {
    const events = late([[3, 1], [4, null], [3, 2], [4, 2]]).events.map((event, time) => ({
      ...event,
      time: 10 * time
    }))
    const result = Eventual.check(keyValue(), history(events))
    expect(result).toMatchObject({ verdict: "consistent", convergence: { position: 7, millis: 40 } })
    // declared drained after the updates, the same answers are too late
    expect(Eventual.check(keyValue(), history(events), { quiescence: 3 })).toMatchObject({
      verdict: "inconsistent",
      violation: { pattern: "Diverged", operations: [2, 3] }
    })
  })

  it("replicas that stay apart have diverged; that agree on what nobody may see last have lost an update", () => {
    expect(Eventual.check(keyValue(), late([[3, 1], [4, 2]]))).toMatchObject({ violation: { pattern: "Diverged" } })
    expect(Eventual.check(keyValue(), late([[3, null], [4, null]]))).toMatchObject({ violation: { pattern: "Lost" } })
    expect(Eventual.check(keyValue(), late([[3, 1], [4, 1]])).verdict).toBe("consistent") // either write may win
    const own = oneByOne<KeyValueInput>([[1, put("x", 1), null], [1, put("x", 2), null], [3, get("x"), 1]])
    expect(Eventual.check(keyValue(), own)).toMatchObject({ violation: { pattern: "Lost" } })
  })

  it("a counter and a set show each acknowledged update, and may show one that nobody knows about", () => {
    const increment: CounterInput = { _tag: "Increment", key: "c", by: 1 }
    const count: CounterInput = { _tag: "Count", key: "c" }
    const counted = (value: Value) =>
      oneByOne<CounterInput>([[1, increment, null], [2, increment, null], [3, increment, "info"], [4, count, value]])
    const verdicts = [1, 2, 3, 4].map((value) => Eventual.check(counter(), counted(value)).verdict)
    expect(verdicts).toEqual(["inconsistent", "consistent", "consistent", "inconsistent"])
    const add: SetInput = { _tag: "Add", key: "s", value: 1 }
    const contains: SetInput = { _tag: "Contains", key: "s", value: 1 }
    expect(Eventual.check(set(), oneByOne<SetInput>([[1, add, null], [2, contains, false]])).verdict).toBe(
      "inconsistent"
    )
    expect(Eventual.check(set(), oneByOne<SetInput>([[1, add, "fail"], [2, contains, false]])).verdict).toBe(
      "consistent"
    )
  })

  it("a history that reads nothing after its updates says nothing", () => {
    expect(Eventual.check(keyValue(), late([]))).toMatchObject({ verdict: "unknown", reason: "quiescence" })
    expect(Eventual.check(keyValue(), history([])).verdict).toBe("consistent")
  })

  it("strong: replicas that have delivered the same updates are in equal states", () => {
    const replica = (name: string, updates: ReadonlyArray<string>, state: Value) => ({ name, updates, state })
    const a = replica("a", ["u", "v"], 1)
    expect(Eventual.diverged([a, replica("b", ["u"], 2), replica("c", ["v", "u"], 1)])).toBeUndefined()
    const d = replica("d", ["v", "u"], 2)
    expect(Eventual.diverged([a, d])).toEqual([a, d])
  })
})

describe("what a history says to the untimed levels", () => {
  it("every read of a history that one of them refuses is refused by linearizability as well", () => {
    let refused = 0
    FastCheck.assert(
      FastCheck.property(historyOf(keyValueObject.input, keyValueObject.outputsOf), (random) => {
        const given = fromHistory(keyValue(), random)
        if (given instanceof Unsupported) return
        for (const [, { verdict }] of Consistency.checkAll(given)) {
          if (verdict !== "inconsistent") continue
          refused++
          expect(Consistency.check("linearizable", keyValue(), random).verdict).toBe("inconsistent")
        }
      }),
      { numRuns: 3000, seed: 5 }
    )
    expect(refused).toBeGreaterThan(300)
  })

  it("what the search for a linearization leaves open, a causal pattern may still refute", () => {
    const n = 10
    const hard = [
      ...Array.from({ length: n }, (_, i): ReadonlyArray<Event<KeyValueInput, Value>> => [
        { type: "invoke", process: i, input: put("k", i % 2) }
      ]).flat(),
      ...Array.from({ length: n }, (_, i): Event<KeyValueInput, Value> => ({ type: "ok", process: i, output: null })),
      { type: "invoke" as const, process: n, input: get("k") },
      { type: "ok" as const, process: n, output: 1 },
      { type: "invoke" as const, process: n, input: get("k") },
      { type: "ok" as const, process: n, output: 7 }
    ]
    const result = Consistency.check("linearizable", keyValue(), history(hard), { steps: 50 })
    expect(result).toMatchObject({ verdict: "inconsistent", violation: { pattern: "ThinAirRead" } })
  })
})
