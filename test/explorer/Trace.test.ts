import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { checkSystem } from "synod/checker/Checker"
import { encode } from "synod/core/Canonical"
import * as Choice from "synod/core/Choice"
import type { Vocabulary } from "synod/core/Protocol"
import { difference } from "synod/explorer/Difference"
import * as SystemTrace from "synod/explorer/SystemTrace"
import * as Value from "synod/explorer/Value"
import * as Catalog from "synod/model/Catalog"
import { describe as describeEvent } from "synod/model/Event"
import * as NetworkModel from "synod/model/NetworkModel"
import * as Partition from "synod/model/Partition"
import { networkOf } from "synod/model/published/RegisterClients"
import { singleDecreePaxos } from "synod/model/published/SingleDecreePaxos"
import * as SystemModel from "synod/model/SystemModel"
import * as TimeModel from "synod/model/TimeModel"
import * as Transitions from "synod/model/Transitions"
import { a as x, b as y, c as z, voting } from "../model/models.js"
import { a, b, pingPong, runOf, story } from "./pingPong.js"

const voters = [x, y, z] as const

const plain = FastCheck.anything({ withBigInt: true, withMap: true, withSet: true, withTypedArray: false })

describe("Value", () => {
  it("tells apart what canonical encodings tell apart, and nothing else", () => {
    FastCheck.assert(FastCheck.property(plain, plain, (one, other) => {
      const [x, y] = [Value.of(one), Value.of(other)]
      expect(encode(x) === encode(y)).toBe(encode(one) === encode(other))
    }))
  })

  it("takes no value for a wrapper", () => {
    expect(Value.of({ "#bigint": "1" })).toEqual({ "#map": [["#bigint", "1"]] })
    expect(Value.view(Value.of({ "#map": 1 }))).toEqual({ _tag: "Map", entries: [["#map", 1]] })
  })

  it("has words for what JSON has none for", () => {
    expect(Value.text(Value.of([undefined, null, Number.NaN, -0, 1.5, 7n, new Uint8Array([1, 255]), new Date(0)])))
      .toBe("[undefined, null, NaN, -0, 1.5, 7n, b\"01ff\", \"1970-01-01T00:00:00.000Z\"]")
  })
})

describe("Difference", () => {
  it("is empty exactly for equal values", () => {
    FastCheck.assert(FastCheck.property(plain, plain, (one, other) => {
      const [x, y] = [Value.of(one), Value.of(other)]
      expect(difference(x, x, "")).toEqual([])
      expect(difference(x, y, "").length === 0).toBe(Value.text(x) === Value.text(y))
    }))
  })

  it("names the smallest parts", () => {
    const before = Value.of({ log: [1, 2, 3], votes: new Set(["a"]), of: new Map([["k", { n: 1 }]]), role: "x" })
    const after = Value.of({ log: [1, 2, 3, 4], votes: new Set(["b"]), of: new Map([["k", { n: 2 }]]), term: 1 })
    expect(difference(before, after, "s")).toEqual([
      { path: "s.log[3]", before: undefined, after: 4 },
      { path: "s.of[\"k\"].n", before: 1, after: 2 },
      { path: "s.term", before: undefined, after: 1 },
      { path: "s.votes", before: undefined, after: "b" },
      { path: "s.votes", before: "a", after: undefined },
      { path: "s.role", before: "x", after: undefined }
    ])
  })
})

describe("SystemTrace", () => {
  it("follows each message from the step that sent it to the one that ended it", () => {
    expect(story().messages.map(({ content: _content, ...message }) => message)).toEqual([
      { from: "a", to: "b", origin: 1, sent: 1, ended: 3, fate: "delivered", isCopy: false },
      { from: "a", to: "b", origin: 1, sent: 2, ended: 10, fate: "delivered", isCopy: true },
      { from: "b", to: "a", origin: 3, sent: 3, ended: 9, fate: "delivered", isCopy: false },
      { from: "a", to: "b", origin: 4, sent: 4, ended: 11, fate: "lost", isCopy: false },
      { from: "b", to: "a", origin: 10, sent: 10, ended: undefined, fate: "inFlight", isCopy: false }
    ])
  })

  it("has crashes and partitions as bands, and what clients asked and were answered", () => {
    const { bands, operations } = story()
    expect(bands).toEqual([
      { kind: "crash", label: "b is down", lane: "b", from: 5, until: 6 },
      { kind: "partition", label: "partition a | b", from: 7, until: 8 }
    ])
    expect(operations).toEqual([
      { client: "client 0", request: "play at a", reply: "won", invoked: 1, returned: 9, isViolation: false }
    ])
  })

  it("says that a message is lost where a partition loses it, and who does not hear whom", () => {
    const oneWay = new Map([[b, new Set([a])]])
    const model: typeof base = { ...base, partitions: { cuts: [oneWay], blocked: "drop" } }
    const trace = SystemTrace.make(model, { steps: runOf(model, ["request", "partition", "timer"]) })
    expect(trace.steps[2]!.label).toBe("partition b does not hear a")
    expect(trace.messages.map(({ ended, fate, sent }) => [sent, ended, fate])).toEqual([[1, 2, "lost"], [3, 3, "lost"]])
    expect(trace.bands).toEqual([
      { kind: "partition", label: "partition b does not hear a", from: 2, until: undefined }
    ])
  })

  it("refuses a run that is none of the model's, by its step", () => {
    const steps = runOf(base, ["request", "deliver a -> b"])
    const [start, asked, end] = steps
    const wrong = { event: asked!.event, state: start!.state }
    expect(() => SystemTrace.make(base, { steps: [start!, wrong] })).toThrow(/step 1 is none of the model's: request/)
    expect(() => SystemTrace.make(base, { steps: [start!, end!] })).toThrow(
      /^ping-pong: step 1 is none of the model's: deliver/
    )
  })

  it("shows what the checker found, on every network", () => {
    for (const name of ["unordered", "ordered", "duplicating"] as const) {
      const model = singleDecreePaxos({ servers: 3, clients: 2, network: networkOf(name), mutant: "propose-own" })
      const { loop, trace } = checkSystem(model).properties.find(({ verdict }) => verdict === "violated")!
      const shown = SystemTrace.make(model, { steps: trace!, loop })
      expect(shown.steps.at(-1)!.claims[0]).toEqual({ name: "linearizable", isInvariant: true, holds: false })
      expect(shown.operations.filter(({ isViolation }) => isViolation)).toHaveLength(1)
      const points = shown.operations.filter(({ point }) => point !== undefined).toSorted((a, b) => a.order! - b.order!)
      expect(points.map(({ order }) => order)).toEqual([1, 2, 3])
      for (const [i, { invoked, point, returned }] of points.entries()) {
        expect(point!).toBeGreaterThanOrEqual(Math.max(invoked, points[i - 1]?.point ?? 0))
        expect(point!).toBeLessThanOrEqual(returned ?? Infinity)
      }
      const delivered = shown.messages.filter(({ fate }) => fate === "delivered")
      expect(delivered).toHaveLength(shown.steps.filter(({ kind }) => kind === "deliver").length)
      for (const { ended, sent } of delivered) expect(sent).toBeLessThan(ended!)
    }
  })
})

/** A walk of events that the seed draws. */
const walk = <P extends Vocabulary, H>(model: SystemModel.SystemModel<P, H>, seed: number, length: number) => {
  const choice = Choice.random(seed)
  const initial = Transitions.initial(model)
  const steps: Array<{ readonly event: string | undefined; readonly state: SystemModel.System<P, H> }> = [
    { event: undefined, state: initial[choice.below(initial.length, "initial")]! }
  ]
  for (let i = 0; i < length; i++) {
    const next = Transitions.successors(model, steps.at(-1)!.state)
    if (next.length === 0) break
    const { after, event } = next[choice.below(next.length, "event")]!
    steps.push({ event: describeEvent(event), state: after })
  }
  return steps
}

/** At each step the messages that are in flight are those of the state; nothing arrives before it is sent. */
const accountsForMessages = <P extends Vocabulary, H>(model: SystemModel.SystemModel<P, H>, seed: number): void => {
  const steps = walk(model, seed, 40)
  const { messages } = SystemTrace.make(model, { steps })
  const isSet = model.network.kind === "set"
  for (const [i, { state }] of steps.entries()) {
    const flying = messages.filter(({ ended, sent }) => sent <= i && (ended === undefined || ended > i)).map((
      message
    ) => encode([message.from, message.to, message.content]))
    const there = state.network.map(({ from, message, to }) => encode([from, to, Value.of(message)]))
    // a set keeps what it has delivered
    if (isSet) expect(there).toEqual(expect.arrayContaining(flying))
    else expect(flying.toSorted()).toEqual(there.toSorted())
  }
  for (const { ended, origin, sent } of messages) {
    expect(origin).toBeLessThanOrEqual(sent)
    if (ended !== undefined) expect(ended).toBeGreaterThanOrEqual(sent)
  }
}

describe("every system", () => {
  const seeds = [1, 2, 3, 4, 5]

  it("of the catalogue has its messages accounted for", () => {
    const systems = Catalog.entries.flatMap((entry) =>
      Catalog.build<ReadonlyArray<string>>(entry, {}, {
        actions: () => [],
        system: (model) => {
          for (const seed of seeds) accountsForMessages(model, seed)
          return [model.name]
        }
      })
    )
    expect(systems).toContain("paxos")
  })

  it("with every fault, on every network, at every kind of time, has its messages accounted for", () => {
    const faults = { crashes: 3, restarts: 3, partitions: 2, heals: 2, timers: 9 }
    const networks = [
      NetworkModel.unordered({ lossy: true }),
      NetworkModel.ordered({ lossy: true }),
      NetworkModel.set({ lossy: true })
    ]
    for (const network of networks) {
      const duplicates = network.kind === "set" ? 0 : 3
      for (const blocked of ["delay", "drop"] as const) {
        for (const durability of ["atomic", "delayed"] as const) {
          const model = voting({
            candidates: [voters[0], voters[1]],
            network,
            durability,
            faults: { ...faults, drops: 3, duplicates },
            partitions: { cuts: Partition.halves(voters), blocked }
          })
          for (const seed of seeds) accountsForMessages(model, seed)
        }
      }
    }
    const calm = voting({ candidates: voters, network: NetworkModel.unordered(), faults: { crashes: 2, restarts: 2 } })
    const uncut = { ...calm, partitions: { cuts: [], blocked: "delay" } } as const
    for (const time of [TimeModel.synchronous, TimeModel.partiallySynchronous({ delta: 2, tick: 1 })]) {
      for (const seed of seeds) accountsForMessages(SystemModel.make({ ...uncut, time }), seed)
    }
  })
})

const base = SystemModel.make({ ...pingPong(), partitions: { cuts: Partition.halves([a, b]), blocked: "delay" } })
