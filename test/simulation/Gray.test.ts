import { describe, expect, it } from "@effect/vitest"
import { requestId } from "../../src/core/Protocol.js"
import type { FaultPlan } from "../../src/simulation/Faults.js"
import type { Member } from "../../src/simulation/Scenario.js"
import * as Simulation from "../../src/simulation/Simulation.js"
import type { Heartbeat } from "./protocols.js"
import { heartbeat, register } from "./protocols.js"
import { journals, start, under } from "./support.js"

describe("gray failures", () => {
  const heard = (plan: Partial<FaultPlan>, seed = 1) => {
    const counts = new Map<string, number>()
    const scenario = heartbeat(2, {
      onEvent: (to) => counts.set(to, (counts.get(to) ?? 0) + 1)
    }, 10)
    const { cluster } = under(scenario, plan, 4_050, seed)
    return { cluster, counts: [counts.get("n1") ?? 0, counts.get("n2") ?? 0] as const }
  }
  const [clean] = heard({}).counts

  it("a cut link is one way: its sender is not heard, and hears", () => {
    const { cluster, counts } = heard({ cutLink: 0.15 })
    expect(cluster.counters.grayFailures).toBeGreaterThan(0)
    expect(Math.max(...counts)).toBe(clean)
    expect(Math.min(...counts)).toBeLessThan(clean)
    expect(cluster.counters.dropped).toBe(2 * clean - counts[0] - counts[1])
  })

  it("a lossy link loses some of what goes one way, and not all", () => {
    const { cluster, counts } = heard({ lossyLink: 0.15 })
    expect(cluster.counters.grayFailures).toBe(1)
    expect(Math.max(...counts)).toBe(clean)
    const lost = clean - Math.min(...counts)
    expect(lost).toBeGreaterThan(0)
    expect(lost).toBeLessThan(clean / 2)
  })

  it("a slow node does everything later, and recovers", () => {
    const { cluster, events, node } = journals()
    cluster.runUntil(1_000)
    node.slow(1_000, 100_000)
    for (let i = 1; i <= 3; i++) node.request(requestId(1, i), `${i}`)
    cluster.runUntil(9_000)
    expect(events).toEqual([])
    cluster.runUntil(60_000)
    expect(events).toEqual(["1", "2", "3"])
    cluster.runUntil(100_000)
    node.request(requestId(1, 4), "4")
    cluster.runUntil(105_000)
    expect(events).toEqual(["1", "2", "3", "4"])
  })

  it("a clock that jumps ahead makes timers come early, once each", () => {
    const beats = (jumps: boolean) => {
      const cluster = start(heartbeat(1))
      cluster.runUntil(250_000)
      if (jumps) cluster.nodes[0]!.jump(1_000_000)
      cluster.runUntil(251_000)
      return cluster.nodes[0]!.current?.beat
    }
    expect([beats(false), beats(true)]).toEqual([2, 3])
  })

  it("all of them end with the faults", () => {
    const { cluster } = heard({ cutLink: 1, lossyLink: 1, slowNode: 1 })
    cluster.heal()
    const { dropped } = cluster.counters
    cluster.runUntil(4_060_000)
    const { delivered } = cluster.counters
    cluster.runUntil(5_060_000)
    expect(cluster.counters.dropped).toBe(dropped)
    expect(cluster.counters.delivered - delivered).toBe(200)
  })
})

describe("a disk", () => {
  it("that lies loses what was acknowledged, and the property says so", () => {
    const honest = under(register(false, 3), { crash: 0.5 }, 5_000).cluster
    expect(honest.counters.crashes).toBeGreaterThan(3)
    expect(honest.finish()).toEqual([])
    const lying = under(register(false, 3), { crash: 0.5, lostFlush: 0.2 }, 5_000).cluster
    expect(lying.finish()).toMatchObject([{ property: "Durability" }])
  })

  it("that was damaged in a crash keeps its node down until the faults end, with everything it held", () => {
    const { cluster } = under(register(false, 1), { crash: 1, damagedDisk: 1 }, 5_000)
    const { durable } = cluster.nodes[0]!
    expect([cluster.counters.damagedDisks, cluster.counters.restarts]).toEqual([1, 0])
    expect(durable).toBeGreaterThan(0)
    cluster.heal()
    expect(cluster.nodes[0]!.current).toEqual({ value: durable })
  })
})

describe("liveness", () => {
  const due = (missing: (members: ReadonlyArray<Member<Heartbeat>>) => string | undefined, within = 500) =>
    Simulation.run(heartbeat(2, { eventually: [{ property: "Heard", within, missing }] }), {
      seed: 1,
      faults: "all",
      duration: 1_000,
      calm: 2_000
    })

  it("what comes to hold in time is no violation, and what does not is one, at its time, with a tape that replays it", () => {
    const heard = (count: number) => (members: ReadonlyArray<Member<Heartbeat>>) =>
      members.every(({ state }) => (state?.heard ?? 0) >= count) ? undefined : `fewer than ${count}`
    expect(due(heard(4)).violations).toEqual([])
    const never = due(heard(1_000))
    expect(never.violations).toEqual([
      { property: "Heard", detail: "500 ms after the faults ended: fewer than 1000", atMillis: 1_500 }
    ])
    expect(never.recording.outcome.violations).toEqual(never.violations)
  })

  it("what is due after clients stop is not judged", () => {
    expect(due(() => "never", 1_001).violations).toEqual([])
  })
})
