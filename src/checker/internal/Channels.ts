/**
 * The queues of an ordered network, interned: appending and shifting are table look-ups.
 */
import type { Vocabulary } from "../../core/Protocol.js"
import type { Envelope } from "../../model/SystemModel.js"
import { Interner } from "./Interner.js"
import type { Moves } from "./Moves.js"
import { none } from "./Moves.js"
import { PairTable } from "./PairTable.js"

export class Channels<P extends Vocabulary, H> {
  readonly queues = new Interner<ReadonlyArray<Envelope<P["message"]>>>()
  private readonly appended = new PairTable()
  private readonly shifted: Array<{ readonly envelope: number; readonly rest: number } | undefined> = []

  constructor(private readonly moves: Moves<P, H>) {}

  /** The position of an envelope's channel; none where its receiver is no node of the model. */
  channelOf(envelope: number): number {
    const slot = this.moves.receivers[envelope]!
    return slot === none
      ? none
      : this.moves.index.get(this.moves.envelopes.values[envelope]!.from)! * this.moves.nodes.length + slot
  }

  append(queue: number, envelope: number): number {
    const known = this.appended.get(queue, envelope)
    if (known >= 0) return known
    const next = this.queues.intern([...this.queues.values[queue]!, this.moves.envelopes.values[envelope]!])
    this.appended.set(queue, envelope, next)
    return next
  }

  shift(queue: number): { readonly envelope: number; readonly rest: number } {
    const known = this.shifted[queue]
    if (known !== undefined) return known
    const [first, ...rest] = this.queues.values[queue]!
    return this.shifted[queue] = first === undefined
      ? { envelope: none, rest: queue }
      : { envelope: this.moves.envelope(first), rest: this.queues.intern(rest) }
  }

  /** The queue with its head twice. */
  repeat(queue: number): number {
    const envelopes = this.queues.values[queue]!
    return this.queues.intern([envelopes[0]!, ...envelopes])
  }

  /** The queue without those messages that are wanted no more. */
  filter(queue: number, isKept: (envelope: number) => boolean): number {
    const envelopes = this.queues.values[queue]!
    const kept = envelopes.filter((envelope) => isKept(this.moves.envelope(envelope)))
    return kept.length === envelopes.length ? queue : this.queues.intern(kept)
  }

  /** The queue with each message replaced. */
  map(queue: number, to: (envelope: Envelope<P["message"]>) => Envelope<P["message"]>): number {
    const envelopes = this.queues.values[queue]!
    return envelopes.length === 0 ? queue : this.queues.intern(envelopes.map(to))
  }
}
