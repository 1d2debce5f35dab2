/**
 * A system of nodes, interned and memoised: a handler runs once for each pair of local state and event; a global state is a handful of integers.
 *
 * Vector: a component for each node, one for the history, one for the faults used, one for the message delivered last; then the network: envelope numbers in
 * ascending order, or a queue component for each channel.
 */
import { encode } from "../../core/Canonical.js"
import type { Vocabulary } from "../../core/Protocol.js"
import { emptyDurable } from "../../core/Protocol.js"
import type { Envelope, System, SystemModel, Used } from "../../model/SystemModel.js"
import { Channels } from "./Channels.js"
import type { Entry } from "./Frontier.js"
import { Fingerprint, Interner, SlotKeys } from "./Interner.js"
import type { Move } from "./Moves.js"
import { ignored, Moves, none } from "./Moves.js"
import { PairTable } from "./PairTable.js"
import type { Sink, Space } from "./Space.js"

/** A label for the event that `expand` is at, while a trace is told. */
type Watch = (index: number, name: () => string) => void

export class SystemSpace<P extends Vocabulary, H> implements Space {
  private readonly moves: Moves<P, H>
  private readonly nodes: Moves<P, H>["nodes"]
  private readonly envelopeKeys: SlotKeys
  private readonly channels: Channels<P, H>
  private readonly queueKeys: ReadonlyArray<SlotKeys>
  private readonly historyKeys: SlotKeys
  private readonly tuples = new PairTable()
  private tupleCount = 0
  private readonly used = new Interner<Used>()
  private readonly usedKeys: SlotKeys
  private readonly lastKeys: SlotKeys
  private readonly historyAt: number
  private readonly usedAt: number
  private readonly lastAt: number
  private readonly head: number
  private readonly isOrdered: boolean
  private readonly isSet: boolean
  private sink!: Sink
  private edges = 0
  private watch: Watch | undefined = undefined
  private readonly print = new Fingerprint()
  /** Scratch for the successor's network. */
  private next = new Int32Array(256)
  private nextLength = 0

  constructor(private readonly model: SystemModel<P, H>) {
    const count = model.nodes.length
    this.historyAt = count
    this.usedAt = count + 1
    this.lastAt = count + 2
    this.head = count + 3
    this.isOrdered = model.network.kind === "ordered"
    this.isSet = model.network.kind === "set"
    this.moves = new Moves(model)
    this.nodes = this.moves.nodes
    this.channels = new Channels(this.moves)
    this.historyKeys = new SlotKeys(this.moves.histories, this.historyAt)
    this.usedKeys = new SlotKeys(this.used, this.usedAt)
    this.lastKeys = new SlotKeys(this.moves.envelopes, this.lastAt)
    this.envelopeKeys = new SlotKeys(this.moves.envelopes, this.head)
    this.queueKeys = Array.from(
      { length: this.isOrdered ? count * count : 0 },
      (_, channel) => new SlotKeys(this.channels.queues, this.head + 1 + channel)
    )
  }

  // ---- initial states

  begin(sink: Sink): void {
    this.sink = sink
    this.edges = 0
    const history = this.moves.histories.intern(this.model.history.initial)
    const used = this.used.intern({ crashes: 0, restarts: 0, drops: 0 })
    const empty = this.isOrdered ? this.channels.queues.intern([]) : 0
    const count = this.nodes.length
    const tail = Array.from({ length: this.isOrdered ? count * count : 0 }, () => empty)
    // the starts of all nodes, in their order; each combination of their choices is an initial state
    const extend = (
      slot: number,
      locals: ReadonlyArray<number>,
      network: ReadonlyArray<number>,
      story: number
    ): void => {
      if (slot < count) {
        const node = this.nodes[slot]!
        const before = { up: false, state: undefined, timers: [], durable: emptyDurable(node.protocol) }
        for (const move of this.moves.starts(node, before)) {
          const sent = this.isOrdered
            ? this.channels.enqueueAll(network, move.sends)
            : this.insertAll(network, move.sends)
          extend(slot + 1, [...locals, move.local], sent, this.moves.historyAfter(story, move.hook))
        }
        return
      }
      this.offer([...locals, story, used, none, ...network])
    }
    extend(0, [], tail, history)
  }

  private insertAll(network: ReadonlyArray<number>, sends: ReadonlyArray<number>): ReadonlyArray<number> {
    const all = [...network]
    for (const send of sends) if (!this.isSet || !all.includes(send)) all.push(send)
    return all.toSorted((a, b) => a - b)
  }

  private offer(vector: ReadonlyArray<number>): void {
    const entry = Int32Array.from(vector)
    if (!this.isAllowed(entry, entry.length)) return
    this.print.set({ low: 0, high: 0 })
    for (let at = 0; at < entry.length; at++) {
      const keys = this.keysAt(at)
      if (entry[at] !== none && keys !== undefined) this.print.plus(keys, entry[at]!)
    }
    if (!this.sink.edge(this.print.low, this.print.high, -1)) return
    this.sink.vector.set(entry)
    this.sink.commit(entry.length)
  }

  private keysAt(at: number): SlotKeys | undefined {
    if (at < this.historyAt) return this.nodes[at]!.keys
    if (at === this.historyAt) return this.historyKeys
    if (at === this.usedAt) return this.usedKeys
    if (at === this.lastAt) return this.lastKeys
    return this.isOrdered ? this.queueKeys[at - this.head] : this.envelopeKeys
  }

  // ---- successors

  expand(state: Entry, sink: Sink): void {
    this.sink = sink
    this.edges = 0
    if (this.isOrdered) this.expandChannels(state)
    else this.expandMessages(state)
    for (let slot = 0; slot < this.nodes.length; slot++) this.expandNode(state, slot)
  }

  private expandMessages(state: Entry): void {
    const { vector } = state
    const { lossy } = this.model.network
    for (let at = this.head; at < state.length; at++) {
      const envelope = vector[at]!
      if (at > this.head && vector[at - 1] === envelope) continue // one event for equal messages
      const slot = this.moves.receivers[envelope]!
      if (slot !== none) {
        const moves = this.moves.deliveryOf(this.nodes[slot]!, vector[slot]!, envelope)
        if (moves !== ignored) {
          for (let m = 0; m < moves.length; m++) this.deliver(state, slot, envelope, at, moves[m]!)
        }
      }
      if (lossy && this.mayDrop(state)) this.drop(state, envelope, at)
    }
  }

  private deliver(state: Entry, slot: number, envelope: number, at: number, move: Move): void {
    this.print.set(state)
    if (this.isSet) {
      this.copyNetwork(state, none)
      if (this.model.network.remembersLast) this.print.replace(this.lastKeys, state.vector[this.lastAt]!, envelope)
    } else {
      this.copyNetwork(state, at)
      this.print.subtract(this.envelopeKeys, envelope)
    }
    const last = this.isSet && this.model.network.remembersLast ? envelope : state.vector[this.lastAt]!
    this.finish(state, slot, move, state.vector[this.usedAt]!, last, () => `deliver ${this.envelopeName(envelope)}`)
  }

  private drop(state: Entry, envelope: number, at: number): void {
    this.print.set(state)
    this.copyNetwork(state, at)
    this.print.subtract(this.envelopeKeys, envelope)
    this.end(
      state,
      none,
      0,
      state.vector[this.historyAt]!,
      this.afterDrop(state),
      state.vector[this.lastAt]!,
      () => `drop ${this.envelopeName(envelope)}`
    )
  }

  private mayDrop(state: Entry): boolean {
    const { drops } = this.model.faults
    return drops === 0 || this.used.values[state.vector[this.usedAt]!]!.drops < drops
  }

  /** Without a budget for drops they are not counted, so that they do not make states differ. */
  private afterDrop(state: Entry): number {
    const used = state.vector[this.usedAt]!
    return this.model.faults.drops === 0 ? used : this.spend(used, "drops")
  }

  private expandChannels(state: Entry): void {
    const { vector } = state
    const { lossy } = this.model.network
    for (let at = this.head; at < state.length; at++) {
      const { envelope, rest } = this.channels.shift(vector[at]!)
      if (envelope === none) continue
      const slot = this.moves.receivers[envelope]!
      const node = this.nodes[slot]!
      const isUp = node.locals.values[vector[slot]!]!.up
      const moves = isUp ? this.moves.deliveryOf(node, vector[slot]!, envelope) : ignored
      for (const move of moves) {
        this.print.set(state)
        this.copyNetwork(state, none)
        this.setQueue(at, rest)
        this.finish(state, slot, move, vector[this.usedAt]!, none, () => `deliver ${this.envelopeName(envelope)}`)
      }
      // an ordered channel moves on: what nobody minds is consumed
      if (isUp && moves === ignored) {
        this.consume(state, at, rest, vector[this.usedAt]!, () => `ignore ${this.envelopeName(envelope)}`)
      }
      if (lossy && this.mayDrop(state)) {
        this.consume(state, at, rest, this.afterDrop(state), () => `drop ${this.envelopeName(envelope)}`)
      }
    }
  }

  private consume(state: Entry, at: number, rest: number, used: number, name: () => string): void {
    this.print.set(state)
    this.copyNetwork(state, none)
    this.setQueue(at, rest)
    this.end(state, none, 0, state.vector[this.historyAt]!, used, none, name)
  }

  private expandNode(state: Entry, slot: number): void {
    const { vector } = state
    const node = this.nodes[slot]!
    const local = vector[slot]!
    const { up } = node.locals.values[local]!
    const used = vector[this.usedAt]!
    const last = vector[this.lastAt]!
    if (up) {
      for (const { moves, timer } of this.moves.timersOf(node, local)) {
        for (const move of moves) this.step(state, slot, move, used, last, () => `timer ${encode(timer)} of ${node.id}`)
      }
      const spent = this.used.values[used]!
      if (spent.crashes < this.model.faults.crashes) {
        this.print.set(state)
        this.copyNetwork(state, none)
        const after = this.moves.crashOf(node, local)
        this.end(
          state,
          slot,
          after,
          vector[this.historyAt]!,
          this.spend(used, "crashes"),
          last,
          () => `crash ${node.id}`
        )
      }
    } else if (this.used.values[used]!.restarts < this.model.faults.restarts) {
      for (const move of this.moves.restartOf(node, local)) {
        this.step(state, slot, move, this.spend(used, "restarts"), last, () => `restart ${node.id}`)
      }
    }
  }

  private step(state: Entry, slot: number, move: Move, used: number, last: number, name: () => string): void {
    this.print.set(state)
    this.copyNetwork(state, none)
    this.finish(state, slot, move, used, last, name)
  }

  // ---- one successor: the fingerprint first, the vector only when it is new

  private copyNetwork(state: Entry, without: number): void {
    if (this.next.length < state.length + 64) this.next = new Int32Array(state.length * 2 + 64)
    let length = 0
    for (let at = this.head; at < state.length; at++) if (at !== without) this.next[length++] = state.vector[at]!
    this.nextLength = length
  }

  private setQueue(at: number, queue: number): void {
    const channel = at - this.head
    this.print.replace(this.queueKeys[channel]!, this.next[channel]!, queue)
    this.next[channel] = queue
  }

  private finish(state: Entry, slot: number, move: Move, used: number, last: number, name: () => string): void {
    for (const send of move.sends) this.send(send)
    const history = this.moves.historyAfter(state.vector[this.historyAt]!, move.hook)
    this.end(state, slot, move.local, history, used, last, name)
  }

  private send(envelope: number): void {
    if (this.isOrdered) {
      const channel = this.channels.channelOf(envelope)
      if (channel >= 0) this.setQueue(this.head + channel, this.channels.append(this.next[channel]!, envelope))
      return
    }
    const { next } = this
    let at = this.nextLength
    while (at > 0 && next[at - 1]! > envelope) at--
    if (this.isSet && at > 0 && next[at - 1] === envelope) return
    if (this.nextLength + 1 > next.length) {
      this.next = new Int32Array(next.length * 2)
      this.next.set(next)
    }
    this.next.copyWithin(at + 1, at, this.nextLength)
    this.next[at] = envelope
    this.nextLength++
    this.print.plus(this.envelopeKeys, envelope)
  }

  private end(
    state: Entry,
    slot: number,
    local: number,
    history: number,
    used: number,
    last: number,
    name: () => string
  ): void {
    const { vector } = state
    if (slot !== none) this.print.replace(this.nodes[slot]!.keys, vector[slot]!, local)
    this.print.replace(this.historyKeys, vector[this.historyAt]!, history)
    this.print.replace(this.usedKeys, vector[this.usedAt]!, used)
    const event = this.edges++
    this.watch?.(event, name)
    const write = (into: Int32Array): number => {
      for (let i = 0; i < this.historyAt; i++) into[i] = vector[i]!
      if (slot !== none) into[slot] = local
      into[this.historyAt] = history
      into[this.usedAt] = used
      into[this.lastAt] = last
      for (let i = 0; i < this.nextLength; i++) into[this.head + i] = this.next[i]!
      return this.head + this.nextLength
    }
    if (this.model.boundary !== undefined) {
      const scratch = new Int32Array(this.head + this.nextLength)
      write(scratch)
      if (!this.isAllowed(scratch, scratch.length)) return
    }
    if (!this.sink.edge(this.print.low, this.print.high, event)) return
    this.sink.commit(write(this.sink.vector))
  }

  private spend(used: number, fault: keyof Used): number {
    const before = this.used.values[used]!
    return this.used.intern({ ...before, [fault]: before[fault] + 1 })
  }

  // ---- what users see

  decode(vector: Int32Array, length: number): System<P, H> {
    const network: Array<Envelope<P["message"]>> = []
    for (let at = this.head; at < length; at++) {
      if (!this.isOrdered) network.push(this.moves.envelopes.values[vector[at]!]!)
      else for (const envelope of this.channels.queues.values[vector[at]!]!) network.push(envelope)
    }
    return {
      nodes: this.nodes.map((node, slot) => node.locals.values[vector[slot]!]!),
      network,
      history: this.moves.histories.values[vector[this.historyAt]!] as H,
      used: this.used.values[vector[this.usedAt]!]!
    }
  }

  /** What a property depends on, as a number: equal numbers, equal answers. */
  dependency(vector: Int32Array, reads: "history" | "nodes"): number {
    if (reads === "history") return vector[this.historyAt]!
    let prefix = 0
    for (let slot = 0; slot < this.historyAt; slot++) {
      const known = this.tuples.get(prefix, vector[slot]!)
      if (known < 0) this.tuples.set(prefix, vector[slot]!, ++this.tupleCount)
      prefix = known < 0 ? this.tupleCount : known
    }
    return prefix
  }

  isInside(): boolean {
    return true // `end` has dropped what is beyond
  }

  private isAllowed(vector: Int32Array, length: number): boolean {
    return this.model.boundary === undefined || this.model.boundary(this.decode(vector, length))
  }

  private envelopeName(envelope: number): string {
    const { from, message, to } = this.moves.envelopes.values[envelope]!
    return `${from} -> ${to} ${encode(message)}`
  }

  eventName(state: Entry, event: number): string {
    let name = ""
    this.watch = (index, text) => {
      if (index === event) name = text()
    }
    this.expand(state, { vector: new Int32Array(0), edge: () => false, commit: () => {} })
    this.watch = undefined
    return name
  }
}
