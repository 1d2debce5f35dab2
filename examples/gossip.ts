/**
 * A protocol of one's own, hosted on three nodes: everybody tells everybody what it heard, once. Run it with `npm run example -- gossip`.
 *
 * The definition knows no clock, no randomness and no I/O: what it wants, it says to its outbox.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect, Queue, Schema } from "effect"
import { ActorSystem, Codec, Network, NodeId, Protocol, ProtocolNode, Storage } from "synod"

type Gossip = Protocol.Types<{
  state: { readonly self: Protocol.NodeContext; readonly known: ReadonlySet<string> }
  message: string
  request: string
  event: string
}>

const learn = (state: Gossip["state"], rumour: string, out: Protocol.Outbox<Gossip>): Gossip["state"] => {
  if (state.known.has(rumour)) return state // the same reference: ignored
  for (const peer of state.self.nodes) if (peer !== state.self.id) out.send(peer, rumour)
  out.emit(rumour)
  return { self: state.self, known: new Set(state.known).add(rumour) }
}

const gossip = Protocol.make<Gossip>({
  name: "gossip",
  start: (self) => ({ self, known: new Set() }),
  onMessage: (state, _from, rumour, out) => learn(state, rumour, out),
  onRequest: (state, _id, rumour, out) => learn(state, rumour, out)
})

const nodes = ["ann", "bob", "cid"].map(NodeId.make)

const program = Effect.gen(function*() {
  const heard = yield* Queue.unbounded<string>()
  const members = yield* Effect.forEach(nodes, (node) =>
    ProtocolNode.make({
      protocol: gossip,
      node,
      nodes,
      cluster: "village",
      codecs: {
        message: Codec.fromSchema(Schema.String),
        record: Codec.fromSchema(Schema.Never), // it writes nothing
        durable: Codec.fromSchema(Schema.Undefined)
      },
      onEvent: (rumour) => Queue.unsafeOffer(heard, `${node} heard ${rumour}`)
    }))
  members[0]!.unsafeRequest("that it will rain", () => {})
  for (const line of [...(yield* Queue.takeN(heard, 3))].toSorted()) yield* Console.log(line)
})

program.pipe(
  Effect.scoped,
  Effect.provide([ActorSystem.layerLocal(), Network.layerMemory(), Storage.layerMemory]),
  NodeRuntime.runMain
)

/* prints
ann heard that it will rain
bob heard that it will rain
cid heard that it will rain
*/
