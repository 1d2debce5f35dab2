import { assert, describe, it } from "@effect/vitest"
import * as Choices from "synod/core/Choice"
import { MalformedTape } from "synod/core/TapeJson"
import * as Faults from "synod/simulation/Faults"
import * as Recording from "synod/simulation/Recording"
import * as RaftKeyValue from "synod/simulation/scenarios/RaftKeyValue"
import * as Simulation from "synod/simulation/Simulation"
import { mutants } from "../mutants/raft.js"

const options = { duration: 6_000, calm: 6_000 }

describe("Raft in the simulator", () => {
  it("a clean run has no violation, loses no message, and answers its clients", () => {
    const scenario = RaftKeyValue.make({ nodes: 3 })
    const report = Simulation.run(scenario, { ...options, seed: 1, faults: "none" })
    assert.deepStrictEqual(report.violations, [])
    assert.strictEqual(report.counters.dropped + report.counters.crashes + report.counters.partitions, 0)
    assert.isAbove(report.operations, 100)
  })

  it.each([1, 2, 3, 5])(
    "the benign tape of %i nodes elects a leader and serves its clients, under every fault that might be",
    (nodes) => {
      const course = Simulation.courseOf({
        ...options,
        duration: 2_000,
        seed: 0,
        faults: "all",
        plan: Faults.ofKind("all")
      })
      const report = Simulation.choose(RaftKeyValue.make({ nodes }), course, Choices.benign)
      assert.deepStrictEqual(report.violations, [])
      assert.isAbove(report.operations, 100)
    }
  )

  it.each([1, 2, 3, 4, 5, 7])(
    "all faults, %i nodes: every invariant holds after every step, every history is linearizable",
    (nodes) => {
      const summary = Simulation.runSeeds(RaftKeyValue.make({ nodes }), 1, 12, { ...options, faults: "all" })
      assert.deepStrictEqual(summary.failures.map(({ seed, violations }) => ({ seed, violations })), [])
      assert.isAbove(summary.counters.crashes, 0)
      assert.isAbove(summary.counters.dropped + (nodes === 1 ? 1 : 0), 0)
      assert.isAbove(summary.operations, 100)
    }
  )

  it("equal seeds give equal traces, other seeds give others", () => {
    const scenario = RaftKeyValue.make({ nodes: 5 })
    const hashes = (from: number) =>
      [0, 1, 2, 3].map((i) => Simulation.run(scenario, { ...options, seed: from + i, faults: "all" }).traceHash)
    const first = hashes(100)
    assert.deepStrictEqual(hashes(100), first)
    assert.strictEqual(new Set(first).size, 4)
  })

  it("a recording, through its file, is the same run bit for bit", () => {
    const scenario = RaftKeyValue.make({ nodes: 3 })
    for (const seed of [7, 8, 9]) {
      const { counters, events, recording, traceHash } = Simulation.run(scenario, { ...options, seed, faults: "all" })
      const read = Recording.decode(Recording.encode(recording))
      if (read instanceof MalformedTape) throw read
      assert.deepStrictEqual(read, recording)
      const again = Simulation.replay(scenario, read)
      assert.deepStrictEqual([again.traceHash, again.events, again.counters], [traceHash, events, counters])
    }
  })
})

describe("planted bugs of Raft", () => {
  it.each(mutants)("$name: $bug", ({ control, found, plant }) => {
    const { faults, plan, property, seed, ...options } = found
    const run = { seed, faults, duration: 10_000, calm: 4_000, ...(plan === undefined ? {} : { plan }) }
    const report = Simulation.run(RaftKeyValue.make({ ...options, ...plant }), run)
    assert.include(report.violations.map((violation) => violation.property), property)
    assert.deepStrictEqual(Simulation.run(RaftKeyValue.make({ ...options, ...control }), run).violations, [])
  })
})
