/**
 * Single-decree Paxos as a register that is written once (Lamport, "Paxos Made Simple", 2001), in the form of Stateright's example, whose counts it has.
 *
 * Guarantee: the register's history is linearizable. Model: asynchronous, no crashes. Message flow: Put -> Prepare -> Prepared -> Accept -> Accepted -> Decided, PutOk.
 */
import type { NodeId } from "../../core/NodeId.js"
import type { Outbox, Protocol } from "../../core/Protocol.js"
import type { SystemModel } from "../SystemModel.js"
import { systemEntry } from "./Entry.js"
import type { RegisterHistory, RegisterSize, RegisterTypes } from "./RegisterClients.js"
import { indexOf, networkOf, registerParameters, registerSystem } from "./RegisterClients.js"

type Ballot = readonly [round: number, server: number]

interface Proposal {
  readonly request: number
  readonly requester: NodeId
  readonly value: string
}

type Accepted = { readonly ballot: Ballot; readonly proposal: Proposal } | undefined

type Message =
  | { readonly _tag: "Prepare"; readonly ballot: Ballot }
  | { readonly _tag: "Prepared"; readonly ballot: Ballot; readonly lastAccepted: Accepted }
  | { readonly _tag: "Accept"; readonly ballot: Ballot; readonly proposal: Proposal }
  | { readonly _tag: "Accepted"; readonly ballot: Ballot }
  | { readonly _tag: "Decided"; readonly ballot: Ballot; readonly proposal: Proposal }

interface Server {
  readonly _tag: "Server"
  readonly self: NodeId
  readonly ballot: Ballot
  readonly proposal: Proposal | undefined
  readonly prepares: ReadonlyMap<NodeId, Accepted>
  readonly accepts: ReadonlySet<NodeId>
  readonly accepted: Accepted
  readonly isDecided: boolean
}

type Words = RegisterTypes<Server, Message>

/** Planted bugs, by name. */
const mutants = {
  "propose-own": "a leader proposes its own value, whatever the promises report",
  "accept-below-promise": "a server accepts in a ballot below its promise, and goes back to it"
} as const

export type Mutant = keyof typeof mutants

const compare = (a: Ballot, b: Ballot): number => a[0] - b[0] || a[1] - b[1]

/** None is less than some; then by ballot. */
const highest = (accepted: Iterable<Accepted>): Accepted => {
  let best: Accepted
  for (const one of accepted) {
    if (one !== undefined && (best === undefined || compare(one.ballot, best.ballot) > 0)) best = one
  }
  return best
}

const server = (servers: ReadonlyArray<NodeId>, mutant: Mutant | undefined): Protocol<Words> => {
  const majority = Math.floor(servers.length / 2) + 1
  const broadcast = (self: NodeId, message: Message, out: Outbox<Words>): void => {
    for (const peer of servers) if (peer !== self) out.send(peer, { _tag: "Internal", message })
  }
  const onInternal = (state: Server, from: NodeId, message: Message, out: Outbox<Words>): Server => {
    const order = compare(message.ballot, state.ballot)
    switch (message._tag) {
      case "Prepare":
        if (order <= 0) return state
        out.send(from, {
          _tag: "Internal",
          message: { _tag: "Prepared", ballot: message.ballot, lastAccepted: state.accepted }
        })
        return { ...state, ballot: message.ballot }
      case "Prepared": {
        if (order !== 0) return state
        const prepares = new Map(state.prepares).set(from, message.lastAccepted)
        if (prepares.size !== majority) return { ...state, prepares }
        const reported = mutant === "propose-own" ? undefined : highest(prepares.values())
        const proposal = reported?.proposal ?? state.proposal!
        broadcast(state.self, { _tag: "Accept", ballot: message.ballot, proposal }, out)
        return {
          ...state,
          prepares,
          proposal,
          accepted: { ballot: message.ballot, proposal },
          accepts: new Set(state.accepts).add(state.self)
        }
      }
      case "Accept":
        if (order < 0 && mutant !== "accept-below-promise") return state
        out.send(from, { _tag: "Internal", message: { _tag: "Accepted", ballot: message.ballot } })
        return { ...state, ballot: message.ballot, accepted: { ballot: message.ballot, proposal: message.proposal } }
      case "Accepted": {
        if (order !== 0) return state
        const accepts = new Set(state.accepts).add(from)
        if (accepts.size !== majority) return { ...state, accepts }
        const proposal = state.proposal!
        broadcast(state.self, { _tag: "Decided", ballot: message.ballot, proposal }, out)
        out.send(proposal.requester, { _tag: "PutOk", request: proposal.request })
        return { ...state, accepts, isDecided: true }
      }
      case "Decided":
        return {
          ...state,
          ballot: message.ballot,
          accepted: { ballot: message.ballot, proposal: message.proposal },
          isDecided: true
        }
    }
  }
  return {
    name: "single-decree paxos",
    start: (self) => ({
      _tag: "Server",
      self: self.id,
      ballot: [0, 0],
      proposal: undefined,
      prepares: new Map(),
      accepts: new Set(),
      accepted: undefined,
      isDecided: false
    }),
    onMessage: (any, from, message, out) => {
      const state = any as Server // this node is a server
      if (state.isDecided) {
        if (message._tag === "Get") {
          out.send(from, { _tag: "GetOk", request: message.request, value: state.accepted!.proposal.value })
        }
        return state
      }
      if (message._tag === "Internal") return onInternal(state, from, message.message, out)
      if (message._tag !== "Put" || state.proposal !== undefined) return state
      const ballot: Ballot = [state.ballot[0] + 1, indexOf(state.self)]
      broadcast(state.self, { _tag: "Prepare", ballot }, out)
      return {
        ...state,
        ballot,
        proposal: { request: message.request, requester: from, value: message.value },
        prepares: new Map([[state.self, state.accepted]]),
        accepts: new Set()
      }
    }
  }
}

/** Builds the model: each client puts once, then gets. */
export const singleDecreePaxos = (
  options: RegisterSize & { readonly mutant?: Mutant | undefined }
): SystemModel<Words, RegisterHistory> =>
  registerSystem<Server, Message>("paxos", options, (servers) => server(servers, options.mutant))

/** For the catalogue. */
export const singleDecreePaxosEntry = systemEntry(
  {
    name: "paxos",
    summary: "single-decree Paxos as a register that is written once",
    elsewhere: "Stateright paxos.rs",
    parameters: registerParameters(3),
    mutants
  },
  ({ clients, network, servers }, mutant) =>
    singleDecreePaxos({ servers, clients, network: networkOf(network), mutant })
)
