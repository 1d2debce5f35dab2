import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { Execute, Outcome } from "synod/cli/internal/workload"
import * as Workload from "synod/cli/internal/workload"
import * as Linearizability from "synod/consistency/Linearizability"
import type { KeyValueInput, Value } from "synod/consistency/Specification"
import { keyValue } from "synod/consistency/Specification"

const specification = keyValue()
const ok = (value: Value): Outcome => ({ _tag: "Ok", value })

/** One map; an operation takes effect at once, with a turn of the scheduler before and after. `answer` may tell the client something else. */
const door = (
  state: Map<string, Value>,
  answer: (input: KeyValueInput, real: Outcome, count: number) => Outcome = (_, real) => real,
  isLost: (input: KeyValueInput, count: number) => boolean = () => false
): Execute => {
  let count = 0
  return (input) =>
    Effect.yieldNow().pipe(
      Effect.map(() => {
        count++
        const before = state.get(input.key) ?? null
        const lost = isLost(input, count)
        const set = (value: Value) => lost ? state : state.set(input.key, value)
        if (input._tag === "Put") set(input.value)
        if (input._tag === "Delete") set(null)
        if (input._tag === "Cas" && before === input.from) set(input.to)
        return answer(input, ok(outputOf(input, before)), count)
      }),
      Effect.zipLeft(Effect.yieldNow())
    )
}

const outputOf = (input: KeyValueInput, before: Value): Value => {
  switch (input._tag) {
    case "Get":
      return before
    case "Cas":
      return before === input.from
    case "Delete":
      return before !== null
    default:
      return null
  }
}

const judge = (doors: ReadonlyArray<Execute>, capacity = 2000) =>
  Effect.gen(function*() {
    const workload = Workload.make({ clients: 5, keys: 3, seed: 7, doors, capacity, backoffMillis: 0 })
    yield* workload.run
    // the recorder is full by now, so that nothing is added here
    const result = yield* workload.audit(2)
    return { result, verdict: Linearizability.check(specification, result.history).verdict }
  })

describe("the workload and its history", () => {
  it.effect("a right store is linearizable, and every operation is recorded", () =>
    Effect.gen(function*() {
      const { result, verdict } = yield* judge([door(new Map())])
      assert.strictEqual(verdict, "consistent")
      assert.strictEqual(result.operations, 2000)
      assert.strictEqual(result.acknowledged, 2000)
      assert.deepStrictEqual(result.lost, [])
      const tags = new Set(result.history.operations.map(({ input }) => input._tag))
      assert.sameMembers([...tags], ["Get", "Put", "Cas", "Delete"])
      const swapped = result.history.operations.filter((o) => o.outcome === "ok" && o.input._tag === "Cas" && o.output)
      assert.isAbove(swapped.length, 50, "comparisons succeed often enough to matter")
    }))

  it.effect("what nobody knows is info, and the client goes on as somebody else", () =>
    Effect.gen(function*() {
      const unsure = door(new Map(), (input, real, count) =>
        count % 11 === 0 && input._tag !== "Get" ? { _tag: "Info" } : real)
      const { result, verdict } = yield* judge([unsure])
      assert.strictEqual(verdict, "consistent")
      assert.isAbove(result.unknown, 50)
      assert.strictEqual(result.operations, result.acknowledged + result.failed + result.unknown)
    }))

  it.effect("calling fail what was executed is found out", () =>
    Effect.gen(function*() {
      const liar = door(new Map(), (input, real, count) =>
        count % 11 === 0 && input._tag === "Put" ? { _tag: "Fail" } : real)
      const { verdict } = yield* judge([liar])
      assert.strictEqual(verdict, "inconsistent")
    }))

  it.effect("a lost acknowledged write is found by the checker", () =>
    Effect.gen(function*() {
      const forgetful = door(new Map(), undefined, (input, count) => input._tag === "Put" && count % 97 === 0)
      const { verdict } = yield* judge([forgetful])
      assert.strictEqual(verdict, "inconsistent")
    }))

  it.effect("a lost acknowledged write is found without the checker, by the reads at the end", () =>
    Effect.gen(function*() {
      const state = new Map<string, Value>()
      const real = door(state)
      const workload: Workload.Workload = Workload.make({
        clients: 2,
        keys: 1,
        seed: 1,
        capacity: 10_000,
        doors: [(input) =>
          Effect.tap(real(input), () => {
            if (workload.acknowledged() >= 500) workload.stop()
          })]
      })
      yield* workload.run
      state.set("own1", "0")
      const { lost } = yield* workload.audit(1)
      assert.deepStrictEqual(lost.map(({ key, found }) => [key, found]), [["own1", "0"]])
    }))

  it.effect("an own key may end with a write of unknown outcome", () =>
    Effect.gen(function*() {
      const state = new Map<string, Value>()
      const real = door(state, (input, real, count) =>
        input.key === "own1" && input._tag === "Put" && count % 2 === 0 ? { _tag: "Info" } : real)
      const workload: Workload.Workload = Workload.make({
        clients: 1,
        keys: 1,
        seed: 1,
        capacity: 10_000,
        backoffMillis: 0,
        doors: [(input) =>
          Effect.tap(real(input), () => {
            if (workload.acknowledged() >= 300) {
              workload.stop()
            }
          })]
      })
      yield* workload.run
      const { lost, unknown } = yield* workload.audit(1)
      assert.isAbove(unknown, 0)
      assert.deepStrictEqual(lost, [])
    }))
})
