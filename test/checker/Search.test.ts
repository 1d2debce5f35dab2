import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import type { Options } from "synod/checker/Checker"
import { check, checkSystem, Refusal, start } from "synod/checker/Checker"
import type { Entry } from "synod/checker/internal/Frontier"
import type { Judge } from "synod/checker/internal/Search"
import { Search } from "synod/checker/internal/Search"
import type { Sink, Space } from "synod/checker/internal/Space"
import type { ActionModel, Property } from "synod/model/ActionModel"
import * as Model from "synod/model/ActionModel"
import * as NetworkModel from "synod/model/NetworkModel"
import { alternatingBit } from "synod/model/published/AlternatingBit"
import { ewd840 } from "synod/model/published/Ewd840"
import { linearEquation } from "synod/model/published/LinearEquation"
import { peterson } from "synod/model/published/Peterson"
import { singleDecreePaxos } from "synod/model/published/SingleDecreePaxos"
import { twoPhaseCommit } from "synod/model/published/TwoPhaseCommit"

type Counter = { readonly n: number; readonly log: ReadonlyArray<number> }

/** Counts to a bound in steps of one or two. */
const counter = (
  bound: number,
  properties: ReadonlyArray<Property<Counter>>,
  step: Model.Action<Counter>["step"] = ({ n }) => n < bound ? [{ n: n + 1 }, { n: Math.min(bound, n + 2) }] : []
): ActionModel<Counter> =>
  Model.make<Counter>({
    name: "counter",
    initial: [{ n: 0, log: [] }],
    actions: [{ name: "add", reads: ["n"], step }],
    properties
  })

const numbers = (trace: ReadonlyArray<{ readonly state: Counter }> | undefined) => trace?.map(({ state }) => state.n)

describe("claims about states and steps", () => {
  it("alwaysStep: every step is asked, also one to a state that was there before; what changes nothing is no step", () => {
    const edges = [[0, 1], [0, 2], [1, 3], [2, 3], [3, 3], [3, 1]]
    const model = (holds: (step: string) => boolean, reads?: ReadonlyArray<"n">): ActionModel<Counter> =>
      counter(9, [{
        name: "steps",
        kind: "alwaysStep",
        reads,
        holds: ({ after, before, event }) => holds(`${before.n} ${event} ${after.n}`)
      }], ({ n }) => edges.filter(([from]) => from === n).map(([, to]) => ({ n: to! })))
    for (const reads of [undefined, ["n"] as const]) {
      const asked = new Set<string>()
      check(model((step) => asked.add(step).size > 0, reads))
      expect([...asked].toSorted()).toEqual(["0 add 1", "0 add 2", "1 add 3", "2 add 3", "3 add 1"])
      const [steps] = check(model((step) => step !== "3 add 1", reads)).properties
      expect([steps?.verdict, numbers(steps?.trace)]).toEqual(["violated", [0, 1, 3, 1]])
      expect(check(model(() => true, reads)).properties[0]?.verdict).toBe("holds")
    }
  })

  it("noDeadlock: a state that no step leaves is one that is done", () => {
    const deadlock = (done: number): Property<Counter> => ({
      name: "ends",
      kind: "noDeadlock",
      done: ({ n }) => n === done
    })
    expect(check(counter(5, [deadlock(5)])).properties[0]?.verdict).toBe("holds")
    const [ends] = check(counter(5, [deadlock(4)])).properties
    expect([ends?.verdict, numbers(ends?.trace)]).toEqual(["violated", [0, 1, 3, 5]])
    // a step that changes nothing leaves no state
    const [stays] = check(counter(5, [deadlock(4)], ({ n }) => [{ n: Math.min(5, n + 1) }])).properties
    expect([stays?.verdict, stays?.trace?.length]).toEqual(["violated", 6])
  })

  it("a claim is asked once for each value of what it reads, and a claim without `reads` in each state", () => {
    for (const reads of [undefined, ["tm"] as const]) {
      let asked = 0
      const model = twoPhaseCommit(3)
      const { distinctStates } = check({
        ...model,
        properties: [{ name: "counted", kind: "always", reads, holds: () => ++asked > 0 }]
      })
      expect(asked).toBe(reads === undefined ? distinctStates : 8 + 1 + 8)
    }
  })
})

describe("a function of the model that throws", () => {
  const oops = (): never => {
    throw new Error("oops")
  }

  it("a property: it is violated where it threw, and the others are judged", () => {
    for (const kind of ["always", "sometimes"] as const) {
      const report = check(counter(6, [
        { name: "bad", kind, holds: ({ n }) => n === 4 ? oops() : kind === "always" },
        { name: "reaches 6", kind: "sometimes", holds: ({ n }) => n === 6 }
      ]))
      const [bad, reaches] = report.properties
      expect([bad?.verdict, numbers(bad?.trace), bad?.reason]).toEqual([
        "violated",
        [0, 2, 4],
        "property bad of counter threw: Error: oops"
      ])
      expect([reaches?.verdict, report.complete, report.failure]).toEqual(["holds", true, undefined])
    }
    for (
      const property of [
        { name: "live", kind: "eventually", holds: ({ n }: Counter) => n === 4 ? oops() : false },
        {
          name: "step",
          kind: "alwaysStep",
          holds: ({ after }: { readonly after: Counter }) => after.n !== 4 || oops()
        },
        { name: "end", kind: "noDeadlock", done: oops }
      ] as const
    ) {
      const [found] = check(counter(5, [property])).properties
      expect([found?.verdict, found?.trace?.at(-1)?.state.n]).toEqual([
        "violated",
        property.kind === "noDeadlock" ? 5 : 4
      ])
      expect(found?.reason).toBe(`property ${property.name} of counter threw: Error: oops`)
    }
  })

  it("an action or the boundary: the check fails with the way there, what was not decided is unknown", () => {
    const properties: ReadonlyArray<Property<Counter>> = [
      { name: "small", kind: "always", holds: ({ n }) => n < 9 },
      { name: "reaches 2", kind: "sometimes", holds: ({ n }) => n === 2 }
    ]
    const report = check(counter(9, properties, ({ n }) => n === 3 ? oops() : [{ n: n + 1 }]))
    expect([report.end, report.complete, report.properties.map(({ verdict }) => verdict)]).toEqual([
      "failed",
      false,
      ["unknown", "holds"]
    ])
    expect([report.failure?.place, report.failure?.reason, numbers(report.failure?.trace)]).toEqual([
      "action add of counter",
      "Error: oops",
      [0, 1, 2, 3]
    ])
    const bounded = check({ ...counter(9, []), boundary: ({ n }) => n < 3 || oops() })
    expect([bounded.end, bounded.failure?.place, numbers(bounded.failure?.trace)]).toEqual([
      "failed",
      "boundary of counter",
      [0, 1]
    ])
  })
})

describe("limits", () => {
  const models: ReadonlyArray<readonly [string, ActionModel<never>]> = [
    ["two-phase commit", twoPhaseCommit(4)],
    ["ewd840", ewd840(3)],
    ["peterson", peterson()],
    ["alternating bit", alternatingBit({ values: 2, queue: 2 })]
  ].map(([name, model]) => [name as string, model as unknown as ActionModel<never>]) // of any variables

  it("a search that goes on has the counts, the verdicts and the traces of one run", () => {
    for (const [, model] of models) {
      for (const order of ["breadth", "depth"] as const) {
        const whole = check(model, { order })
        const exploration = start(model, { order })
        let report = exploration.run({ maxStates: 1 })
        let stops = 0
        for (let n = 1; !report.complete; n++) {
          expect(report.properties.every(({ kind, verdict }) => kind === "always" ? verdict !== "holds" : true)).toBe(
            true
          )
          expect([report.frontier > 0, report.distinctStates < whole.distinctStates + 1]).toEqual([true, true])
          stops++
          report = exploration.run(
            n % 3 === 0 ? { maxDepth: report.depth + 1 } : { maxStates: report.distinctStates + 7 }
          )
        }
        expect(stops).toBeGreaterThan(3)
        const { bytesPerState: _, ...pieces } = report
        if (order === "breadth") expect({ ...whole, ...pieces }).toEqual(whole)
        // depth first, another limit is another path
        const counts = ({ distinctStates, generatedStates, properties }: typeof whole) => [
          distinctStates,
          generatedStates,
          properties.map(({ verdict }) => verdict)
        ]
        expect(counts(report)).toEqual(counts(whole))
      }
    }
  })

  it("each limit is named, and says what was covered", () => {
    const claims: ReadonlyArray<Property<Counter>> = [
      { name: "not 3", kind: "always", holds: ({ n }) => n !== 3 },
      { name: "reaches 9000", kind: "sometimes", holds: ({ n }) => n === 9_000 },
      { name: "ends", kind: "eventually", holds: ({ n }) => n === 9_000 }
    ]
    const run = (limits: Options) => check(counter(9_000, claims), limits)
    for (
      const [limits, end] of [
        [{ maxStates: 500 }, "states"],
        [{ maxDepth: 20 }, "depth"],
        [{ maxBytes: 1 }, "memory"],
        [{ isInterrupted: () => true }, "interrupted"],
        [{ order: "depth", maxDepth: 20 }, "depth"]
      ] as const
    ) {
      const report = run(limits)
      expect([report.end, report.complete]).toEqual([end, false])
      expect(report.properties.map(({ verdict }) => verdict)).toEqual(["violated", "unknown", "unknown"])
      expect(report.frontier).toBeGreaterThan(0)
    }
    expect(run({ maxDepth: 20 }).finishedDepth).toBe(20)
    expect(run({}).end).toBe("exhausted")
  })

  it("a run that breaks a claim is found among the states that a limit left", () => {
    const model = counter(
      9,
      [{ name: "reaches 1000", kind: "eventually", holds: ({ n }) => n === 1_000 }],
      ({ n }) => n === 4 ? [{ n: 2 }, { n: 5 }] : [{ n: n + 1 }]
    )
    const [reaches] = check(model, { maxStates: 100 }).properties
    expect([reaches?.verdict, numbers(reaches?.trace), reaches?.loop]).toEqual(["violated", [0, 1, 2, 3, 4, 2], 2])
  })

  it("a limit that leaves nothing to do is refused", () => {
    for (const limits of [{ maxStates: 0 }, { maxDepth: -1 }, { maxBytes: Number.NaN }, { purity: 0 }]) {
      expect(() => check(counter(3, []), limits)).toThrow(Refusal)
    }
  })

  it("a search that ends with its witness has the published counts of Stateright's own searches", () => {
    const model = linearEquation({ a: 2, b: 10, c: 14, modulus: 256 })
    for (
      const [order, states, witness] of [
        ["breadth", 12, "x x y"],
        ["depth", 55, Array.from({ length: 27 }, () => "y").join(" ")]
      ] as const
    ) {
      const { distinctStates, end, properties } = check(model, { exhaustive: false, order })
      expect([distinctStates, end]).toEqual([states, "decided"])
      expect(properties[0]?.trace?.slice(1).map(({ event }) => event?.at(-1)).join(" ")).toBe(witness)
    }
  })

  it("without exhaustive the search ends with the last verdict", () => {
    const model = counter(1_000, [{ name: "reaches 4", kind: "sometimes", holds: ({ n }) => n === 4 }])
    const report = check(model, { exhaustive: false })
    expect([report.end, report.properties[0]?.verdict, report.distinctStates < 10]).toEqual(["decided", "holds", true])
  })

  it("depth first and exact states count as breadth first does", () => {
    for (const [, model] of models) {
      const whole = check(model)
      for (const options of [{ order: "depth" }, { exact: true }, { order: "depth", exact: true }] as const) {
        const report = check(model, options)
        expect([report.distinctStates, report.generatedStates, report.complete]).toEqual([
          whole.distinctStates,
          whole.generatedStates,
          true
        ])
        expect(report.properties.map(({ verdict }) => verdict)).toEqual(whole.properties.map(({ verdict }) => verdict))
        expect(report.collisionProbability === 0).toBe("exact" in options)
      }
    }
    const paxos = singleDecreePaxos({ servers: 3, clients: 1, network: NetworkModel.unordered() })
    const { distinctStates, generatedStates } = checkSystem(paxos)
    for (const options of [{ order: "depth" }, { exact: true }] as const) {
      const report = checkSystem(paxos, options)
      expect([report.distinctStates, report.generatedStates]).toEqual([distinctStates, generatedStates])
    }
  })
})

/** A space of numbers in which every state has the fingerprint that is given: edges by state. */
const spaceOf = (edges: ReadonlyArray<ReadonlyArray<number>>, print: (state: number) => number): Space => {
  const offer = (state: number, event: number, sink: Sink) => {
    if (!sink.edge(print(state), 7, event, 0)) return
    sink.vector[0] = state
    sink.commit(1)
  }
  return {
    begin: (sink) => offer(0, -1, sink),
    expand: (state, sink) => edges[state.vector[0]!]!.forEach((to, event) => offer(to, event, sink)),
    decode: (vector) => vector[0],
    eventName: (_: Entry, event) => `${event}`,
    isInside: () => true
  }
}

const anyEdges = FastCheck.array(FastCheck.array(FastCheck.nat(19), { maxLength: 4 }), { minLength: 20, maxLength: 20 })
const unlimited = {
  maxStates: Number.POSITIVE_INFINITY,
  maxDepth: Number.POSITIVE_INFINITY,
  maxBytes: Number.POSITIVE_INFINITY,
  isInterrupted: () => false
}

const judgeOf = (state: Judge["state"]): Judge => ({ isDecided: false, state, step: undefined, ended: undefined })

describe("the search itself", () => {
  it.prop("law: exact states tell apart what fingerprints take for one", [anyEdges], ([edges]) => {
    const reached = new Set([0])
    for (const state of reached) for (const to of edges[state]!) reached.add(to)
    for (const order of ["breadth", "depth"] as const) {
      const visited = (isExact: boolean, print: (state: number) => number) => {
        const found: Array<number> = []
        const judge = judgeOf((vector) => found.push(vector[0]!))
        const search = new Search(spaceOf(edges, print), judge, { order, isExact, hasGraph: false })
        expect(search.run(unlimited)).toBe("exhausted")
        expect(found.length).toBe(search.distinct)
        return found.toSorted((a, b) => a - b)
      }
      const all = [...reached].toSorted((a, b) => a - b)
      expect(visited(true, () => 5)).toEqual(all)
      expect(visited(true, (state) => state % 3)).toEqual(all)
      expect(visited(false, (state) => state)).toEqual(all)
      expect(visited(false, () => 5)).toEqual([0])
    }
  })

  it.prop("law: depth first, the states on the path are the way to the state at hand", [anyEdges], ([edges]) => {
    let longest = 0
    const judge = judgeOf((_, __, number) => {
      const way = search.trail.to(number)
      longest = Math.max(longest, way.length)
      const onPath = Array.from({ length: search.states.size }, (_, at) => at).filter((at) => search.isOnPath(at))
      expect(onPath).toEqual(way.toSorted((a, b) => a - b))
    })
    const search = new Search(spaceOf(edges, (state) => state), judge, {
      order: "depth",
      isExact: false,
      hasGraph: false
    })
    search.run(unlimited)
    expect(search.depth).toBe(longest)
  })
})

describe("functions that are none", () => {
  it("an action that counts its calls is found out, and named", () => {
    let calls = 0
    const model = counter(40, [], ({ n }) => n < 40 ? [{ n: n + 1 }, { n: ++calls % 40 }] : [])
    expect(() => check(model, { purity: 1 })).toThrow("action add of counter gives two answers to one question")
  })

  it("a claim that looks at more than it says is found out, and named", () => {
    const model = twoPhaseCommit(2)
    type V = typeof model.initial[number]
    const of = (property: Property<V>) => ({ ...model, properties: [property] })
    const claim = { name: "goes on", kind: "always", holds: ({ outcome }: V) => outcome !== "Abort" } as const
    const step: Property<V> = {
      name: "prepares early",
      kind: "alwaysStep",
      reads: ["rm.r1"],
      holds: ({ after, event }) => event !== "RMPrepare(r1)" || after["rm.r2"] !== "aborted"
    }
    for (const property of [{ ...claim, reads: ["rm.r1"] as const }, step]) {
      expect(() => check(of(property), { purity: 1 })).toThrow(
        `property ${property.name} of two-phase-commit depends on more than it reads`
      )
    }
    expect(check(of({ ...claim, reads: ["outcome"] }), { purity: 1 }).properties[0]?.verdict).toBe("violated")
  })

  it("an action that changes what it is given is found out, and named", () => {
    const changing = (change: (log: Array<number>) => void): ActionModel<Counter> => ({
      ...counter(5, []),
      actions: [{
        name: "append",
        reads: ["n", "log"],
        step: ({ log, n }) => {
          change(log as Array<number>) // what a type cannot forbid
          return n < 5 ? [{ n: n + 1 }] : []
        }
      }]
    })
    expect(() => check(changing((log) => log.push(1)), { purity: 8 })).toThrow(
      "action append of counter changes what it is given"
    )
    expect(check(changing(() => {}), { purity: 8 }).complete).toBe(true)
    const set = Model.make<{ readonly seen: ReadonlySet<number> }>({
      name: "a set",
      initial: [{ seen: new Set<number>() }],
      actions: [{
        name: "see",
        reads: ["seen"],
        step: ({ seen }) => {
          const all = seen as Set<number> // what a type cannot forbid
          return all.size < 3 ? [{ seen: new Set(all.add(all.size)) }] : []
        }
      }],
      properties: []
    })
    expect(() => check(set, { purity: 8 })).toThrow("action see of a set changes what it is given")
  })
})
