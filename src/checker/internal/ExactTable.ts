/**
 * The set of visited states as they are: vectors are kept and compared, so that no two states are taken for one. Fingerprints only say where to look.
 */
import { doubled } from "./Graph.js"
import { Refusal } from "./Refusal.js"
import type { States } from "./StateTable.js"

const initialSize = 1 << 10

/** Vectors are kept in segments of so many integers, since one array has a limit. */
const segmentSize = 1 << 20

export class ExactTable implements States {
  size = 0
  last = -1
  private mask = initialSize - 1
  /** A state's number and one, or 0. */
  private cells = new Int32Array(initialSize)
  /** By number: where its vector begins, after its length. */
  private places = new Int32Array(initialSize)
  private hashes = new Int32Array(initialSize)
  private readonly segments: Array<Int32Array> = [new Int32Array(segmentSize)]
  private used = 0

  get bytes(): number {
    return 4 * this.cells.length + 8 * this.places.length + 4 * segmentSize * this.segments.length
  }

  add(low: number, _high: number, vector: Int32Array, length: number): boolean {
    const hash = low ^ (low >>> 15)
    let i = hash & this.mask
    for (; this.cells[i] !== 0; i = (i + 1) & this.mask) {
      const number = this.cells[i]! - 1
      if (this.hashes[number] === hash && this.isAt(number, vector, length)) {
        this.last = number
        return false
      }
    }
    if (this.size === this.places.length) {
      this.places = doubled(this.places)
      this.hashes = doubled(this.hashes)
    }
    this.places[this.size] = this.keep(vector, length)
    this.hashes[this.size] = hash
    this.last = this.size++
    this.cells[i] = this.size
    if (this.size * 4 > this.cells.length * 3) this.grow()
    return true
  }

  private isAt(number: number, vector: Int32Array, length: number): boolean {
    const place = this.places[number]!
    const segment = this.segments[Math.floor(place / segmentSize)]!
    const at = place % segmentSize
    if (segment[at] !== length) return false
    for (let i = 0; i < length; i++) if (segment[at + 1 + i] !== vector[i]) return false
    return true
  }

  private keep(vector: Int32Array, length: number): number {
    if (length + 1 > segmentSize) {
      throw new Refusal("limit", "exact", `a state of ${length} parts is more than exact mode keeps`)
    }
    if (this.used % segmentSize + length + 1 > segmentSize || this.used === this.segments.length * segmentSize) {
      this.used = this.segments.length * segmentSize
      this.segments.push(new Int32Array(segmentSize))
    }
    const place = this.used
    const segment = this.segments.at(-1)!
    const at = place % segmentSize
    segment[at] = length
    for (let i = 0; i < length; i++) segment[at + 1 + i] = vector[i]!
    this.used += length + 1
    return place
  }

  private grow(): void {
    this.cells = new Int32Array(this.cells.length * 2)
    this.mask = this.cells.length - 1
    for (let number = 0; number < this.size; number++) {
      let i = this.hashes[number]! & this.mask
      while (this.cells[i] !== 0) i = (i + 1) & this.mask
      this.cells[i] = number + 1
    }
  }
}
