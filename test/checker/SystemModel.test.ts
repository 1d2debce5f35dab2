import { describe, expect, it } from "@effect/vitest"
import fs from "node:fs"
import { checkSystem } from "synod/checker/Checker"
import * as NodeId from "synod/core/NodeId"
import type * as Protocol from "synod/core/Protocol"
import * as NetworkModel from "synod/model/NetworkModel"
import { singleDecreePaxos } from "synod/model/published/SingleDecreePaxos"
import * as SystemModel from "synod/model/SystemModel"
import { explorePlain } from "../model/twin.js"

const corpus = new URL("../../../shared/corpora/state-counts/open-counts.json", import.meta.url)
const networks: { readonly [name: string]: NetworkModel.NetworkModel } = {
  unordered_nonduplicating: NetworkModel.unordered(),
  unordered_duplicating: NetworkModel.set({ remembersLast: true }),
  ordered: NetworkModel.ordered()
}
const lossy = (network: NetworkModel.NetworkModel): NetworkModel.NetworkModel => ({ ...network, lossy: true })

const [a, b, c] = ["a", "b", "c"].map(NodeId.make) as [NodeId.NodeId, NodeId.NodeId, NodeId.NodeId]
const history = SystemModel.noHistory

/** Two nodes count each other up: Stateright's unit model, with its bound. */
type Count = Protocol.Types<{ state: number; message: { readonly _tag: "Ping" | "Pong"; readonly n: number } }>
const pingPong = (max: number, network: NetworkModel.NetworkModel) =>
  SystemModel.make<Count, undefined>({
    name: "ping-pong",
    nodes: [a, b],
    protocol: (id) => ({
      name: "ping-pong",
      start: (_, __, out) => {
        if (id === a) out.send(b, { _tag: "Ping", n: 0 })
        return 0
      },
      onMessage: (count, from, message, out) => {
        if (message.n !== count || (message._tag === "Ping") !== (id === b)) return count
        out.send(from, message._tag === "Ping" ? { _tag: "Pong", n: count } : { _tag: "Ping", n: count + 1 })
        return count + 1
      }
    }),
    network,
    history,
    boundary: ({ nodes }) => nodes.every(({ state }) => state <= max),
    properties: [
      {
        name: "within one",
        kind: "always",
        reads: "nodes",
        holds: ({ nodes }) => Math.abs(nodes[0]!.state - nodes[1]!.state) <= 1
      },
      {
        name: "reaches the bound",
        kind: "sometimes",
        reads: "nodes",
        holds: ({ nodes }) => nodes.some(({ state }) => state === max)
      }
    ]
  })

/** A node that minds one message of two. */
type Minded = Protocol.Types<{ state: string; message: "Ignored" | "Interesting" }>
const ignoring = (network: NetworkModel.NetworkModel) =>
  SystemModel.make<Minded, undefined>({
    name: "ignored message",
    nodes: [a, b],
    protocol: (id) => ({
      name: "ignored message",
      start: (_, __, out) => {
        if (id === a) {
          out.send(b, "Ignored")
          out.send(b, "Interesting")
        }
        return "idle"
      },
      onMessage: (state, _, message) => message === "Interesting" ? "got an interesting message" : state
    }),
    network,
    history,
    properties: []
  })

/** Everybody votes once, durably, for whoever asks first; a candidate asks when its timer fires. */
type Vote = Protocol.Types<
  {
    state: { readonly votedFor: NodeId.NodeId | undefined; readonly votes: number }
    message: "ask" | "granted"
    timer: "stand" | "rest"
    record: NodeId.NodeId
    durable: NodeId.NodeId | undefined
  }
>
const voting = (persists: boolean, network: NetworkModel.NetworkModel, faults: Partial<SystemModel.Used>) =>
  SystemModel.make<Vote, undefined>({
    name: "voting",
    nodes: [a, b, c],
    protocol: (id) => ({
      name: "voting",
      durable: { empty: undefined, fold: (_, vote) => vote },
      start: (_, votedFor, out) => {
        if (id !== c) out.setTimer("stand", 1)
        return { votedFor, votes: 0 }
      },
      onTimer: (state, _, out) => {
        if (state.votedFor !== undefined) return state
        out.persist(id)
        for (const peer of [a, b, c]) if (peer !== id) out.send(peer, "ask")
        return { votedFor: id, votes: 1 }
      },
      onMessage: (state, from, message, out) => {
        if (message === "granted") return { ...state, votes: state.votes + 1 }
        if (state.votedFor !== undefined && state.votedFor !== from) return state
        if (persists) out.persist(from)
        out.send(from, "granted")
        return { ...state, votedFor: from }
      }
    }),
    network,
    faults,
    history,
    properties: [{
      name: "one winner",
      kind: "always",
      reads: "nodes",
      holds: ({ nodes }) => nodes.filter(({ state }) => state !== undefined && state.votes >= 2).length <= 1
    }]
  })

describe("exhaustive search over systems of nodes", () => {
  if (!fs.existsSync(corpus)) it.skip("the open counts are not here: ../shared/corpora/state-counts", () => {})
  else {
    const counts: ReadonlyArray<{
      readonly model: string
      readonly parameters: { readonly [name: string]: unknown }
      readonly distinct: number
      readonly generated: number | null
      readonly depth: number | null
    }> = JSON.parse(fs.readFileSync(corpus, "utf8"))
    const of = (model: string) => counts.filter((count) => count.model === model)
    it("knows open counts", () => expect(of("single-decree-paxos").length).toBe(4))
    for (const { depth, distinct, generated, parameters } of of("single-decree-paxos")) {
      it(`paxos ${JSON.stringify(parameters)} has the published counts`, () => {
        const report = checkSystem(singleDecreePaxos({
          servers: Number(parameters["servers"]),
          clients: Number(parameters["clients"]),
          network: networks[String(parameters["network"])]!
        }))
        expect([report.distinctStates, report.generatedStates, report.depth, report.complete]).toEqual([
          distinct,
          generated ?? report.generatedStates,
          depth ?? report.depth,
          true
        ])
        expect(report.properties.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
          "linearizable holds",
          "value chosen holds"
        ])
      })
    }
    for (const { distinct, parameters } of of("ping-pong")) {
      it(`ping-pong ${JSON.stringify(parameters)} has the published count`, () => {
        const network = networks[String(parameters["network"])]!
        const report = checkSystem(
          pingPong(Number(parameters["maxNat"]), parameters["lossy"] === true ? lossy(network) : network)
        )
        expect(report.distinctStates).toBe(distinct)
      })
    }
    for (const { distinct, parameters } of of("ignored-message")) {
      it(`an ignored message ${JSON.stringify(parameters)} has the published count`, () => {
        expect(checkSystem(ignoring(networks[String(parameters["network"])]!)).distinctStates).toBe(distinct)
      })
    }
  }

  it("agrees with the slow twin, on every network, with faults", () => {
    let states = 0
    for (const network of Object.values(networks)) {
      const cases: ReadonlyArray<[NetworkModel.NetworkModel, Partial<SystemModel.Used>]> = [
        [network, { crashes: 1, restarts: 1 }],
        [lossy(network), { drops: 1 }],
        [lossy(network), {}]
      ]
      for (const [kind, faults] of cases) {
        const model = voting(true, kind, faults)
        const report = checkSystem(model, { maxStates: 4_000 })
        if (!report.complete) continue // too many for a slow twin
        const { depth, distinctStates, generatedStates } = report
        states += distinctStates
        expect({ distinct: distinctStates, generated: generatedStates, depth }).toEqual(explorePlain(model))
      }
      const paxos = singleDecreePaxos({ servers: 2, clients: 1, network })
      const { depth, distinctStates, generatedStates } = checkSystem(paxos)
      expect({ distinct: distinctStates, generated: generatedStates, depth }).toEqual(explorePlain(paxos))
    }
    expect(states).toBeGreaterThan(1_000)
  })

  it("a vote that is durable elects one; one that a crash forgets elects two, and the trace says how", () => {
    const faults = { crashes: 1, restarts: 1 }
    expect(checkSystem(voting(true, NetworkModel.unordered(), faults)).properties[0]?.verdict).toBe("holds")
    const [oneWinner] = checkSystem(voting(false, NetworkModel.unordered(), faults)).properties
    expect(oneWinner?.verdict).toBe("violated")
    const events = oneWinner?.trace?.map(({ event }) => event?.split(" ")[0])
    expect(events?.toSorted()).toEqual(
      [undefined, "crash", "restart", "timer", "timer", "deliver", "deliver", "deliver", "deliver"].toSorted()
    )
    expect(oneWinner?.trace?.at(-1)?.state.nodes.map(({ state }) => state?.votes)).toEqual([2, 2, 0])
  })

  it("three nodes of which one may crash have four states", () => {
    const model = SystemModel.make<Protocol.Types<{ state: null }>, undefined>({
      name: "crash only",
      nodes: [a, b, c],
      protocol: { name: "crash only", start: () => null, onMessage: (state) => state },
      network: NetworkModel.unordered(),
      faults: { crashes: 1 },
      history,
      properties: []
    })
    expect(checkSystem(model).distinctStates).toBe(4)
  })

  it("every choice of a step is a state", () => {
    const model = SystemModel.make<Protocol.Types<{ state: number }>, undefined>({
      name: "choices",
      nodes: [a],
      protocol: {
        name: "choices",
        start: (_, __, out) => out.choose(3, "first") * 10 + out.choose(2, "second"),
        onMessage: (state) => state
      },
      network: NetworkModel.unordered(),
      history,
      properties: [{ name: "not 21", kind: "always", holds: ({ nodes }) => nodes[0]!.state !== 21 }]
    })
    const report = checkSystem(model)
    expect([report.distinctStates, report.properties[0]?.trace?.length]).toEqual([6, 1])
  })
})
