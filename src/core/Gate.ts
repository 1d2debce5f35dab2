/**
 * The durability gate, in one place for all drivers: a gated effect leaves only after every record that was persisted before it is durable.
 * A crash drops what waits; a crash that comes before the write drops the write too.
 *
 * @since 0.1.0
 */

/**
 * Effects in call order, held behind the frames that were written before them. Frames are numbered 1, 2, ... in write order, and become durable as a prefix.
 *
 * Invariant: `durable <= written`; the positions of waiting effects never decrease, and all are greater than `durable`.
 *
 * @since 0.1.0
 * @category models
 */
export class Gate<E> {
  private written = 0
  private durable = 0
  private positions: Array<number> = []
  private held: Array<E> = []
  private head = 0

  /** Notes one more frame and returns its number. */
  write(): number {
    return ++this.written
  }

  /** Whether an effect of now may leave at once. */
  get isOpen(): boolean {
    return this.written === this.durable
  }

  /** How many effects wait. */
  get size(): number {
    return this.held.length - this.head
  }

  /** The number of the newest frame written. */
  get position(): number {
    return this.written
  }

  /** Holds an effect until everything written so far is durable. Only while the gate is not open. */
  hold(effect: E): void {
    if (this.isOpen) throw new Error("the gate is open: nothing would ever release the effect")
    this.positions.push(this.written)
    this.held.push(effect)
  }

  /** Frames up to `position` are durable: releases, in order, what waited for them. A position that goes back is ignored. */
  release(position: number, leave: (effect: E) => void): void {
    if (position <= this.durable) return
    this.durable = Math.min(position, this.written)
    while (this.head < this.held.length && this.positions[this.head]! <= this.durable) {
      leave(this.held[this.head++]!)
    }
    if (this.head === this.held.length) {
      this.positions = []
      this.held = []
      this.head = 0
    } else if (this.head > 1_024 && this.head * 2 > this.held.length) {
      this.positions = this.positions.slice(this.head)
      this.held = this.held.slice(this.head)
      this.head = 0
    }
  }
}
