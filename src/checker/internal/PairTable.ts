/**
 * A map from pairs of small integers to integers, by open addressing in typed arrays. Slow twin: a Map with text keys (test/checker).
 */
const initialSize = 256

export class PairTable {
  size = 0
  private mask = initialSize - 1
  private first = new Int32Array(initialSize).fill(-1)
  private second = new Int32Array(initialSize)
  private results = new Int32Array(initialSize)

  /** The result of a pair, or -1. */
  get(a: number, b: number): number {
    const { first, mask, second } = this
    for (let i = slot(a, b) & mask;; i = (i + 1) & mask) {
      const at = first[i]!
      if (at === -1) return -1
      if (at === a && second[i] === b) return this.results[i]!
    }
  }

  /** Notes a pair that is not there yet; `a` is not negative. */
  set(a: number, b: number, result: number): void {
    if (this.size * 4 >= this.first.length * 3) this.grow()
    this.put(a, b, result)
    this.size++
  }

  private put(a: number, b: number, result: number): void {
    let i = slot(a, b) & this.mask
    while (this.first[i] !== -1) i = (i + 1) & this.mask
    this.first[i] = a
    this.second[i] = b
    this.results[i] = result
  }

  private grow(): void {
    const { first, results, second } = this
    const size = first.length * 2
    this.mask = size - 1
    this.first = new Int32Array(size).fill(-1)
    this.second = new Int32Array(size)
    this.results = new Int32Array(size)
    for (let i = 0; i < first.length; i++) {
      if (first[i] !== -1) this.put(first[i]!, second[i]!, results[i]!)
    }
  }
}

const slot = (a: number, b: number): number => {
  const h = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b)
  return h ^ (h >>> 15)
}
