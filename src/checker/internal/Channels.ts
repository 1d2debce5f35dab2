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

  enqueueAll(network: ReadonlyArray<number>, sends: ReadonlyArray<number>): ReadonlyArray<number> {
    const all = [...network]
    for (const send of sends) {
      const channel = this.channelOf(send)
      if (channel >= 0) all[channel] = this.append(all[channel]!, send)
    }
    return all
  }
}
