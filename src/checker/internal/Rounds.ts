/**
 * Synchronous time on interned states: one edge is a round of all nodes.
 */
import type { Vocabulary } from "../../core/Protocol.js"
import type { Part } from "../../model/Event.js"
import { inboxOf, options } from "../../model/internal/Rounds.js"
import type { Entry } from "./Frontier.js"
import type { Move, Moves, NodeMemo } from "./Moves.js"
import { none } from "./Moves.js"
import { PairTable } from "./PairTable.js"
import type { Conditions, Successor } from "./Successor.js"

/** What a node may do in a round. */
interface Option {
  readonly part: Part
  /** None: it stays down. */
  readonly move: Move | undefined
  /** What it is after it crashed, or none. */
  readonly down: number
}

export class Rounds<P extends Vocabulary, H> {
  /** Numbers of sequences of envelopes, by prefix and last; 0 is the empty one. */
  private readonly sequences = new PairTable()
  private sequenceCount = 0
  /** By node, by what it may suffer: what it may do, by local state and inbox. */
  private readonly known: ReadonlyArray<ReadonlyArray<PairTable>>
  private readonly lists: Array<ReadonlyArray<Option>> = []

  constructor(private readonly moves: Moves<P, H>, private readonly next: Successor<P, H>) {
    this.known = moves.nodes.map(() => [new PairTable(), new PairTable(), new PairTable(), new PairTable()])
  }

  expand(state: Entry): void {
    const { moves, next } = this
    const { faults } = moves.model
    const conditions = next.conditions.values[state.vector[next.conditionsAt]!]!
    const { used } = conditions
    if (!this.isDue(state, conditions)) return
    const choices = moves.nodes.map((_, slot) => this.optionsOf(state, slot, conditions))
    const chosen: Array<Option> = []
    const choose = (slot: number, crashes: number, restarts: number): void => {
      if (crashes > faults.crashes || restarts > faults.restarts) return
      if (slot === choices.length) return this.round(state, chosen)
      for (const option of choices[slot]!) {
        chosen[slot] = option
        const isRestart = option.part._tag === "Restart"
        choose(slot + 1, crashes + (option.down === none ? 0 : 1), restarts + (isRestart ? 1 : 0))
      }
    }
    choose(0, used.crashes, used.restarts)
  }

  private isDue({ length, vector }: Entry, { used }: Conditions): boolean {
    const { model, nodes, receivers } = this.moves
    for (let at = this.next.head; at < length; at++) {
      const slot = receivers[vector[at]!]!
      if (slot !== none && nodes[slot]!.locals.values[vector[slot]!]!.up) return true
    }
    return nodes.some(({ locals }, slot) => {
      const { endOfBatch, timers, up } = locals.values[vector[slot]!]!
      return up ? timers.length + (endOfBatch?.length ?? 0) > 0 : used.restarts < model.faults.restarts
    })
  }

  private round(state: Entry, chosen: ReadonlyArray<Option>): void {
    const { next } = this
    next.from(state, none)
    next.clear()
    for (const [slot, { down, move, part }] of chosen.entries()) {
      if (move === undefined) continue
      if (part._tag === "Restart") next.spend("restarts")
      next.move(slot, move)
      if (down === none) continue
      next.spend("crashes")
      next.crash(slot, down)
    }
    const parts = chosen.map(({ part }) => part)
    next.end(next.isWatched && { _tag: "Round", parts })
  }

  private optionsOf(state: Entry, slot: number, { used }: Conditions): ReadonlyArray<Option> {
    const { vector } = state
    const { faults } = this.moves.model
    const mayCrash = used.crashes < faults.crashes
    const mayRestart = used.restarts < faults.restarts
    const table = this.known[slot]![(mayCrash ? 2 : 0) + (mayRestart ? 1 : 0)]!
    const inbox = this.inbox(state, slot)
    const known = table.get(vector[slot]!, inbox)
    if (known >= 0) return this.lists[known]!
    const made = this.make(state, slot, mayCrash, mayRestart)
    table.set(vector[slot]!, inbox, this.lists.push(made) - 1)
    return made
  }

  /** The number of the sequence of envelopes to a node, in the order of their numbers. */
  private inbox({ length, vector }: Entry, slot: number): number {
    let prefix = 0
    for (let at = this.next.head; at < length; at++) {
      const envelope = vector[at]!
      if (this.moves.receivers[envelope] !== slot) continue
      const known = this.sequences.get(prefix, envelope)
      if (known < 0) this.sequences.set(prefix, envelope, ++this.sequenceCount)
      prefix = known < 0 ? this.sequenceCount : known
    }
    return prefix
  }

  private make(state: Entry, slot: number, mayCrash: boolean, mayRestart: boolean): ReadonlyArray<Option> {
    const { moves } = this
    const node: NodeMemo<P> = moves.nodes[slot]!
    const flight = Array.from(state.vector.subarray(this.next.head, state.length), (e) => moves.envelopes.values[e]!)
    const inbox = inboxOf<P>(moves.model.nodes, flight, node.id)
    const local = node.locals.values[state.vector[slot]!]!
    const notes = inbox.map((envelope) => ({ _tag: "Deliver", envelope: moves.envelope(envelope) }) as const)
    return options(node.stepping, local, inbox, mayCrash, mayRestart).map(({ down, outcome, part }): Option => ({
      part,
      move: outcome === undefined
        ? undefined
        : moves.move(node, part._tag === "Step" || part._tag === "Crash" ? notes : [], outcome, 0),
      down: down === undefined ? none : node.locals.intern(down)
    }))
  }
}
