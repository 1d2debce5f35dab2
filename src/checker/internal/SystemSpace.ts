/**
 * A system of nodes, interned and memoised: a handler runs once for each pair of local state and event; a global state is a handful of integers.
 *
 * It has the semantics of `model/Transitions`, which it is compared with.
 */
import type { Vocabulary } from "../../core/Protocol.js"
import type { Event } from "../../model/Event.js"
import { describe } from "../../model/Event.js"
import { ofSystems } from "../../model/Fairness.js"
import * as Steps from "../../model/internal/Steps.js"
import type { Envelope, System, SystemModel } from "../../model/SystemModel.js"
import { noFaults } from "../../model/SystemModel.js"
import { Clock } from "./Clock.js"
import type { Entry } from "./Frontier.js"
import { Labels } from "./Labels.js"
import type { Move } from "./Moves.js"
import { ignored, Moves, none } from "./Moves.js"
import { Purity } from "./Purity.js"
import { Rounds } from "./Rounds.js"
import type { Readable, Sink, Space } from "./Space.js"
import type { Conditions } from "./Successor.js"
import { Successor } from "./Successor.js"
import { guarded } from "./Thrown.js"
import { Tuples } from "./Tuples.js"

export class SystemSpace<P extends Vocabulary, H>
  implements Space, Readable<System<P, H>, "history" | "nodes" | "system">
{
  private readonly moves: Moves<P, H>
  private readonly nodes: Moves<P, H>["nodes"]
  private readonly next: Successor<P, H>
  private readonly clock: Clock<P, H>
  private readonly rounds: Rounds<P, H>
  private readonly labels: Labels<P>
  private readonly tuples = new Tuples()
  private readonly isOrdered: boolean
  private readonly isSet: boolean
  private readonly countsTimers: boolean
  /** Something may happen between the nodes. */
  private readonly hasWorld: boolean

  constructor(private readonly model: SystemModel<P, H>, purity = new Purity()) {
    this.isOrdered = model.network.kind === "ordered"
    this.isSet = model.network.kind === "set"
    this.countsTimers = Number.isFinite(model.faults.timers)
    this.hasWorld = model.faults.partitions > 0 || model.time.kind === "partiallySynchronous"
    this.moves = new Moves(model, purity)
    this.nodes = this.moves.nodes
    this.next = new Successor(
      this.moves,
      (vector) => guarded(() => `boundary of ${model.name}`, () => model.boundary!(this.decode(vector, vector.length)))
    )
    this.clock = new Clock(this.moves, this.next)
    this.rounds = new Rounds(this.moves, this.next)
    this.labels = new Labels(model.fairness ?? ofSystems, this.isOrdered)
  }

  // ---- initial states

  begin(sink: Sink): void {
    const { model, moves, next } = this
    next.sink = sink
    next.edges = 0
    const unborn = this.nodes.map((node) => node.locals.intern(Steps.unborn(node.stepping)))
    const clients = model.clients.map((client, i) =>
      moves.clients[i]!.locals.intern({ state: client.initial, asked: 0, open: undefined })
    )
    const conditions = next.conditions.intern({ used: noFaults, cut: none, isStable: false })
    const history = moves.stories.histories.intern(model.history.initial)
    const empty = this.isOrdered ? next.channels.queues.intern([]) : none
    const network = Array.from({ length: this.isOrdered ? unborn.length ** 2 : 0 }, () => empty)
    // the starts of all nodes, in their order; each combination of their choices is an initial state
    const extend = (slot: number, state: Entry): void => {
      if (slot === this.nodes.length) {
        next.from(state, none)
        next.offer(-1)
        return
      }
      for (const move of moves.restartOf(this.nodes[slot]!, state.vector[slot]!)) {
        next.from(state, none)
        next.move(slot, move)
        extend(slot + 1, next.capture())
      }
    }
    extend(0, next.entry([...unborn, history, conditions, none, ...clients, ...network]))
  }

  // ---- successors

  expand(state: Entry, sink: Sink): void {
    const { next } = this
    next.sink = sink
    next.edges = 0
    if (this.model.time.kind === "synchronous") {
      this.expandClients(state)
      this.rounds.expand(state)
      return
    }
    const conditions = next.conditions.values[state.vector[next.conditionsAt]!]!
    if (this.isOrdered) this.expandChannels(state, conditions)
    else this.expandMessages(state, conditions)
    this.expandClients(state)
    for (let slot = 0; slot < this.nodes.length; slot++) this.expandNode(state, slot, conditions)
    if (this.hasWorld) this.expandWorld(state, conditions)
  }

  private expandMessages(state: Entry, conditions: Conditions): void {
    const { moves, next } = this
    const { length, vector } = state
    const mayDrop = this.mayDrop(conditions)
    const mayRepeat = this.mayRepeat(conditions)
    for (let at = next.head; at < length; at++) {
      const envelope = vector[at]!
      if (at > next.head && vector[at - 1] === envelope) continue // one event for equal messages
      const slot = moves.receivers[envelope]!
      if (slot !== none && !next.isBlocked(conditions.cut, envelope)) {
        const made = moves.deliveryOf(this.nodes[slot]!, vector[slot]!, envelope)
        for (let m = 0; m < made.length; m++) this.deliver(state, slot, envelope, at, made[m]!)
      }
      if (moves.isOwn[envelope]!) continue
      if (mayDrop) {
        next.from(state, at)
        this.endDrop(envelope)
      }
      if (mayRepeat) {
        next.from(state, none)
        next.insert(envelope)
        next.spend("duplicates")
        next.end(next.isWatched && { _tag: "Duplicate", envelope: moves.envelopes.values[envelope]! })
      }
    }
  }

  private deliver(state: Entry, slot: number, envelope: number, at: number, move: Move): void {
    const { moves, next } = this
    next.from(state, this.isSet && !moves.isOwn[envelope]! ? none : at)
    if (this.model.network.remembersLast) next.set(next.lastAt, envelope)
    this.endDelivery(slot, envelope, move)
  }

  private endDelivery(slot: number, envelope: number, move: Move): void {
    this.next.move(slot, move)
    this.next.end(
      this.next.isWatched && {
        _tag: "Deliver",
        envelope: this.moves.envelopes.values[envelope]!,
        outcome: move.outcome
      }
    )
  }

  /** Without a budget for drops they are not counted, so that they do not make states differ. */
  private endDrop(envelope: number): void {
    if (this.model.faults.drops > 0) this.next.spend("drops")
    this.next.end(this.next.isWatched && { _tag: "Drop", envelope: this.moves.envelopes.values[envelope]! })
  }

  private mayDrop({ isStable, used }: Conditions): boolean {
    const { faults, network } = this.model
    return network.lossy && !isStable && (faults.drops === 0 || used.drops < faults.drops)
  }

  private mayRepeat({ isStable, used }: Conditions): boolean {
    return !isStable && used.duplicates < this.model.faults.duplicates
  }

  private expandChannels(state: Entry, conditions: Conditions): void {
    const { moves, next } = this
    const { vector } = state
    for (let at = next.head; at < state.length; at++) {
      const { envelope, rest } = next.channels.shift(vector[at]!)
      if (envelope === none) continue
      const slot = moves.receivers[envelope]!
      const node = this.nodes[slot]!
      const isUp = node.locals.values[vector[slot]!]!.up
      const isOpen = isUp && !next.isBlocked(conditions.cut, envelope)
      const made = isOpen ? moves.deliveryOf(node, vector[slot]!, envelope) : ignored
      for (const move of made) {
        next.from(state, none)
        next.set(at, rest)
        if (this.model.network.remembersLast) next.set(next.lastAt, envelope)
        this.endDelivery(slot, envelope, move)
      }
      // an ordered channel moves on: what nobody minds is consumed
      if (isOpen && made === ignored) {
        next.from(state, none)
        next.set(at, rest)
        next.end(next.isWatched && { _tag: "Ignore", envelope: moves.envelopes.values[envelope]! })
      }
      if (moves.isOwn[envelope]!) continue
      if (this.mayDrop(conditions)) {
        next.from(state, none)
        next.set(at, rest)
        this.endDrop(envelope)
      }
      if (this.mayRepeat(conditions)) {
        next.from(state, none)
        next.set(at, next.channels.repeat(vector[at]!))
        next.spend("duplicates")
        next.end(next.isWatched && { _tag: "Duplicate", envelope: moves.envelopes.values[envelope]! })
      }
    }
  }

  private expandClients(state: Entry): void {
    const { moves, next } = this
    const { vector } = state
    for (let client = 0; client < moves.clients.length; client++) {
      for (const asking of moves.asksOf(client, vector[next.clientsAt + client]!)) {
        const { ask: { node, request }, slot } = asking
        const memo = this.nodes[slot]!
        if (!memo.locals.values[vector[slot]!]!.up) continue
        for (const move of moves.requestOf(memo, vector[slot]!, client, asking)) {
          next.from(state, none)
          next.set(next.clientsAt + client, asking.client)
          next.move(slot, move)
          next.end(next.isWatched && { _tag: "Request", client, node, request, outcome: move.outcome })
        }
      }
    }
  }

  private expandNode(state: Entry, slot: number, { isStable, used }: Conditions): void {
    const { moves, next } = this
    const { faults } = this.model
    const node = this.nodes[slot]!
    const local = state.vector[slot]!
    if (!node.locals.values[local]!.up) {
      if (used.restarts >= faults.restarts) return
      for (const move of moves.restartOf(node, local)) {
        next.from(state, none)
        next.spend("restarts")
        next.move(slot, move)
        next.end(next.isWatched && { _tag: "Restart", node: node.id, outcome: move.outcome })
      }
      return
    }
    const timers = moves.timersOf(node, local)
    for (let t = 0; t < timers.length; t++) {
      const { isEndOfBatch, isRipe, moves: made, timer } = timers[t]!
      const isCounted = this.countsTimers && !isEndOfBatch
      if ((isCounted && used.timers >= faults.timers) || (isStable && !isRipe)) continue
      for (const move of made) {
        next.from(state, none)
        if (isCounted) next.spend("timers")
        next.move(slot, move)
        next.end(next.isWatched && { _tag: "Fire", node: node.id, timer, outcome: move.outcome })
      }
    }
    if (this.model.durability === "delayed") {
      for (const { frames, moves: made } of moves.flushesOf(node, local)) {
        for (const move of made) {
          next.from(state, none)
          next.move(slot, move)
          next.end(next.isWatched && { _tag: "Durable", node: node.id, frames, outcome: move.outcome })
        }
      }
    }
    if (used.crashes >= faults.crashes) return
    for (const [left, down] of moves.crashOf(node, local).entries()) {
      next.from(state, none)
      next.spend("crashes")
      next.crash(slot, down)
      next.end(next.isWatched && { _tag: "Crash", node: node.id, left })
    }
  }

  private expandWorld(state: Entry, { cut, isStable, used }: Conditions): void {
    const { next } = this
    const { faults, partitions, time } = this.model
    if (cut !== none && used.heals < faults.heals) {
      next.from(state, none)
      next.change({ cut: none })
      next.spend("heals")
      next.end(next.isWatched && { _tag: "Heal" })
    }
    if (cut === none && !isStable && used.partitions < faults.partitions) {
      for (let number = 0; number < partitions.cuts.length; number++) {
        next.from(state, none)
        next.change({ cut: number })
        next.spend("partitions")
        if (partitions.blocked === "drop") next.keep((envelope) => !next.isBlocked(number, envelope))
        next.end(next.isWatched && { _tag: "Partition", cut: number })
      }
    }
    if (time.kind !== "partiallySynchronous") return
    if (isStable) this.clock.tick(state)
    else if (cut === none) this.clock.stabilise(state)
  }

  // ---- what users see

  decode(vector: Int32Array, length: number): System<P, H> {
    const { moves, next } = this
    const network: Array<Envelope<P["message"]>> = []
    for (let at = next.head; at < length; at++) {
      if (!this.isOrdered) network.push(moves.envelopes.values[vector[at]!]!)
      else for (const envelope of next.channels.queues.values[vector[at]!]!) network.push(envelope)
    }
    const { cut, isStable, used } = next.conditions.values[vector[next.conditionsAt]!]!
    return {
      nodes: this.nodes.map((node, slot) => node.locals.values[vector[slot]!]!),
      network,
      clients: moves.clients.map(({ locals }, client) => locals.values[vector[next.clientsAt + client]!]!),
      history: moves.stories.histories.values[vector[next.historyAt]!] as H,
      used,
      cut: this.model.partitions.cuts[cut],
      isStable,
      last: moves.envelopes.values[vector[next.lastAt]!]
    }
  }

  reader(reads: "history" | "nodes" | "system"): ((vector: Int32Array) => number) | undefined {
    const { historyAt } = this.next
    switch (reads) {
      case "history":
        return (vector) => vector[historyAt]!
      case "nodes": {
        const slots = Int32Array.from(this.nodes.keys())
        return (vector) => this.tuples.of(vector, slots)
      }
      case "system":
        return undefined
    }
  }

  beginLabels(): void {
    this.next.labels = this.labels
  }

  labelName(label: number): string {
    return this.labels.nameOf(label)
  }

  classesOf(label: number): ReadonlyArray<number> {
    return this.labels.classesOf(label)
  }

  isStrong(fairClass: number): boolean {
    return this.labels.isStrong(fairClass)
  }

  isInside(): boolean {
    return true // what is beyond was not offered
  }

  /** An edge of a state, as `model/Transitions` calls it. */
  eventOf(state: Entry, index: number): Event<P> | undefined {
    let found: Event<P> | undefined
    this.next.watch = (at, event) => {
      if (at === index) found = event
    }
    this.expand(state, { vector: new Int32Array(0), edge: () => false, commit: () => {} })
    this.next.watch = undefined
    return found
  }

  eventName(state: Entry, event: number): string {
    const found = this.eventOf(state, event)
    return found === undefined ? "" : describe(found)
  }
}
