import { describe, expect, it } from "@effect/vitest"
import fs from "node:fs"
import type { Verdict } from "synod/checker/Checker"
import { check, checkSystem } from "synod/checker/Checker"
import { encode } from "synod/core/Canonical"
import type { ActionModel } from "synod/model/ActionModel"
import * as Catalog from "synod/model/Catalog"
import { isLiveness, predicates } from "synod/model/Property"
import { group, permuteState } from "synod/model/Symmetry"
import { corpus, countsOf, rows } from "./corpus.js"
import { exploreActions, exploreSystem } from "./oracle.js"

/** The models' own parameters, small enough for a slow twin. */
const small: ReadonlyArray<readonly [model: string, parameters: NonNullable<Catalog.Request["parameters"]>]> = [
  ["two-phase-commit", { "resource-managers": 3 }],
  ["transaction-commit", { "resource-managers": 4 }],
  ["paxos", { clients: 1 }],
  ["paxos", { clients: 1, servers: 2, network: "ordered" }],
  ["synod", { acceptors: 2, "max-ballot": 1 }],
  ["synod", { acceptors: 1, values: 3, "max-ballot": 1 }],
  ["voting", { "max-ballot": 1 }],
  ["vote-proof", { acceptors: 2, "max-ballot": 2 }],
  ["vote-proof", { "max-ballot": 1 }],
  ["linearizable-register", {}],
  ["linearizable-register", { network: "ordered" }],
  ["single-copy-register", { servers: 2 }],
  ["single-copy-register", { network: "duplicating" }],
  ["alternating-bit", {}],
  ["vanlightly-raft", { "max-elections": 1, "max-restarts": 1 }],
  ["classic-paxos", { replicas: 2, values: 2 }],
  ["fast-paxos", { replicas: 3, values: 2 }],
  ["multi-paxos-smr", { replicas: 2, reads: 0 }],
  ["increment", { threads: 3 }],
  ["increment-lock", { threads: 3 }],
  ["peterson", {}],
  ["chang-roberts", { nodes: 4 }],
  ["ewd840", {}],
  ["sync-termination-detection", { nodes: 4 }],
  ["echo", {}],
  ["span-tree", { nodes: 4, "max-cardinality": 5 }],
  ["linear-equation", { modulus: 20 }]
]

/** Where the default parameters are too many for a test. */
const modest: { readonly [model: string]: Catalog.Request["parameters"] } = { "multi-paxos-smr": { reads: 0 } }

/** How many claims about runs each model makes. */
const liveness: { readonly [model: string]: number } = {
  peterson: 2,
  "chang-roberts": 1,
  ewd840: 1,
  "sync-termination-detection": 1,
  "alternating-bit": 1,
  "span-tree": 1
}

/** Enough to show any planted bug. */
const maxStates = 100_000

/** Milliseconds that a test may take on a machine that is busy with others. */
const longest = 300_000

/** Whether it may be checked by its symmetry: claims about runs may not. */
const isReducible = <V extends Values>({ properties, symmetry = [] }: ActionModel<V>): boolean =>
  symmetry.length > 0 && !properties.some((property) => isLiveness(property))

const entryOf = (name: string): Catalog.Entry => {
  const entry = Catalog.find(name)
  if (entry === undefined) throw new Error(`no model ${name}`)
  return entry
}

type Values = { readonly [name: string]: unknown }

/** The steps that a state allows, by the model alone. */
const successors = <V extends Values>(model: ActionModel<V>, state: V): ReadonlyArray<{ action: string; next: V }> =>
  model.actions.flatMap((action) =>
    action.step(state).map((assignment) => ({ action: action.name, next: { ...state, ...assignment } }))
  )

/** What is said of a property, whatever the model is made of. */
const verdictOf = ({ kind, name, trace, verdict }: Verdict<unknown>) => ({
  kind,
  name,
  verdict,
  steps: (trace?.length ?? 0) - 1
})

describe("models after published ones", () => {
  if (!fs.existsSync(corpus)) it.skip("the open counts are not here: ../shared/corpora/state-counts", () => {})
  else {
    const open = rows()
    it("knows open counts", () => expect(open.length).toBeGreaterThanOrEqual(35))
    for (const { depth, distinct, generated, model, parameters, symmetry } of open) {
      it(`${model} ${JSON.stringify(parameters)}${symmetry ? " under symmetry" : ""} has the published counts`, () => {
        const counts = countsOf(entryOf(model), parameters, symmetry)
        expect(counts).toEqual({
          distinct,
          generated: generated ?? counts.generated,
          depth: depth ?? counts.depth,
          complete: true
        })
      }, longest)
    }
  }

  for (const [model, parameters] of small) {
    it(`${model} ${JSON.stringify(parameters)} agrees with the slow twin`, () => {
      const entry = entryOf(model)
      const { complete, ...counts } = countsOf(entry, parameters)
      expect(complete).toBe(true)
      expect(counts).toEqual(Catalog.build(entry, { parameters }, { actions: exploreActions, system: exploreSystem }))
    })
  }

  for (const entry of Catalog.entries) {
    it(`the properties of ${entry.name} hold, or it is the model of a bug`, () => {
      const report = Catalog.build(entry, { parameters: modest[entry.name] }, {
        actions: (model) => check(model, { symmetry: isReducible(model) }).properties.map(verdictOf),
        system: (model) => checkSystem(model).properties.map(verdictOf)
      })
      const violated = report.filter(({ verdict }) => verdict !== "holds").map(({ name }) => name)
      expect(violated).toEqual(entry.name === "increment" ? ["no lost update"] : [])
    })

    for (const mutant of Object.keys(entry.mutants)) {
      it(`${entry.name} finds its mutant ${mutant}, with a trace`, () => {
        const found = Catalog.build(entry, { mutant }, {
          actions: (model) => {
            const { properties } = check(model, { symmetry: isReducible(model), maxStates })
            for (const { kind, trace } of properties) if (kind === "always" && trace !== undefined) follow(model, trace)
            return properties.map(verdictOf)
          },
          system: (model) => checkSystem(model, { maxStates }).properties.map(verdictOf)
        }).filter(({ kind, verdict }) => kind === "always" && verdict === "violated")
        expect(found.length).toBeGreaterThan(0)
        for (const { steps } of found) expect(steps).toBeGreaterThan(0)
      }, longest)
    }

    it(`${entry.name} needs its fairness for every claim about runs`, () => {
      const claims = Catalog.build(entry, { parameters: modest[entry.name] }, {
        actions: (model) => {
          const properties = model.properties.filter((property) => isLiveness(property))
          if (properties.length === 0) return []
          return check({ ...model, properties, fairness: [] }).properties.map(({ loop, verdict }) => ({
            loop,
            verdict
          }))
        },
        system: () => []
      })
      for (const { loop, verdict } of claims) {
        expect(verdict).toBe("violated")
        expect(loop).toBeTypeOf("number") // a run that goes on for ever
      }
      expect(claims.length).toBe(liveness[entry.name] ?? 0)
    })

    it(`${entry.name} treats the names of its symmetry alike`, () => {
      Catalog.build(entry, {}, {
        actions: (model) => {
          const permutations = group(model.symmetry ?? []).slice(1, 4)
          for (const permutation of permutations) {
            let state = model.initial[0]!
            for (let depth = 0; depth < 12; depth++) {
              const here = successors(model, state).map(({ next }) => next)
              const there = successors(model, permuteState(state, permutation)).map(({ next }) => next)
              expect(there.map(encode).toSorted()).toEqual(
                here.map((next) => encode(permuteState(next, permutation))).toSorted()
              )
              for (const holds of model.properties.flatMap((property) => predicates(property))) {
                expect(holds(permuteState(state, permutation))).toBe(holds(state))
              }
              const next = here[(depth * 7) % Math.max(1, here.length)]
              if (next === undefined) break
              state = next
            }
          }
          expect(permutations.length === 0).toBe(group(model.symmetry ?? []).length === 1)
        },
        system: ({ nodes }) => expect(nodes.length).toBeGreaterThan(0) // its names are used by their order
      })
    })

    it(`${entry.name} says what its properties read`, () => {
      Catalog.build(entry, {}, {
        actions: (model) => {
          const names = Object.keys(model.initial[0]!)
          for (const property of model.properties) {
            const { reads } = property
            for (const state of model.initial) {
              const part = Object.fromEntries((reads ?? names).map((name) => [name, state[name]])) as typeof state
              for (const holds of predicates(property)) expect(holds(part)).toBe(holds(state)) // nothing else is looked at
            }
            for (const name of reads ?? []) expect(names).toContain(name)
          }
        },
        system: ({ properties }) => expect(properties.length).toBeGreaterThan(0)
      })
    })
  }
})

/** The trace is a run of the model: it begins in an initial state, and each step is one that the named action allows. */
const follow = <V extends Values>(
  model: ActionModel<V>,
  trace: ReadonlyArray<{ readonly event: string | undefined; readonly state: V }>
): void => {
  expect(model.initial.map(encode)).toContain(encode(trace[0]?.state))
  for (const [i, { event, state }] of trace.entries()) {
    if (i === 0) continue
    const allowed = successors(model, trace[i - 1]!.state)
      .filter(({ action }) => event === action || event?.startsWith(`${action} #`) === true)
    expect(allowed.map(({ next }) => encode(next))).toContain(encode(state))
  }
}

describe("the equation of Stateright's tests", () => {
  it("the shortest witness of 2 x + 10 y = 14 is x, x, y", () => {
    const trace = Catalog.build(entryOf("linear-equation"), {}, {
      actions: (model) => check(model, { exhaustive: false }).properties[0]?.trace?.map(({ event }) => event),
      system: () => undefined
    })
    expect(trace).toEqual([undefined, "increase x", "increase x", "increase y"])
  })
})

describe("the catalogue", () => {
  it("has each name once", () => {
    const names = Catalog.entries.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })

  it("takes parameters as text, and fills in the rest", () => {
    expect(Catalog.valuesOf(entryOf("paxos"), { clients: "1", network: "ordered" })).toEqual({
      clients: 1,
      servers: 3,
      network: "ordered"
    })
  })

  it("names the option that is wrong, and what it may be", () => {
    const paxos = entryOf("paxos")
    expect(() => Catalog.valuesOf(paxos, { clients: "many" })).toThrow("--clients: expected a whole number from 1 to 6")
    expect(() => Catalog.valuesOf(paxos, { clients: 7 })).toThrow("--clients: expected a whole number from 1 to 6")
    expect(() => Catalog.valuesOf(paxos, { clients: "1.5" })).toThrow("--clients: expected a whole number")
    expect(() => Catalog.valuesOf(paxos, { network: "carrier pigeon" })).toThrow("--network: expected one of unordered")
    expect(() => Catalog.valuesOf(paxos, { nodes: 3 })).toThrow(
      "--nodes: paxos has no such option; its options: --clients"
    )
  })

  it("lists the planted bugs where one is named that is none", () => {
    const reader = { actions: () => 0, system: () => 0 }
    expect(() => Catalog.build(entryOf("paxos"), { mutant: "toString" }, reader)).toThrow("its mutants: propose-own")
  })
})
