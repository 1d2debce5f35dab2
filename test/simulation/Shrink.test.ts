import { describe, expect, it } from "@effect/vitest"
import { Exhaustive } from "../../src/core/Exhaustive.js"
import type { Vocabulary } from "../../src/core/Protocol.js"
import * as Tapes from "../../src/core/Tape.js"
import type { FaultPlan } from "../../src/simulation/Faults.js"
import type { Scenario } from "../../src/simulation/Scenario.js"
import * as RaftKeyValue from "../../src/simulation/scenarios/RaftKeyValue.js"
import * as Shrink from "../../src/simulation/Shrink.js"
import * as Simulation from "../../src/simulation/Simulation.js"
import { mutants } from "../mutants/raft.js"
import { backups, heartbeat, register } from "./protocols.js"

interface Small<P extends Vocabulary> {
  readonly scenario: Scenario<P>
  readonly options: Omit<Simulation.Options, "seed"> & { readonly plan: Partial<FaultPlan> }
}

const of = <P extends Vocabulary>(scenario: Scenario<P>, plan: Partial<FaultPlan>, duration: number): Small<P> => ({
  scenario,
  options: { faults: "all", plan, duration, calm: 4 }
})

const network = { drop: 0.4, duplicate: 0.2, reorder: 0.2 }
const stale = (count: number) => of(backups(count), network, 20)
const hasty = of(register(true), { tornFlush: 0.3, slowDisk: 0.2 }, 8)

/** The fewest decisions with which a run fails, by running them all. */
const minimum = <P extends Vocabulary>({ options, scenario }: Small<P>, budget: number): number | undefined => {
  const course = Simulation.courseOf({ ...options, seed: 0 })
  const all = new Exhaustive({ decisions: budget, depth: 200 })
  for (let choice = all.next(); choice !== undefined; choice = all.next()) {
    const { recording, violations } = Simulation.choose(scenario, course, choice)
    if (violations.length > 0) return Tapes.decisions(recording.tape).length
  }
  expect(all.isComplete).toBe(true)
  return undefined
}

const failing = <P extends Vocabulary>({ options, scenario }: Small<P>, count: number) => {
  const found: Array<Simulation.Report> = []
  for (let seed = 1; seed <= 2_000 && found.length < count; seed++) {
    const report = Simulation.run(scenario, { ...options, seed })
    if (report.violations.length > 0) found.push(report)
  }
  expect(found.length).toBe(count)
  return found
}

const median = (values: ReadonlyArray<number>): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

describe("all runs within a budget of decisions", () => {
  it.each([1, 2, 3])("%i backups are all stale after exactly so many, and after fewer never", (count) => {
    expect(minimum(stale(count), count - 1)).toBeUndefined()
    expect(minimum(stale(count), count)).toBe(count)
  })

  it("a correct register loses nothing in any run with two", () => {
    expect(minimum(of(register(false), { tornFlush: 0.3 }, 3), 2)).toBeUndefined()
    expect(minimum(hasty, 1)).toBe(1)
  })
})

describe("shrinking", () => {
  const ratios = <P extends Vocabulary>(small: Small<P>, least: number) =>
    failing(small, 15).map(({ recording, violations }) => {
      const shrunk = Shrink.shrink(small.scenario, recording)
      expect(shrunk.isLocalMinimum).toBe(true)
      expect(shrunk.property).toBe(violations[0]!.property)
      const again = Simulation.replay(small.scenario, shrunk.recording)
      expect(again.violations.map(({ property }) => property)).toContain(shrunk.property)
      expect(again.traceHash).toBe(shrunk.recording.outcome.traceHash)
      expect(shrunk.after).toEqual(Shrink.sizeOf(shrunk.recording))
      return shrunk.after.decisions / least
    })

  it("comes within one and a half times of the exhaustive minimum on planted bugs", () => {
    for (const count of [1, 2, 3]) {
      const all = ratios(stale(count), minimum(stale(count), count)!)
      expect(Math.min(...all)).toBe(1)
      expect(median(all)).toBeLessThanOrEqual(1.5)
      expect(Math.max(...all)).toBeLessThanOrEqual(1.5)
    }
    expect(Math.max(...ratios(hasty, minimum(hasty, 1)!))).toBeLessThanOrEqual(1.5)
  })

  it("leaves a planted bug of Raft with few decisions and few kinds of fault, the same every time", () => {
    const { found } = mutants.find(({ name }) => name === "R5-own-undurable")!
    const scenario = RaftKeyValue.make({ nodes: found.nodes, bug: "R5-own-undurable" })
    const { recording } = Simulation.run(scenario, { seed: found.seed, faults: "all", duration: 10_000, calm: 4_000 })
    const shrunk = Shrink.shrink(scenario, recording, { maxRuns: 1_500 })
    expect(shrunk.property).toBe(found.property)
    expect(shrunk.before.decisions).toBeGreaterThan(1_000)
    expect(shrunk.after.decisions).toBeLessThan(20)
    expect(shrunk.after.kinds).toBeLessThan(4)
    expect(Shrink.shrink(scenario, recording, { maxRuns: 1_500 })).toEqual(shrunk)
  })

  it("stops at its budget with what it has, which still fails", () => {
    const [report] = failing(stale(3), 1)
    const shrunk = Shrink.shrink(stale(3).scenario, report!.recording, { maxRuns: 4 })
    expect([shrunk.runs, shrunk.isLocalMinimum]).toEqual([4, false])
    expect(Simulation.replay(stale(3).scenario, shrunk.recording).violations).toEqual(
      shrunk.recording.outcome.violations
    )
    let asked = 0
    const interrupted = Shrink.shrink(stale(3).scenario, report!.recording, { isInterrupted: () => ++asked > 2 })
    expect([interrupted.runs, interrupted.isLocalMinimum]).toEqual([2, false])
  })

  it("of a run that violates nothing is refused", () => {
    const { recording } = Simulation.run(heartbeat(2), { seed: 1, faults: "none", duration: 300, calm: 0 })
    expect(() => Shrink.shrink(heartbeat(2), recording)).toThrow(RangeError)
  })
})
