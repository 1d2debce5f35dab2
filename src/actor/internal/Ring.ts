/**
 * A growable FIFO: one slot for the element that finds it empty, a power-of-two ring for what comes on top. No buffer before the second element, slots cleared
 * when they are left, so that nothing handled is retained.
 *
 * The slot is for mailboxes, which mostly hold one message: 17 M hops around a ring of actors without it, 22 M with it (`synod bench actor --case ring`).
 * Slow twin: an array with `push` and `shift` (test/actor/Ring.test.ts).
 */

const empty: Array<never> = []

export class Ring<A extends {}> {
  length = 0
  /** Before all that is in the buffer. */
  private first: A | undefined = undefined
  private buffer: Array<A | undefined> = empty
  private head = 0
  /** How many are in the buffer. */
  private buffered = 0
  private mask = -1

  push(value: A): void {
    if (this.length++ === 0) this.first = value
    else {
      if (this.buffered > this.mask) this.grow()
      this.buffer[(this.head + this.buffered++) & this.mask] = value
    }
  }

  /** Puts a value before all others. */
  unshift(value: A): void {
    const { first } = this
    this.first = value
    this.length++
    if (first === undefined) return
    if (this.buffered > this.mask) this.grow()
    this.head = (this.head - 1) & this.mask
    this.buffer[this.head] = first
    this.buffered++
  }

  shift(): A | undefined {
    const { first } = this
    if (first !== undefined) {
      this.first = undefined
      this.length--
      return first
    }
    if (this.length === 0) return undefined
    const value = this.buffer[this.head]
    this.buffer[this.head] = undefined
    this.head = (this.head + 1) & this.mask
    this.buffered--
    this.length--
    return value
  }

  /** Takes the first element that satisfies the claim out of the middle. O(n): for what is rare. */
  take(claim: (value: A) => boolean): A | undefined {
    if (this.first !== undefined && claim(this.first)) return this.shift()
    for (let i = 0; i < this.buffered; i++) {
      const value = this.buffer[(this.head + i) & this.mask]!
      if (!claim(value)) continue
      for (let j = i; j > 0; j--) {
        this.buffer[(this.head + j) & this.mask] = this.buffer[(this.head + j - 1) & this.mask]
      }
      this.buffer[this.head] = undefined
      this.head = (this.head + 1) & this.mask
      this.buffered--
      this.length--
      return value
    }
    return undefined
  }

  private grow(): void {
    const size = this.buffer.length === 0 ? 8 : this.buffer.length * 2
    const next: Array<A | undefined> = Array.from({ length: size })
    for (let i = 0; i < this.buffered; i++) next[i] = this.buffer[(this.head + i) & this.mask]
    this.buffer = next
    this.head = 0
    this.mask = size - 1
  }
}
