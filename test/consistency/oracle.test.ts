import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { fromEvents, MalformedHistory } from "synod/consistency/History"
import { check, checkWith, type Result } from "synod/consistency/Linearizability"
import { casRegister, type RegisterInput, type Value } from "synod/consistency/Specification"
import { canExplain, historyOf, partOf, verify } from "./bruteForce.js"
import { forEachObject, registerInput, registerOutputs, type TestedObject } from "./objects.js"

const counts = (results: ReadonlyArray<Result>) => results.filter(({ verdict }) => verdict === "consistent").length

const laws = <S, I>({ input, outputsOf, specification }: TestedObject<S, I>, numRuns: number) => {
  const results: Array<Result> = []
  FastCheck.assert(
    FastCheck.property(historyOf(input, outputsOf), (history) => {
      const result = check(specification, history, { slice: 3 })
      results.push(result)
      expect(result.verdict).toBe(canExplain(specification, history.operations) ? "consistent" : "inconsistent")
      if (result.verdict === "consistent") expect(verify(specification, history, result.linearization!)).toBe(true)
      if (result.verdict === "inconsistent") {
        const ofKey = partOf(specification, history, result.partition)
        expect(canExplain(specification, ofKey, result.longestPrefix)).toBe(true)
        expect(canExplain(specification, ofKey, result.longestPrefix + 1)).toBe(false)
      }
    }),
    { numRuns, seed: 20260101 }
  )
  // Both verdicts must be well represented, or the comparison says little.
  expect(counts(results)).toBeGreaterThan(numRuns / 20)
  expect(counts(results)).toBeLessThan(numRuns * 19 / 20)
}

describe("a brute force over all orders agrees: verdict, witness and longest prefix", () => {
  forEachObject((object) => {
    it(object.specification.name, () => laws(object, 2000))
  })

  it("without the commit rule the verdict is the same", () => {
    FastCheck.assert(
      FastCheck.property(historyOf(registerInput, registerOutputs), (history) => {
        expect(checkWith("never", casRegister(), history, {}).verdict).toBe(check(casRegister(), history).verdict)
      }),
      { numRuns: 2000, seed: 7 }
    )
  })

  it("catches the mutant that commits what is pure in this state only", () => {
    const details = FastCheck.check(
      FastCheck.property(
        historyOf(registerInput, registerOutputs),
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
