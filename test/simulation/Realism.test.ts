import { describe, expect, it } from "@effect/vitest"
import type { Choice } from "../../src/core/Choice.js"
import * as Choices from "../../src/core/Choice.js"
import { requestId } from "../../src/core/Protocol.js"
import type { Tape } from "../../src/core/Tape.js"
import * as Tapes from "../../src/core/Tape.js"
import type { FaultPlan } from "../../src/simulation/Faults.js"
import * as Faults from "../../src/simulation/Faults.js"
import type { Cluster } from "../../src/simulation/internal/Cluster.js"
import type { Scenario } from "../../src/simulation/Scenario.js"
import * as Simulation from "../../src/simulation/Simulation.js"
import type { Journal, Register } from "./protocols.js"
import { heartbeat, journal, register } from "./protocols.js"
import { journals, start, under } from "./support.js"

const leading = (): Scenario<Register> => ({ ...register(false, 3), leads: () => true })

describe("each kind of fault has its own streams", () => {
  const rates: FaultPlan = {
    ...Faults.ofKind("all"),
    crash: 0.5,
    killLeader: 0.5,
    tornFlush: 0.02,
    damagedDisk: 0.5,
    lostFlush: 0.1,
    pause: 0.5
  }

  const ofKind = (tape: Tape, kind: string) =>
    Object.entries(tape.streams).filter(([path]) => path.endsWith(`/${kind}`)).map(([path, stream]) =>
      [path, {
        length: stream.asked.reduce((sum, [, , times]) => sum + times, 0),
        entries: Tapes.decisions({ streams: { [path]: stream } })
      }] as const
    )

  it.each(Faults.kinds)("%s draws the same, whatever else may happen", (kind) => {
    const isOfNetwork = ["drop", "duplicate", "reorder", "slowLink", "cutLink", "lossyLink"].includes(kind)
    const streams = (plan: Partial<FaultPlan>) =>
      ofKind(isOfNetwork ? under(heartbeat(5, {}, 4), plan).tape : under(leading(), plan).tape, kind)
    const alone = streams({ [kind]: rates[kind], ...(kind === "damagedDisk" ? { crash: rates.crash } : {}) })
    const among = new Map(streams(rates))
    expect(alone.length).toBeGreaterThan(0)
    for (const [path, stream] of alone) {
      const other = among.get(path)
      const shared = Math.min(stream.length, other?.length ?? 0)
      expect(shared).toBeGreaterThan(0)
      const upTo = (entries: typeof stream.entries) => entries.filter(({ index }) => index < shared)
      // until the first time it strikes; what it strikes then depends on what is there
      const strike = stream.entries.find(({ label }) => label === kind)?.index ?? Infinity
      const before = (entries: typeof stream.entries) => upTo(entries).filter(({ index }) => index <= strike)
      expect(before(other?.entries ?? [])).toEqual(before(stream.entries))
    }
  })

  it("a swarm's draw of one kind does not depend on which others there are", () => {
    for (let seed = 1; seed <= 50; seed++) {
      const whole = Faults.redraw(Faults.ofKind("all"), Choices.random(seed))
      for (const kind of Faults.kinds) {
        const alone = Faults.redraw({ ...Faults.none, [kind]: Faults.ofKind("all")[kind] }, Choices.random(seed))
        expect(alone[kind]).toBe(whole[kind])
      }
    }
  })

  it("a fault that never strikes changes nothing", () => {
    const never = Object.fromEntries(Faults.kinds.map((kind) => [kind, 1e-9]))
    const base = under(heartbeat(5), { drop: 0.1 }).cluster
    const more = under(heartbeat(5), { ...never, drop: 0.1, skew: 0 }).cluster
    expect(more.digest.toString()).toBe(base.digest.toString())
  })
})

describe("crashes", () => {
  it("come at any instant, not on a beat", () => {
    const instants = new Set<number>()
    const { cluster } = under(heartbeat(3), { crash: 1 }, 0)
    for (let millis = 10; millis <= 20_000; millis += 10) {
      const { crashes } = cluster.counters
      cluster.runUntil(millis * 1000)
      if (cluster.counters.crashes > crashes) instants.add(millis % 250)
    }
    expect(instants.size).toBeGreaterThan(10)
  })

  it("aim at whoever leads", () => {
    const crashed = new Set<string>()
    const scenario: Scenario<Journal> = {
      ...journal(3, {
        always: (members, changed, before) => {
          const { id, state } = members[changed]!
          if (before.state !== undefined && state === undefined) crashed.add(id)
          return undefined
        }
      }),
      leads: ({ self }) => self === "n2"
    }
    const { cluster } = under(scenario, { killLeader: 1 }, 10_000)
    expect(cluster.counters.crashes).toBeGreaterThan(3)
    expect([...crashed]).toEqual(["n2"])
  })

  it("in the middle of a flush keep a prefix of it: an answer behind the gate is kept, one past it is lost", () => {
    const gated = under(register(false, 3), { tornFlush: 0.1 }, 5_000).cluster
    expect(gated.counters.tornFlushes).toBeGreaterThan(10)
    expect(gated.finish()).toEqual([])
    const hasty = under(register(true, 3), { tornFlush: 0.1 }, 5_000).cluster
    expect(hasty.finish()).toMatchObject([{ property: "Durability" }])
  })
})

describe("a node that stands still", () => {
  it("releases nothing, though its disk goes on", () => {
    const { cluster, events, node } = journals()
    cluster.runUntil(1_000)
    node.request(requestId(1, 1), "a")
    node.pause(10_000)
    cluster.runUntil(10_000)
    expect(node.durable).toEqual(["a"])
    expect(events).toEqual([])
    cluster.runUntil(12_000)
    expect(events).toEqual(["a"])
  })

  it("is awake after a crash", () => {
    const { cluster, events, node } = journals()
    node.pause(1_000_000)
    node.crash()
    node.boot()
    node.request(requestId(2, 1), "a")
    cluster.runUntil(5_000)
    expect(events).toEqual(["a"])
  })

  it("goes on when all faults end", () => {
    const { cluster, events, node } = journals()
    node.pause(1_000_000_000)
    node.request(requestId(1, 1), "a")
    cluster.runUntil(5_000)
    expect(events).toEqual([])
    cluster.heal()
    cluster.runUntil(10_000)
    expect(events).toEqual(["a"])
  })
})

describe("what a node sends to itself", () => {
  it("waits for the disk, though it was sent at once, and is a step of its own", () => {
    const { cluster, events, node } = journals()
    cluster.runUntil(1_000)
    node.request(requestId(1, 1), "self")
    cluster.runUntil(1_090)
    expect(node.durable).toEqual([])
    expect(events).toEqual([])
    cluster.runUntil(10_000)
    expect(node.durable).toEqual(["self"])
    expect(events).toEqual(["self"])
  })

  it("dies with a crash before its write is on the disk", () => {
    const { cluster, events, node } = journals()
    cluster.runUntil(1_000)
    node.request(requestId(1, 1), "self")
    node.crash()
    node.boot()
    cluster.runUntil(10_000)
    expect(events).toEqual([])
  })
})

describe("a batch", () => {
  it("is what arrived while the node was busy: its steps share one flush, and a timer of 0 fires once, at its end", () => {
    const ended: Array<number> = []
    const { cluster, node } = journals({
      always: (members) => {
        const { batches, entries } = members[0]!.state ?? { batches: 0, entries: 0 }
        if (batches === ended.length + 1) ended.push(entries)
        return undefined
      }
    })
    node.pause(1_000)
    for (let i = 1; i <= 5; i++) node.request(requestId(1, i), `${i}`)
    cluster.runUntil(50_000)
    expect(node.durable).toEqual(["1", "2", "3", "4", "5"])
    expect(cluster.counters.flushes).toBe(1)
    expect(ended).toEqual([5])
  })

  it("holds 64 inputs, and its timers of 0 come before the next", () => {
    const ended: Array<number> = []
    const { cluster, node } = journals({
      always: (members) => {
        const { batches, entries } = members[0]!.state ?? { batches: 0, entries: 0 }
        if (batches === ended.length + 1) ended.push(entries)
        return undefined
      }
    })
    node.pause(1_000)
    for (let i = 1; i <= 100; i++) node.request(requestId(1, i), `${i}`)
    cluster.runUntil(50_000)
    expect(ended).toEqual([64, 100])
    expect(cluster.counters.flushes).toBe(2)
  })

  it("alone, each step has its own flush and its own end", () => {
    const { cluster, node } = journals()
    for (let i = 1; i <= 5; i++) {
      node.request(requestId(1, i), `${i}`)
      cluster.runUntil(i * 10_000)
    }
    expect(cluster.counters.flushes).toBe(5)
    expect(node.current).toMatchObject({ batches: 5, entries: 5 })
  })
})

describe("an event budget", () => {
  it("ends what sends to itself for ever, and what arms a timer of 0 for ever", () => {
    for (const restless of ["send", "timer"] as const) {
      const options = { seed: 1, faults: "none", duration: 10_000, calm: 0, eventBudget: 50_000 } as const
      const report = Simulation.run(journal(2, {}, restless), options)
      expect(report.violations).toMatchObject([{ property: "EventBudget" }])
      expect(report.events).toBe(50_000)
    }
  })
})

describe("the trace hash", () => {
  const quiet = (act: (cluster: Cluster<Journal>) => void, choice: Choice = Choices.benign) => {
    const cluster = start(journal(3), {}, choice)
    cluster.runUntil(1_000)
    act(cluster)
    cluster.runUntil(1_000_000)
    return cluster.digest.toString()
  }
  const draws = (value: number): Choice => {
    const choice: Choice = { below: (_, label) => label === "whatever" ? value : 0, fork: () => choice }
    return choice
  }

  it("sees crashes, boots, pauses, requests and choices, of which no message tells", () => {
    const hashes = [
      quiet(() => {}),
      quiet(({ nodes }) => nodes[0]!.crash()),
      quiet(({ nodes }) => nodes[1]!.crash()),
      quiet(({ nodes }) => {
        nodes[0]!.crash()
        nodes[0]!.boot()
      }),
      quiet(({ nodes }) => nodes[0]!.pause(10)),
      quiet(({ nodes }) => nodes[0]!.slow(2, 0)),
      quiet(({ nodes }) => nodes[0]!.jump(1)),
      quiet((cluster) => cluster.heal()),
      quiet(({ nodes }) => nodes[0]!.request(requestId(1, 1), "choose")),
      quiet(({ nodes }) => nodes[0]!.request(requestId(1, 1), "choose"), draws(1))
    ]
    expect(new Set(hashes).size).toBe(hashes.length)
  })

  it("sees the end of a partition, from a beat or from the end of all faults, and of which links went bad", () => {
    const healed = (isHealed: boolean) => {
      const { cluster } = under(heartbeat(3), { partition: 1 }, 600)
      expect(cluster.counters.partitions).toBe(1)
      if (isHealed) cluster.heal()
      return cluster.digest.toString()
    }
    expect(healed(true)).not.toBe(healed(false))
    const bad = (plan: Partial<FaultPlan>) => under(journal(3), plan, 1_000).cluster.digest.toString()
    expect(new Set([bad({}), bad({ cutLink: 1 }), bad({ lossyLink: 1 })]).size).toBe(3)
  })

  it("sees partitions and replies", () => {
    const cut = under(journal(3), { partition: 1 }, 600).cluster
    expect(cut.counters.partitions).toBe(1)
    expect(cut.digest.toString()).not.toBe(under(journal(3), {}, 600).cluster.digest.toString())
    const asking = (request: string) =>
      under(
        journal(1, {
          clients: [(api) => ({ onWake: () => api.ask(api.nodes[0]!, request, 50), onReply: () => {} })]
        }),
        {}
      ).cluster
    expect(asking("reply").digest.toString()).not.toBe(asking("silent").digest.toString())
    expect(asking("twice").counters.lateReplies).toBe(1)
  })
})

describe("request ids", () => {
  it("carry the incarnation of the node that took them", () => {
    const ids: Array<number> = []
    const { cluster } = under(
      journal(1, {
        clients: [(api) => ({
          onWake: () => api.ask(api.nodes[0]!, "a", 20),
          onReply: () => api.sleep(5)
        })],
        onRequest: (_, id) => ids.push(id)
      }),
      { crash: 1 },
      20_000
    )
    expect(cluster.counters.restarts).toBeGreaterThan(2)
    expect(new Set(ids).size).toBe(ids.length)
    expect(new Set(ids.map((id) => Math.floor(id / 2 ** 32))).size).toBe(cluster.counters.restarts + 1)
  })
})
