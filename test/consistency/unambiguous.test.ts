import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { queue, type QueueInput } from "synod/consistency/Collections"
import { type Event, fromEvents, type History, MalformedHistory } from "synod/consistency/History"
import { check, checkWith, type Result } from "synod/consistency/Linearizability"
import { keyValue, type KeyValueInput, type Specification, type Value } from "synod/consistency/Specification"
import { canExplain, historyOf, partOf, verify } from "./bruteForce.js"

/** The same history with the writes numbered in the order of their calls, so that each value is written once. */
const numbered = <I>(history: History<I, Value>, write: (input: I, value: number) => I): History<I, Value> => {
  let next = 0
  const events = history.events.map((event): Event<I, Value> => {
    if (event.type !== "invoke") return event
    const input = write(event.input, next + 1)
    if (input !== event.input) next++
    return { ...event, input }
  })
  const renamed = fromEvents(events)
  if (renamed instanceof MalformedHistory) throw renamed
  return renamed
}

const { constantFrom } = FastCheck

const registerHistory = historyOf<KeyValueInput>(
  constantFrom<KeyValueInput>(
    { _tag: "Get", key: "a" },
    { _tag: "Get", key: "a" },
    { _tag: "Put", key: "a", value: 0 },
    { _tag: "Put", key: "a", value: 0 },
    { _tag: "Get", key: "b" }
  ),
  (input) => input._tag !== "Get" ? [null] : input.key === "a" ? [1, 1, 2, 2, 3, null] : [null],
  9
).map((history) => numbered(history, (input, value) => input._tag === "Put" ? { ...input, value } : input))

const queueHistory = historyOf<QueueInput>(
  constantFrom<QueueInput>(
    { _tag: "Enqueue", key: "q", value: 0 },
    { _tag: "Enqueue", key: "q", value: 0 },
    { _tag: "Dequeue", key: "q" },
    { _tag: "Dequeue", key: "q" }
  ),
  (input) => input._tag === "Enqueue" ? [null] : [1, 1, 2, 2, 3, null, null],
  9
).map((history) => numbered(history, (input, value) => input._tag === "Enqueue" ? { ...input, value } : input))

const agree = <S, I>(
  specification: Specification<S, I, Value>,
  histories: FastCheck.Arbitrary<History<I, Value>>,
  numRuns: number
) => {
  const seen: Array<Result["verdict"]> = []
  FastCheck.assert(
    FastCheck.property(histories, (history) => {
      const short = check(specification, history)
      const searched = checkWith("pure-in-every-state", specification, history, {})
      seen.push(short.verdict)
      expect(short.verdict).toBe(searched.verdict)
      if (short.verdict === "consistent") expect(verify(specification, history, short.linearization!)).toBe(true)
      if (short.verdict === "inconsistent" && searched.verdict === "inconsistent") {
        expect([short.longestPrefix, short.blocked, short.partition])
          .toEqual([searched.longestPrefix, searched.blocked, searched.partition])
        const part = partOf(specification, history, short.partition)
        const alone = {
          events: history.events,
          operations: history.operations.map((each) =>
            part.includes(each) ? each : { ...each, outcome: "fail" as const }
          )
        }
        const order = short.linearization!
        expect(verify(specification, alone, order, short.longestPrefix)).toBe(true)
      }
    }),
    { numRuns, seed: 20261124 }
  )
  const consistent = seen.filter((verdict) => verdict === "consistent").length
  expect(consistent).toBeGreaterThan(numRuns / 20)
  expect(consistent).toBeLessThan(numRuns * 19 / 20)
}

describe("where each value is written once, the check without search agrees with the search", () => {
  it("register: verdict, prefix, and an order that explains it", () => agree(keyValue(), registerHistory, 6000))
  it("queue: verdict, prefix, and an order that explains it", () => agree(queue(), queueHistory, 10_000))

  it("a value written twice and read goes to the search, and so does the write of the initial value", () => {
    const history = fromEvents<KeyValueInput, Value>([
      { type: "invoke", process: 1, input: { _tag: "Put", key: "a", value: null } },
      { type: "invoke", process: 2, input: { _tag: "Put", key: "a", value: 1 } },
      { type: "ok", process: 2, output: null },
      { type: "ok", process: 1, output: null },
      { type: "invoke", process: 3, input: { _tag: "Get", key: "a" } },
      { type: "ok", process: 3, output: null }
    ])
    if (history instanceof MalformedHistory) throw history
    expect(check(keyValue(), history)).toMatchObject({ verdict: "consistent", linearization: [1, 0, 2] })
  })
})

/** `clients` take turns on one key, two calls deep; each read answers the latest write, but for `broken`. */
const longHistory = (operations: number, clients: number, broken?: number): History<KeyValueInput, Value> => {
  const events: Array<Event<KeyValueInput, Value>> = []
  let latest: Value = null
  let written = 0
  for (let i = 0; i < operations; i++) {
    const process = i % clients
    const isWrite = i % 3 === 0
    const input: KeyValueInput = isWrite ? { _tag: "Put", key: "k", value: ++written } : { _tag: "Get", key: "k" }
    events.push({ type: "invoke", process, input })
    if (isWrite) latest = written
    // the client before returns only now: calls overlap
    if (i > 0) events.push(completions.shift()!)
    completions.push({ type: "ok", process, output: isWrite ? null : i === broken ? 1 : latest })
  }
  events.push(completions.shift()!)
  const history = fromEvents(events)
  if (history instanceof MalformedHistory) throw history
  return history
}
const completions: Array<Event<KeyValueInput, Value>> = []

describe("long histories", () => {
  it("100,000 operations on one register are decided in one step each, and a stale read is found where it stands", () => {
    const good = longHistory(100_000, 8)
    expect(check(keyValue(), good)).toMatchObject({ verdict: "consistent", steps: 100_000 })
    const bad = longHistory(100_000, 8, 80_000)
    const result = check(keyValue(), bad)
    expect(result).toMatchObject({ verdict: "inconsistent", blocked: 80_000, steps: 100_000 })
  })
})

describe("the core of a refutation", () => {
  const budget = { core: 100_000 }

  const isRefutedCore = <S, I>(specification: Specification<S, I, Value>, history: History<I, Value>): boolean => {
    const result = check(specification, history, budget)
    if (result.verdict !== "inconsistent") return false
    const { isMinimal, operations, optional } = result.core!
    expect(isMinimal).toBe(true)
    const open = (id: number) => ({ ...history.operations[id]!, outcome: "unknown" as const })
    const required = operations.map((id) => history.operations[id]!)
    const free = optional.map(open)
    expect(canExplain(specification, [...required, ...free])).toBe(false)
    // as recorded, the part fails as well
    expect(canExplain(specification, [...required, ...optional.map((id) => history.operations[id]!)])).toBe(false)
    for (const each of required) {
      const rest = required.filter((other) => other !== each)
      const isPure = each.outcome === "ok" && specification.isPure(each.input, each.output)
      expect(canExplain(specification, [...rest, ...free, ...(isPure ? [] : [open(each.id)])])).toBe(true)
    }
    return true
  }

  it("cannot be explained, and with any operation weakened it can: brute force says so", () => {
    let refuted = 0
    FastCheck.assert(
      FastCheck.property(registerHistory, (history) => {
        if (isRefutedCore(keyValue(), history)) refuted++
      }),
      { numRuns: 1500, seed: 11 }
    )
    FastCheck.assert(
      FastCheck.property(queueHistory, (history) => {
        if (isRefutedCore(queue(), history)) refuted++
      }),
      { numRuns: 1500, seed: 12 }
    )
    expect(refuted).toBeGreaterThan(500)
  })

  it("of a stale read among 600 operations is the read, the write that it saw, and one that it missed", () => {
    const history = longHistory(600, 4, 400)
    const result = check(keyValue(), history, { core: 1_000_000 })
    expect(result).toMatchObject({ verdict: "inconsistent", blocked: 400, core: { isMinimal: true } })
    if (result.verdict !== "inconsistent") return
    const { operations, optional } = result.core!
    // if the write that it saw were open, and nobody else had seen it, it could have come after the one that was missed
    expect([operations.length, operations[2]]).toEqual([3, 400])
    expect([...operations, ...optional]).toContain(0)
  })

  it("is not promised to be minimal when its steps are spent", () => {
    const result = check(keyValue(), longHistory(600, 4, 400), { core: 2_000 })
    expect(result).toMatchObject({ verdict: "inconsistent", core: { isMinimal: false } })
  })
})
