/**
 * Servers that each keep a copy of a register and answer by themselves, in the form of Stateright's single-copy-register.rs, whose counts it has.
 *
 * Guarantee: with one server the history is linearizable; with two it is not, which the check shows. Message flow: Put -> PutOk, Get -> GetOk. Counts: 93 states of 121
 * generated at depth 9 for one server and two clients.
 */
import type { Protocol } from "../../core/Protocol.js"
import type { NetworkModel } from "../NetworkModel.js"
import type { SystemModel } from "../SystemModel.js"
import { make } from "../SystemModel.js"
import { systemEntry, whole } from "./Entry.js"
import type { RegisterHistory, RegisterTypes } from "./RegisterClients.js"
import {
  initialValue,
  networkOf,
  networkParameter,
  registerClient,
  registerHistory,
  registerNodes,
  registerProperties
} from "./RegisterClients.js"

type Words = RegisterTypes<string, never>

/** Planted bugs, by name. */
const mutants = {
  forget: "a server answers a Get with the initial value"
} as const

export type Mutant = keyof typeof mutants

const server = (mutant: Mutant | undefined): Protocol<Words> => ({
  name: "single-copy register",
  start: () => initialValue,
  onMessage: (state, from, message, out) => {
    if (message._tag === "Put") {
      out.send(from, { _tag: "PutOk", request: message.request })
      return message.value
    }
    if (message._tag !== "Get") return state
    const value = mutant === "forget" ? initialValue : state as string // this node is a server
    out.send(from, { _tag: "GetOk", request: message.request, value })
    return state
  }
})

/** Builds the model: each client puts once, then gets. */
export const singleCopyRegister = (options: {
  readonly servers: number
  readonly clients: number
  readonly network: NetworkModel
  readonly mutant?: Mutant | undefined
}): SystemModel<Words, RegisterHistory> => {
  const nodes = registerNodes(options.servers, options.clients)
  const servers = nodes.slice(0, options.servers)
  const serving = server(options.mutant)
  const asking = registerClient<string, never>(options.servers, 1)
  return make<Words, RegisterHistory>({
    name: "single-copy-register",
    nodes,
    protocol: (node) => servers.includes(node) ? serving : asking,
    network: options.network,
    history: registerHistory,
    properties: registerProperties<string, never>()
  })
}

/** For the catalogue. */
export const singleCopyRegisterEntry = systemEntry(
  {
    name: "single-copy-register",
    summary: "servers that each keep a copy of a register and answer by themselves",
    elsewhere: "Stateright single-copy-register.rs",
    parameters: {
      clients: whole("clients", 2, 1, 6),
      servers: whole("servers", 1, 1, 7),
      network: networkParameter
    },
    mutants
  },
  ({ clients, network, servers }, mutant) =>
    singleCopyRegister({ servers, clients, network: networkOf(network), mutant })
)
