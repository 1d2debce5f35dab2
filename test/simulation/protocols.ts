/** Small protocols on which the simulator's own laws are tested. */
import * as NodeId from "../../src/core/NodeId.js"
import * as Protocol from "../../src/core/Protocol.js"
import type { Client, Scenario, Session } from "../../src/simulation/Scenario.js"

export const names = (n: number): ReadonlyArray<NodeId.NodeId> =>
  Array.from({ length: n }, (_, i) => NodeId.make(`n${i + 1}`))

const quiet = <P extends Protocol.Vocabulary>(): Session<P> => ({
  clients: [],
  always: () => undefined,
  atEnd: () => [],
  operations: () => 0
})

/** Every node sends its beat number to every other, every 100 ms, and emits what it hears. */
export type Heartbeat = Protocol.Types<{
  state: { readonly self: Protocol.NodeContext; readonly beat: number; readonly heard: number }
  message: { readonly beat: number }
  timer: "beat"
  event: { readonly from: NodeId.NodeId; readonly beat: number }
}>

const heartbeatProtocol = (copies: number): Protocol.Protocol<Heartbeat> => ({
  name: "heartbeat",
  start: (self, _, out) => {
    out.setTimer("beat", 100)
    return { self, beat: 0, heard: 0 }
  },
  onMessage: (state, from, message, out) => {
    out.emit({ from, beat: message.beat })
    return { self: state.self, beat: state.beat, heard: state.heard + 1 }
  },
  onTimer: (state, _, out) => {
    out.setTimer("beat", 100)
    let { beat } = state
    for (let i = 0; i < copies; i++) {
      beat++
      for (const to of state.self.nodes) if (to !== state.self.id) out.send(to, { beat })
    }
    return { self: state.self, beat, heard: state.heard }
  }
})

export const heartbeat = (
  nodes: number,
  session: Partial<Session<Heartbeat>> = {},
  copies = 1
): Scenario<Heartbeat> => ({
  name: "heartbeat",
  nodes: names(nodes),
  protocol: () => heartbeatProtocol(copies),
  session: () => ({ ...quiet<Heartbeat>(), ...session }),
  digest: (message) => message.beat
})

/** One durable register on one node. `hasty` answers before its write is durable: the planted bug. */
export type Register = Protocol.Types<{
  state: { readonly value: number }
  message: never
  request: { readonly value: number }
  reply: { readonly value: number }
  record: { readonly value: number }
  durable: number
}>

const registerProtocol = (hasty: boolean): Protocol.Protocol<Register> => ({
  name: "register",
  durable: { empty: 0, fold: (_, record) => record.value },
  start: (_, durable) => ({ value: durable }),
  onMessage: (state) => state,
  onRequest: (state, id, { value }, out) => {
    if (value <= state.value) {
      out.reply(id, { value: state.value })
      return state
    }
    out.persist({ value })
    if (hasty) out.now.reply(id, { value })
    else out.reply(id, { value })
    return { value }
  }
})

export const register = (hasty: boolean, nodes = 1): Scenario<Register> => ({
  name: hasty ? "hasty-register" : "register",
  nodes: names(nodes),
  protocol: () => registerProtocol(hasty),
  session: () => {
    const acknowledged = names(nodes).map(() => 0)
    let operations = 0
    return {
      clients: names(nodes).map((node, i) => (api): Client<Register> => {
        let value = 0
        const ask = () => api.ask(node, { value: ++value }, 50)
        return {
          onWake: ask,
          onReply: (reply) => {
            if (reply !== undefined) {
              acknowledged[i] = reply.value
              operations++
            }
            if (!api.isClosing()) api.sleep(1)
          }
        }
      }),
      always: (after) => {
        const i = after.findIndex((member, at) => member.state !== undefined && member.state.value < acknowledged[at]!)
        return i === -1 ? undefined : {
          property: "Durability",
          detail: `${after[i]!.id} acknowledged ${acknowledged[i]} and holds ${after[i]!.state!.value}`
        }
      },
      atEnd: (members) =>
        members.flatMap((member, i) =>
          member.durable >= acknowledged[i]! ? [] : [{ property: "Durability", detail: `${member.id} lost a write` }]
        ),
      operations: () => operations
    }
  },
  digest: () => 0
})

/**
 * Writes what it is asked to, tells it from behind the gate, and counts batches with a timer of 0. Some requests do something else: `choose` draws, `reply`
 * answers, `twice` answers twice, `self` writes, sends to itself at once and tells what arrives.
 */
export type Journal = Protocol.Types<{
  state: { readonly self: NodeId.NodeId; readonly entries: number; readonly batches: number }
  message: string
  timer: "end"
  request: string
  reply: string
  event: string
  record: string
  durable: ReadonlyArray<string>
}>

export const journal = (
  nodes: number,
  session: Partial<Session<Journal>> = {},
  restless?: "send" | "timer"
): Scenario<Journal> => ({
  name: "journal",
  nodes: names(nodes),
  protocol: () => ({
    name: "journal",
    durable: { empty: [], fold: (durable, record) => [...durable, record] },
    start: ({ id }, durable, out) => {
      if (restless === "send") out.send(id, "again")
      if (restless === "timer") out.setTimer("end", 0)
      return { self: id, entries: durable.length, batches: 0 }
    },
    onMessage: (state, from, message, out) => {
      if (restless === "send") out.send(from, message)
      if (message === "self") out.now.emit(message)
      return state
    },
    onRequest: (state, id, request, out) => {
      switch (request) {
        case "silent":
          return state
        case "choose":
          out.choose(2, "whatever")
          return state
        case "twice":
          out.reply(id, request)
          out.reply(id, request)
          return state
        case "reply":
          out.reply(id, request)
          return state
        case "self":
          out.persist(request)
          out.now.send(state.self, request)
          return state
        default:
          out.persist(request)
          out.emit(request)
          out.setTimer("end", 0)
          return { ...state, entries: state.entries + 1 }
      }
    },
    onTimer: (state, timer, out) => {
      if (restless === "timer") out.setTimer(timer, 0)
      return { ...state, batches: state.batches + 1 }
    }
  }),
  session: () => ({ ...quiet<Journal>(), ...session }),
  digest: () => 0
})

/** Arms a ghost at every tick and cancels or re-arms it at the next, before it is due: it must never fire, in any life. */
export type Ghosts = Protocol.Types<{
  state: { readonly ticks: number; readonly ghosts: number }
  message: never
  timer: "tick" | readonly ["ghost", number]
}>

export const ghosts = (nodes: number): Scenario<Ghosts> => ({
  name: "ghosts",
  nodes: names(nodes),
  protocol: () => ({
    name: "ghosts",
    start: (_, __, out) => {
      out.setTimer("tick", 5, 10)
      return { ticks: 0, ghosts: 0 }
    },
    onMessage: (state) => state,
    onTimer: (state, timer, out) => {
      if (timer !== "tick") return { ...state, ghosts: state.ghosts + 1 }
      out.setTimer("tick", 5, 10)
      if (state.ticks % 2 === 0) out.cancelTimer(["ghost", 1])
      else out.setTimer(["ghost", 1], 30)
      out.setTimer(["ghost", 2], 30)
      return { ...state, ticks: state.ticks + 1 }
    }
  }),
  session: () => ({
    ...quiet<Ghosts>(),
    always: (after) =>
      after.some((member) => (member.state?.ghosts ?? 0) > 0) ? { property: "NoGhost", detail: "fired" } : undefined,
    atEnd: (members) =>
      members.every((member) => (member.state?.ticks ?? 0) > 10) ? [] : [{ property: "Ticks", detail: "too few" }]
  }),
  digest: () => 0
})

/**
 * A primary that answers a write before its backups have it, which is the planted bug: a client that then reads every backup may see the write nowhere. It takes
 * one fault for each backup.
 */
export type Backups = Protocol.Types<{
  state: { readonly self: Protocol.NodeContext; readonly value: number }
  message: number
  request: "write" | "read"
  reply: number
}>

export const backups = (count: number): Scenario<Backups> => ({
  name: `backups-${count}`,
  nodes: names(count + 1),
  protocol: () => ({
    name: "backups",
    start: (self) => ({ self, value: 0 }),
    onMessage: (state, _, value) => ({ ...state, value }),
    onRequest: (state, id, request, out) => {
      const value = request === "write" ? 1 : state.value
      if (request === "write") { for (const to of state.self.nodes) if (to !== state.self.id) out.send(to, value) }
      out.reply(id, value)
      return { ...state, value }
    }
  }),
  session: () => {
    const read: Array<number> = []
    return {
      ...quiet<Backups>(),
      clients: [(api): Client<Backups> => {
        let next = 0
        return {
          onWake: () => {
            if (next <= count) api.ask(api.nodes[next]!, next === 0 ? "write" : "read", 20)
          },
          onReply: (reply) => {
            if (reply === undefined) return
            if (next++ > 0) read.push(reply)
            api.sleep(1)
          }
        }
      }],
      atEnd: () =>
        read.length === count && read.every((value) => value === 0)
          ? [{ property: "ReadsSeeWrites", detail: `${count} backups, and no one knew` }]
          : []
    }
  },
  digest: (message) => message
})
