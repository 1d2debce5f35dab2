import { describe, expect, it } from "@effect/vitest"
import type { Verdict } from "synod/checker/Checker"
import { check } from "synod/checker/Checker"
import { encode } from "synod/core/Canonical"
import type { ActionModel, Property } from "synod/model/ActionModel"
import type { FairActions } from "synod/model/Fairness"
import * as Fairness from "synod/model/Fairness"
import * as F from "synod/model/Formula"
import { alternatingBit } from "synod/model/published/AlternatingBit"
import { changRoberts } from "synod/model/published/ChangRoberts"
import { ewd840, syncTerminationDetection } from "synod/model/published/Ewd840"
import { peterson } from "synod/model/published/Peterson"
import { twoPhaseCommit } from "synod/model/published/TwoPhaseCommit"

/** The names of a model's actions that begin like one of these. */
const named = <V extends { readonly [name: string]: unknown }>(
  { actions }: ActionModel<V>,
  ...beginnings: ReadonlyArray<string>
): ReadonlyArray<string> =>
  actions.flatMap(({ name }) => beginnings.some((beginning) => name.startsWith(beginning)) ? [name] : [])

/** The verdict on one claim; a violation's run is followed step by step, and comes back to where it says. */
const judge = <V extends { readonly [name: string]: unknown }>(
  model: ActionModel<V>,
  fairness: ReadonlyArray<FairActions> | undefined,
  property: Property<V>
): Verdict<V>["verdict"] => {
  const [found] = check({ ...model, fairness, properties: [property] }).properties
  const { loop, trace, verdict } = found!
  if (verdict !== "violated") return verdict
  expect(model.initial.map(encode)).toContain(encode(trace![0]!.state))
  for (const [i, { event, state }] of trace!.slice(1).entries()) {
    const before = trace![i]!.state
    const action = model.actions.find(({ name }) => name === event!.replace(/ #\d+$/, ""))!
    expect(action.step(before).map((next) => encode({ ...before, ...next }))).toContain(encode(state))
  }
  if (loop !== trace!.length - 1) expect(encode(trace!.at(-1)!.state)).toBe(encode(trace![loop!]!.state))
  return verdict
}

describe("temporal properties of published models", () => {
  for (const nodes of [2, 3, 4]) {
    const model = ewd840(nodes)
    const all = Array.from({ length: nodes }, (_, n) => `node.${n}` as const)
    type V = typeof model.initial[number]
    const isDetected = (v: V): boolean =>
      v.token.at === 0 && v.token.color === "white" && v["node.0"]!.color === "white" && !v["node.0"]!.isActive
    const system = Fairness.together("weak", named(model, "InitiateProbe", "PassToken"))

    it(`EWD 840 of ${nodes}: termination is detected if the token goes on; without that it need not be`, () => {
      const claim: Property<V> = {
        name: "detection",
        kind: "leadsTo",
        from: (v) => all.every((n) => !v[n]!.isActive),
        to: isDetected
      }
      expect(judge(model, system, claim)).toBe("holds")
      expect(judge(model, [], claim)).toBe("violated")
      expect(judge(model, Fairness.each("weak", named(model, "InitiateProbe")), claim)).toBe("violated")
    })

    it(`EWD 840 of ${nodes}: that each is passive again and again is not enough`, () => {
      // the false liveness that the TLA+ module names
      const passive = all.map((n) => F.always(F.eventually(F.state<V>((v) => !v[n]!.isActive))))
      const formula = F.always(F.implies(passive.reduce((a, b) => F.and(a, b)), F.eventually(F.state(isDetected))))
      expect(judge(model, system, { name: "false liveness", kind: "ltl", formula })).toBe("violated")
      // and that all are from some point on is
      const quiet = F.eventually(F.always(F.state<V>((v) => all.every((n) => !v[n]!.isActive))))
      const detects = F.implies(quiet, F.eventually(F.state(isDetected)))
      expect(judge(model, system, { name: "liveness", kind: "ltl", formula: detects })).toBe("holds")
    })
  }

  it("what detection means: termination is detected if detection goes on", () => {
    const model = syncTerminationDetection(4)
    const claim: Property<typeof model.initial[number]> = {
      name: "detection",
      kind: "leadsTo",
      from: (v) => [0, 1, 2, 3].every((n) => !v[`node.${n}`]),
      to: ({ isDetected }) => isDetected
    }
    expect(judge(model, Fairness.each("weak", ["DetectTermination"]), claim)).toBe("holds")
    expect(judge(model, [], claim)).toBe("violated")
  })

  it("alternating bit: a value is acknowledged if receiving is strongly fair; weakly is not enough", () => {
    const model = alternatingBit({ values: 2, queue: 2 })
    const claim: Property<typeof model.initial[number]> = {
      name: "acknowledged",
      kind: "leadsTo",
      reads: ["sender"],
      from: ({ sender }) => sender.acked !== sender.bit,
      to: ({ sender }) => sender.acked === sender.bit
    }
    const repeats = Fairness.each("weak", ["ReSndMsg", "SndAck"])
    const receives = ["RcvMsg", "RcvAck"]
    expect(judge(model, [...repeats, ...Fairness.each("strong", receives)], claim)).toBe("holds")
    expect(judge(model, [...repeats, ...Fairness.each("weak", receives)], claim)).toBe("violated")
    expect(judge(model, Fairness.each("strong", receives), claim)).toBe("violated")
  })

  it("Peterson: who wants to enter does, if both go on; and for ever so", () => {
    const enters = (model: ReturnType<typeof peterson>, process: "p1" | "p2") => {
      type V = typeof model.initial[number]
      const at = (...labels: ReadonlyArray<string>) => (v: V) => labels.includes(v[`process.${process}`]!.at)
      const fair = Fairness.each("weak", named(model, "a", "cs"))
      const leads: Property<V> = { name: "enters", kind: "leadsTo", from: at("a2", "a3"), to: at("cs") }
      const often: Property<V> = { name: "again and again", kind: "infinitelyOften", holds: at("cs") }
      return [judge(model, fair, leads), judge(model, fair, often), judge(model, [], leads)]
    }
    for (const process of ["p1", "p2"] as const) {
      expect(enters(peterson(), process)).toEqual(["holds", "holds", "violated"])
      // where each keeps the turn to itself, one may always be the last to take it
      expect(enters(peterson("keep-the-turn"), process)[0]).toBe("violated")
    }
  })

  it("Chang and Roberts: where somebody begins, somebody wins, and stays the winner", () => {
    const model = changRoberts(4)
    type V = typeof model.initial[number]
    const nodes = [1, 2, 3, 4].map((n) => `node.${n}` as const)
    const hasWon = (v: V) => nodes.some((n) => v[n]!.state === "won")
    const begins = (v: V) => nodes.some((n) => v[n]!.isInitiator)
    expect(judge(model, undefined, { name: "a winner", kind: "leadsTo", from: begins, to: hasWon })).toBe("holds")
    expect(judge(model, undefined, { name: "always one", kind: "eventually", holds: hasWon })).toBe("violated")
    const stays = F.implies(F.state(begins), F.eventually(F.always(F.state(hasWon))))
    expect(judge(model, undefined, { name: "stays", kind: "ltl", formula: stays })).toBe("holds")
  })

  it("two-phase commit: an outcome is reached if somebody may decide alone; the manager may wait for ever if it need not abort", () => {
    const model = twoPhaseCommit(3)
    type V = typeof model.initial[number]
    const decides: Property<V> = {
      name: "decides",
      kind: "eventually",
      reads: ["outcome"],
      holds: (v) => v.outcome !== undefined
    }
    expect(judge(model, undefined, decides)).toBe("holds")
    expect(judge(model, Fairness.each("weak", named(model, "RM", "TMRcv", "TMCommit")), decides)).toBe("violated")
    const next = F.always(F.implies(
      F.step<V>(({ event }) => event === "TMCommit"),
      F.next(F.state<V>(({ outcome }) => outcome === "Commit"))
    ))
    expect(judge(model, [], { name: "commits at once", kind: "ltl", formula: next })).toBe("holds")
    const wrong = F.always(F.implies(
      F.step<V>(({ event }) => event === "TMCommit"),
      F.next(F.state<V>((v) => v["rm.r1"] === "committed"))
    ))
    expect(judge(model, [], { name: "all at once", kind: "ltl", formula: wrong })).toBe("violated")
  })
})
