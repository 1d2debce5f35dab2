/**
 * Ours: Network.layerTcp on both sides, handshake, frames and checks included.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as NodeId from "synod/core/NodeId"
import type { Codec } from "synod/network/Codec"
import * as Network from "synod/network/Network"
import { type Entry, entry, hello } from "./Entry.js"
import type { Link, Ports, Stack } from "./Link.js"

const client = NodeId.make("client")
const server = NodeId.make("server")

const join = async (
  node: NodeId.NodeId,
  other: NodeId.NodeId,
  ports: Ports,
  codec: Codec<Entry>,
  onEntry: (entry: Entry) => void
): Promise<Link> => {
  const host = "127.0.0.1"
  const peers = { client: { host, port: ports.client }, server: { host, port: ports.server } }
  const listen = node === client ? peers.client : peers.server
  const layer = Network.layerTcp({ cluster: "bench", secret: "bench", node, listen, peers })
  const scope = Effect.runSync(Scope.make())
  const opened = { yet: node !== client }
  const endpoint = await Layer.buildWithScope(layer, scope).pipe(
    Effect.flatMap((context) =>
      Context.get(context, Network.Network).join({
        node,
        codec,
        receive: (_, entry) => {
          if (node === client && entry.term === hello) opened.yet = true
          else onEntry(entry)
        }
      })
    ),
    Effect.provideService(Scope.Scope, scope),
    Effect.runPromise
  )
  // a pair has two connections: sends are lost until both are there
  while (!opened.yet) {
    endpoint.send(other, entry(hello, 0))
    await Effect.runPromise(Effect.sleep("20 millis"))
  }
  return { send: (entry) => endpoint.send(other, entry) }
}

export const synod = (name: string, codec: Codec<Entry>): Stack => ({
  name,
  serve: (ports, onEntry) => join(server, client, ports, codec, onEntry),
  connect: (ports, onEntry) => join(client, server, ports, codec, onEntry)
})
