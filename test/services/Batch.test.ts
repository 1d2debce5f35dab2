import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"
import type { Command } from "synod/protocols/key-value/KeyValue"
import { apply, applyAll, initial } from "synod/protocols/key-value/KeyValue"
import { Batch, batched, Thrown } from "synod/services/internal/batch"
import * as ReplicatedStateMachine from "synod/services/ReplicatedStateMachine"

const key = FastCheck.constantFrom("a", "b", "c", "d")
const value = FastCheck.constantFrom("1", "2")
const command: FastCheck.Arbitrary<Command> = FastCheck.oneof(
  FastCheck.record({ _tag: FastCheck.constant("Put" as const), key, value }),
  FastCheck.record({ _tag: FastCheck.constant("Delete" as const), key }),
  FastCheck.record({
    _tag: FastCheck.constant("CompareAndSet" as const),
    key,
    from: FastCheck.option(value, { nil: undefined }),
    to: value
  })
)

const one = <S, C, R>(apply: (state: S, command: C) => readonly [S, R], before: S, commands: ReadonlyArray<C>) => {
  let state = before
  const results = commands.map((next) => {
    const [after, result] = apply(state, next)
    state = after
    return result
  })
  return { state, results }
}

describe("batches", () => {
  it("law: the key-value store applies a batch as it applies its commands one after the other", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.array(FastCheck.array(command, { maxLength: 12 }), { maxLength: 6 }), (batches) => {
        let store = initial
        for (const batch of batches) {
          const expected = one(apply, store, batch)
          const [next, results] = applyAll(store, batch)
          expect(results).toEqual(expected.results)
          expect([...next]).toEqual([...expected.state])
          store = next
        }
      })
    )
  })

  it("law: where applying at once throws, each command is tried, and only those that throw change nothing", () => {
    const calls: Array<ReadonlyArray<number>> = []
    const machine = batched(ReplicatedStateMachine.machine("sums", {
      command: Schema.Number,
      result: Schema.Number,
      state: Schema.Number,
      initial: 0,
      apply: (sum, n) => {
        if (n < 0) throw new Error("negative")
        return [sum + n, sum + n]
      },
      applyAll: (sum, all) => {
        calls.push(all)
        if (all.some((n) => n < 0)) throw new Error("one of them is negative")
        return [
          sum + all.reduce((a, b) => a + b, 0),
          all.map((_, i) => sum + all.slice(0, i + 1).reduce((a, b) => a + b, 0))
        ]
      }
    }))
    const first = machine.apply(machine.initial, new Batch([1, 2], new Uint8Array()))
    expect(first.state).toEqual({ state: 3, revision: 2 })
    expect(first.result).toMatchObject({ revision: 1, executed: 2, results: [1, 3] })
    const second = machine.apply(first.state, new Batch([4, -1, 5], new Uint8Array()))
    expect(second.state).toEqual({ state: 12, revision: 4 })
    expect(second.result).toMatchObject({ revision: 3, executed: 2, results: [7, new Thrown("Error: negative"), 12] })
    expect(calls).toEqual([[1, 2], [4, -1, 5]])
  })

  it("law: where applying at once leaves a command without an answer, each is applied by itself", () => {
    const machine = batched(ReplicatedStateMachine.machine("sums", {
      command: Schema.Number,
      result: Schema.Number,
      state: Schema.Number,
      initial: 0,
      apply: (sum, n) => [sum + n, sum + n],
      applyAll: (sum) => [sum, []]
    }))
    const { result, state } = machine.apply(machine.initial, new Batch([1, 2], new Uint8Array()))
    expect(state).toEqual({ state: 3, revision: 2 })
    expect(result).toMatchObject({ revision: 1, executed: 2, results: [1, 3] })
  })
})
