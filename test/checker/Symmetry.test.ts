import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { check } from "synod/checker/Checker"
import { encode } from "synod/core/Canonical"
import type { ActionModel, Assignment } from "synod/model/ActionModel"
import { assign, make } from "synod/model/ActionModel"
import { twoPhaseCommit } from "synod/model/published/TwoPhaseCommit"
import { group, permuteState } from "synod/model/Symmetry"

type Variables = {
  readonly [at: `at.${string}`]: number
  readonly [likes: `likes.${string}`]: string | undefined
  readonly leader: string | undefined
  readonly members: ReadonlySet<string>
  readonly votes: ReadonlyMap<string, string>
}

const names = ["a", "b", "c", "d"]

const set = <K extends `at.${string}` | `likes.${string}`>(name: K, value: Variables[K]): Assignment<Variables> =>
  assign(name, value)

/** What one name may do to another: all of it is the same for all names. */
const rules: ReadonlyArray<(v: Variables, i: string, j: string) => Assignment<Variables> | undefined> = [
  (v, i) => v[`at.${i}`]! < 2 ? set(`at.${i}`, v[`at.${i}`]! + 1) : undefined,
  (v, i) => v.leader === undefined && v[`at.${i}`] === 1 ? { leader: i } : undefined,
  (v, i, j) => v.leader === i && i !== j ? { leader: j } : undefined,
  (v, i) => v.leader !== i && v.members.size < 2 ? { members: new Set([...v.members, i]) } : undefined,
  (v, i, j) => v.members.has(i) && i !== j && v.votes.size < 2 ? { votes: new Map([...v.votes, [i, j]]) } : undefined,
  (v, i, j) => i !== j && v[`likes.${j}`] === undefined ? set(`likes.${i}`, j) : undefined,
  (v, i, j) => v[`likes.${i}`] === j && v[`at.${j}`] === 2 ? set(`likes.${j}`, i) : undefined
]

const anyModel = (size: number, chosen: ReadonlyArray<number>): ActionModel<Variables> => {
  const all = names.slice(0, size)
  const initial = {
    ...Object.fromEntries(all.map((i) => [`at.${i}`, 0])),
    ...Object.fromEntries(all.map((i) => [`likes.${i}`, undefined])),
    leader: undefined,
    members: new Set<string>(),
    votes: new Map<string, string>()
  } as Variables
  return make<Variables>({
    name: "any",
    initial: [initial],
    actions: chosen.map((rule) => ({
      name: `rule ${rule}`,
      reads: Object.keys(initial) as Array<keyof Variables & string>,
      step: (v) => all.flatMap((i) => all.flatMap((j) => rules[rule]!(v, i, j) ?? []))
    })),
    properties: [],
    symmetry: [all]
  })
}

/** How large a space the slow twin looks at. */
const most = 600

/** The slow twin: every image of every state, told apart by the smallest encoding. */
const orbitsOf = <V extends { readonly [name: string]: unknown }>(model: ActionModel<V>) => {
  const images = group(model.symmetry ?? [])
  const sizes = new Map<string, number>()
  const seen = new Set<string>()
  const queue: Array<V> = []
  const offer = (state: V): void => {
    if (seen.has(encode(state))) return
    seen.add(encode(state))
    queue.push(state)
    const orbit = images.map((image) => encode(permuteState(state, image))).reduce((a, b) => a < b ? a : b)
    sizes.set(orbit, (sizes.get(orbit) ?? 0) + 1)
  }
  model.initial.forEach(offer)
  for (let state = queue.pop(); state !== undefined && seen.size <= most; state = queue.pop()) {
    for (const { step } of model.actions) for (const next of step(state)) offer({ ...state, ...next })
  }
  return { orbits: sizes.size, states: seen.size }
}

describe("symmetry", () => {
  it.prop(
    "law: the stored states are exactly the orbits, and nothing else changes",
    [
      FastCheck.integer({ min: 1, max: 4 }),
      FastCheck.subarray(rules.map((_, i) => i), { minLength: 1, maxLength: 4 })
    ],
    ([size, chosen]) => {
      const model = anyModel(size, chosen)
      const twin = orbitsOf(model)
      FastCheck.pre(twin.states <= most)
      const plain = check(model)
      const reduced = check(model, { symmetry: true })
      expect(plain.distinctStates).toBe(twin.states)
      expect(reduced.distinctStates).toBe(twin.orbits)
      expect(reduced.depth).toBe(plain.depth)
    },
    { fastCheck: { numRuns: 80, seed: 7 } }
  )

  it("law: verdicts and the length of traces are those of the whole space, and a trace is a run of the model", () => {
    for (const mutant of [undefined, "commit-at-first", "abort-when-prepared"] as const) {
      const model = twoPhaseCommit(4, mutant)
      const plain = check(model)
      const reduced = check(model, { symmetry: true })
      expect(reduced.distinctStates).toBeLessThan(plain.distinctStates / 5)
      expect(reduced.properties.map(({ trace, verdict }) => [verdict, trace?.length]))
        .toEqual(plain.properties.map(({ trace, verdict }) => [verdict, trace?.length]))
      for (const { trace = [] } of reduced.properties) {
        trace.slice(1).forEach(({ state }, i) => {
          const before = trace[i]!.state
          const successors = model.actions.flatMap(({ step }) => step(before).map((next) => ({ ...before, ...next })))
          expect(successors.map(encode)).toContain(encode(state))
        })
      }
    }
  })

  it("law: a model that tells its names apart is refused, and the difference is shown", () => {
    const favourite = anyModel(3, [0, 1])
    const [{ step, ...action }, ...others] = favourite.actions as [
      typeof favourite.actions[0],
      typeof favourite.actions[0]
    ]
    const byOrder = { ...action, step: (v: Variables) => step(v).filter((next) => !("at.c" in next) || v["at.a"]! > 0) }
    expect(() => check({ ...favourite, actions: [byOrder, ...others] }, { symmetry: true }))
      .toThrow(/^any tells (a and b|b and c) apart, which its symmetry denies: its successors differ in \{/)
    const claim = { name: "a leads", kind: "sometimes", holds: (v: Variables) => v.leader === "a" } as const
    expect(() => check({ ...favourite, properties: [claim] }, { symmetry: true }))
      .toThrow(/^any tells a and b apart, which its symmetry denies: property a leads differs in \{/)
    expect(check({ ...favourite, properties: [claim] }).properties[0]!.verdict).toBe("holds")
  })

  it("law: a model without symmetry, or with a name in two classes, is refused", () => {
    const model = anyModel(2, [0])
    expect(() => check({ ...model, symmetry: undefined }, { symmetry: true })).toThrow("any declares no symmetry")
    expect(() => check({ ...model, symmetry: [["a", "b"], ["b"]] }, { symmetry: true })).toThrow("stands twice")
  })
})
