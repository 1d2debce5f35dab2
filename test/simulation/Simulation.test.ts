import { describe, expect, it } from "@effect/vitest"
import type { Choice } from "../../src/core/Choice.js"
import * as Choices from "../../src/core/Choice.js"
import { TapeMismatch } from "../../src/core/Tape.js"
import * as Faults from "../../src/simulation/Faults.js"
import { Cluster } from "../../src/simulation/internal/Cluster.js"
import * as Recording from "../../src/simulation/Recording.js"
import type { Scenario } from "../../src/simulation/Scenario.js"
import * as Simulation from "../../src/simulation/Simulation.js"
import type { Heartbeat } from "./protocols.js"
import { ghosts, heartbeat, names, register } from "./protocols.js"
import { under } from "./support.js"

const options = { faults: "all", duration: 3_000, calm: 1_000 } as const

/** Answers by label, benign elsewhere; puts nodes on alternating sides. */
const scripted = (script: { readonly [label: string]: number }): Choice => {
  let side = 0
  const choice: Choice = {
    below: (n, label) => label === "side" ? side++ % 2 : Math.min(n - 1, script[label] ?? 0),
    fork: () => choice
  }
  return choice
}

const throughFile = (recording: Recording.Recording): Recording.Recording => {
  const read = Recording.decode(Recording.encode(recording))
  if (read instanceof Error) throw read
  return read
}

const odd = (id: string): boolean => Number(id.slice(1)) % 2 === 1

const hashes = () =>
  Array.from({ length: 100 }, (_, seed) => Simulation.run(register(false, 3), { ...options, seed }).traceHash)

/** Pairs (receiver, sender) heard, in order, and how many came after a later one of their link. */
const listen = () => {
  const heard: Array<{ readonly to: string; readonly from: string; readonly beat: number }> = []
  const scenario = heartbeat(5, { onEvent: (to, { beat, from }) => heard.push({ to, from, beat }) }, 4)
  const overtaken = () => {
    const last = new Map<string, number>()
    return heard.filter(({ beat, from, to }) => {
      const late = beat < (last.get(`${from}>${to}`) ?? 0)
      last.set(`${from}>${to}`, Math.max(beat, last.get(`${from}>${to}`) ?? 0))
      return late
    }).length
  }
  return { heard, scenario, overtaken }
}

describe("determinism", () => {
  it("equal seeds give equal hashes, different seeds different ones", () => {
    const first = hashes()
    expect(hashes()).toEqual(first)
    expect(new Set(first).size).toBe(100)
    for (const hash of first) expect(hash).toMatch(/^[0-9a-f]{16}$/)
  })

  it("a recording replays its run, also after a journey through a file", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const recorded = Simulation.run(heartbeat(5), { ...options, seed })
      const again = Simulation.replay(heartbeat(5), throughFile(recorded.recording))
      expect(again.traceHash).toBe(recorded.traceHash)
      expect(again.events).toBe(recorded.events)
      expect(again.counters).toEqual(recorded.counters)
      expect(recorded.recording.outcome).toEqual({ events: again.events, traceHash: again.traceHash, violations: [] })
    }
  })

  it("a recording of another program is refused with the place, and bent it says the same place", () => {
    const { recording } = Simulation.run(heartbeat(3), { ...options, faults: "network", seed: 3 })
    const chatty = heartbeat(3, {}, 2)
    const refused = (() => {
      try {
        return Simulation.replay(chatty, recording)
      } catch (error) {
        return error
      }
    })()
    expect(refused).toBeInstanceOf(TapeMismatch)
    expect(Simulation.bend(chatty, recording).mismatch).toEqual(refused)
    const bent = Simulation.bend(heartbeat(3), recording)
    expect(bent.mismatch).toBeUndefined()
    expect(bent.report.traceHash).toBe(recording.outcome.traceHash)
  })

  it("the same seeds in one range or in two are the same runs", () => {
    const seen: Array<string> = []
    const whole = Simulation.runSeeds(heartbeat(3), 1, 10, options, (report) => seen.push(report.traceHash))
    const parts: Array<string> = []
    const a = Simulation.runSeeds(heartbeat(3), 1, 4, options, (report) => parts.push(report.traceHash))
    const b = Simulation.runSeeds(heartbeat(3), 5, 10, options, (report) => parts.push(report.traceHash))
    expect(parts).toEqual(seen)
    expect(a.events + b.events).toBe(whole.events)
    expect(a.seeds + b.seeds).toBe(10)
  })
})

describe("the benign tape", () => {
  it("is a clean run, even under a plan with every fault", () => {
    const course = Simulation.courseOf({ ...options, seed: 0, plan: Faults.ofKind("all") })
    const report = Simulation.choose(heartbeat(5), course, Choices.benign)
    expect(report.violations).toEqual([])
    const { delivered, ...faults } = report.counters
    expect(delivered).toBeGreaterThan(500)
    expect(Object.values(faults).every((count) => count === 0)).toBe(true)
  })
})

describe("the durability gate", () => {
  it("an answer behind the gate is never lost", () => {
    const summary = Simulation.runSeeds(register(false, 3), 1, 150, { ...options, faults: "crash" })
    expect(summary.failures.map((report) => report.violations)).toEqual([])
    expect(summary.counters.crashes).toBeGreaterThan(100)
    expect(summary.operations).toBeGreaterThan(10_000)
  })

  it("an answer past the gate is lost, and the simulator finds it and replays it", () => {
    const summary = Simulation.runSeeds(register(true, 3), 1, 150, { ...options, faults: "crash" })
    expect(summary.failures.length).toBeGreaterThan(0)
    const report = summary.failures[0]!
    expect(report.violations[0]!.property).toBe("Durability")
    const again = Simulation.replay(register(true, 3), throughFile(report.recording))
    expect(again.violations).toEqual(report.violations)
    expect(again.traceHash).toBe(report.traceHash)
  })
})

describe("timers", () => {
  it("stale ones never fire: cancelled, re-armed, or of an earlier life", () => {
    const summary = Simulation.runSeeds(ghosts(3), 1, 60, options)
    expect(summary.failures.map((report) => report.violations)).toEqual([])
    expect(summary.counters.restarts).toBeGreaterThan(20)
    expect(summary.counters.pauses).toBeGreaterThan(5)
  })
})

describe("the network", () => {
  it("is FIFO per link without reordering", () => {
    const { heard, overtaken, scenario } = listen()
    under(scenario, {}, 5_000)
    expect(heard.length).toBeGreaterThan(3_000)
    expect(overtaken()).toBe(0)
  })

  it("is not FIFO with reordering", () => {
    const { overtaken, scenario } = listen()
    under(scenario, { reorder: 0.3 }, 5_000)
    expect(overtaken()).toBeGreaterThan(10)
  })

  it("counts what it drops and what it doubles", () => {
    const dropping = under(heartbeat(3), { drop: 1 }, 1_050).cluster.counters
    expect(dropping).toMatchObject({ delivered: 0, dropped: 60, duplicated: 0 })
    const doubling = under(heartbeat(3), { duplicate: 1 }, 1_050).cluster.counters
    expect(doubling).toMatchObject({ delivered: 120, dropped: 0, duplicated: 60 })
  })

  const shapes: ReadonlyArray<{ name: string; shape: number; deaf: (to: string, from: string) => boolean }> = [
    { name: "one node alone", shape: 0, deaf: (to, from) => (to === "n1") !== (from === "n1") },
    { name: "two halves", shape: 1, deaf: (to, from) => odd(to) !== odd(from) },
    { name: "one node hears nobody", shape: 2, deaf: (to) => to === "n1" },
    { name: "nobody hears one node", shape: 3, deaf: (_, from) => from === "n1" },
    { name: "a bridge", shape: 4, deaf: (to, from) => to !== "n1" && from !== "n1" && (to < "n4") !== (from < "n4") },
    {
      name: "a ring of majorities",
      shape: 5,
      deaf: (to, from) => [2, 3].includes((Number(to.slice(1)) - Number(from.slice(1)) + 5) % 5)
    },
    { name: "whoever leads", shape: 6, deaf: (to, from) => (to === "n1") !== (from === "n1") }
  ]
  for (const { deaf, name, shape } of shapes) {
    it(`a partition cuts exactly its grudge, and heals: ${name}`, () => {
      const { heard, scenario } = listen()
      const cluster = new Cluster(
        scenario,
        scripted({ partition: 1, shape }),
        { ...Faults.none, partition: 1 },
        1_000_000
      )
      const pairs = () => [...new Set(heard.splice(0).map(({ from, to }) => `${to}<${from}`))].sort()
      const whole = names(5).flatMap((to) => names(5).filter((from) => from !== to).map((from) => ({ to, from })))
      const expected = (links: typeof whole) => links.map(({ from, to }) => `${to}<${from}`).sort()
      cluster.runUntil(250_000)
      expect(pairs()).toEqual(expected(whole))
      cluster.runUntil(499_000)
      expect(pairs()).toEqual(expected(whole.filter(({ from, to }) => !deaf(to, from))))
      cluster.runUntil(749_000)
      expect(pairs()).toEqual(expected(whole))
    })
  }
})

describe("a run always ends with a verdict", () => {
  const broken = (onMessage: () => void): Scenario<Heartbeat> => {
    const scenario = heartbeat(2)
    const protocol = scenario.protocol(names(1)[0]!)
    return {
      ...scenario,
      protocol: () => ({
        ...protocol,
        onMessage: (state, from, message, out) => {
          onMessage()
          out.send(state.self.id, message)
          return protocol.onMessage(state, from, message, out)
        }
      })
    }
  }

  it("a handler that throws is a violation with its message", () => {
    const { cluster } = under(
      broken(() => {
        throw new Error("no handler may throw")
      }),
      {},
      1_000
    )
    expect(cluster.finish()).toMatchObject([{ property: "HandlersAreTotal", detail: "no handler may throw" }])
  })
})

describe("a recording's file", () => {
  const text = () => Recording.encode(Simulation.run(heartbeat(2), { ...options, duration: 300, seed: 1 }).recording)

  it.each<[string, (json: { [field: string]: unknown }) => unknown, string]>([
    ["another format", (json) => ({ ...json, format: "tape" }), "format: is not \"synod-tape\""],
    ["another version", (json) => ({ ...json, version: 2 }), "version: is 2, this program reads 1"],
    ["no object", () => [], "format: is not \"synod-tape\""],
    ["no streams", (json) => ({ ...json, streams: undefined }), "streams: is not an object of streams"],
    ["no duration", (json) => ({ ...json, duration: undefined }), "duration: is missing or wrong: undefined"],
    ["a plan beyond 1", (json) => ({ ...json, plan: { drop: 2 } }), "plan: is missing or wrong: {\"drop\":2}"],
    ["an unknown fault", (json) => ({ ...json, plan: { fire: 1 } }), "plan: is missing or wrong: {\"fire\":1}"]
  ])("%s is refused with its place", (_, edit, message) => {
    const read = Recording.decode(JSON.stringify(edit(JSON.parse(text()))))
    expect(read instanceof Error ? read.message : undefined).toBe(message)
  })

  it("cut short it is no JSON, and says so", () => {
    const read = Recording.decode(text().slice(0, -20))
    expect(read instanceof Error ? read.message : undefined).toMatch(/^\$: is not JSON: /)
  })
})
