/** The same promises over every network and storage: what clients saw through crashes and a partition is linearizable, and all nodes end alike. */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Choice from "synod/core/Choice"
import * as Grudge from "synod/network/Grudge"
import * as Storage from "synod/storage/Storage"
import type { Grounds } from "./support.js"
import { cluster, fileLayer, going, id, memoryGrounds, names, quiet, tcpGrounds } from "./support.js"
import { workload } from "./workload.js"

const grounds: ReadonlyArray<readonly [string, Grounds, "virtual" | "real"]> = [
  ["memory network, memory storage", memoryGrounds(), "virtual"],
  ["memory network through its codec, files", memoryGrounds({}, fileLayer, { serialise: true }), "real"],
  ["TCP, memory storage", tcpGrounds(Storage.layerMemory), "real"],
  ["TCP, files", tcpGrounds(fileLayer), "real"]
]

const story = (ground: Grounds, think: number) =>
  Effect.gen(function*() {
    const nodes = yield* cluster({ timeout: "2 seconds", snapshotEvery: 64, checkpointBytes: 20_000 }, ground)
    yield* nodes.stores.a.put("warm", "up")
    const load = workload(nodes, Choice.random(7), think)
    let isOver = false
    const nemesis = Effect.gen(function*() {
      yield* Effect.sleep(300)
      yield* nodes.stores[yield* nodes.leader].replica.crash(new Error("a bug in the leader"))
      yield* Effect.sleep(700)
      const cut = yield* nodes.leader
      yield* nodes.partition(Grudge.components([id(cut)], names.filter((name) => name !== cut).map(id)))
      yield* Effect.sleep(900)
      yield* nodes.heal
      yield* Effect.sleep(500)
      const stopped = yield* nodes.leader
      yield* nodes.stop(stopped)
      yield* Effect.sleep(300)
      yield* nodes.restart(stopped)
      yield* Effect.sleep(500)
      isOver = true
    })
    yield* Effect.all([nemesis, ...Array.from({ length: 6 }, (_, i) => load.client(i, () => isOver))], {
      concurrency: "unbounded"
    })
    expect(load.tally.ok).toBeGreaterThan(150)
    expect(load.verdict()).toMatchObject({ verdict: "consistent" })
    yield* nodes.stores.a.put("k9", "last")
    const contents = yield* Effect.forEach(
      names,
      (name) => nodes.stores[name].replica.read((store) => JSON.stringify(store))
    )
    expect(new Set(contents).size).toBe(1)
    const restarts = yield* Effect.forEach(names, (name) =>
      Effect.map(nodes.stores[name].replica.status, (s) => s.incarnation))
    expect(restarts.reduce((sum, incarnation) =>
      sum + incarnation, 0)).toBe(5)
  })

describe("KeyValue over Raft: conformance", () => {
  for (const [name, ground, time] of grounds) {
    const law = `a linearizable history through a crash, a partition and a restart: ${name}`
    if (time === "virtual") it.scoped(law, () => going(story(ground, 60), 25))
    else it.scopedLive(law, () => quiet(story(ground, 8)))
  }

  it.scoped("a network that loses, duplicates, reorders and delays: linearizable, and Unavailable keeps its promise", () =>
    going(
      Effect.gen(function*() {
        const nodes = yield* cluster(
          { timeout: "1 second" },
          memoryGrounds({
            choice: Choice.random(11),
            faults: {
              loss: 0.1,
              duplication: 0.1,
              reordering: { probability: 0.1, within: 60 },
              delay: { _tag: "Exponential", min: 0, mean: 5 }
            }
          })
        )
        const load = workload(nodes, Choice.random(12), 60)
        let isOver = false
        const cuts = Effect.gen(function*() {
          for (let round = 0; round < 3; round++) {
            yield* Effect.sleep(1_000)
            const cut = yield* nodes.leader
            yield* nodes.partition(Grudge.components([id(cut)], names.filter((name) => name !== cut).map(id)))
            yield* Effect.sleep(1_000)
            yield* nodes.heal
          }
          isOver = true
        })
        yield* Effect.all([cuts, ...Array.from({ length: 6 }, (_, i) => load.client(i, () => isOver))], {
          concurrency: "unbounded"
        })
        expect(load.tally.ok).toBeGreaterThan(60)
        expect(load.tally.unknown).toBeGreaterThan(0)
        expect(load.verdict()).toMatchObject({ verdict: "consistent" })
      }),
      25
    ))
})
