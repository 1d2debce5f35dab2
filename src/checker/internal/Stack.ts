/**
 * The states that a depth-first search has still to enter, the newest first: `components ..., length, parent, event, depth, number, fingerprint (2)` each. Between them stand
 * the marks of where a state is left.
 */
import type { Entry } from "./Frontier.js"
import { doubled } from "./Graph.js"

const tail = 7

/** The length of a mark. */
const leaving = -1

export class Stack {
  /** States, marks left out. */
  size = 0
  /** Of the state or the mark that was taken last. */
  parent = -1
  event = -1
  depth = 0
  private cells = new Int32Array(1 << 12)
  private used = 0

  get bytes(): number {
    return 4 * this.cells.length
  }

  push(
    entry: Omit<Entry, "vector" | "length">,
    parent: number,
    event: number,
    depth: number,
    vector: Int32Array,
    length: number
  ): void {
    this.reserve(length + tail)
    for (let i = 0; i < length; i++) this.cells[this.used++] = vector[i]!
    this.end(entry, length, parent, event, depth)
    this.size++
  }

  /** What is taken when everything that was pushed after it is done. */
  pushLeaving(number: number): void {
    this.reserve(tail)
    this.end({ number, low: 0, high: 0 }, leaving, -1, -1, 0)
  }

  /** Takes the newest: a state into `entry`, or the number of a state that is left. Undefined where there is nothing. */
  pop(entry: Entry): "enter" | "leave" | undefined {
    if (this.used === 0) return undefined
    const { cells } = this
    const at = this.used - tail
    const length = cells[at]!
    this.parent = cells[at + 1]!
    this.event = cells[at + 2]!
    this.depth = cells[at + 3]!
    entry.number = cells[at + 4]!
    entry.low = cells[at + 5]!
    entry.high = cells[at + 6]!
    this.used = at
    if (length === leaving) return "leave"
    entry.length = length
    if (entry.vector.length < length) entry.vector = new Int32Array(length * 2)
    this.used -= length
    for (let i = 0; i < length; i++) entry.vector[i] = cells[this.used + i]!
    this.size--
    return "enter"
  }

  private end(
    { high, low, number }: Omit<Entry, "vector" | "length">,
    length: number,
    parent: number,
    event: number,
    depth: number
  ): void {
    const { cells } = this
    cells[this.used++] = length
    cells[this.used++] = parent
    cells[this.used++] = event
    cells[this.used++] = depth
    cells[this.used++] = number
    cells[this.used++] = low
    cells[this.used++] = high
  }

  private reserve(more: number): void {
    while (this.used + more > this.cells.length) this.cells = doubled(this.cells)
  }
}
