/**
 * Partial synchrony on interned states: GST, and the ticks after it.
 */
import type { Vocabulary } from "../../core/Protocol.js"
import * as Armed from "../../model/internal/Armed.js"
import type { Entry } from "./Frontier.js"
import type { Moves } from "./Moves.js"
import { none } from "./Moves.js"
import type { Successor } from "./Successor.js"

export class Clock<P extends Vocabulary, H> {
  /** By node and local state: the local state a tick later, or none where something is due first. */
  private readonly ticked: ReadonlyArray<Array<number | undefined>>
  /** By envelope: the same a tick later. */
  private readonly aged: Array<number | undefined> = []

  constructor(private readonly moves: Moves<P, H>, private readonly next: Successor<P, H>) {
    this.ticked = moves.nodes.map(() => [])
  }

  stabilise(state: Entry): void {
    const { moves, next } = this
    next.from(state, none)
    next.change({ isStable: true })
    for (const [slot, { locals }] of moves.nodes.entries()) {
      next.set(slot, locals.intern(Armed.stabilised(locals.values[state.vector[slot]!]!)))
    }
    next.end(next.isWatched && { _tag: "Stabilise" })
  }

  tick(state: Entry): void {
    const { moves, next } = this
    const { vector } = state
    for (let slot = 0; slot < moves.nodes.length; slot++) if (this.tickedOf(slot, vector[slot]!) === none) return
    const flight = this.flight(state)
    const due = flight.filter((envelope) => moves.envelopes.values[envelope]!.left === 0)
    if (due.some((envelope) => this.isMinded(state, envelope))) return
    const isStill = moves.nodes.every((_, slot) => this.tickedOf(slot, vector[slot]!) === vector[slot])
    if (isStill && due.length === flight.length) return
    next.from(state, none)
    for (let slot = 0; slot < moves.nodes.length; slot++) next.set(slot, this.tickedOf(slot, vector[slot]!))
    const isLater = (envelope: number): boolean => moves.envelopes.values[envelope]!.left! > 0
    next.keep(isLater)
    if (moves.model.network.kind === "ordered") {
      for (let at = next.head; at < state.length; at++) next.set(at, this.agedQueue(vector[at]!))
    } else {
      next.clear()
      for (const envelope of flight) if (isLater(envelope)) next.insert(this.agedOf(envelope))
    }
    next.end(next.isWatched && { _tag: "Tick" })
  }

  private flight(state: Entry): ReadonlyArray<number> {
    const { channels, head } = this.next
    const parts = Array.from(state.vector.subarray(head, state.length))
    return this.moves.model.network.kind === "ordered"
      ? parts.flatMap((queue) => channels.queues.values[queue]!.map((envelope) => this.moves.envelope(envelope)))
      : parts
  }

  private isMinded({ vector }: Entry, envelope: number): boolean {
    const slot = this.moves.receivers[envelope]!
    return slot !== none && this.moves.deliveryOf(this.moves.nodes[slot]!, vector[slot]!, envelope).length > 0
  }

  private tickedOf(slot: number, local: number): number {
    const { locals } = this.moves.nodes[slot]!
    const known = this.ticked[slot]![local]
    if (known !== undefined) return known
    const later = Armed.ticked(locals.values[local]!)
    return this.ticked[slot]![local] = later === undefined ? none : locals.intern(later)
  }

  private agedOf(envelope: number): number {
    const value = this.moves.envelopes.values[envelope]!
    return this.aged[envelope] ??= this.moves.envelope({ ...value, left: value.left! - 1 })
  }

  private agedQueue(queue: number): number {
    const { channels } = this.next
    const later = channels.filter(queue, (envelope) => this.moves.envelopes.values[envelope]!.left! > 0)
    return channels.map(later, (envelope) => ({ ...envelope, left: envelope.left! - 1 }))
  }
}
