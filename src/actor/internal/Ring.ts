/**
 * A growable FIFO in a power-of-two ring: no buffer before the first element, slots cleared when they are left, so that nothing handled is retained.
 * Slow twin: an array with `push` and `shift` (test/actor/Ring.test.ts).
 */

const empty: Array<never> = []

export class Ring<A extends {}> {
  length = 0
  private buffer: Array<A | undefined> = empty
  private head = 0
  private mask = -1

  push(value: A): void {
    if (this.length > this.mask) this.grow()
    this.buffer[(this.head + this.length++) & this.mask] = value
  }

  /** Puts a value before all others. */
  unshift(value: A): void {
    if (this.length > this.mask) this.grow()
    this.head = (this.head - 1) & this.mask
    this.buffer[this.head] = value
    this.length++
  }

  shift(): A | undefined {
    if (this.length === 0) return undefined
    const value = this.buffer[this.head]
    this.buffer[this.head] = undefined
    this.head = (this.head + 1) & this.mask
    this.length--
    return value
  }

  /** Takes the first element that satisfies the claim out of the middle. O(n): for what is rare. */
  take(claim: (value: A) => boolean): A | undefined {
    for (let i = 0; i < this.length; i++) {
      const value = this.buffer[(this.head + i) & this.mask]!
      if (!claim(value)) continue
      for (let j = i; j > 0; j--) {
        this.buffer[(this.head + j) & this.mask] = this.buffer[(this.head + j - 1) & this.mask]
      }
      this.shift()
      return value
    }
    return undefined
  }

  private grow(): void {
    const size = this.buffer.length === 0 ? 8 : this.buffer.length * 2
    const next: Array<A | undefined> = Array.from({ length: size })
    for (let i = 0; i < this.length; i++) next[i] = this.buffer[(this.head + i) & this.mask]
    this.buffer = next
    this.head = 0
    this.mask = size - 1
  }
}
