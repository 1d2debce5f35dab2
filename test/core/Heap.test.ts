import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { Heap } from "synod/core/Heap"

interface Timed {
  readonly time: number
  readonly sequence: number
}

const before = (a: Timed, b: Timed): boolean => a.time < b.time || (a.time === b.time && a.sequence < b.sequence)

describe("Heap", () => {
  it("pops what a sorted array pops, equal times in the order of insertion", () => {
    const command = FastCheck.oneof(FastCheck.constant("pop" as const), FastCheck.nat(5), FastCheck.nat(5))
    FastCheck.assert(
      FastCheck.property(FastCheck.array(command, { maxLength: 300 }), (commands) => {
        const heap = new Heap(before)
        let model: Array<Timed> = []
        commands.forEach((next, sequence) => {
          if (next === "pop") {
            const [least, ...rest] = model
            assert.deepStrictEqual(heap.peek(), least)
            assert.deepStrictEqual(heap.pop(), least)
            model = rest
          } else {
            heap.push({ time: next, sequence })
            model.push({ time: next, sequence })
            model.sort((a, b) => a.time - b.time || a.sequence - b.sequence)
          }
          assert.strictEqual(heap.size, model.length)
        })
      }),
      { numRuns: 300, seed: 1 }
    )
  })

  it("an empty heap has nothing to give", () => {
    const heap = new Heap<number>((a, b) => a < b)
    assert.isUndefined(heap.pop())
    assert.isUndefined(heap.peek())
    heap.push(1)
    assert.strictEqual(heap.pop(), 1)
    assert.isUndefined(heap.pop())
  })
})
