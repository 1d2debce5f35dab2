import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import type { Verdict } from "synod/checker/Checker"
import { check } from "synod/checker/Checker"
import type { Property } from "synod/model/ActionModel"
import * as Fairness from "synod/model/Fairness"
import type { Formula } from "synod/model/Formula"
import * as F from "synod/model/Formula"
import type { Edge, Graph, Place } from "./lassos.js"
import { disagreement, lassoOf, modelOf } from "./lassos.js"

/** `"0 a 1, 1 b 0"` from state 0. */
const graph = (edges: string, fairness?: Graph["fairness"], initial: ReadonlyArray<number> = [0]): Graph => ({
  initial,
  edges: edges.split(", ").map((edge): Edge => {
    const [from, action, to] = edge.split(" ")
    return { from: Number(from), action: action!, to: Number(to) }
  }),
  fairness
})
const isOdd = ({ at }: Place) => at % 2 === 1
const is = (...places: ReadonlyArray<number>) => ({ at }: Place) => places.includes(at)
const eventually = (holds: (place: Place) => boolean): Property<Place> => ({
  name: "eventually",
  kind: "eventually",
  holds
})
const leadsTo = (from: (place: Place) => boolean, to: (place: Place) => boolean): Property<Place> => ({
  name: "leads to",
  kind: "leadsTo",
  from,
  to
})

/** The verdict; of a violation the run: states, then where it comes back to. */
const judge = (of: Graph, property: Property<Place>): string => {
  const report = check(modelOf(of, [property]))
  expect(disagreement(of, [property], report, 7)).toBeUndefined()
  const { loop, trace, verdict } = report.properties[0]!
  if (trace === undefined) return verdict
  const lasso = lassoOf(trace, loop!)
  return `${verdict}: ${lasso.states.join(" ")} -> ${lasso.states[lasso.loop]}`
}

describe("the pitfalls of liveness", () => {
  it("1: a run may stop only where fairness lets it", () => {
    const edges = "0 a 1"
    expect(judge(graph(edges, []), eventually(isOdd))).toBe("violated: 0 -> 0")
    expect(judge(graph(edges, Fairness.each("weak", ["a"])), eventually(isOdd))).toBe("holds")
    // where nothing is said, a run goes on as long as it can
    expect(judge(graph(edges), eventually(isOdd))).toBe("holds")
  })

  it("2: what changes nothing is never taken, and cannot be owed", () => {
    const fair = Fairness.each("weak", ["stay", "go"])
    expect(judge(graph("0 stay 0, 0 go 1, 1 go 0", fair), eventually(isOdd))).toBe("holds")
    // `stay` is possible nowhere, so it starves nobody; and taking it does not keep a run going
    expect(judge(graph("0 stay 0, 0 go 1", Fairness.each("weak", ["stay"])), eventually(isOdd))).toBe(
      "violated: 0 -> 0"
    )
    // the class of both is owed a change
    expect(judge(graph("0 stay 0, 0 go 1", Fairness.together("weak", ["stay", "go"])), eventually(isOdd))).toBe("holds")
  })

  it("3: the cycle that violates must be fair itself, not the component around it", () => {
    // 0 2 0 avoids odd states; the whole component 0 1 2 takes `out`, the violating cycle never does
    const edges = "0 a 2, 2 a 0, 0 out 1, 2 out 1, 1 back 0"
    expect(judge(graph(edges, Fairness.each("weak", ["a", "out", "back"])), eventually(isOdd))).toBe("holds")
    expect(judge(graph(edges, Fairness.each("weak", ["a", "back"])), eventually(isOdd))).toBe("violated: 0 2 -> 0")
  })

  it("4: the counterexample is a run, step by step, with a way round", () => {
    const report = check(modelOf(graph("0 a 2, 2 b 4, 4 c 6, 6 d 2, 6 e 4"), [eventually(isOdd)]))
    const [{ loop, trace }] = report.properties as [typeof report.properties[0]]
    expect(trace?.map(({ event, state }) => `${event ?? "start"} ${state.at}`)).toEqual([
      "start 0",
      "a 2",
      "b 4",
      "c 6",
      "d 2"
    ])
    expect(loop).toBe(1)
  })

  it("5: what is owed to each is a class each", () => {
    // two clients take turns; client 2 may be passed over for ever if only one of both is owed
    const edges = "0 one 2, 2 rest 0, 0 two 1, 2 two 1"
    expect(judge(graph(edges, Fairness.each("weak", ["one", "two", "rest"])), eventually(isOdd))).toBe("holds")
    expect(judge(graph(edges, Fairness.together("weak", ["one", "two", "rest"])), eventually(isOdd))).toBe(
      "violated: 0 2 -> 0"
    )
  })

  it("6: where two paths join, each is judged by itself", () => {
    // Stateright 0.31 takes 4 for done because 1 came first
    expect(judge(graph("0 a 2, 2 a 4, 1 a 4, 4 a 6", undefined, [1, 0]), eventually(isOdd))).toBe(
      "violated: 0 2 4 6 -> 6"
    )
  })

  it("7: a cycle that never gets there", () => {
    expect(judge(graph("0 a 2, 2 a 4, 4 a 2"), eventually(isOdd))).toBe("violated: 0 2 4 -> 2")
  })

  it("8: a state that only leads to itself is an end", () => {
    expect(judge(graph("0 a 2, 2 stay 2"), eventually(isOdd))).toBe("violated: 0 2 -> 2")
    expect(judge(graph("0 a 1, 1 stay 1"), eventually(isOdd))).toBe("holds")
  })

  it("9: what came before does not count as what follows", () => {
    expect(judge(graph("0 a 1, 1 a 2"), leadsTo(is(2), is(1)))).toBe("violated: 0 1 2 -> 2")
    expect(judge(graph("0 a 1, 1 a 2, 2 a 1"), leadsTo(is(2), is(1)))).toBe("holds")
  })

  it("10: both in one state is enough", () => {
    expect(judge(graph("0 a 1, 1 a 2"), leadsTo(is(1), is(1)))).toBe("holds")
    expect(judge(graph("0 a 1, 1 a 2"), leadsTo(is(1), is(0)))).toBe("violated: 0 1 2 -> 2")
  })

  it("11: what is not reached does not count", () => {
    // 4 and 6 go round without an odd state, and nothing leads there
    expect(judge(graph("0 a 1, 1 a 0, 4 a 6, 6 a 4"), { name: "often", kind: "infinitelyOften", holds: isOdd })).toBe(
      "holds"
    )
    // 2 -> 4 is reached by a run that had its 1 before: after a 3 only
    expect(judge(graph("0 a 1, 1 a 2, 2 a 4, 4 a 2"), leadsTo(is(3), is(0)))).toBe("holds")
  })

  it("12: with symmetry it is refused", () => {
    const model = { ...modelOf(graph("0 a 1"), [eventually(isOdd)]), symmetry: [["x", "y"]] }
    expect(() => check(model, { symmetry: true })).toThrow(
      "property eventually of graph is about what follows on a state, which symmetry loses"
    )
  })
})

describe("fairness", () => {
  it("weak: what is possible again and again, with breaks, may be passed over; strong: it may not", () => {
    const edges = "0 a 2, 2 a 0, 0 out 1"
    expect(judge(graph(edges, Fairness.each("weak", ["a", "out"])), eventually(isOdd))).toBe("violated: 0 2 -> 0")
    expect(
      judge(graph(edges, [...Fairness.each("weak", ["a"]), ...Fairness.each("strong", ["out"])]), eventually(isOdd))
    ).toBe("holds")
  })

  it("strong: what is left when the states that owe are taken out is searched again", () => {
    // in the component 0 2 4 `out` is owed at 4 alone: 0 2 0 is fair without it
    const edges = "0 a 2, 2 b 0, 2 a 4, 4 a 0, 4 out 1"
    const goes = Fairness.each("weak", ["a"])
    expect(judge(graph(edges, [...goes, ...Fairness.each("strong", ["out", "b"])]), eventually(isOdd))).toBe(
      "violated: 0 2 -> 0"
    )
    expect(judge(graph(edges, Fairness.each("strong", ["out", "a", "b"])), eventually(isOdd))).toBe(
      "violated: 0 2 -> 0"
    )
    const forced = "0 a 2, 2 b 4, 4 a 0, 4 out 1"
    expect(judge(graph(forced, Fairness.each("strong", ["out", "a", "b"])), eventually(isOdd))).toBe("holds")
  })

  it("names an action that there is not", () => {
    expect(() => check(modelOf(graph("0 a 1", Fairness.each("weak", ["b"])), []))).toThrow(
      "the fairness of graph names b, which is no action"
    )
  })
})

const anyGraph: FastCheck.Arbitrary<Graph> = FastCheck.record({
  initial: FastCheck.subarray([0, 1], { minLength: 1 }),
  edges: FastCheck.array(
    FastCheck.record({ from: FastCheck.nat(3), action: FastCheck.constantFrom("a", "b", "c"), to: FastCheck.nat(3) }),
    { minLength: 1, maxLength: 7 }
  ),
  kinds: FastCheck.option(
    FastCheck.array(
      FastCheck.record({
        kind: FastCheck.constantFrom<Fairness.Strength>("weak", "strong"),
        actions: FastCheck.subarray(["a", "b", "c"], { minLength: 1, maxLength: 2 })
      }),
      { maxLength: 3 }
    )
  )
}).map(({ edges, initial, kinds }) => ({
  initial,
  edges,
  // only names that there are
  fairness: kinds?.map(({ actions, kind }) => ({
    kind,
    actions: actions.filter((name) => edges.some(({ action }) => action === name))
  }))
}))

const anyPlaces = FastCheck.subarray([0, 1, 2, 3]).map((places) => is(...places))

const anyFormula: FastCheck.Arbitrary<Formula<Place>> = FastCheck.letrec<{ formula: Formula<Place> }>((tie) => ({
  formula: FastCheck.oneof(
    { maxDepth: 3, withCrossShrink: true },
    anyPlaces.map((holds) => F.state(holds)),
    FastCheck.constantFrom("a", "b").map((name) => F.step<Place>(({ event }) => event === name)),
    FastCheck.tuple(FastCheck.constantFrom(F.not, F.next, F.always, F.eventually), tie("formula"))
      .map(([make, of]) => make(of)),
    FastCheck.tuple(FastCheck.constantFrom(F.and, F.or, F.until, F.release, F.implies), tie("formula"), tie("formula"))
      .map(([make, left, right]) => make(left, right))
  )
})).formula

/** `eventually` as Stateright 0.31 judges it: each state once, with what the first path to it had seen, and only where a path ends. */
const acyclic = ({ edges, initial }: Graph, holds: (place: Place) => boolean): "violated" | "nothing" => {
  const queue = initial.map((at) => ({ at, seen: false }))
  const visited = new Set(initial)
  for (const { at, seen } of queue) {
    const now = seen || holds({ at })
    const out = edges.filter(({ from }) => from === at)
    if (out.length === 0 && !now) return "violated"
    for (const { to } of out) {
      if (visited.has(to)) continue
      visited.add(to)
      queue.push({ at: to, seen: now })
    }
  }
  return "nothing"
}

it("a search that judges `eventually` where paths end misses runs on cycles and behind joins; what it finds is found here", () => {
  const missed = { cycles: 0, joins: 0 }
  FastCheck.assert(
    FastCheck.property(anyGraph, anyPlaces, (any, p) => {
      const of = { ...any, fairness: undefined }
      const [{ loop, trace, verdict }] = check(modelOf(of, [eventually(p)])).properties as [Verdict<Place>]
      if (acyclic(of, p) === "violated") expect(verdict).toBe("violated")
      else if (verdict === "violated") missed[loop === trace!.length - 1 ? "joins" : "cycles"]++
    }),
    { numRuns: 1_000, seed: 6 }
  )
  expect(missed.cycles).toBeGreaterThan(10)
  expect(missed.joins).toBeGreaterThan(10)
})

describe("liveness agrees with the enumeration of runs", () => {
  it("on eventually, leads-to, infinitely often and eventually always", () => {
    const seen = { holds: 0, violated: 0 }
    FastCheck.assert(
      FastCheck.property(anyGraph, anyPlaces, anyPlaces, (of, p, q) => {
        const properties: ReadonlyArray<Property<Place>> = [
          eventually(p),
          leadsTo(p, q),
          { name: "infinitely often", kind: "infinitelyOften", holds: p },
          { name: "eventually always", kind: "eventuallyAlways", holds: p }
        ]
        const report = check(modelOf(of, properties))
        for (const { verdict } of report.properties) if (verdict !== "unknown") seen[verdict]++
        expect(disagreement(of, properties, report, 6)).toBeUndefined()
      }),
      { numRuns: 1_000, seed: 3 }
    )
    expect(Math.min(seen.holds, seen.violated)).toBeGreaterThan(400)
  })

  it("on formulas", () => {
    const seen = { holds: 0, violated: 0 }
    FastCheck.assert(
      FastCheck.property(anyGraph, anyFormula, (of, formula) => {
        const properties: ReadonlyArray<Property<Place>> = [
          { name: "formula", kind: "ltl", formula },
          { name: "its negation", kind: "ltl", formula: F.not(formula) }
        ]
        const report = check(modelOf(of, properties))
        for (const { verdict } of report.properties) if (verdict !== "unknown") seen[verdict]++
        expect(disagreement(of, properties, report, 6)).toBeUndefined()
      }),
      { numRuns: 1_000, seed: 4 }
    )
    expect(Math.min(seen.holds, seen.violated)).toBeGreaterThan(400)
  })

  it("on claims and on the formulas that say the same, also depth first and with exact states", () => {
    FastCheck.assert(
      FastCheck.property(anyGraph, anyPlaces, anyPlaces, (of, p, q) => {
        const properties: ReadonlyArray<Property<Place>> = [
          eventually(p),
          { name: "F p", kind: "ltl", formula: F.eventually(F.state(p)) },
          leadsTo(p, q),
          { name: "G (p -> F q)", kind: "ltl", formula: F.always(F.implies(F.state(p), F.eventually(F.state(q)))) },
          { name: "often", kind: "infinitelyOften", holds: p },
          { name: "G F p", kind: "ltl", formula: F.always(F.eventually(F.state(p))) },
          { name: "for ever", kind: "eventuallyAlways", holds: p },
          { name: "F G p", kind: "ltl", formula: F.eventually(F.always(F.state(p))) }
        ]
        const model = modelOf(of, properties)
        for (const order of ["breadth", "depth"] as const) {
          for (const exact of [false, true]) {
            const report = check(model, { order, exact })
            const verdicts = report.properties.map(({ verdict }) => verdict)
            expect(verdicts.filter((_, i) => i % 2 === 0)).toEqual(verdicts.filter((_, i) => i % 2 === 1))
            expect(disagreement(of, properties, report, 4)).toBeUndefined()
          }
        }
      }),
      { numRuns: 300, seed: 5 }
    )
  })
})
