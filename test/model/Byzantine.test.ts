import { describe, expect, it } from "@effect/vitest"
import { checkSystem } from "synod/checker/Checker"
import * as NodeId from "synod/core/NodeId"
import type * as Protocol from "synod/core/Protocol"
import * as Adversary from "synod/model/Adversary"
import * as NetworkModel from "synod/model/NetworkModel"
import * as SystemModel from "synod/model/SystemModel"
import { agree } from "./twin.js"

/**
 * Consistent broadcast (Bracha and Toueg, 1985): the first node says a value, everybody echoes the first that it hears, and delivers what n - f nodes echoed.
 * Agreement (no two correct nodes deliver different values) needs n >= 3f + 1.
 */
type Broadcast = Protocol.Types<{
  state: {
    readonly echoed: number | undefined
    readonly echoes: ReadonlyArray<readonly [from: NodeId.NodeId, value: number]>
    readonly delivered: number | undefined
  }
  message: { readonly _tag: "Say" | "Echo"; readonly value: number }
}>

const correct = (nodes: ReadonlyArray<NodeId.NodeId>): Protocol.Protocol<Broadcast> => {
  const echo = (state: Broadcast["state"], value: number, out: Protocol.Outbox<Broadcast>): Broadcast["state"] => {
    for (const node of nodes) out.send(node, { _tag: "Echo", value })
    return { ...state, echoed: value }
  }
  return {
    name: "consistent broadcast",
    start: ({ id }, _, out) => {
      if (id === nodes[0]) {
        const value = out.choose(2, "value")
        for (const node of nodes) out.send(node, { _tag: "Say", value })
      }
      return { echoed: undefined, echoes: [], delivered: undefined }
    },
    onMessage: (state, from, { _tag, value }, out) => {
      if (_tag === "Say") return from === nodes[0] && state.echoed === undefined ? echo(state, value, out) : state
      if (state.echoes.some(([other]) => other === from)) return state
      const echoes = [...state.echoes, [from, value] as const].toSorted(([x], [y]) => NodeId.compare(x, y))
      const isEnough = echoes.filter(([, other]) => other === value).length >= nodes.length - 1
      return { ...state, echoes, delivered: isEnough ? state.delivered ?? value : state.delivered }
    }
  }
}

/** One node of n is faulty: the one that says the value, or another. */
const broadcast = (n: number, faulty: number, powers: { readonly sends: number }) => {
  const nodes = Array.from({ length: n }, (_, i) => NodeId.make(`n${i}`))
  const protocol = correct(nodes)
  const liar = nodes[faulty]!
  const adversary = Adversary.protocol<Broadcast>({
    ...powers,
    alphabet: Adversary.alphabet(nodes, () => protocol),
    targets: nodes.filter((node) => node !== liar)
  })
  return SystemModel.make<Broadcast, undefined>({
    name: "consistent broadcast",
    nodes,
    protocol: (id) => id === liar ? adversary : protocol,
    network: NetworkModel.set(),
    history: SystemModel.noHistory,
    properties: [
      {
        name: "agreement",
        kind: "always",
        reads: "nodes",
        holds: (system) => {
          const values = system.nodes.flatMap(({ state }, i) => i === faulty ? [] : [state.delivered])
          return new Set(values.filter((value) => value !== undefined)).size <= 1
        }
      },
      {
        name: "somebody delivers",
        kind: "sometimes",
        reads: "nodes",
        holds: (system) => system.nodes.some(({ state }, i) => i !== faulty && state.delivered !== undefined)
      }
    ]
  })
}

describe("Byzantine nodes", () => {
  it("an adversary speaks the words of correct code, and no others", () => {
    const nodes = ["a", "b", "c"].map(NodeId.make)
    expect(Adversary.alphabet(nodes, () => correct(nodes))).toEqual([
      { _tag: "Echo", value: 0 },
      { _tag: "Echo", value: 1 },
      { _tag: "Say", value: 0 },
      { _tag: "Say", value: 1 }
    ])
  })

  it("both searches agree", () => {
    for (const sends of [0, 1, 2]) agree(broadcast(3, 0, { sends }), 10_000)
  })

  it("of three nodes one liar breaks agreement, by four messages and not by three", () => {
    const report = checkSystem(broadcast(3, 0, { sends: 4 }))
    expect(report.properties.map(({ verdict }) => verdict)).toEqual(["violated", "holds"])
    expect(checkSystem(broadcast(3, 0, { sends: 3 })).properties.map(({ verdict }) => verdict)).toEqual([
      "holds",
      "holds"
    ])
  })

  it("of four nodes none does, wherever it is", () => {
    for (const [faulty, sends] of [[0, 4], [1, 2]] as const) {
      const report = checkSystem(broadcast(4, faulty, { sends }), { maxStates: 1_000_000 })
      expect(report.complete).toBe(true)
      expect(report.properties.map(({ verdict }) => verdict)).toEqual(["holds", "holds"])
    }
  })

  it("what another node signed can be repeated, and not invented", () => {
    type Signed = Protocol.Types<{ state: number; message: { readonly signer: string } | "begin" }>
    const [a, b, c] = ["a", "b", "c"].map(NodeId.make) as [NodeId.NodeId, NodeId.NodeId, NodeId.NodeId]
    const model = (hears: boolean) =>
      SystemModel.make<Signed, undefined>({
        name: "signed",
        nodes: [a, b, c],
        protocol: (id) =>
          id === c
            ? Adversary.protocol<Signed>({
              alphabet: [{ signer: "a" }],
              sends: 2,
              targets: [b],
              signatures: (message) => message === "begin" ? [] : [message.signer]
            })
            : {
              name: "signed",
              start: (_, __, out) => {
                if (id === a && hears) out.send(c, { signer: "a" })
                return 0
              },
              onMessage: (state, from) => id === b && from === c ? state + 1 : state
            },
        network: NetworkModel.unordered(),
        history: SystemModel.noHistory,
        properties: [{
          name: "nothing of a's",
          kind: "always",
          reads: "nodes",
          holds: ({ nodes }) => nodes[1]!.state === 0
        }]
      })
    for (const hears of [true, false]) agree(model(hears))
    expect(checkSystem(model(false)).properties[0]?.verdict).toBe("holds")
    expect(checkSystem(model(true)).properties[0]?.verdict).toBe("violated")
  })
})
