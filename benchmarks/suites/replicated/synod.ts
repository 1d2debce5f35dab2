/**
 * Ours from outside: three member processes, and this process as a client that talks to the leader.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { rmSync } from "node:fs"
import { join } from "node:path"
import * as NodeId from "synod/core/NodeId"
import * as Network from "synod/network/Network"
import { temporaryFolder } from "../../harness/Machine.js"
import type { Client, Embedded } from "./Client.js"
import { forkMember, freePorts } from "./processes.js"
import { type Reply, type Request, talk } from "./wire.js"

const nodes = ["a", "b", "c"]
const pause = (millis: number): Promise<void> => Effect.runPromise(Effect.sleep(millis))

export const connect = async (): Promise<Client> => {
  const folder = temporaryFolder("raft")
  const ports = await freePorts(4)
  const program = new URL("member.js", import.meta.url)
  const members = await Promise.all(
    nodes.map((node) => forkMember(program, [node, join(folder, node), ...ports.map(String)]))
  )
  const scope = Effect.runSync(Scope.make())
  const node = NodeId.make("client")
  const peers = Object.fromEntries([...nodes, node].map((id, i) => [id, { host: "127.0.0.1", port: ports[i]! }]))
  const waiting = new Map<number, (reply: Reply) => void>()
  const endpoint = await Layer.buildWithScope(
    Network.layerTcp({ cluster: "bench", secret: "bench", node, listen: peers["client"]!, peers }),
    scope
  ).pipe(
    Effect.flatMap((context) =>
      Context.get(context, Network.Network).join({
        node,
        channel: "bench",
        codec: talk,
        receive: (_, message) => {
          if (message._tag !== "Answer") return
          waiting.get(message.reply.id)?.(message.reply)
          waiting.delete(message.reply.id)
        }
      })
    ),
    Effect.provideService(Scope.Scope, scope),
    Effect.runPromise
  )
  let ids = 0
  const ask = (to: NodeId.NodeId, make: (id: number) => Request, done: (reply: Reply) => void): void => {
    const id = ids++
    waiting.set(id, done)
    endpoint.send(to, { _tag: "Ask", request: make(id) })
  }
  const findLeader = async (): Promise<NodeId.NodeId> => {
    for (;;) {
      for (const id of nodes) {
        let found: string | undefined
        ask(NodeId.make(id), (id) => ({ _tag: "Leader", id }), ({ value }) => {
          found = value
        })
        await pause(20)
        if (found !== undefined && endpoint.reachable(NodeId.make(found))) return NodeId.make(found)
      }
    }
  }
  const leader = await findLeader()
  const failure = (reply: Reply): Error | undefined => reply.error === "" ? undefined : new Error(reply.error)
  return {
    put: (key, value, done) => ask(leader, (id) => ({ _tag: "Put", id, key, value }), (reply) => done(failure(reply))),
    get: (key, done) => ask(leader, (id) => ({ _tag: "Get", id, key }), (reply) => done(failure(reply), reply.value)),
    embedded: (n, inFlight, round) =>
      new Promise((resolve, reject) =>
        ask(leader, (id) => ({ _tag: "Embedded", id, n, inFlight, round }), (reply) => {
          const error = failure(reply)
          if (error !== undefined) reject(error)
          else resolve(JSON.parse(reply.value ?? "{}") as Embedded)
        })
      ),
    stop: async () => {
      await Effect.runPromise(Scope.close(scope, Exit.void))
      await Promise.all(members.map((member) => member.stop()))
      rmSync(folder, { recursive: true })
    }
  }
}
