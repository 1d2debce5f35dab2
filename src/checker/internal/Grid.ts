/**
 * A map from pairs of small integers to integers, as rows in one array while that is small and dense enough to be worth it, then as a PairTable.
 *
 * Two-phase commit with 7 managers took 0.54 to 0.68 CPU seconds with hashing and 0.44 to 0.59 with rows (three runs each, two loaded cores, Node 20). Slow twin: a Map with
 * text keys (test/checker).
 */
import { PairTable } from "./PairTable.js"

/** Cells that rows may take. */
const most = 1 << 20

/** Rows are given up where fewer cells than one of so many are used. */
const sparsest = 32

export class Grid {
  size = 0
  private shift = 2
  private cells = new Int32Array(64).fill(-1)
  private table: PairTable | undefined = undefined

  /** The result of a pair, or -1. */
  get(a: number, b: number): number {
    if (this.table !== undefined) return this.table.get(a, b)
    if (b >>> this.shift !== 0) return -1
    const at = (a << this.shift) + b
    return at < this.cells.length ? this.cells[at]! : -1
  }

  /** Notes a pair that is not there yet; none of the three is negative. */
  set(a: number, b: number, result: number): void {
    this.size++
    if (this.table === undefined) this.reserve(a, b)
    if (this.table !== undefined) this.table.set(a, b, result)
    else this.cells[(a << this.shift) + b] = result
  }

  private reserve(a: number, b: number): void {
    let { shift } = this
    while (b >>> shift !== 0) shift++
    let length = this.cells.length << (shift - this.shift)
    while ((a + 1) * 2 ** shift > length) length *= 2
    if (shift === this.shift && length === this.cells.length) return
    if (length > most || (length > 4_096 && length > this.size * sparsest)) {
      this.table = new PairTable()
      this.each((a, b, result) => this.table!.set(a, b, result))
      this.cells = new Int32Array(0)
      return
    }
    const cells = new Int32Array(length).fill(-1)
    this.each((a, b, result) => cells[(a << shift) + b] = result)
    this.cells = cells
    this.shift = shift
  }

  private each(visit: (a: number, b: number, result: number) => void): void {
    const mask = (1 << this.shift) - 1
    for (const [at, result] of this.cells.entries()) if (result >= 0) visit(at >>> this.shift, at & mask, result)
  }
}
