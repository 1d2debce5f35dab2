/**
 * The set of visited states by 64-bit fingerprint, and how each was reached: 8 bytes a cell at a load of at most 3/4, and 8 bytes for parent and event.
 *
 * The chance that two of n states share a fingerprint is about n^2 / 2^65.
 */
const initialSize = 1 << 12

/** Stands for the fingerprint (0, 0), which marks an empty cell. */
const zero = 0x5bd1e995

export class StateTable {
  size = 0
  private mask = initialSize - 1
  private low = new Int32Array(initialSize)
  private high = new Int32Array(initialSize)
  private parents = new Int32Array(initialSize)
  private events = new Int32Array(initialSize)

  /** Bytes of all arrays. */
  get bytes(): number {
    return 8 * this.low.length + 8 * this.parents.length
  }

  /** Whether the fingerprint is new; then it is in, with the number `size - 1`. */
  add(low: number, high: number, parent: number, event: number): boolean {
    const a = low === 0 && high === 0 ? zero : low
    let i = (a ^ (a >>> 15)) & this.mask
    for (;; i = (i + 1) & this.mask) {
      const at = this.low[i]!
      const above = this.high[i]!
      if (at === 0 && above === 0) break
      if (at === a && above === high) return false
    }
    this.low[i] = a
    this.high[i] = high
    if (this.size === this.parents.length) this.lengthen()
    this.parents[this.size] = parent
    this.events[this.size] = event
    this.size++
    if (this.size * 4 > this.low.length * 3) this.grow()
    return true
  }

  parent(number: number): number {
    return this.parents[number]!
  }

  event(number: number): number {
    return this.events[number]!
  }

  /** By a half: twice the size would leave half of it unused on the way. */
  private lengthen(): void {
    const length = this.parents.length + (this.parents.length >> 1)
    const parents = new Int32Array(length)
    parents.set(this.parents)
    this.parents = parents
    const events = new Int32Array(length)
    events.set(this.events)
    this.events = events
  }

  private grow(): void {
    const { high, low } = this
    const length = low.length * 2
    this.mask = length - 1
    this.low = new Int32Array(length)
    this.high = new Int32Array(length)
    for (let cell = 0; cell < low.length; cell++) {
      const a = low[cell]!
      const b = high[cell]!
      if (a === 0 && b === 0) continue
      let i = (a ^ (a >>> 15)) & this.mask
      while (this.low[i] !== 0 || this.high[i] !== 0) i = (i + 1) & this.mask
      this.low[i] = a
      this.high[i] = b
    }
  }
}
