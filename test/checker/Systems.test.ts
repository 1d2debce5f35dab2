import { describe, expect, it } from "@effect/vitest"
import { checkSystem } from "synod/checker/Checker"
import * as NodeId from "synod/core/NodeId"
import type * as Protocol from "synod/core/Protocol"
import type { SystemFairness } from "synod/model/Fairness"
import { ofSystems } from "synod/model/Fairness"
import * as NetworkModel from "synod/model/NetworkModel"
import type { SystemProperty } from "synod/model/SystemModel"
import * as SystemModel from "synod/model/SystemModel"

const [a, b] = ["a", "b"].map(NodeId.make) as [NodeId.NodeId, NodeId.NodeId]

/** Node a says something to b, and again whenever its timer fires. */
type Say = Protocol.Types<{ state: { readonly heard: number }; message: "hello"; timer: "again" }>
type Model = SystemModel.SystemModel<Say, undefined>

interface Options {
  readonly network?: NetworkModel.NetworkModel
  readonly faults?: Partial<SystemModel.Used>
  readonly fairness?: Partial<SystemFairness>
  readonly repeats?: boolean
  readonly partitions?: Model["partitions"]
  readonly onMessage?: (state: Say["state"]) => Say["state"]
  readonly properties?: ReadonlyArray<SystemProperty<Say, undefined>>
}

const heard: SystemProperty<Say, undefined> = {
  name: "heard",
  kind: "eventually",
  reads: "nodes",
  holds: ({ nodes }) => nodes[1]!.state !== undefined && nodes[1]!.state.heard > 0
}

const saying = (options: Options = {}): Model =>
  SystemModel.make<Say, undefined>({
    name: "saying",
    nodes: [a, b],
    protocol: (id) => ({
      name: "say",
      start: (_, __, out) => {
        if (id === a) {
          out.send(b, "hello")
          if (options.repeats === true) out.setTimer("again", 1)
        }
        return { heard: 0 }
      },
      onTimer: (state, _, out) => {
        out.send(b, "hello")
        out.setTimer("again", 1)
        return state
      },
      onMessage: options.onMessage ?? (() => ({ heard: 1 }))
    }),
    network: options.network ?? NetworkModel.unordered(),
    faults: options.faults ?? {},
    partitions: options.partitions ?? { cuts: [], blocked: "delay" },
    history: SystemModel.noHistory,
    fairness: options.fairness === undefined ? undefined : { ...ofSystems, ...options.fairness },
    properties: options.properties ?? [heard]
  })

/** The verdict, and the events of a violation with the place they come back to. */
const judge = (options: Options): string => {
  const { loop, trace, verdict } = checkSystem(saying(options)).properties[0]!
  if (trace === undefined) return verdict
  const events = trace.slice(1).map(({ event }) => event!.replace(/ a -> b "hello"/, ""))
  return `${verdict}: ${events.slice(0, loop).join(", ")} | ${events.slice(loop).join(", ")}`
}

describe("what systems owe", () => {
  it("a message to a node that is up arrives", () => {
    for (const network of [NetworkModel.unordered(), NetworkModel.ordered(), NetworkModel.set()]) {
      expect(judge({ network })).toBe("holds")
      expect(judge({ network, fairness: { deliveries: "none" } })).toBe("violated:  | ")
    }
  })

  it("not to one that is lost, or that is down for good", () => {
    for (const network of [NetworkModel.unordered({ lossy: true }), NetworkModel.ordered({ lossy: true })]) {
      expect(judge({ network })).toBe("violated: drop | ")
      expect(judge({ network, faults: { drops: 1 } })).toBe("violated: drop | ")
    }
    expect(judge({ faults: { crashes: 1 } })).toBe("violated: crash b | ")
    expect(judge({ faults: { crashes: 1, restarts: 1 } })).toBe("violated: crash b | ")
    expect(judge({ faults: { crashes: 1, restarts: 1 }, fairness: { restarts: "weak" } })).toBe("holds")
  })

  it("nor across a partition that nobody heals", () => {
    const partitions: Model["partitions"] = { cuts: [new Map([[b, new Set([a])]])], blocked: "delay" }
    const faults = { partitions: 1, heals: 1 }
    expect(judge({ partitions, faults })).toBe("violated: partition 0 | ")
    expect(judge({ partitions, faults, fairness: { heals: "weak" } })).toBe("holds")
  })

  it("a network that loses for ever defeats repetition, unless it is strongly fair", () => {
    for (const kind of ["ordered", "set"] as const) {
      const lossy = { ...(kind === "set" ? NetworkModel.set() : NetworkModel.ordered()), lossy: true }
      const model = {
        ...saying({ network: lossy, repeats: true }),
        boundary: (system: { readonly network: { readonly length: number } }) => system.network.length <= 2
      }
      const [weak] = checkSystem(model).properties
      expect([weak?.verdict, weak?.trace?.at(-1)?.state]).toEqual(["violated", weak?.trace?.[weak.loop!]?.state])
      const round = weak?.trace?.slice(weak.loop! + 1).map(({ event }) => event?.split(" ")[0])
      expect(new Set(round)).toEqual(new Set(["drop", "timer"]))
      const [strong] = checkSystem({ ...model, fairness: { ...ofSystems, deliveries: "strong" } }).properties
      expect(strong?.verdict).toBe("holds")
    }
  })
})

describe("claims about steps and ends of systems", () => {
  it("alwaysStep sees what was done", () => {
    const seen = new Set<string>()
    const report = checkSystem(saying({
      faults: { crashes: 1, restarts: 1 },
      properties: [{
        name: "one at a time",
        kind: "alwaysStep",
        reads: "nodes",
        holds: ({ after, before, event }) => {
          seen.add(event)
          return before.nodes.filter((node, i) => node !== after.nodes[i]).length <= 1
        }
      }]
    }))
    expect(report.properties[0]?.verdict).toBe("holds")
    expect([...seen].toSorted()).toEqual(["crash a", "crash b", "deliver a -> b \"hello\"", "restart a", "restart b"])
  })

  it("noDeadlock", () => {
    const ends = (done: number): SystemProperty<Say, undefined> => ({
      name: "ends",
      kind: "noDeadlock",
      done: ({ nodes }) => nodes[1]!.state?.heard === done
    })
    expect(judge({ properties: [ends(1)] })).toBe("holds")
    expect(checkSystem(saying({ properties: [ends(2)] })).properties[0]?.trace?.length).toBe(2)
  })
})

describe("handlers that are at fault", () => {
  it("one that throws ends the check with the way there", () => {
    const report = checkSystem(saying({
      faults: { crashes: 1, restarts: 1 },
      onMessage: () => {
        throw new Error("oops")
      }
    }))
    expect([report.end, report.failure?.place, report.failure?.reason]).toEqual([
      "failed",
      "onMessage of say at b",
      "Error: oops"
    ])
    expect([report.failure?.trace.length, report.properties[0]?.verdict]).toEqual([1, "unknown"])
  })

  it("a hook of the history, and a boundary, have their names", () => {
    const oops = (): never => {
      throw new Error("oops")
    }
    const history = checkSystem({ ...saying(), history: { ...SystemModel.noHistory, onDeliver: oops } })
    expect([history.end, history.failure?.place, history.failure?.trace.length]).toEqual([
      "failed",
      "history of saying",
      1
    ])
    const boundary = checkSystem({ ...saying(), boundary: ({ network }) => network.length > 0 || oops() })
    expect([boundary.end, boundary.failure?.place]).toEqual(["failed", "boundary of saying"])
  })

  it("one that is no function is refused, and named", () => {
    let calls = 0
    const faults = { crashes: 1, restarts: 1 }
    const counting = saying({ network: NetworkModel.set(), faults, onMessage: () => ({ heard: ++calls % 50 }) })
    expect(() => checkSystem(counting, { purity: 1 })).toThrow(
      "onMessage of say at b gives two answers to one question"
    )
    const changing = saying({
      network: NetworkModel.set(),
      onMessage: (state) => {
        Object.assign(state, { heard: 7 })
        return state
      }
    })
    expect(() => checkSystem(changing, { purity: 64 })).toThrow("onMessage of say at b changes what it is given")
    expect(checkSystem(saying({ faults }), { purity: 1 }).complete).toBe(true)
  })
})
