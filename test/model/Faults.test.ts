import { describe, expect, it } from "@effect/vitest"
import { checkSystem } from "synod/checker/Checker"
import type * as Protocol from "synod/core/Protocol"
import * as NetworkModel from "synod/model/NetworkModel"
import * as Partition from "synod/model/Partition"
import * as SystemModel from "synod/model/SystemModel"
import { a, b, c, voting } from "./models.js"
import { agree } from "./twin.js"

/** A node that says to itself that it is up, and to another that it was. */
type Echo = Protocol.Types<{ state: string; message: "up" | "hello" }>
const echoing = (network: NetworkModel.NetworkModel, faults: Partial<SystemModel.Used>) =>
  SystemModel.make<Echo, undefined>({
    name: "echo",
    nodes: [a, b],
    protocol: (id) => ({
      name: "echo",
      start: (_, __, out) => {
        if (id === a) out.send(a, "up")
        return ""
      },
      onMessage: (state, _, message, out) => {
        if (message === "up") out.send(b, "hello")
        return `${state}${message} `
      }
    }),
    network,
    faults,
    partitions: { cuts: Partition.halves([a, b]), blocked: "drop" },
    history: SystemModel.noHistory,
    // a set delivers for ever
    nodeBoundary: ({ state }) => state === undefined || state.length < 15,
    properties: [{
      name: "what it says to itself arrives once",
      kind: "always",
      reads: "nodes",
      holds: ({ nodes }) => nodes[0]!.state === undefined || nodes[0]!.state === "" || nodes[0]!.state === "up "
    }, {
      name: "the other hears it twice",
      kind: "sometimes",
      reads: "nodes",
      holds: ({ nodes }) => nodes[1]!.state === "hello hello "
    }]
  })

/** How a run of the echo may end for the other node. */
const heard = (model: ReturnType<typeof echoing>, text: string) =>
  checkSystem({
    ...model,
    properties: [{ name: "ends so", kind: "sometimes", holds: ({ nodes }) => nodes[1]!.state === text }]
  }).properties[0]?.verdict

describe("faults of the network", () => {
  const all = { drops: 1, crashes: 1, restarts: 1, partitions: 1, heals: 1 }

  it("what a node says to itself is neither lost, repeated nor parted, and a crash takes it along", () => {
    for (const lossy of [false, true]) {
      const networks = [
        NetworkModel.unordered({ lossy }),
        NetworkModel.set({ lossy }),
        NetworkModel.ordered({ lossy })
      ]
      for (const network of networks) {
        const model = echoing(network, { ...all, duplicates: network.kind === "set" ? 0 : 1 })
        agree(model)
        expect(checkSystem(model).properties[0]?.verdict).toBe("holds")
      }
    }
  })

  it("a message comes twice only where the network repeats it", () => {
    expect(heard(echoing(NetworkModel.unordered(), {}), "hello hello ")).toBe("violated")
    expect(heard(echoing(NetworkModel.unordered(), { duplicates: 1 }), "hello hello ")).toBe("holds")
    expect(heard(echoing(NetworkModel.ordered(), { duplicates: 1 }), "hello hello ")).toBe("holds")
    expect(heard(echoing(NetworkModel.set(), {}), "hello hello ")).toBe("holds")
  })

  it("a cut that delays loses nothing once it heals; one that drops does", () => {
    const model = echoing(NetworkModel.unordered(), { partitions: 1, heals: 1 })
    const lost = (blocked: "delay" | "drop") =>
      checkSystem({
        ...model,
        partitions: { ...model.partitions, blocked },
        properties: [{
          name: "said, healed, and gone",
          kind: "sometimes",
          holds: ({ cut, network, nodes, used }) =>
            used.heals === 1 && cut === undefined && network.length === 0 && nodes[0]!.state === "up " &&
            nodes[1]!.state === ""
        }]
      }).properties[0]?.verdict
    expect([lost("delay"), lost("drop")]).toEqual(["violated", "holds"])
  })

  it("cuts: every split once, both ways; a cut may go one way", () => {
    expect(Partition.halves([a, b, c]).length).toBe(3)
    for (const cut of Partition.halves([a, b, c])) {
      for (const [to, froms] of cut) for (const from of froms) expect(Partition.blocks(cut, to, from)).toBe(true)
    }
    const oneWay: Partition.Cut = new Map([[a, new Set([b])]])
    expect([Partition.blocks(oneWay, b, a), Partition.blocks(oneWay, a, b)]).toEqual([true, false])
  })

  it("a bound of timers bounds them, and a boundary on nodes is one on systems", () => {
    const model = voting({ candidates: [a, b], network: NetworkModel.unordered(), faults: { timers: 1 } })
    expect(agree(model).distinct).toBeGreaterThan(agree({ ...model, faults: SystemModel.noFaults }).distinct)
    expect(agree({ ...model, nodeBoundary: ({ state }) => state?.votes !== 2 })).toEqual(
      agree({ ...model, boundary: ({ nodes }) => nodes.every(({ state }) => state?.votes !== 2) })
    )
  })
})
