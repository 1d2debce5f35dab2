/**
 * Raft under a key-value store, with clients that put, compare-and-set and read a few keys through sessions, retrying as the service does.
 * Judged by Raft's invariants after every step, and by the linearizability of what the clients saw.
 *
 * @since 0.1.0
 */
import type * as History from "../../consistency/History.js"
import { makeRecorder } from "../../consistency/History.js"
import * as Linearizability from "../../consistency/Linearizability.js"
import * as Specification from "../../consistency/Specification.js"
import type { KeyValueInput, Value } from "../../consistency/Specification.js"
import * as NodeIds from "../../core/NodeId.js"
import type { NodeId } from "../../core/NodeId.js"
import type { Protocol } from "../../core/Protocol.js"
import type * as KeyValue from "../../protocols/key-value/KeyValue.js"
import { machine } from "../../protocols/key-value/KeyValue.js"
import * as Config from "../../protocols/raft/Config.js"
import { Monitor } from "../../protocols/raft/Monitor.js"
import * as Raft from "../../protocols/raft/Raft.js"
import type { Rules } from "../../protocols/raft/Rules.js"
import { published } from "../../protocols/raft/Rules.js"
import type * as Types from "../../protocols/raft/Types.js"
import type { Client, ClientApi, Parameters, Scenario, Session } from "../Scenario.js"
import { bugs } from "./RaftBugs.js"

/**
 * Raft's vocabulary over the key-value store.
 *
 * @since 0.1.0
 * @category models
 */
export type Vocabulary = Types.Raft<KeyValue.Store, KeyValue.Command, KeyValue.Result>

/**
 * What may be planted: a bug, where one is wanted.
 *
 * @since 0.1.0
 * @category models
 */
export interface Plant {
  readonly rules?: Rules
  /** Wraps every node's protocol, as a planted bug that is no rule does. */
  readonly wrap?: (protocol: Protocol<Vocabulary>) => Protocol<Vocabulary>
  /** Replaces the key-value store, as a planted bug of it does. */
  readonly machine?: Types.StateMachine<KeyValue.Store, KeyValue.Command, KeyValue.Result>
}

/**
 * What the scenario is made of, as numbers and words: its parameters on a tape.
 *
 * @since 0.1.0
 * @category models
 */
export interface Shape {
  readonly nodes: number
  readonly clients?: number
  readonly keys?: number
  /** Applied entries between two snapshots, and those kept behind one. Default 24 and 6. */
  readonly snapshotEvery?: number
  readonly snapshotTail?: number
  /** Entries in one Append; 1 makes a new leader replicate an old suffix one by one. Default 8. */
  readonly maxEntriesPerMessage?: number
  /** A bug of `RaftBugs` to plant; an unknown name is a `RangeError`. */
  readonly bug?: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options extends Shape, Plant {}

/**
 * The scenario `raft`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Scenario<Vocabulary> => {
  const { machine: store = machine, rules = published, wrap } = options.bug === undefined
    ? options
    : planted(options.bug)
  const nodes = Array.from({ length: options.nodes }, (_, i) => NodeIds.make(`n${i + 1}`))
  const config = Config.make<KeyValue.Store, KeyValue.Command, KeyValue.Result>({
    machine: store,
    electionTimeout: 300,
    heartbeatInterval: 60,
    maxEntriesPerMessage: options.maxEntriesPerMessage ?? 8,
    maxInflight: 4,
    maxUncommitted: 64,
    snapshotEvery: options.snapshotEvery ?? 24,
    snapshotTail: options.snapshotTail ?? 6,
    snapshotChunk: 200,
    maxSessions: 16,
    rules
  })
  const protocol = Raft.protocol(config)
  const wrapped = wrap?.(protocol) ?? protocol
  return {
    name: "raft",
    parameters: parameters(options),
    nodes,
    protocol: () => wrapped,
    session: () => session(options),
    leads: ({ role }) => role._tag === "Leader",
    digest
  }
}

const planted = (name: string): Plant => {
  const found = bugs.find((bug) => bug.name === name)
  if (found === undefined) throw new RangeError(`no bug of Raft is called ${JSON.stringify(name)}`)
  return found.plant
}

const parameters = (shape: Shape): Parameters => {
  const given: Record<string, number | string> = {}
  for (const name of [...numbers, "bug"] as const) {
    const value = shape[name]
    if (value !== undefined) given[name] = value
  }
  return given
}

const numbers = ["nodes", "clients", "keys", "snapshotEvery", "snapshotTail", "maxEntriesPerMessage"] as const

/**
 * The scenario that a tape names: made of parameters that anybody may have written. What is wrong with them comes back as a line.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromParameters = (given: Parameters): Scenario<Vocabulary> | string => {
  for (const [name, value] of Object.entries(given)) {
    if (name === "bug") {
      if (!bugs.some((bug) => bug.name === value)) return `bug: there is none called ${JSON.stringify(value)}`
    } else if (!numbers.some((known) => known === name)) return `${name}: is no parameter of raft`
    else if (typeof value !== "number" || !Number.isInteger(value) || value < least[name as keyof typeof least]) {
      return `${name}: must be an integer of at least ${least[name as keyof typeof least]}, got ${
        JSON.stringify(value)
      }`
    } else if (value > 1_000) return `${name}: must be at most 1000, got ${value}`
  }
  if (given["nodes"] === undefined) return "nodes: is missing"
  return make(given as unknown as Shape) // every parameter was looked at above
}

const least = { nodes: 1, clients: 0, keys: 1, snapshotEvery: 1, snapshotTail: 0, maxEntriesPerMessage: 1 } as const

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

const judge = (history: History.History<KeyValueInput, Value>): string | undefined => {
  const result = Linearizability.check(Specification.keyValue(), history)
  return result.verdict === "consistent" ? undefined : `the clients' history is ${result.verdict}`
}

const session = (options: Options): Session<Vocabulary> => {
  const seen: Seen = { recorder: makeRecorder<KeyValueInput, Value>(), values: new Map(), operations: 0, answered: [] }
  let acknowledged = 0
  let answeredBefore: ReadonlyArray<number> = []
  let monitor: Monitor | undefined
  return {
    clients: Array.from(
      { length: options.clients ?? 4 },
      (_, i) => (api: ClientApi<Vocabulary>) => new KeyValueClient(api, i, options.keys ?? 3, seen)
    ),
    operations: () => seen.operations,
    onEvent: (_, event) => {
      if (event._tag === "Applied") acknowledged = Math.max(acknowledged, event.index)
    },
    always: (members, changed, before) => {
      monitor ??= new Monitor(members.map((member, i) => i === changed ? before : member))
      return monitor.check(members, changed, before)
    },
    onSend: (from, to, message) => monitor?.sent(from, to, message),
    onRequest: (node, id, request) => monitor?.requested(node, id, request),
    onReply: (node, id, reply) => monitor?.answered(node, id, reply),
    onHeal: () => answeredBefore = [...seen.answered],
    eventually: [
      {
        property: "LeaderAfterHeal",
        within: 3_000,
        missing: (members) =>
          members.some((member) => member.state?.role._tag === "Leader") ? undefined : "nobody leads"
      },
      {
        property: "AnsweredAfterHeal",
        within: 3_000,
        missing: () => {
          const waiting = seen.answered.findIndex((count, client) => count === answeredBefore[client])
          return waiting === -1 ? undefined : `client ${waiting} has no answer`
        }
      }
    ],
    atEnd: (members) => {
      const found: Array<{ readonly property: string; readonly detail: string }> = []
      if (monitor?.violation !== undefined) found.push(monitor.violation)
      const leaders = members.filter((member) => member.state?.role._tag === "Leader")
      if (leaders.length !== 1) found.push({ property: "OneLeaderInTheEnd", detail: `${leaders.length} nodes lead` })
      const applied = new Set(members.map((member) => member.state?.applied))
      if (applied.size !== 1) {
        found.push({ property: "ConvergedInTheEnd", detail: `applied up to ${[...applied].join(", ")}` })
      }
      const lastApplied = Math.max(0, ...[...applied].map((index) => index ?? 0))
      if (lastApplied < acknowledged) {
        found.push({ property: "Durability", detail: `${acknowledged} was applied once, ${lastApplied} is in the end` })
      }
      const detail = judge(seen.recorder.history())
      if (detail !== undefined) found.push({ property: "Linearizability", detail })
      return found
    }
  }
}

/** What all clients of a run saw. */
interface Seen {
  readonly recorder: History.Recorder<KeyValueInput, Value>
  /** The last value that somebody put, by key: a guess that lets some comparisons succeed. */
  readonly values: Map<string, string>
  operations: number
  /** Operations that were answered, by client. */
  readonly answered: Array<number>
}

class KeyValueClient implements Client<Vocabulary> {
  private session: number | undefined
  private sequence = 0
  private input: KeyValueInput | undefined
  private request: Types.Request<KeyValue.Command> = { _tag: "OpenSession" }
  private tries = 0
  /** A process whose operation ended unknown is never heard of again; the client goes on under the next number. */
  private lives = 0
  private node: NodeId

  constructor(
    private readonly api: ClientApi<Vocabulary>,
    private readonly index: number,
    private readonly keys: number,
    private readonly seen: Seen
  ) {
    seen.answered[index] = 0
    this.node = api.nodes[api.choose(api.nodes.length, "node")]!
  }

  private get process(): string {
    return `${this.index}.${this.lives}`
  }

  onWake(): void {
    if (this.input === undefined && this.session !== undefined) {
      if (this.api.isClosing()) return
      this.begin(this.session)
    }
    this.api.ask(this.node, this.request, 400)
  }

  private begin(session: number): void {
    const { api, seen } = this
    const key = `k${api.choose(this.keys, "key")}`
    const kind = api.choose(3, "kind")
    this.tries = 0
    if (kind === 0) {
      this.input = { _tag: "Get", key }
      this.request = { _tag: "Read" }
    } else {
      const sequence = ++this.sequence
      const value = `${this.process}.${sequence}`
      const from = seen.values.get(key)
      const command: KeyValue.Command = kind === 1
        ? { _tag: "Put", key, value }
        : { _tag: "CompareAndSet", key, from, to: value }
      this.input = kind === 1 ? { _tag: "Put", key, value } : { _tag: "Cas", key, from: from ?? null, to: value }
      this.request = { _tag: "Propose", session, sequence, lowest: sequence, command }
      seen.values.set(key, value)
    }
    seen.recorder.invoke(this.process, this.input)
  }

  onReply(reply: Types.Reply<KeyValue.Result> | undefined, state: Vocabulary["state"] | undefined): void {
    switch (reply?._tag) {
      case "SessionOpened":
        this.session = reply.session
        return this.rest()
      case "Applied":
        return this.done(this.input?._tag === "Cas" ? reply.result.applied : null)
      case "Readable":
        return this.done(this.input === undefined ? null : state?.machine.get(this.input.key) ?? null)
      case "SessionExpired":
      case "SessionSuperseded":
        this.abandon()
        return this.rest()
      default:
        return this.retry(reply)
    }
  }

  private retry(reply: Types.Reply<KeyValue.Result> | undefined): void {
    const { nodes } = this.api
    if (++this.tries > 30) this.abandon()
    this.node = reply?._tag === "NotLeader" && reply.leader !== undefined && this.api.choose(2, "follow") === 0
      ? reply.leader
      : nodes[this.api.choose(nodes.length, "node")]!
    this.api.sleep(10 + this.api.choose(90, "backoff"))
  }

  /** Gives up: the outcome stays unknown, and the session goes with it. */
  private abandon(): void {
    if (this.input !== undefined) this.seen.recorder.info(this.process)
    this.lives++
    this.session = undefined
    this.input = undefined
    this.request = { _tag: "OpenSession" }
    this.tries = 0
  }

  private done(output: Value): void {
    if (this.input !== undefined) {
      this.seen.recorder.ok(this.process, output)
      this.seen.operations++
      this.seen.answered[this.index]!++
    }
    this.input = undefined
    this.rest()
  }

  private rest(): void {
    this.api.sleep(1 + this.api.choose(60, "think"))
  }
}
