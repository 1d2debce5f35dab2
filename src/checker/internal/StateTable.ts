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
  /** Both words of a fingerprint side by side, so that they come in one line of the cache. */
  private cells = new Int32Array(2 * initialSize)
  private numbers: Int32Array | undefined

  constructor(isNumbered: boolean) {
    this.numbers = isNumbered ? new Int32Array(initialSize) : undefined
  }

  get bytes(): number {
    return 4 * this.cells.length + (this.numbers === undefined ? 0 : 4 * this.numbers.length)
  }

  add(low: number, high: number): boolean {
    const { cells, mask } = this
    const a = low === 0 && high === 0 ? zero : low
    let i = (a ^ (a >>> 15)) & mask
    for (;; i = (i + 1) & mask) {
      const at = cells[2 * i]!
      const above = cells[2 * i + 1]!
      if (at === 0 && above === 0) break
      if (at === a && above === high) {
        if (this.numbers !== undefined) this.last = this.numbers[i]!
        return false
      }
    }
    cells[2 * i] = a
    cells[2 * i + 1] = high
    if (this.numbers !== undefined) this.numbers[i] = this.size
    this.last = this.size++
    if (this.size * 4 > (mask + 1) * 3) this.grow()
    return true
  }

  private grow(): void {
    const { cells, numbers } = this
    this.cells = new Int32Array(2 * cells.length)
    this.mask = cells.length - 1
    if (numbers !== undefined) this.numbers = new Int32Array(cells.length)
    for (let cell = 0; cell < cells.length; cell += 2) {
      const a = cells[cell]!
      const b = cells[cell + 1]!
      if (a === 0 && b === 0) continue
      let i = (a ^ (a >>> 15)) & this.mask
      while (this.cells[2 * i] !== 0 || this.cells[2 * i + 1] !== 0) i = (i + 1) & this.mask
      this.cells[2 * i] = a
      this.cells[2 * i + 1] = b
      if (numbers !== undefined) this.numbers![i] = numbers[cell >> 1]!
    }
  }
}
