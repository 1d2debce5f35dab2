import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Collections from "synod/consistency/Collections"
import * as Locks from "synod/consistency/Locks"
import type { Specification, Value } from "synod/consistency/Specification"
import { forEachObject, type TestedObject } from "./objects.js"

/** Steps of one partition, with the output drawn for each, or an unknown one. */
const steps = <S, I>({ input, outputsOf, specification }: TestedObject<S, I>) =>
  FastCheck.array(FastCheck.tuple(input, FastCheck.nat(11), FastCheck.boolean()), { maxLength: 8 }).map((drawn) => {
    const partition = specification.partition
    const first = drawn[0]
    return drawn
      .filter(([i]) => first !== undefined && partition?.(i) === partition?.(first[0]))
      .map(([i, n, isKnown]): readonly [I, Value | undefined] => {
        const outputs = outputsOf(i)
        return [i, isKnown ? outputs[n % outputs.length] : undefined]
      })
  })

/** The states on the way, each with the step taken from it; a step that is not legal is left out. */
const walk = <S, I>(
  specification: Specification<S, I, Value>,
  taken: ReadonlyArray<readonly [I, Value | undefined]>
): ReadonlyArray<S> => {
  const states = [specification.initial]
  for (const [input, output] of taken) {
    const next = specification.step(states.at(-1)!, input, output)
    if (next !== undefined) states.push(next)
  }
  return states
}

describe("every specification", () => {
  forEachObject((object) => {
    const { input, outputsOf, specification } = object
    it(`${specification.name}: what is pure for its output changes no state that allows it`, () => {
      let pure = 0
      FastCheck.assert(
        FastCheck.property(steps(object), input, (taken, operation) => {
          for (const state of walk(specification, taken)) {
            for (const output of outputsOf(operation)) {
              const next = specification.step(state, operation, output)
              if (next === undefined || !specification.isPure(operation, output)) continue
              pure++
              expect(specification.stateKey(next)).toBe(specification.stateKey(state))
            }
          }
        }),
        { numRuns: 1000, seed: 3 }
      )
      expect(pure).toBeGreaterThan(100)
    })

    it(`${specification.name}: an unknown output is allowed in every state, as some output would be`, () => {
      FastCheck.assert(
        FastCheck.property(steps(object), input, (taken, operation) => {
          for (const state of walk(specification, taken)) {
            expect(specification.step(state, operation, undefined)).toBeDefined()
          }
        }),
        { numRuns: 500, seed: 4 }
      )
    })

    it(`${specification.name}: operations with equal keys, and states with equal keys, behave alike`, () => {
      FastCheck.assert(
        FastCheck.property(steps(object), steps(object), (a, b) => {
          const all = [...a, ...b]
          for (const state of walk(specification, a)) {
            for (const other of walk(specification, b)) {
              if (specification.stateKey(state) !== specification.stateKey(other)) continue
              expect(state).toEqual(other)
            }
            for (const [i, p] of all) {
              for (const [j, q] of all) {
                if (specification.partition?.(i) !== specification.partition?.(j)) continue
                if (specification.operationKey(i, p) !== specification.operationKey(j, q)) continue
                expect(specification.step(state, i, p)).toEqual(specification.step(state, j, q))
              }
            }
          }
        }),
        { numRuns: 100, seed: 5 }
      )
    })
  })
})

/** Runs a story; false at the first answer that the object would not have given. */
const allows = <S, I>(
  specification: Specification<S, I, Value>,
  story: ReadonlyArray<readonly [I, Value]>
): boolean => {
  let state = specification.initial
  for (const [input, output] of story) {
    const next = specification.step(state, input, output)
    if (next === undefined) return false
    state = next
  }
  return true
}

describe("stories", () => {
  const enqueue = (value: number): Collections.QueueInput => ({ _tag: "Enqueue", key: "q", value })
  const dequeue: Collections.QueueInput = { _tag: "Dequeue", key: "q" }
  const acquire = (holder: string): Locks.LockInput => ({ _tag: "Acquire", key: "m", holder })
  const release = (holder: string): Locks.LockInput => ({ _tag: "Release", key: "m", holder })

  it("a queue gives the oldest, a stack the newest", () => {
    const rest = [[dequeue, 1], [dequeue, 2], [dequeue, null]] as const
    expect(allows(Collections.queue(), [[enqueue(1), null], [enqueue(2), null], ...rest])).toBe(true)
    expect(allows(Collections.queue(), [[enqueue(2), null], [enqueue(1), null], ...rest])).toBe(false)
    const push = (value: number): Collections.StackInput => ({ _tag: "Push", key: "s", value })
    const pop: Collections.StackInput = { _tag: "Pop", key: "s" }
    expect(allows(Collections.stack(), [[push(1), null], [push(2), null], [pop, 2], [pop, 1], [pop, null]])).toBe(true)
    expect(allows(Collections.stack(), [[push(1), null], [push(2), null], [pop, 1]])).toBe(false)
  })

  it("a set's elements 1 and \"1\" are two partitions", () => {
    const { partition } = Collections.set()
    const add = (value: Value): Collections.SetInput => ({ _tag: "Add", key: "s", value })
    expect(partition?.(add(1))).not.toBe(partition?.(add("1")))
  })

  it("a plain lock is refused to its holder; a re-entrant one must be released as often as taken", () => {
    const twice = [[acquire("p"), true], [acquire("p"), true], [release("p"), true]] as const
    expect(allows(Locks.lock(), twice)).toBe(false)
    expect(allows(Locks.reentrantLock(), [...twice, [acquire("q"), true]])).toBe(false)
    expect(allows(Locks.reentrantLock(), [...twice, [release("p"), true], [acquire("q"), true]])).toBe(true)
    expect(allows(Locks.lock(), [[release("p"), true]])).toBe(false)
  })

  it("fencing tokens grow from grant to grant, and stay while the holder re-enters", () => {
    const held = [[acquire("p"), 5], [acquire("p"), 5], [release("p"), true], [release("p"), true]] as const
    expect(allows(Locks.fencedLock(), [...held, [acquire("q"), 6]])).toBe(true)
    expect(allows(Locks.fencedLock(), [...held, [acquire("q"), 5]])).toBe(false)
    expect(allows(Locks.fencedLock(), [[acquire("p"), 5], [acquire("p"), 6]])).toBe(false)
  })

  it("a fenced grant that nobody saw used up a token, whichever", () => {
    const lock = Locks.fencedLock()
    const unseen = lock.step(lock.step(lock.initial, acquire("p"), undefined)!, release("p"), undefined)!
    expect(lock.step(unseen, acquire("q"), 1)).toBeUndefined()
    expect(lock.step(unseen, acquire("q"), 2)).toMatchObject({ holder: "q", token: 2 })
  })
})
