/**
 * The set of visited states by 64-bit fingerprint: 8 bytes a cell at a load of at most 3/4; 12 where states are asked for by number. Numbers count up from 0.
 *
 * The chance that two of n states share a fingerprint is about n^2 / 2^65.
 */
const initialSize = 1 << 12

/** Stands for the fingerprint (0, 0), which marks an empty cell. */
const zero = 0x5bd1e995

/** A set of states. Exact ones ask for the vector, others do not look at it. */
export interface States {
  readonly size: number
  /** The number of the state that `add` was last asked for. */
  readonly last: number
  readonly bytes: number
  /** Whether the state is new; then it is in. */
  readonly add: (low: number, high: number, vector: Int32Array, length: number) => boolean
}

export class StateTable implements States {
  size = 0
  /** Only where states are numbered, or the state was new. */
  last = -1
  private mask = initialSize - 1
  private low = new Int32Array(initialSize)
  private high = new Int32Array(initialSize)
  private numbers: Int32Array | undefined

  constructor(isNumbered: boolean) {
    this.numbers = isNumbered ? new Int32Array(initialSize) : undefined
  }

  get bytes(): number {
    return (this.numbers === undefined ? 8 : 12) * this.low.length
  }

  add(low: number, high: number): boolean {
    const a = low === 0 && high === 0 ? zero : low
    let i = (a ^ (a >>> 15)) & this.mask
    for (;; i = (i + 1) & this.mask) {
      const at = this.low[i]!
      const above = this.high[i]!
      if (at === 0 && above === 0) break
      if (at === a && above === high) {
        if (this.numbers !== undefined) this.last = this.numbers[i]!
        return false
      }
    }
    this.low[i] = a
    this.high[i] = high
    if (this.numbers !== undefined) this.numbers[i] = this.size
    this.last = this.size++
    if (this.size * 4 > this.low.length * 3) this.grow()
    return true
  }

  private grow(): void {
    const { high, low, numbers } = this
    const length = low.length * 2
    this.mask = length - 1
    this.low = new Int32Array(length)
    this.high = new Int32Array(length)
    if (numbers !== undefined) this.numbers = new Int32Array(length)
    for (let cell = 0; cell < low.length; cell++) {
      const a = low[cell]!
      const b = high[cell]!
      if (a === 0 && b === 0) continue
      let i = (a ^ (a >>> 15)) & this.mask
      while (this.low[i] !== 0 || this.high[i] !== 0) i = (i + 1) & this.mask
      this.low[i] = a
      this.high[i] = b
      if (numbers !== undefined) this.numbers![i] = numbers[cell]!
    }
  }
}
