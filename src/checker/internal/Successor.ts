/**
 * A successor in the making: its fingerprint first, its vector only when it is new. One is reused for all edges of a search.
 *
 * Vector: a component for each node, one for the history, one for the conditions (faults so far, partition, GST), one for the message delivered last, one for each
 * client; then the network: envelope numbers in ascending order, or a queue component for each channel.
 */
import type { Vocabulary } from "../../core/Protocol.js"
import type { Event } from "../../model/Event.js"
import { blocks } from "../../model/Partition.js"
import type { Used } from "../../model/SystemModel.js"
import { Channels } from "./Channels.js"
import { Entry } from "./Frontier.js"
import { Fingerprint, Interner, SlotKeys } from "./Interner.js"
import type { Labels } from "./Labels.js"
import type { Move, Moves } from "./Moves.js"
import { none } from "./Moves.js"
import { PairTable } from "./PairTable.js"
import { Refusal } from "./Refusal.js"
import type { Sink } from "./Space.js"
import { maxParts } from "./Space.js"

/** What is true of the whole system, beside its nodes and messages. */
export interface Conditions {
  readonly used: Used
  /** The number of the partition of now, or none. */
  readonly cut: number
  readonly isStable: boolean
}

/** An event's name, for the one edge whose trace is told. */
type Watch<P extends Vocabulary> = (index: number, event: Event<P>) => void

const faults: ReadonlyArray<keyof Used> = [
  "crashes",
  "restarts",
  "drops",
  "duplicates",
  "partitions",
  "heals",
  "timers"
]

export class Successor<P extends Vocabulary, H> {
  readonly historyAt: number
  readonly conditionsAt: number
  readonly lastAt: number
  readonly clientsAt: number
  /** Where the network begins. */
  readonly head: number
  readonly channels: Channels<P, H>
  readonly conditions = new Interner<Conditions>()
  sink!: Sink
  edges = 0
  watch: Watch<P> | undefined = undefined
  /** Only where somebody asks what kind of step an edge is. */
  labels: Labels<P> | undefined = undefined
  private readonly isOrdered: boolean
  private readonly isSet: boolean
  private readonly drops: boolean
  private readonly keys: ReadonlyArray<SlotKeys>
  private readonly envelopeKeys: SlotKeys
  private readonly spent = new PairTable()
  private readonly blocked: Array<Array<boolean | undefined>>
  private readonly print = new Fingerprint()
  private readonly hasBoundary: boolean
  private vector = new Int32Array(256)
  private length = 0
  private isOutside = false

  constructor(private readonly moves: Moves<P, H>, private readonly isAllowed: (vector: Int32Array) => boolean) {
    const { model } = moves
    const count = model.nodes.length
    this.historyAt = count
    this.conditionsAt = count + 1
    this.lastAt = count + 2
    this.clientsAt = count + 3
    this.head = this.clientsAt + model.clients.length
    this.hasBoundary = model.nodeBoundary !== undefined
    this.isOrdered = model.network.kind === "ordered"
    this.isSet = model.network.kind === "set"
    this.drops = model.partitions.blocked === "drop"
    this.blocked = model.partitions.cuts.map(() => [])
    this.channels = new Channels(moves)
    this.envelopeKeys = new SlotKeys(moves.envelopes, this.head)
    this.keys = [
      ...moves.nodes.map(({ keys }) => keys),
      new SlotKeys(moves.stories.histories, this.historyAt),
      new SlotKeys(this.conditions, this.conditionsAt),
      new SlotKeys(moves.envelopes, this.lastAt),
      ...moves.clients.map(({ keys }) => keys),
      ...Array.from(
        { length: this.isOrdered ? count * count : 0 },
        (_, channel) => new SlotKeys(this.channels.queues, this.head + 1 + channel)
      )
    ]
  }

  /** A vector with its fingerprint. */
  entry(vector: ReadonlyArray<number>): Entry {
    this.print.set({ low: 0, high: 0 })
    for (const [at, component] of vector.entries()) {
      const keys = this.isOrdered || at < this.head ? this.keys[at]! : this.envelopeKeys
      if (component >= 0) this.print.plus(keys, component)
    }
    return this.asEntry(Int32Array.from(vector))
  }

  private asEntry(vector: Int32Array<ArrayBuffer>): Entry {
    const entry = new Entry()
    entry.low = this.print.low
    entry.high = this.print.high
    entry.length = vector.length
    entry.vector = vector
    return entry
  }

  // ---- making one

  /** Begins as the state itself, without the message at a place. */
  from(state: Entry, without: number): void {
    this.print.set(state)
    this.isOutside = false
    const { length, vector } = state
    if (this.vector.length < length + 64) this.vector = new Int32Array(length * 2 + 64)
    const into = this.vector
    const end = without === none ? length : without
    for (let at = 0; at < end; at++) into[at] = vector[at]!
    if (without === none) {
      this.length = length
      return
    }
    for (let at = without + 1; at < length; at++) into[at - 1] = vector[at]!
    this.length = length - 1
    this.print.subtract(this.envelopeKeys, vector[without]!)
  }

  /** Of a component before the network, or of a channel's queue. */
  set(at: number, component: number): void {
    const before = this.vector[at]!
    if (before === component) return
    this.print.replace(this.keys[at]!, before, component)
    this.vector[at] = component
    if (this.hasBoundary && at < this.historyAt && !this.moves.isInside(at, component)) this.isOutside = true
  }

  /** Empties a network that has no channels. */
  clear(): void {
    for (let at = this.head; at < this.length; at++) this.print.subtract(this.envelopeKeys, this.vector[at]!)
    this.length = this.head
  }

  tell(hook: number): void {
    if (hook !== 0) this.set(this.historyAt, this.moves.stories.after(this.vector[this.historyAt]!, hook))
  }

  /** What one event made of a node. */
  move(slot: number, { hook, local, replies, sends }: Move): void {
    this.set(slot, local)
    this.tell(hook)
    for (let i = 0; i < sends.length; i++) this.send(sends[i]!)
    for (let i = 0; i < replies.length; i++) this.reply(replies[i]!)
  }

  private reply(answer: number): void {
    const client = this.moves.clientOf(answer)
    if (client >= this.moves.clients.length) return // an id that no client has
    const answered = this.moves.answerOf(client, this.vector[this.clientsAt + client]!, answer)
    if (answered === undefined) return // nobody waits for it any more
    this.tell(answered.hook)
    this.set(this.clientsAt + client, answered.client)
  }

  send(envelope: number): void {
    if (this.drops && this.isBlocked(this.conditions.values[this.vector[this.conditionsAt]!]!.cut, envelope)) return
    if (this.isOrdered) {
      const channel = this.channels.channelOf(envelope)
      const at = this.head + channel
      if (channel >= 0) this.set(at, this.channels.append(this.vector[at]!, envelope))
      return
    }
    this.insert(envelope)
  }

  /** Puts it among the others, whatever parts the network. */
  insert(envelope: number): void {
    const { head, length } = this
    let { vector } = this
    let at = length
    while (at > head && vector[at - 1]! > envelope) at--
    if (this.isSet && at > head && vector[at - 1] === envelope) return
    if (length === vector.length) {
      vector = new Int32Array(length * 2)
      vector.set(this.vector)
      this.vector = vector
    }
    for (let to = length; to > at; to--) vector[to] = vector[to - 1]!
    vector[at] = envelope
    this.length = length + 1
    this.print.plus(this.envelopeKeys, envelope)
  }

  /** Without those messages that are wanted no more. */
  keep(isKept: (envelope: number) => boolean): void {
    if (this.isOrdered) {
      for (let at = this.head; at < this.length; at++) this.set(at, this.channels.filter(this.vector[at]!, isKept))
      return
    }
    let to = this.head
    for (let at = this.head; at < this.length; at++) {
      const envelope = this.vector[at]!
      if (isKept(envelope)) this.vector[to++] = envelope
      else this.print.subtract(this.envelopeKeys, envelope)
    }
    this.length = to
  }

  /** A node stops: what it said to itself goes with it, and who asked it will never know. */
  crash(slot: number, down: number): void {
    const { moves } = this
    this.set(slot, down)
    for (let client = 0; client < moves.clients.length; client++) {
      const lost = moves.lostOf(client, this.vector[this.clientsAt + client]!, moves.nodes[slot]!.id)
      if (lost === undefined) continue
      this.tell(lost.hook)
      this.set(this.clientsAt + client, lost.client)
    }
    if (moves.hasOwn) this.keep((envelope) => !(moves.isOwn[envelope]! && moves.receivers[envelope] === slot))
  }

  /** One more fault of a kind. */
  spend(fault: keyof Used): void {
    const before = this.vector[this.conditionsAt]!
    const kind = faults.indexOf(fault)
    let after = this.spent.get(before, kind)
    if (after < 0) {
      const { cut, isStable, used } = this.conditions.values[before]!
      after = this.conditions.intern({ cut, isStable, used: { ...used, [fault]: used[fault] + 1 } })
      this.spent.set(before, kind, after)
    }
    this.set(this.conditionsAt, after)
  }

  change(conditions: Partial<Conditions>): void {
    const before = this.conditions.values[this.vector[this.conditionsAt]!]!
    this.set(this.conditionsAt, this.conditions.intern({ ...before, ...conditions }))
  }

  isBlocked(cut: number, envelope: number): boolean {
    if (cut === none) return false
    const { from, to } = this.moves.envelopes.values[envelope]!
    return this.blocked[cut]![envelope] ??= blocks(this.moves.model.partitions.cuts[cut]!, from, to)
  }

  // ---- the end of one

  /** As a state of its own. */
  capture(): Entry {
    return this.asEntry(this.vector.slice(0, this.length))
  }

  /** Whether anybody asks what an edge is: events are made only then. */
  get isWatched(): boolean {
    return this.labels !== undefined || this.watch !== undefined
  }

  /** Offers it as an edge. */
  end(event: Event<P> | false): void {
    const index = this.edges++
    if (event === false) this.offer(index)
    else {
      this.watch?.(index, event)
      this.offer(index, this.labels === undefined ? 0 : this.labels.of(event))
    }
  }

  offer(index: number, label = 0): void {
    if (this.isOutside || (this.moves.model.boundary !== undefined && !this.isAllowed(this.capture().vector))) {
      this.sink.beyond?.(label)
      return
    }
    if (!this.sink.edge(this.print.low, this.print.high, index, label)) return
    this.sink.commit(this.write(this.sink.vector))
  }

  private write(into: Int32Array): number {
    const { length, vector } = this
    if (length > maxParts) {
      const inFlight = `${length - this.head} messages are in flight`
      throw new Refusal("limit", "network", `a state has more than ${maxParts} parts: ${inFlight}`)
    }
    for (let at = 0; at < length; at++) into[at] = vector[at]!
    return length
  }
}
