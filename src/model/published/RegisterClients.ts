/**
 * Clients of a register, and the history that they make: the workload of Stateright's register examples.
 *
 * Client i, with S servers before it, puts 'A' + (i - S) at server i mod S; when that is answered it puts again ('Z' - (i - S)) as often as it is told, each
 * time at the next server, and then gets.
 */
import type { NodeId } from "../../core/NodeId.js"
import * as NodeIds from "../../core/NodeId.js"
import type { Outbox, Protocol, Types } from "../../core/Protocol.js"
import type { NetworkModel } from "../NetworkModel.js"
import * as NetworkModels from "../NetworkModel.js"
import type { Envelope, HistoryModel, System, SystemModel, SystemProperty } from "../SystemModel.js"
import { make } from "../SystemModel.js"
import { whole, word } from "./Entry.js"

/** What clients and servers say to each other; `Internal` is what the servers say among themselves. */
export type RegisterMessage<M> =
  | { readonly _tag: "Put"; readonly request: number; readonly value: string }
  | { readonly _tag: "Get"; readonly request: number }
  | { readonly _tag: "PutOk"; readonly request: number }
  | { readonly _tag: "GetOk"; readonly request: number; readonly value: string }
  | { readonly _tag: "Internal"; readonly message: M }

export interface ClientState {
  readonly _tag: "Client"
  readonly awaiting: number | undefined
  readonly done: number
}

export type RegisterTypes<S, M> = Types<{ state: ClientState | S; message: RegisterMessage<M> }>

/** The value of a register that nobody wrote. */
export const initialValue = ""

/** Servers first: their ids are their positions, and so are the clients'. */
export const registerNodes = (servers: number, clients: number): ReadonlyArray<NodeId> =>
  Array.from({ length: servers + clients }, (_, i) => NodeIds.make(String(i)))

export const indexOf = (id: NodeId): number => Number(id)

export const registerClient = <S, M>(servers: number, puts: number): Protocol<RegisterTypes<S, M>> => {
  const server = (index: number): NodeId => NodeIds.make(String(index % servers))
  const ask = (index: number, done: number, out: Outbox<RegisterTypes<S, M>>): ClientState => {
    const request = (done + 1) * index
    const value = String.fromCharCode(done === 0 ? 65 + index - servers : 90 - (index - servers))
    out.send(server(index + done), done < puts ? { _tag: "Put", request, value } : { _tag: "Get", request })
    return { _tag: "Client", awaiting: request, done: done + 1 }
  }
  // a client's own index is in its requests: request = done * index
  const own = (state: ClientState): number => state.awaiting! / state.done
  return {
    name: "register client",
    start: (self, _, out) => ask(indexOf(self.id), 0, out),
    onMessage: (any, _from, message, out) => {
      const state = any as ClientState // this node is a client
      if (message._tag === "PutOk" && message.request === state.awaiting) return ask(own(state), state.done, out)
      if (message._tag === "GetOk" && message.request === state.awaiting) {
        return { _tag: "Client", awaiting: undefined, done: state.done + 1 }
      }
      return state
    }
  }
}

/** One completed or open operation, with the number of the last completed operation of each other client when it began. */
interface Operation {
  readonly kind: "put" | "get"
  /** What was put, or what was got. */
  readonly value: string | undefined
  readonly seen: { readonly [client: string]: number }
}

/** For each client its completed operations, and the open one. */
export type RegisterHistory = {
  readonly [client: string]: { readonly done: ReadonlyArray<Operation>; readonly open: Operation | undefined }
}

export const registerHistory: HistoryModel<RegisterMessage<unknown>, RegisterHistory> = {
  initial: {},
  onSend: (history, { from, message }: Envelope<RegisterMessage<unknown>>) => {
    if (message._tag !== "Put" && message._tag !== "Get") return history
    const seen = Object.fromEntries(
      Object.entries(history).filter(([client, { done }]) => client !== from && done.length > 0)
        .map(([client, { done }]) => [client, done.length - 1])
    )
    const open: Operation = message._tag === "Put"
      ? { kind: "put", value: message.value, seen }
      : { kind: "get", value: undefined, seen }
    return { ...history, [from]: { done: history[from]?.done ?? [], open } }
  },
  onDeliver: (history, { message, to }: Envelope<RegisterMessage<unknown>>) => {
    if (message._tag !== "PutOk" && message._tag !== "GetOk") return history
    const of = history[to]
    if (of?.open === undefined) return history
    const ended = message._tag === "GetOk" ? { ...of.open, value: message.value } : of.open
    return { ...history, [to]: { done: [...of.done, ended], open: undefined } }
  }
}

/** Whether some order of the operations explains all answers: one that keeps each client's order and every "ended before that began". */
export const isLinearizable = (history: RegisterHistory): boolean => {
  const clients = Object.keys(history)
  const extend = (value: string, next: { readonly [client: string]: number }): boolean => {
    if (clients.every((client) => next[client]! >= history[client]!.done.length)) return true
    return clients.some((client) => {
      const { done, open } = history[client]!
      const at = next[client]!
      const operation = at < done.length ? done[at] : at === done.length ? open : undefined
      if (operation === undefined) return false
      if (Object.entries(operation.seen).some(([other, last]) => next[other]! <= last)) return false
      const isOpen = at >= done.length
      if (operation.kind === "get" && !isOpen && operation.value !== value) return false
      return extend(operation.kind === "put" ? operation.value! : value, { ...next, [client]: at + 1 })
    })
  }
  return extend(initialValue, Object.fromEntries(clients.map((client) => [client, 0])))
}

/** The claims of the register examples. */
export const registerProperties = <S, M>(): ReadonlyArray<SystemProperty<RegisterTypes<S, M>, RegisterHistory>> => [
  { name: "linearizable", kind: "always", reads: "history", holds: ({ history }) => isLinearizable(history) },
  {
    name: "value chosen",
    kind: "sometimes",
    holds: ({ network }) => network.some(({ message }) => message._tag === "GetOk" && message.value !== initialValue)
  }
]

/** How large a register example is, and over what network. */
export interface RegisterSize {
  readonly servers: number
  readonly clients: number
  readonly network: NetworkModel
}

/** The servers, and clients that each put once and then get. */
export const registerSystem = <S, M>(
  name: string,
  { clients, network, servers }: RegisterSize,
  serverOf: (servers: ReadonlyArray<NodeId>) => Protocol<RegisterTypes<S, M>>,
  boundary?: (system: System<RegisterTypes<S, M>, RegisterHistory>) => boolean
): SystemModel<RegisterTypes<S, M>, RegisterHistory> => {
  const nodes = registerNodes(servers, clients)
  const serving = nodes.slice(0, servers)
  const server = serverOf(serving)
  const client = registerClient<S, M>(servers, 1)
  return make<RegisterTypes<S, M>, RegisterHistory>({
    name,
    nodes,
    protocol: (node) => serving.includes(node) ? server : client,
    network,
    history: registerHistory,
    boundary,
    properties: registerProperties<S, M>()
  })
}

/** The parameters of a register example, for the catalogue. */
export const registerParameters = (servers: number) => ({
  clients: whole("clients", 2, 1, 6),
  servers: whole("servers", servers, 1, 7),
  network: networkParameter
})

/** The networks of the register examples, as options name them. */
export const networkParameter = word("what the network promises", ["unordered", "ordered", "duplicating"])

export const networkOf = (name: (typeof networkParameter)["default"]): NetworkModel => {
  switch (name) {
    case "unordered":
      return NetworkModels.unordered()
    case "ordered":
      return NetworkModels.ordered()
    case "duplicating":
      return NetworkModels.set({ remembersLast: true })
  }
}
