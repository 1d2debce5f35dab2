import { assert, describe, it } from "@effect/vitest"
import { Listener } from "synod/protocols/raft/ClientInvariants"
import * as Invariants from "synod/protocols/raft/Invariants"
import type { Violation } from "synod/protocols/raft/Members"
import { Monitor } from "synod/protocols/raft/Monitor"
import * as StepInvariants from "synod/protocols/raft/StepInvariants"
import type { Scenario } from "synod/simulation/Scenario"
import type { Vocabulary } from "synod/simulation/scenarios/RaftKeyValue"
import * as RaftKeyValue from "synod/simulation/scenarios/RaftKeyValue"
import * as Simulation from "synod/simulation/Simulation"
import { mutants } from "../../mutants/raft.js"

interface Seen {
  steps: number
  fast: { readonly at: number; readonly violation: Violation } | undefined
  slow: { readonly at: number; readonly properties: ReadonlyArray<string> } | undefined
}

/** The scenario, judged by the monitor and by its slow twin: every invariant on the whole set of nodes, after every step. It goes on until the twin found something. */
const twins = (scenario: Scenario<Vocabulary>, seen: Seen): Scenario<Vocabulary> => ({
  ...scenario,
  session: () => {
    const session = scenario.session()
    const told = new Listener()
    let monitor: Monitor | undefined
    return {
      ...session,
      always: (members, changed, before) => {
        const at = seen.steps++
        monitor ??= new Monitor(members.map((member, i) => i === changed ? before : member))
        const violation = monitor.check(members, changed, before)
        if (violation !== undefined) seen.fast ??= { at, violation }
        const properties = [
          ...StepInvariants.all.flatMap(({ name, violated }) =>
            violated(before, members[changed]!) === undefined ? [] : [name]
          ),
          ...Invariants.all.flatMap(({ name, violated }) => violated(members, told) === undefined ? [] : [name])
        ]
        if (properties.length === 0) return undefined
        seen.slow = { at, properties }
        return { property: properties[0]!, detail: "" }
      },
      onRequest: (node, id, request) => {
        told.requested(node, id, request)
        monitor?.requested(node, id, request)
      },
      onReply: (node, id, reply) => {
        told.answered(node, id, reply)
        monitor?.answered(node, id, reply)
      },
      atEnd: () => []
    }
  }
})

const judge = (options: RaftKeyValue.Options, run: Omit<Simulation.Options, "calm">): Seen => {
  const seen: Seen = { steps: 0, fast: undefined, slow: undefined }
  Simulation.run(twins(RaftKeyValue.make(options), seen), { ...run, calm: 500 })
  return seen
}

describe("the monitor and its slow twin", () => {
  it("agree that runs by the published rules violate nothing", () => {
    let steps = 0
    for (let seed = 1; seed <= 8; seed++) {
      const seen = judge({ nodes: seed % 2 === 0 ? 3 : 5 }, { seed, faults: "all", duration: 2_500 })
      assert.deepStrictEqual([seen.fast, seen.slow], [undefined, undefined])
      steps += seen.steps
    }
    assert.isAbove(steps, 10_000)
  })

  it("what the twin finds, the monitor finds at the same step or before, and it is usually the same", () => {
    let found = 0
    let same = 0
    for (const { found: { faults, plan, property: _, seed, ...options }, name, plant } of mutants) {
      const run = { seed, faults, duration: 8_000, ...(plan === undefined ? {} : { plan }) }
      const { fast, slow } = judge({ ...options, ...plant }, run)
      if (slow === undefined) continue
      found++
      assert.isDefined(fast, `${name}: only the twin found ${slow.properties.join()}`)
      assert.isAtMost(fast.at, slow.at, name)
      if (fast.at === slow.at && slow.properties.includes(fast.violation.property)) same++
    }
    assert.isAbove(found, 8)
    assert.isAbove(same, found / 2)
  })
})
