/**
 * Breadth-first search with shortest traces. Counts as TLC and Stateright do: `generated` = initial states and every edge, repeats included; `depth` = levels, the initial
 * one is 1.
 */
import { Entry, Frontier } from "./Frontier.js"
import type { Sink, Space } from "./Space.js"
import { StateTable } from "./StateTable.js"

export interface Limits {
  readonly maxStates: number
  readonly maxDepth: number
  /** Looked at after each 1,024 expanded states: true ends the search. */
  readonly isInterrupted: () => boolean
}

/** What is judged on every new state; true ends the search. */
export type Judge = (vector: Int32Array, length: number, number: number) => boolean

/** What ended a search. */
export type End = "exhausted" | "decided" | "states" | "depth" | "interrupted"

export class Search implements Sink {
  readonly table = new StateTable()
  generated = 0
  depth = 0
  end: End | undefined = undefined
  vector = new Int32Array(256)
  private readonly frontier = new Frontier()
  private parent = -1
  private low = 0
  private high = 0
  private isDecided = false
  private outside = 0

  constructor(private readonly space: Space, private readonly judge: Judge, private readonly limits: Limits) {}

  /** States inside the boundary. */
  get distinct(): number {
    return this.table.size - this.outside
  }

  get waiting(): number {
    return this.frontier.size
  }

  get bytes(): number {
    return this.table.bytes + this.frontier.bytes
  }

  run(): End {
    const { frontier, limits } = this
    const entry = new Entry()
    this.space.begin(this)
    let expanded = 0
    while (frontier.size > 0) {
      this.depth++
      if (this.depth > limits.maxDepth) {
        this.depth--
        return this.end = "depth"
      }
      for (let left = frontier.size; left > 0; left--) {
        if (this.isDecided) return this.end = "decided"
        if (this.distinct >= limits.maxStates) return this.end = "states"
        if ((++expanded & 1_023) === 0 && limits.isInterrupted()) return this.end = "interrupted"
        frontier.shift(entry)
        this.parent = entry.number
        this.space.expand(entry, this)
      }
    }
    return this.end = this.isDecided ? "decided" : "exhausted"
  }

  edge(low: number, high: number, event: number): boolean {
    this.generated++
    if (!this.table.add(low, high, this.parent, event)) return false
    this.low = low
    this.high = high
    return true
  }

  commit(length: number): void {
    const number = this.table.size - 1
    if (this.judge(this.vector, length, number)) this.isDecided = true
    if (!this.space.isInside(this.vector, length)) this.outside++
    else this.frontier.push(number, this.low, this.high, this.vector, length)
  }

  /** The numbers of the states on the way to one, the initial state first. */
  pathTo(number: number): Array<number> {
    const numbers: Array<number> = []
    for (let at = number; at >= 0; at = this.table.parent(at)) numbers.push(at)
    return numbers.toReversed()
  }
}
