import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { type Event, fromEvents, type History, MalformedHistory, type Operation } from "synod/consistency/History"
import { check, checkWith, type Result } from "synod/consistency/Linearizability"
import {
  casRegister,
  keyValue,
  type KeyValueInput,
  register,
  type RegisterInput,
  type Specification,
  type Value
} from "synod/consistency/Specification"

/** The slow twin: every order of every choice of open operations, over the whole object with all its keys. */
const canExplain = <I>(
  specification: Specification<Value, I, Value>,
  operations: ReadonlyArray<Operation<I, Value>>,
  cut = Number.POSITIVE_INFINITY
): boolean => {
  const keyOf = (input: I) => specification.partition?.(input) ?? ""
  const known = operations.filter((operation) => operation.outcome !== "fail" && operation.call < cut)
  const isDue = (operation: Operation<I, Value>) => operation.outcome === "ok" && operation.return < cut
  const place = (left: ReadonlyArray<Operation<I, Value>>, states: ReadonlyMap<string, Value>): boolean => {
    if (!left.some(isDue)) return true
    return left.some((operation) => {
      if (left.some((other) => other.outcome === "ok" && other.return < operation.call)) return false
      const key = keyOf(operation.input)
      const state = states.has(key) ? states.get(key)! : specification.initial
      const output = operation.outcome === "ok" ? operation.output : undefined
      const next = specification.step(state, operation.input, output)
      return next !== undefined && place(left.filter((other) => other !== operation), new Map(states).set(key, next))
    })
  }
  return place(known, new Map())
}

/** A linearization is evidence: it is legal, keeps real time, and holds every completed operation. */
const verify = <I>(
  specification: Specification<Value, I, Value>,
  history: History<I, Value>,
  order: ReadonlyArray<number>
): boolean => {
  const states = new Map<string, Value>()
  let latestCall = -1
  for (const id of order) {
    const operation = history.operations[id]!
    if (operation.outcome === "fail") return false
    latestCall = Math.max(latestCall, operation.call)
    if (operation.outcome === "ok" && operation.return < latestCall) return false
    const key = specification.partition?.(operation.input) ?? ""
    const output = operation.outcome === "ok" ? operation.output : undefined
    const state = states.has(key) ? states.get(key)! : specification.initial
    const next = specification.step(state, operation.input, output)
    if (next === undefined) return false
    states.set(key, next)
  }
  return new Set(order).size === order.length
    && history.operations.every(({ id, outcome }) => outcome !== "ok" || order.includes(id))
}

const value = FastCheck.constantFrom<Value>(null, 1, 2)
const read = FastCheck.constant<RegisterInput>({ _tag: "Read" })
const write = value.map((written): RegisterInput => ({ _tag: "Write", value: written }))
const cas = FastCheck.tuple(value, value).map(([from, to]): RegisterInput => ({ _tag: "Cas", from, to }))
const registerInput = FastCheck.oneof(read, write, cas)
type PlainInput = Exclude<RegisterInput, { readonly _tag: "Cas" }>
const plainInput = FastCheck.oneof(
  FastCheck.constant<PlainInput>({ _tag: "Read" }),
  value.map((written): PlainInput => ({ _tag: "Write", value: written }))
)
const key = FastCheck.constantFrom("a", "b")
const text = FastCheck.constantFrom<Value>(null, "x", "y", "xy")
const keyValueInput: FastCheck.Arbitrary<KeyValueInput> = FastCheck.oneof(
  key.map((k): KeyValueInput => ({ _tag: "Get", key: k })),
  FastCheck.tuple(key, text).map(([k, v]): KeyValueInput => ({ _tag: "Put", key: k, value: v })),
  FastCheck.tuple(key, FastCheck.constantFrom("x", "y")).map(([k, v]): KeyValueInput => ({
    _tag: "Append",
    key: k,
    value: v
  })),
  key.map((k): KeyValueInput => ({ _tag: "Delete", key: k })),
  FastCheck.tuple(key, text, text).map(([k, from, to]): KeyValueInput => ({ _tag: "Cas", key: k, from, to }))
)

const outputsOf = (input: RegisterInput | KeyValueInput): ReadonlyArray<Value> => {
  switch (input._tag) {
    case "Read":
      return [null, 1, 2]
    case "Get":
      return [null, "x", "y", "xy"]
    case "Cas":
      return [true, false]
    case "Delete":
      return [true, false, null]
    default:
      return [null]
  }
}

/** Up to 7 operations of 3 clients, interleaved at random. Outputs are random too, so that both verdicts are common. */
const historyOf = <I extends RegisterInput | KeyValueInput>(input: FastCheck.Arbitrary<I>) =>
  FastCheck.tuple(
    FastCheck.array(FastCheck.tuple(input, FastCheck.nat(11), FastCheck.nat(9)), { maxLength: 7 }),
    FastCheck.array(FastCheck.nat(2), { minLength: 24, maxLength: 24 })
  ).map(([operations, turns]): History<I, Value> => {
    const events: Array<Event<I, Value>> = []
    const clients = [0, 1, 2].map((id) => ({
      process: id,
      lives: 0,
      open: undefined as [I, number, number] | undefined
    }))
    const queue = operations.slice()
    for (const turn of turns) {
      const client = clients[turn]!
      const process = client.process + 10 * client.lives
      if (client.open === undefined) {
        client.open = queue.shift()
        if (client.open !== undefined) events.push({ type: "invoke", process, input: client.open[0] })
        continue
      }
      const [op, drawn, fate] = client.open
      client.open = undefined
      const outputs = outputsOf(op)
      if (fate <= 6) events.push({ type: "ok", process, output: outputs[drawn % outputs.length]! })
      else if (fate === 7) events.push({ type: "fail", process })
      else {
        events.push({ type: "info", process })
        client.lives++
      }
    }
    const history = fromEvents(events)
    if (history instanceof MalformedHistory) throw history
    return history
  })

const counts = (results: ReadonlyArray<Result>) => results.filter(({ verdict }) => verdict === "consistent").length

const laws = <I extends RegisterInput | KeyValueInput>(
  specification: Specification<Value, I, Value>,
  input: FastCheck.Arbitrary<I>,
  numRuns: number
) => {
  const results: Array<Result> = []
  FastCheck.assert(
    FastCheck.property(historyOf(input), (history) => {
      const result = check(specification, history, { slice: 3 })
      results.push(result)
      expect(result.verdict).toBe(canExplain(specification, history.operations) ? "consistent" : "inconsistent")
      if (result.verdict === "consistent") expect(verify(specification, history, result.linearization)).toBe(true)
      if (result.verdict === "inconsistent") {
        const ofKey = history.operations.filter((operation) =>
          specification.partition?.(operation.input) === result.partition
        )
        expect(canExplain(specification, ofKey, result.longestPrefix)).toBe(true)
        expect(canExplain(specification, ofKey, result.longestPrefix + 1)).toBe(false)
      }
    }),
    { numRuns, seed: 20260101 }
  )
  // Both verdicts must be well represented, or the comparison says little.
  expect(counts(results)).toBeGreaterThan(numRuns / 10)
  expect(counts(results)).toBeLessThan(numRuns * 9 / 10)
}

describe("a brute force over all orders agrees: verdict, witness and longest prefix", () => {
  it("register", () => laws(register(), plainInput, 2000))
  it("cas register", () => laws(casRegister(), registerInput, 4000))
  it("kv", () => laws(keyValue(), keyValueInput, 4000))

  it("without the commit rule the verdict is the same", () => {
    FastCheck.assert(
      FastCheck.property(historyOf(registerInput), (history) => {
        expect(checkWith("never", casRegister(), history, {}).verdict).toBe(check(casRegister(), history).verdict)
      }),
      { numRuns: 2000, seed: 7 }
    )
  })

  it("catches the mutant that commits what is pure in this state only", () => {
    const details = FastCheck.check(
      FastCheck.property(
        historyOf(registerInput),
        (history) =>
          (checkWith("pure-in-this-state", casRegister(), history, {}).verdict === "consistent")
            === canExplain(casRegister(), history.operations)
      ),
      { numRuns: 20_000, seed: 7 }
    )
    expect(details.failed).toBe(true)
  })

  it("the mutant's smallest mistake: a write of the present value is needed later", () => {
    const history = fromEvents<RegisterInput, Value>([
      { type: "invoke", process: 1, input: { _tag: "Write", value: null } },
      { type: "invoke", process: 2, input: { _tag: "Write", value: 1 } },
      { type: "ok", process: 2, output: null },
      { type: "ok", process: 1, output: null },
      { type: "invoke", process: 3, input: { _tag: "Read" } },
      { type: "ok", process: 3, output: null }
    ])
    if (history instanceof MalformedHistory) throw history
    expect(check(casRegister(), history).verdict).toBe("consistent")
    expect(checkWith("pure-in-this-state", casRegister(), history, {}).verdict).toBe("inconsistent")
  })
})
