/** Small systems whose runs are shown, and runs of them. */
import * as NodeId from "synod/core/NodeId"
import type * as Protocol from "synod/core/Protocol"
import * as SystemTrace from "synod/explorer/SystemTrace"
import type { Trace } from "synod/explorer/Trace"
import type { Event } from "synod/model/Event"
import { describe } from "synod/model/Event"
import * as NetworkModel from "synod/model/NetworkModel"
import * as Partition from "synod/model/Partition"
import type { System } from "synod/model/SystemModel"
import * as SystemModel from "synod/model/SystemModel"
import * as Transitions from "synod/model/Transitions"
import * as Workload from "synod/model/Workload"

export const [a, b] = ["a", "b"].map(NodeId.make) as [NodeId.NodeId, NodeId.NodeId]

export type PingPong = Protocol.Types<
  {
    state: { readonly seen: number; readonly asked: Protocol.RequestId | undefined }
    message: { readonly _tag: "Ping" | "Pong"; readonly n: number }
    timer: "again"
    request: string
    reply: string
    record: number
    durable: number
  }
>

/** On request `a` sends a ping, which `b` answers; what `b` saw is on its disk. */
export const pingPong = (words: { readonly request: string; readonly reply: string } = {
  request: "play",
  reply: "won"
}): SystemModel.SystemModel<PingPong, undefined> =>
  SystemModel.make<PingPong, undefined>({
    name: "ping-pong",
    nodes: [a, b],
    protocol: {
      name: "ping-pong",
      durable: { empty: 0, fold: (_, n) => n },
      start: (_, seen) => ({ seen, asked: undefined }),
      onRequest: (state, asked, _, out) => {
        out.send(b, { _tag: "Ping", n: state.seen + 1 })
        out.setTimer("again", 1)
        return { ...state, asked }
      },
      onTimer: (state, _, out) => {
        out.send(b, { _tag: "Ping", n: state.seen + 1 })
        return state
      },
      onMessage: (state, from, { _tag, n }, out) => {
        out.persist(n)
        if (_tag === "Ping") out.send(from, { _tag: "Pong", n })
        else if (state.asked !== undefined) out.reply(state.asked, words.reply)
        return { seen: n, asked: undefined }
      }
    },
    network: NetworkModel.unordered({ lossy: true }),
    faults: { drops: 9, duplicates: 9, crashes: 9, restarts: 9, partitions: 9, heals: 9, timers: 9 },
    partitions: { cuts: Partition.halves([a, b]), blocked: "delay" },
    clients: [Workload.script<PingPong>([a], [words.request])],
    history: SystemModel.noHistory,
    properties: [{
      name: "nobody saw a second ping",
      kind: "always",
      reads: "nodes",
      holds: ({ nodes }) => nodes.every(({ state }) => state === undefined || state.seen < 2)
    }]
  })

/** The run that takes, one after the other, the first event whose name begins so. */
export const runOf = <P extends Protocol.Vocabulary, H>(
  model: SystemModel.SystemModel<P, H>,
  names: ReadonlyArray<string>
): ReadonlyArray<{ readonly event: string | undefined; readonly state: System<P, H> }> => {
  const steps: Array<{ readonly event: string | undefined; readonly state: System<P, H> }> = [
    { event: undefined, state: Transitions.initial(model)[0]! }
  ]
  for (const name of names) {
    const before = steps.at(-1)!.state
    const events: ReadonlyArray<Event<P>> = Transitions.enabled(model, before)
    const event = events.find((candidate) => describe(candidate).startsWith(name))
    if (event === undefined) throw new Error(`none of ${events.map(describe).join("; ")} is called ${name}`)
    steps.push({ event: describe(event), state: Transitions.apply(model, before, event) })
  }
  return steps
}

/** One of each: delivered, duplicated, delivered again, lost, in flight at the end; a crash, a partition, a request that is answered. */
const storyEvents = [
  "request",
  "duplicate a -> b",
  "deliver a -> b",
  "timer",
  "crash b",
  "restart b",
  "partition 0",
  "heal",
  "deliver b -> a",
  "deliver a -> b",
  "drop a -> b"
]

export const story = (): Trace => {
  const model = pingPong()
  return SystemTrace.make(model, { steps: runOf(model, storyEvents), finding: "a story", loop: 11 })
}

/** As hostile as a message can be to every format. */
export const hostile = "</script><img src=x onerror=alert(1)>\"'&;#%%{init}%%\nend\u2028\u001b[31m wrap:"

export const hostileStory = (): Trace => {
  const model = pingPong({ request: hostile, reply: hostile })
  return SystemTrace.make(model, { steps: runOf(model, ["request", "deliver a -> b", "deliver b -> a"]) })
}
