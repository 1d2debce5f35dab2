import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import fs from "node:fs"
import { check } from "synod/checker/Checker"
import { Grid } from "synod/checker/internal/Grid"
import { PairTable } from "synod/checker/internal/PairTable"
import { StateTable } from "synod/checker/internal/StateTable"
import * as ActionModel from "synod/model/ActionModel"
import { twoPhaseCommit } from "synod/model/published/TwoPhaseCommit"
import { explore } from "./oracle.js"

const corpus = new URL("../../../shared/corpora/state-counts/open-counts.json", import.meta.url)

interface Count {
  readonly model: string
  readonly parameters: { readonly [name: string]: unknown }
  readonly distinct: number
  readonly generated: number | null
  readonly depth: number | null
}

/** Counts to a bound in steps of one or two. */
const counter = (bound: number, claim: (n: number) => boolean = () => true) =>
  ActionModel.make<{ readonly n: number }>({
    name: "counter",
    initial: [{ n: 0 }],
    actions: [{
      name: "add",
      reads: ["n"],
      step: ({ n }) => [{ n: Math.min(bound, n + 1) }, { n: Math.min(bound, n + 2) }]
    }],
    properties: [
      { name: "claim", kind: "always", holds: ({ n }) => claim(n) },
      { name: "reaches the bound", kind: "sometimes", holds: ({ n }) => n === bound }
    ]
  })

describe("exhaustive search over guarded actions", () => {
  if (!fs.existsSync(corpus)) it.skip("the open counts are not here: ../shared/corpora/state-counts", () => {})
  else {
    const counts: ReadonlyArray<Count> = JSON.parse(fs.readFileSync(corpus, "utf8"))
    const open = counts.filter(({ model, parameters }) => model === "two-phase-commit" && !("symmetry" in parameters))
    it("knows open counts", () => expect(open.length).toBeGreaterThanOrEqual(6))
    for (const { depth, distinct, generated, parameters } of open) {
      it(`two-phase-commit ${JSON.stringify(parameters)} has the published counts`, () => {
        const report = check(twoPhaseCommit(Number(parameters["resourceManagers"])))
        expect(report.complete).toBe(true)
        expect([report.distinctStates, report.generatedStates, report.depth]).toEqual([
          distinct,
          generated ?? report.generatedStates,
          depth ?? report.depth
        ])
        expect(report.properties.map(({ verdict }) => verdict)).toEqual(["holds", "holds", "holds"])
      })
    }
  }

  it("agrees with the slow twin", () => {
    for (const model of [twoPhaseCommit(1), twoPhaseCommit(2), twoPhaseCommit(3)]) {
      const { depth, distinctStates, generatedStates } = check(model)
      expect({ distinct: distinctStates, generated: generatedStates, depth }).toEqual(explore(model))
    }
  })

  it("a violation has a shortest trace, from the initial state on", () => {
    const report = check(counter(10, (n) => n < 5))
    const [claim] = report.properties
    expect(claim?.verdict).toBe("violated")
    expect(claim?.trace?.map(({ event, state }) => [event, state.n])).toEqual([
      [undefined, 0],
      ["add", 1],
      ["add #2", 3],
      ["add #2", 5]
    ])
  })

  it("a search that a limit ended says unknown of what it did not decide, and keeps what it found", () => {
    const report = check(counter(1_000, (n) => n !== 3), { maxStates: 100 })
    expect([report.complete, report.end]).toEqual([false, "states"])
    expect(report.properties.map(({ verdict }) => verdict)).toEqual(["violated", "unknown"])
    expect(check(counter(1_000), { maxDepth: 3 }).end).toBe("depth")
    expect(check(counter(100_000), { isInterrupted: () => true }).end).toBe("interrupted")
  })

  it("a witness that is never reached is a violation once everything was visited", () => {
    const model = counter(10)
    const report = check({ ...model, properties: [{ name: "beyond", kind: "sometimes", holds: ({ n }) => n > 10 }] })
    expect(report.properties[0]?.verdict).toBe("violated")
  })

  it("states outside the boundary are generated and judged, but not counted or expanded", () => {
    const report = check({ ...counter(100, (n) => n <= 6), boundary: ({ n }) => n <= 5 })
    expect([report.distinctStates, report.complete]).toEqual([6, true])
    expect(report.properties[0]?.verdict).toBe("violated")
  })

  it("refuses an action, and a property, of an unknown variable", () => {
    const wrong = { ...counter(3), actions: [{ name: "bad", reads: ["m" as "n"], step: () => [] }] }
    expect(() => check(wrong)).toThrow("action bad of counter names m, which is no variable")
    const claim = { name: "odd", kind: "always", reads: ["m" as "n"], holds: () => true } as const
    expect(() => check({ ...counter(3), properties: [claim] })).toThrow("property odd of counter names m, which is no")
  })
})

describe("the tables of the checker", () => {
  it("PairTable and Grid agree with a Map, dense and sparse", () => {
    let most = 0
    for (const [width, height] of [[2_000, 2_000], [3, 2_000], [2_000, 3], [20, 20]] as const) {
      FastCheck.assert(
        FastCheck.property(
          FastCheck.array(FastCheck.tuple(FastCheck.nat(height), FastCheck.nat(width)), {
            maxLength: 2_000,
            size: "max"
          }),
          (pairs) => {
            const tables = [new PairTable(), new Grid()]
            const twin = new Map<string, number>()
            let wrong = 0 // counted: millions of expectations take their time
            for (const [index, [a, b]] of pairs.entries()) {
              wrong += tables.filter((table) => table.get(a, b) !== (twin.get(`${a}/${b}`) ?? -1)).length
              if (twin.has(`${a}/${b}`)) continue
              for (const table of tables) table.set(a, b, index)
              twin.set(`${a}/${b}`, index)
            }
            most = Math.max(most, twin.size)
            for (const table of tables) {
              expect(table.size).toBe(twin.size)
              wrong += pairs.filter(([a, b]) => table.get(a, b) !== twin.get(`${a}/${b}`)).length
            }
            expect(wrong).toBe(0)
          }
        ),
        { numRuns: 15 }
      )
    }
    expect(most).toBeGreaterThan(500)
  })

  it("StateTable agrees with a Map, the fingerprint 0 included", () => {
    const word = FastCheck.oneof(FastCheck.constantFrom(0, -1, 1), FastCheck.integer())
    FastCheck.assert(
      FastCheck.property(
        FastCheck.array(FastCheck.tuple(word, word), { maxLength: 8_000, size: "max" }),
        (fingerprints) => {
          const table = new StateTable(true)
          const twin = new Map<string, number>()
          let wrong = 0
          for (const [low, high] of fingerprints) {
            const key = `${low}/${high}`
            if (table.add(low, high) === twin.has(key)) wrong++
            if (!twin.has(key)) twin.set(key, twin.size)
            if (table.size !== twin.size || table.last !== twin.get(key)) wrong++
          }
          expect(wrong).toBe(0)
        }
      ),
      { numRuns: 20 }
    )
  })
})
