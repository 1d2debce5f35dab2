import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { Entry } from "synod/checker/internal/Frontier"
import { SystemSpace } from "synod/checker/internal/SystemSpace"
import { encode } from "synod/core/Canonical"
import type * as Event from "synod/model/Event"
import * as NetworkModel from "synod/model/NetworkModel"
import * as Partition from "synod/model/Partition"
import { singleDecreePaxos } from "synod/model/published/SingleDecreePaxos"
import type { System } from "synod/model/SystemModel"
import * as Transitions from "synod/model/Transitions"
import type { Vote } from "./models.js"
import { a, b, c, voting } from "./models.js"
import { agree, exploreInterned, keyOf } from "./twin.js"

const networks: ReadonlyArray<NetworkModel.NetworkModel> = [
  NetworkModel.unordered(),
  NetworkModel.unordered({ lossy: true }),
  NetworkModel.set(),
  NetworkModel.set({ lossy: true, remembersLast: true }),
  NetworkModel.ordered(),
  NetworkModel.ordered({ lossy: true })
]

describe("what may happen to a system, as plain values and interned", () => {
  it("both know the same states, edges and levels, on every network and with every fault", () => {
    let states = 0
    for (const network of networks) {
      for (const candidates of [[a], [a, b]]) {
        for (
          const faults of [
            {},
            { drops: 1 },
            { crashes: 1, restarts: 1 },
            { duplicates: network.kind === "set" ? 0 : 1, timers: 2 },
            { partitions: 1, heals: 1 }
          ]
        ) {
          for (const blocked of ["delay", "drop"] as const) {
            if (faults.partitions === undefined && blocked === "drop") continue
            const partitions = { cuts: [...Partition.halves([a, b, c]), new Map([[a, new Set([b])]])], blocked }
            states += agree(voting({ candidates, network, faults, partitions }), 3_000).distinct
          }
        }
      }
      states += agree(singleDecreePaxos({ servers: 2, clients: 1, network })).distinct
    }
    expect(states).toBeGreaterThan(10_000)
  })

  it("a random walk by enabled and apply stays within what the checker reaches", () => {
    const model = voting({
      candidates: [a, b],
      network: NetworkModel.unordered({ lossy: true }),
      faults: { drops: 1, crashes: 1 }
    })
    const { states } = exploreInterned(model)
    FastCheck.assert(FastCheck.property(FastCheck.array(FastCheck.nat(), { maxLength: 20 }), (draws) => {
      let system = Transitions.initial(model)[0]!
      for (const draw of draws) {
        const events = Transitions.enabled(model, system)
        if (events.length === 0) return
        system = Transitions.apply(model, system, events[draw % events.length]!)
        expect(states.has(keyOf(model, system))).toBe(true)
      }
    }))
  })

  it("an event of the checker is an event of the model, and leads to the same system", () => {
    const faults = { crashes: 1, restarts: 1, duplicates: 1, partitions: 1, heals: 1, timers: 2 }
    const model = voting({
      candidates: [a, b],
      network: NetworkModel.unordered({ lossy: true }),
      faults,
      partitions: { cuts: Partition.halves([a, b, c]), blocked: "drop" }
    })
    const space = new SystemSpace(model)
    let at: Entry | undefined
    const take = (wanted: number) => {
      let order = 0
      at = undefined
      return {
        vector: new Int32Array(256),
        edge(low: number, high: number): boolean {
          if (order++ !== wanted) return false
          at = new Entry()
          at.low = low
          at.high = high
          return true
        },
        commit(length: number): void {
          at!.vector = this.vector.slice(0, length)
          at!.length = length
        }
      }
    }
    const decoded = () => space.decode(at!.vector, at!.length)
    const kinds = new Set<string>()
    FastCheck.assert(
      FastCheck.property(FastCheck.array(FastCheck.nat(), { minLength: 25, maxLength: 25 }), (draws) => {
        space.begin(take(0))
        let system: System<Vote, undefined> = Transitions.initial(model)[0]!
        for (const draw of draws) {
          const events = Transitions.enabled(model, system)
          if (events.length === 0) return
          const edge = draw % events.length
          const event = space.eventOf(at!, edge)!
          kinds.add(event._tag)
          expect(events.map((one) => encode(one))).toContain(encode(event))
          system = Transitions.apply(model, system, event)
          space.expand(at!, take(edge))
          expect(keyOf(model, decoded())).toBe(keyOf(model, system))
        }
      }),
      { seed: 7, numRuns: 200 }
    )
    expect([...kinds].toSorted()).toEqual(
      ["Crash", "Deliver", "Drop", "Duplicate", "Fire", "Heal", "Partition", "Restart"]
    )
  })

  it("an event that cannot be is refused with its name", () => {
    const model = voting({ candidates: [a], network: NetworkModel.unordered() })
    const [system] = Transitions.initial(model)
    const event: Event.Event<Vote> = { _tag: "Crash", node: a, left: 0 }
    expect(() => Transitions.apply(model, system!, event)).toThrow("not enabled here: crash a")
  })
})
