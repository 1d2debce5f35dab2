/**
 * Raft under a key-value store, with clients that put, compare-and-set and read a few keys through sessions, retrying as the service does.
 * Judged by Raft's invariants after every step, and by the linearizability of what the clients saw.
 *
 * @since 0.1.0
 */
import * as NodeIds from "../../core/NodeId.js"
import type { NodeId } from "../../core/NodeId.js"
import type * as KeyValue from "../../protocols/key-value/KeyValue.js"
import { machine } from "../../protocols/key-value/KeyValue.js"
import * as Config from "../../protocols/raft/Config.js"
import * as Invariants from "../../protocols/raft/Invariants.js"
import * as Raft from "../../protocols/raft/Raft.js"
import type { Rules } from "../../protocols/raft/Rules.js"
import { published } from "../../protocols/raft/Rules.js"
import type * as Types from "../../protocols/raft/Types.js"
import type { Client, ClientApi, Scenario, Session } from "../Scenario.js"

/**
 * Raft's vocabulary over the key-value store.
 *
 * @since 0.1.0
 * @category models
 */
export type Vocabulary = Types.Raft<KeyValue.Store, KeyValue.Command, KeyValue.Result>

/**
 * One client operation, as it was seen: `returned` is undefined while its outcome is unknown.
 *
 * @since 0.1.0
 * @category models
 */
export interface Operation {
  readonly client: number
  readonly key: string
  readonly call:
    | { readonly _tag: "Get" }
    | { readonly _tag: "Put"; readonly value: string }
    | { readonly _tag: "CompareAndSet"; readonly from: string | undefined; readonly to: string }
  readonly invoked: number
  returned: number | undefined
  value: string | undefined
  applied: boolean
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly nodes: number
  readonly clients?: number
  readonly keys?: number
  readonly rules?: Rules
  /** Judges the history: names what is wrong with it. */
  readonly judge: (history: ReadonlyArray<Operation>) => string | undefined
}

/**
 * The scenario `raft`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Scenario<Vocabulary> => {
  const nodes = Array.from({ length: options.nodes }, (_, i) => NodeIds.make(`n${i + 1}`))
  const config = Config.make<KeyValue.Store, KeyValue.Command, KeyValue.Result>({
    machine,
    electionTimeout: 300,
    heartbeatInterval: 60,
    maxEntriesPerMessage: 8,
    maxInflight: 4,
    maxUncommitted: 64,
    snapshotEvery: 24,
    snapshotTail: 6,
    snapshotChunk: 200,
    maxSessions: 16,
    rules: options.rules ?? published
  })
  return {
    name: "raft",
    nodes,
    protocol: () => Raft.protocol(config),
    session: () => session(options),
    digest
  }
}

const digest = (message: Types.Message<KeyValue.Command, KeyValue.Result>): number => {
  switch (message._tag) {
    case "Append":
      return message.term * 31 + message.prevIndex * 7 + message.entries.length * 3 + message.commit
    case "Appended":
      return message.term * 37 + message.match
    case "Heartbeat":
      return message.term * 41 + message.commit * 3 + message.position
    case "Forward":
    case "Forwarded":
      return message.id
    default:
      return message.term * 43 + message._tag.length
  }
}

const session = (options: Options): Session<Vocabulary> => {
  const history: Array<Operation> = []
  let acknowledged = 0
  let lastApplied = 0
  return {
    clients: Array.from({ length: options.clients ?? 4 }, (_, i) => (api: ClientApi<Vocabulary>) =>
      new KeyValueClient(api, i, options.keys ?? 3, history)),
    operations: () => history.filter((operation) => operation.returned !== undefined).length,
    onEvent: (_, event) => {
      if (event._tag === "Applied") acknowledged = Math.max(acknowledged, event.index)
    },
    always: Invariants.check,
    atEnd: (members) => {
      const found: Array<{ readonly property: string; readonly detail: string }> = []
      const leaders = members.filter((member) => member.state?.role._tag === "Leader")
      if (leaders.length !== 1) found.push({ property: "OneLeaderInTheEnd", detail: `${leaders.length} nodes lead` })
      const applied = new Set(members.map((member) => member.state?.applied))
      if (applied.size !== 1) {
        found.push({ property: "ConvergedInTheEnd", detail: `applied up to ${[...applied].join(", ")}` })
      }
      lastApplied = Math.max(0, ...[...applied].map((index) => index ?? 0))
      if (lastApplied < acknowledged) {
        found.push({ property: "Durability", detail: `${acknowledged} was applied once, ${lastApplied} is in the end` })
      }
      const detail = options.judge(history)
      if (detail !== undefined) found.push({ property: "Linearizability", detail })
      return found
    }
  }
}

class KeyValueClient implements Client<Vocabulary> {
  private session: number | undefined
  private sequence = 0
  private operation: Operation | undefined
  private request: Types.Request<KeyValue.Command> = { _tag: "OpenSession" }
  private tries = 0
  private node: NodeId

  constructor(
    private readonly api: ClientApi<Vocabulary>,
    private readonly index: number,
    private readonly keys: number,
    private readonly history: Array<Operation>
  ) {
    this.node = api.nodes[api.choose(api.nodes.length, "node")]!
  }

  onWake(): void {
    if (this.operation === undefined && this.session !== undefined) this.begin(this.session)
    if (this.operation === undefined && this.session !== undefined) return
    this.api.ask(this.node, this.request, 400)
  }

  private begin(session: number): void {
    if (this.api.isClosing()) return
    const { api } = this
    const key = `k${api.choose(this.keys, "key")}`
    const kind = api.choose(3, "kind")
    const value = `${this.index}.${this.history.length}`
    const guess = this.history.length === 0 ? undefined : this.lastValue(key)
    const call: Operation["call"] = kind === 0
      ? { _tag: "Get" }
      : kind === 1
      ? { _tag: "Put", value }
      : { _tag: "CompareAndSet", from: guess, to: value }
    this.operation = {
      client: this.index,
      key,
      call,
      invoked: api.moment(),
      returned: undefined,
      value: undefined,
      applied: false
    }
    this.history.push(this.operation)
    this.tries = 0
    this.request = call._tag === "Get" ? { _tag: "Read" } : {
      _tag: "Propose",
      session,
      sequence: ++this.sequence,
      lowest: this.sequence,
      command: call._tag === "Put" ? { ...call, key } : { ...call, key }
    }
  }

  private lastValue(key: string): string | undefined {
    for (let i = this.history.length - 1; i >= 0; i--) {
      const { call, key: other } = this.history[i]!
      if (other === key && call._tag === "Put") return call.value
    }
    return undefined
  }

  onReply(reply: Types.Reply<KeyValue.Result> | undefined, state: Vocabulary["state"] | undefined): void {
    switch (reply?._tag) {
      case "SessionOpened":
        this.session = reply.session
        return this.rest()
      case "Applied":
        return this.done(reply.result.previous, reply.result.applied)
      case "Readable":
        return this.done(state?.machine.get(this.operation!.key), true)
      case "SessionExpired":
      case "SessionSuperseded":
        this.session = undefined
        this.operation = undefined
        this.request = { _tag: "OpenSession" }
        return this.rest()
      default:
        return this.retry(reply)
    }
  }

  private retry(reply: Types.Reply<KeyValue.Result> | undefined): void {
    const { nodes } = this.api
    this.tries++
    if (this.tries > 30) { // gives up: the outcome stays unknown, and its session with it
      this.session = undefined
      this.operation = undefined
      this.request = { _tag: "OpenSession" }
      this.tries = 0
    }
    this.node = reply?._tag === "NotLeader" && reply.leader !== undefined && this.api.choose(2, "follow") === 0
      ? reply.leader
      : nodes[this.api.choose(nodes.length, "node")]!
    this.api.sleep(10 + this.api.choose(90, "backoff"))
  }

  private done(value: string | undefined, applied: boolean): void {
    if (this.operation !== undefined) {
      this.operation.returned = this.api.moment()
      this.operation.value = value
      this.operation.applied = applied
    }
    this.operation = undefined
    this.rest()
  }

  private rest(): void {
    this.api.sleep(1 + this.api.choose(60, "think"))
  }
}
