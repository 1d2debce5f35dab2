/**
 * A register shared by message passing (Attiya, Bar-Noy and Dolev, JACM 42(1), 1995), for many writers, in the form of Stateright's linearizable-register.rs, whose counts it has.
 *
 * Guarantee: the history is linearizable while a majority answers. Model: asynchronous, no crashes. Message flow: Put or Get -> Query -> AckQuery from a majority, then Record
 * (the written value with a higher sequencer, or the read one again) -> AckRecord from a majority, then PutOk or GetOk. Counts: 544 states of 875 generated at depth 25
 * for two servers and two clients. On a network that delivers again and again sequencers grow without end: there the boundary is a clock of 3.
 */
import type { NodeId } from "../../core/NodeId.js"
import type { Outbox, Protocol } from "../../core/Protocol.js"
import type { SystemModel } from "../SystemModel.js"
import { systemEntry } from "./Entry.js"
import type { RegisterHistory, RegisterSize, RegisterTypes } from "./RegisterClients.js"
import { indexOf, initialValue, networkOf, registerParameters, registerSystem } from "./RegisterClients.js"

type Sequencer = readonly [clock: number, server: number]

interface Copy {
  readonly sequencer: Sequencer
  readonly value: string
}

type Message =
  | { readonly _tag: "Query"; readonly request: number }
  | { readonly _tag: "AckQuery"; readonly request: number; readonly copy: Copy }
  | { readonly _tag: "Record"; readonly request: number; readonly copy: Copy }
  | { readonly _tag: "AckRecord"; readonly request: number }

interface Work {
  readonly request: number
  readonly requester: NodeId
}

/** `write`: what is to be written; absent for a read. */
interface Asking extends Work {
  readonly _tag: "Asking"
  readonly write: string | undefined
  readonly answers: ReadonlyMap<NodeId, Copy>
}

/** `read`: what was read; absent for a write. */
interface Recording extends Work {
  readonly _tag: "Recording"
  readonly read: string | undefined
  readonly acks: ReadonlySet<NodeId>
}

type Phase = { readonly _tag: "Idle" } | Asking | Recording

interface Server {
  readonly _tag: "Server"
  readonly self: NodeId
  readonly copy: Copy
  readonly phase: Phase
}

type Words = RegisterTypes<Server, Message>

/** Planted bugs, by name. */
const mutants = {
  "no-majority": "a server answers at once, without asking the others or waiting for them",
  "clock-only": "writes of the same clock at two servers are not told apart"
} as const

export type Mutant = keyof typeof mutants

const server = (servers: ReadonlyArray<NodeId>, mutant: Mutant | undefined): Protocol<Words> => {
  const majority = Math.floor(servers.length / 2) + 1
  const isGreater = (a: Sequencer, b: Sequencer): boolean =>
    a[0] > b[0] || (a[0] === b[0] && a[1] > b[1] && mutant !== "clock-only")
  const latest = (copies: Iterable<Copy>, first: Copy): Copy => {
    let best = first
    for (const copy of copies) if (isGreater(copy.sequencer, best.sequencer)) best = copy
    return best
  }
  const broadcast = (self: NodeId, message: Message, out: Outbox<Words>): void => {
    for (const peer of servers) if (peer !== self) out.send(peer, { _tag: "Internal", message })
  }
  const begin = (state: Server, work: Work, write: string | undefined, out: Outbox<Words>): Server => {
    if (state.phase._tag !== "Idle") return state
    broadcast(state.self, { _tag: "Query", request: work.request }, out)
    const answers = new Map([[state.self, state.copy]])
    const asking: Server = { ...state, phase: { _tag: "Asking", ...work, write, answers } }
    return mutant === "no-majority" ? record(asking, work, write, answers, out) : asking
  }
  const record = (
    state: Server,
    { request, requester }: Work,
    write: string | undefined,
    answers: ReadonlyMap<NodeId, Copy>,
    out: Outbox<Words>
  ): Server => {
    const found = latest(answers.values(), state.copy)
    const copy: Copy = write === undefined
      ? found
      : { sequencer: [found.sequencer[0] + 1, indexOf(state.self)], value: write }
    broadcast(state.self, { _tag: "Record", request, copy }, out)
    const read = write === undefined ? copy.value : undefined
    const recording: Recording = { _tag: "Recording", request, requester, read, acks: new Set([state.self]) }
    const after = { ...state, copy: latest([copy], state.copy), phase: recording }
    return mutant === "no-majority" ? end(after, recording, out) : after
  }
  const end = (state: Server, { read, request, requester }: Recording, out: Outbox<Words>): Server => {
    out.send(requester, read === undefined ? { _tag: "PutOk", request } : { _tag: "GetOk", request, value: read })
    return { ...state, phase: { _tag: "Idle" } }
  }
  const onInternal = (state: Server, from: NodeId, message: Message, out: Outbox<Words>): Server => {
    const { copy, phase } = state
    const { request } = message
    switch (message._tag) {
      case "Query":
        out.send(from, { _tag: "Internal", message: { _tag: "AckQuery", request, copy } })
        return state
      case "Record":
        out.send(from, { _tag: "Internal", message: { _tag: "AckRecord", request } })
        return isGreater(message.copy.sequencer, copy.sequencer) ? { ...state, copy: message.copy } : state
      case "AckQuery": {
        if (phase._tag !== "Asking" || phase.request !== request) return state
        const answers = new Map(phase.answers).set(from, message.copy)
        return answers.size === majority
          ? record(state, phase, phase.write, answers, out)
          : { ...state, phase: { ...phase, answers } }
      }
      case "AckRecord": {
        if (phase._tag !== "Recording" || phase.request !== request || phase.acks.has(from)) return state
        const acks = new Set(phase.acks).add(from)
        return acks.size === majority ? end(state, phase, out) : { ...state, phase: { ...phase, acks } }
      }
    }
  }
  return {
    name: "ABD register",
    start: (self) => ({
      _tag: "Server",
      self: self.id,
      copy: { sequencer: [0, indexOf(self.id)], value: initialValue },
      phase: { _tag: "Idle" }
    }),
    onMessage: (any, from, message, out) => {
      const state = any as Server // this node is a server
      switch (message._tag) {
        case "Put":
          return begin(state, { request: message.request, requester: from }, message.value, out)
        case "Get":
          return begin(state, { request: message.request, requester: from }, undefined, out)
        case "Internal":
          return onInternal(state, from, message.message, out)
        default:
          return state
      }
    }
  }
}

/** The highest clock that is explored where messages are delivered again and again. */
const maxClock = 3

/** Builds the model: each client puts once, then gets. */
export const abdRegister = (
  options: RegisterSize & { readonly mutant?: Mutant | undefined }
): SystemModel<Words, RegisterHistory> =>
  registerSystem<Server, Message>(
    "linearizable-register",
    options,
    (servers) => server(servers, options.mutant),
    options.network.kind === "set"
      ? (system) => system.nodes.every(({ state }) => state._tag === "Client" || state.copy.sequencer[0] <= maxClock)
      : undefined
  )

/** For the catalogue. */
export const abdRegisterEntry = systemEntry(
  {
    name: "linearizable-register",
    summary: "a register shared by message passing (Attiya, Bar-Noy and Dolev)",
    elsewhere: "Stateright linearizable-register.rs",
    parameters: registerParameters(2),
    mutants
  },
  ({ clients, network, servers }, mutant) => abdRegister({ servers, clients, network: networkOf(network), mutant })
)
