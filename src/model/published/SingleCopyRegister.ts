/**
 * Servers that each keep a copy of a register and answer by themselves, in the form of Stateright's single-copy-register.rs, whose counts it has.
 *
 * Guarantee: with one server the history is linearizable; with two it is not, which the check shows. Message flow: Put -> PutOk, Get -> GetOk. Counts: 93 states of 121
 * generated at depth 9 for one server and two clients.
 */
import type { Protocol } from "../../core/Protocol.js"
import type { SystemModel } from "../SystemModel.js"
import { systemEntry } from "./Entry.js"
import type { RegisterHistory, RegisterSize, RegisterTypes } from "./RegisterClients.js"
import { initialValue, networkOf, registerParameters, registerSystem } from "./RegisterClients.js"

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
export const singleCopyRegister = (
  options: RegisterSize & { readonly mutant?: Mutant | undefined }
): SystemModel<Words, RegisterHistory> =>
  registerSystem<string, never>("single-copy-register", options, () => server(options.mutant))

/** For the catalogue. */
export const singleCopyRegisterEntry = systemEntry(
  {
    name: "single-copy-register",
    summary: "servers that each keep a copy of a register and answer by themselves",
    elsewhere: "Stateright single-copy-register.rs",
    parameters: registerParameters(1),
    mutants
  },
  ({ clients, network, servers }, mutant) =>
    singleCopyRegister({ servers, clients, network: networkOf(network), mutant })
)
