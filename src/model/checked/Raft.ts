/**
 * Our own Raft, the production file, as a model that ends: terms and logs have a bound, everything else follows.
 *
 * Guarantee: every invariant of `protocols/raft/Invariants` in every reachable state, and that no message leaves before what it promises is on its sender's disk.
 * Model: asynchronous; any message may be delayed for ever and overtaken, and repeated where duplicates have a budget; timers fire at any moment, as often as their
 * budget says; writes are delayed (or atomic); crashes and restarts as far as their budgets go; clients ask any node for entries and reads.
 *
 * What makes it finite: terms up to `terms`, logs up to `entries`, and the timers, without which nobody says anything twice. No snapshots: those come after 16,384 entries.
 *
 * @since 0.1.0
 */
import { Log } from "../../core/Log.js"
import type { NodeId } from "../../core/NodeId.js"
import * as NodeIds from "../../core/NodeId.js"
import type { Protocol } from "../../core/Protocol.js"
import type * as KeyValue from "../../protocols/key-value/KeyValue.js"
import { machine } from "../../protocols/key-value/KeyValue.js"
import * as Config from "../../protocols/raft/Config.js"
import * as Invariants from "../../protocols/raft/Invariants.js"
import type { Member } from "../../protocols/raft/Members.js"
import { nothingTold } from "../../protocols/raft/Members.js"
import * as Raft from "../../protocols/raft/Raft.js"
import type { Rules } from "../../protocols/raft/Rules.js"
import { published } from "../../protocols/raft/Rules.js"
import { brokenPromise } from "../../protocols/raft/StepInvariants.js"
import type * as Types from "../../protocols/raft/Types.js"
import type { NetworkModel } from "../NetworkModel.js"
import * as NetworkModels from "../NetworkModel.js"
import type { Local, SystemModel, SystemProperty, Used } from "../SystemModel.js"
import { make } from "../SystemModel.js"
import * as Workload from "../Workload.js"

/**
 * Raft over the key-value store.
 *
 * @since 0.1.0
 * @category models
 */
export type Words = Types.Raft<KeyValue.Store, KeyValue.Command, KeyValue.Result>

/**
 * What is remembered of a run: the first promise that somebody broke, the highest index that a client was told of, and the first read that was answered with less than
 * had been told before it was asked.
 *
 * @since 0.1.0
 * @category models
 */
export interface Seen {
  readonly broken: string | undefined
  readonly told: number
  /** By client: what had been told when its read began. */
  readonly floors: { readonly [client: number]: number }
  readonly stale: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly nodes: number
  /** The highest term: so many elections may be won. */
  readonly terms: number
  /** The highest index: the no-op of each leader is one. */
  readonly entries: number
  /** Entries that a client asks for, one after the other, of any node. Default none. */
  readonly proposals?: number
  /** Reads that another client asks for, in the same way. Default none. */
  readonly reads?: number
  readonly faults?: Partial<Used>
  readonly durability?: "atomic" | "delayed"
  /** Default: unordered. On a set, which repeats messages, the same bounds give many times the states. */
  readonly network?: NetworkModel
  readonly maxEntriesPerMessage?: number
  /** What each node has on its disk when it first boots: its term, and the terms of its entries. Default: nothing. Whoever names them says that they can come about. */
  readonly disks?: ReadonlyArray<{ readonly term: number; readonly log: ReadonlyArray<number> }>
  readonly rules?: Partial<Rules>
  readonly machine?: Types.StateMachine<KeyValue.Store, KeyValue.Command, KeyValue.Result>
  /** Wraps every node's protocol, as a planted bug that is no rule does. */
  readonly wrap?: (protocol: Protocol<Words>) => Protocol<Words>
}

/** Nodes n1, n2, ... */
const nodesOf = (count: number): ReadonlyArray<NodeId> =>
  Array.from({ length: count }, (_, i) => NodeIds.make(`n${i + 1}`))

/**
 * The model with these bounds.
 *
 * @since 0.1.0
 * @category constructors
 */
export const raft = (options: Options): SystemModel<Words, Seen> => {
  const nodes = nodesOf(options.nodes)
  const config = Config.make<KeyValue.Store, KeyValue.Command, KeyValue.Result>({
    machine: options.machine ?? machine,
    maxEntriesPerMessage: options.maxEntriesPerMessage ?? 8,
    rules: { ...published, ...options.rules }
  })
  const protocol = Raft.protocol(config)
  const wrapped = options.wrap?.(protocol) ?? protocol
  return make<Words, Seen>({
    name: "raft",
    nodes,
    protocol: (id) => {
      const disk = options.disks?.[nodes.indexOf(id)]
      return disk === undefined
        ? wrapped
        : { ...wrapped, durable: { empty: written(disk), fold: config.rules.fold } }
    },
    network: options.network ?? NetworkModels.unordered(),
    durability: options.durability ?? "delayed",
    faults: options.faults,
    clients: [
      ...times(options.proposals, { _tag: "OpenSession" } as const),
      ...times(options.reads, { _tag: "Read" } as const)
    ].map((requests) => Workload.script<Words>(nodes, requests)),
    history,
    nodeBoundary: ({ state }) =>
      state === undefined || (state.durable.term <= options.terms && state.durable.log.last <= options.entries),
    properties: properties(nodes, options.terms)
  })
}

/** One client's list, or no client. */
const times = <A>(count: number | undefined, one: A): ReadonlyArray<ReadonlyArray<A>> =>
  count === undefined || count === 0 ? [] : [Array.from({ length: count }, () => one)]

const history: SystemModel<Words, Seen>["history"] = {
  initial: { broken: undefined, told: 0, floors: {}, stale: undefined },
  onDeliver: (seen) => seen,
  onSend: (seen) => seen,
  onSendFrom: (seen, { from, message, to }, durable) => {
    // what is on the sender's disk is what it persisted
    const sender: Member = { id: from, state: undefined, durable: durable as Member["durable"] }
    const broken = seen.broken ?? brokenPromise(sender, to, message)
    return broken === seen.broken ? seen : { ...seen, broken }
  },
  onRequest: (seen, client, request) =>
    request._tag === "Read" ? { ...seen, floors: { ...seen.floors, [client]: seen.told } } : seen,
  onReply: (seen, client, reply) => {
    if (reply._tag === "SessionOpened") return { ...seen, told: Math.max(seen.told, reply.session) }
    const floor = seen.floors[client]
    if (reply._tag !== "Readable" || floor === undefined || reply.index >= floor) return seen
    return { ...seen, stale: `a read was given ${reply.index} after ${floor} was acknowledged` }
  }
}

const written = (
  { log, term }: { readonly term: number; readonly log: ReadonlyArray<number> }
): Types.Durable<KeyValue.Command> => ({
  ...Raft.emptyDurable,
  term,
  log: log.reduce((before, term) => before.append({ _tag: "NoOp", term }), Log.empty<Types.Entry<KeyValue.Command>>())
})

const members = (nodes: ReadonlyArray<NodeId>, locals: ReadonlyArray<Local<Words>>): ReadonlyArray<Member> =>
  locals.map(({ durable, state }, i) => ({ id: nodes[i]!, durable, state }))

/** The invariants that speak of nodes, asked once for each combination of nodes; and those that speak of messages and answers. */
const properties = (
  nodes: ReadonlyArray<NodeId>,
  terms: number
): ReadonlyArray<SystemProperty<Words, Seen>> => [
  ...Invariants.all.map(({ name, violated }): SystemProperty<Words, Seen> => ({
    name,
    kind: "always",
    reads: "nodes",
    holds: (system) => violated(members(nodes, system.nodes), nothingTold) === undefined
  })),
  {
    name: "PromisesAreDurable",
    kind: "always",
    reads: "history",
    holds: ({ history }) => history.broken === undefined
  },
  { name: "ReadsAreFresh", kind: "always", reads: "history", holds: ({ history }) => history.stale === undefined },
  {
    name: "the last term has a leader who commits",
    kind: "sometimes",
    reads: "nodes",
    holds: (system) =>
      system.nodes.some(({ state }) =>
        state?.role._tag === "Leader" && state.durable.term === terms && state.commit >= state.role.noOp
      )
  }
]
