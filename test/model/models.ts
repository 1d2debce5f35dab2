/** Small systems that several tests explore. */
import * as NodeId from "synod/core/NodeId"
import type * as Protocol from "synod/core/Protocol"
import type { NetworkModel } from "synod/model/NetworkModel"
import type { Partitions } from "synod/model/Partition"
import * as Partition from "synod/model/Partition"
import * as SystemModel from "synod/model/SystemModel"

export const [a, b, c] = ["a", "b", "c"].map(NodeId.make) as [NodeId.NodeId, NodeId.NodeId, NodeId.NodeId]

/** Everybody votes once, durably, for whoever asks first; a candidate asks when its timer fires. */
export type Vote = Protocol.Types<
  {
    state: { readonly votedFor: NodeId.NodeId | undefined; readonly votes: number }
    message: "ask" | "granted"
    timer: "stand"
    record: NodeId.NodeId
    durable: NodeId.NodeId | undefined
  }
>

/** How a voter may be wrong: it writes nothing, or answers before its vote is on the disk. */
type Fault = "forgets" | "hasty"

export const voting = (options: {
  readonly candidates: ReadonlyArray<NodeId.NodeId>
  readonly network: NetworkModel
  readonly faults?: Partial<SystemModel.Used>
  readonly partitions?: Partitions
  readonly durability?: "atomic" | "delayed"
  readonly wrong?: Fault
}): SystemModel.SystemModel<Vote, undefined> =>
  SystemModel.make<Vote, undefined>({
    name: "voting",
    nodes: [a, b, c],
    protocol: (id) => ({
      name: "voting",
      durable: { empty: undefined, fold: (_, vote) => vote },
      start: (_, votedFor, out) => {
        if (options.candidates.includes(id)) out.setTimer("stand", 1)
        return { votedFor, votes: 0 }
      },
      onTimer: (state, _, out) => {
        if (state.votedFor !== undefined) return state
        out.persist(id)
        for (const peer of [a, b, c]) if (peer !== id) out.send(peer, "ask")
        return { votedFor: id, votes: 0 }
      },
      // its own vote counts when it is on the disk
      onDurable: (state, durable) => durable === id && state.votes === 0 ? { ...state, votes: 1 } : state,
      onMessage: (state, from, message, out) => {
        if (message === "granted") return { ...state, votes: state.votes + 1 }
        if (state.votedFor !== undefined && state.votedFor !== from) return state
        if (options.wrong !== "forgets" && state.votedFor === undefined) out.persist(from)
        if (options.wrong === "hasty") out.now.send(from, "granted")
        else out.send(from, "granted")
        return { ...state, votedFor: from }
      }
    }),
    network: options.network,
    durability: options.durability ?? "atomic",
    faults: options.faults,
    partitions: options.partitions ?? { cuts: Partition.halves([a, b, c]), blocked: "delay" },
    history: SystemModel.noHistory,
    properties: [{
      name: "one winner",
      kind: "always",
      reads: "nodes",
      holds: ({ nodes }) => nodes.filter(({ state }) => state !== undefined && state.votes >= 2).length <= 1
    }]
  })
