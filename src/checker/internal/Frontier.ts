/**
 * A queue of state vectors in chunks of integers: `number, fingerprint (2), length, components ...` each.
 */
const chunkSize = 1 << 16
const head = 4

export class Frontier {
  size = 0
  private readonly chunks: Array<Int32Array> = []
  private spare: Int32Array | undefined = undefined
  private writing: Int32Array = new Int32Array(chunkSize)
  private written = 0
  private reading: Int32Array = this.writing
  private read = 0
  /** Where the writing chunk of each full chunk ended. */
  private readonly ends: Array<number> = []

  get bytes(): number {
    return 4 * chunkSize * (this.chunks.length + 2)
  }

  push(number: number, low: number, high: number, vector: Int32Array, length: number): void {
    if (this.written + head + length > this.writing.length) this.nextChunk(head + length)
    const { writing } = this
    let at = this.written
    writing[at++] = number
    writing[at++] = low
    writing[at++] = high
    writing[at++] = length
    for (let i = 0; i < length; i++) writing[at++] = vector[i]!
    this.written = at
    this.size++
  }

  /** Takes the oldest record into `entry`; false when there is none. */
  shift(entry: Entry): boolean {
    if (this.size === 0) return false
    if (this.reading !== this.writing && this.read === this.ends[0]) {
      if (this.reading.length === chunkSize) this.spare = this.reading
      this.chunks.shift()
      this.ends.shift()
      this.reading = this.chunks[0] ?? this.writing
      this.read = 0
    }
    const { reading } = this
    const at = this.read
    const length = reading[at + 3]!
    entry.number = reading[at]!
    entry.low = reading[at + 1]!
    entry.high = reading[at + 2]!
    entry.length = length
    if (entry.vector.length < length) entry.vector = new Int32Array(length * 2)
    for (let i = 0; i < length; i++) entry.vector[i] = reading[at + head + i]!
    this.read = at + head + length
    this.size--
    return true
  }

  private nextChunk(needed: number): void {
    this.chunks.push(this.writing)
    this.ends.push(this.written)
    const spare = this.spare
    this.spare = undefined
    this.writing = needed <= chunkSize ? spare ?? new Int32Array(chunkSize) : new Int32Array(needed)
    this.written = 0
  }
}

/** One record, reused from state to state. */
export class Entry {
  number = 0
  low = 0
  high = 0
  length = 0
  vector = new Int32Array(64)
}
