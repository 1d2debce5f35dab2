/**
 * The search through the states: breadth first with shortest traces, or depth first. It can stop at a limit and go on later, with the counts of one run.
 *
 * Counts are those of TLC and Stateright: `generated` = initial states and every edge, repeats included; `depth` = levels, the initial one is 1 (depth first: the longest
 * path). A state is judged when the search comes to it, then expanded, unless it decides everything; those that wait are neither.
 */
import { ExactTable } from "./ExactTable.js"
import { Entry, Frontier } from "./Frontier.js"
import { Graph, Marks } from "./Graph.js"
import { Refusal } from "./Refusal.js"
import type { Sink, Space } from "./Space.js"
import { maxParts } from "./Space.js"
import { Stack } from "./Stack.js"
import type { States } from "./StateTable.js"
import { StateTable } from "./StateTable.js"
import { Trail } from "./Trail.js"

export interface Limits {
  readonly maxStates: number
  readonly maxDepth: number
  /** Of the sets of states, the trail, the edges and what waits. */
  readonly maxBytes: number
  /** Looked at after each 1,024 expanded states: true ends the search. */
  readonly isInterrupted: () => boolean
}

export interface Settings {
  readonly order: "breadth" | "depth"
  readonly isExact: boolean
  readonly hasGraph: boolean
}

export interface Judge {
  /** Nothing is left to find out. */
  readonly isDecided: boolean
  readonly state: (vector: Int32Array, length: number, number: number) => void
  /** Every edge to another state, where it is given; `edge` is its number in the graph. */
  readonly step:
    | ((from: Entry, event: number, label: number, vector: Int32Array, length: number, edge: number) => void)
    | undefined
  /** A state that no step leaves. */
  readonly ended: ((state: Entry) => void) | undefined
}

/** What ended a search. */
export type End = "exhausted" | "decided" | "states" | "depth" | "memory" | "interrupted" | "failed"

export class Search implements Sink {
  readonly states: States
  readonly trail = new Trail()
  readonly graph: Graph | undefined
  readonly initial: Array<number> = []
  generated = 0
  depth = 0
  vector = new Int32Array(maxParts)
  /** What a function of the model threw, and the state that was expanded then: -1 at the start. */
  failure: { readonly number: number; readonly error: unknown } | undefined = undefined
  private readonly frontier = new Frontier()
  private readonly stack = new Stack()
  /** Depth first: what lies too deep for the limit. */
  private readonly deferred = new Stack()
  private readonly entered = new Marks()
  private readonly path = new Marks()
  private readonly outside = new Marks()
  private outsideCount = 0
  private readonly isDeep: boolean
  private readonly isEager: boolean
  private hasBegun = false
  /** Breadth first: states of the level that are still to be expanded. */
  private left = 0
  private expanded = 0
  private readonly at = new Entry()
  private atDepth = 0
  private leaves = 0
  // the edge at hand
  private low = 0
  private high = 0
  private event = 0
  private label = 0
  private isNew = false
  /** It leads to another state. */
  private isChange = false

  constructor(private readonly space: Space, private readonly judge: Judge, settings: Settings) {
    const { hasGraph, isExact, order } = settings
    this.isDeep = order === "depth"
    this.graph = hasGraph ? new Graph() : undefined
    this.states = isExact ? new ExactTable() : new StateTable(this.isDeep || hasGraph)
    this.isEager = isExact || judge.step !== undefined
  }

  /** States inside the boundary. */
  get distinct(): number {
    return this.states.size - this.outsideCount
  }

  /** States that are neither judged nor expanded yet. */
  get waiting(): number {
    return this.distinct - this.expanded
  }

  /** Levels all of whose states are judged and expanded; 0 depth first. */
  get finished(): number {
    return this.isDeep ? 0 : this.left === 0 ? this.depth : this.depth - 1
  }

  get bytes(): number {
    const queue = this.isDeep ? this.stack.bytes + this.deferred.bytes : this.frontier.bytes
    return this.states.bytes + this.trail.bytes + queue + (this.graph?.bytes ?? 0)
  }

  isOutside(number: number): boolean {
    return this.outside.has(number)
  }

  /** Depth first: whether the state is on the path to the one at hand. */
  isOnPath(number: number): boolean {
    return this.path.has(number)
  }

  /** Goes on until the limits or the end. */
  run(limits: Limits): End {
    if (this.failure === undefined && !this.hasBegun) {
      this.hasBegun = true
      this.at.number = -1
      try {
        this.space.begin(this)
      } catch (error) {
        this.fail(error)
      }
    }
    return this.isDeep ? this.deep(limits) : this.broad(limits)
  }

  private broad(limits: Limits): End {
    const { at, frontier } = this
    for (;;) {
      if (this.failure !== undefined) return "failed"
      if (this.judge.isDecided) return "decided"
      if (frontier.size === 0) return "exhausted"
      if (this.left === 0) {
        if (this.depth >= limits.maxDepth) return "depth"
        this.depth++
        this.left = frontier.size
      }
      const limit = this.reached(limits)
      if (limit !== undefined) return limit
      frontier.shift(at)
      this.left--
      this.visit()
    }
  }

  private deep(limits: Limits): End {
    const { at, deferred, entered, path, stack } = this
    while (deferred.pop(at) !== undefined) {
      stack.push(at, deferred.parent, deferred.event, deferred.depth, at.vector, at.length)
    }
    for (;;) {
      if (this.failure !== undefined) return "failed"
      if (this.judge.isDecided) return "decided"
      if (stack.size === 0) return this.waiting === 0 ? "exhausted" : "depth"
      const limit = this.reached(limits)
      if (limit !== undefined) return limit
      const turn = stack.pop(at)
      if (turn === "leave") path.set(at.number, false)
      else if (!entered.has(at.number)) {
        if (stack.depth > limits.maxDepth) {
          deferred.push(at, stack.parent, stack.event, stack.depth, at.vector, at.length)
          continue
        }
        entered.set(at.number, true)
        path.set(at.number, true)
        this.trail.set(at.number, stack.parent, stack.event)
        this.atDepth = stack.depth
        if (this.atDepth > this.depth) this.depth = this.atDepth
        stack.pushLeaving(at.number)
        this.visit()
      }
    }
  }

  private reached(limits: Limits): End | undefined {
    if (this.distinct >= limits.maxStates) return "states"
    if ((this.expanded & 1_023) !== 1_023) return undefined
    return this.bytes >= limits.maxBytes ? "memory" : limits.isInterrupted() ? "interrupted" : undefined
  }

  private visit(): void {
    const { at, graph, judge } = this
    this.expanded++
    judge.state(at.vector, at.length, at.number)
    if (judge.isDecided) return
    this.leaves = 0
    graph?.open(at.number)
    try {
      this.space.expand(at, this)
    } catch (error) {
      this.fail(error)
      return
    }
    graph?.close(at.number)
    if (this.leaves === 0) judge.ended?.(at)
  }

  /** What the model's functions throw ends the search, and is told with the way there. */
  private fail(error: unknown): void {
    if (error instanceof Refusal) throw error
    this.failure = { number: this.at.number, error }
  }

  // ---- what the space tells

  edge(low: number, high: number, event: number, label = 0): boolean {
    this.generated++
    this.isChange = low !== this.at.low || high !== this.at.high
    if (this.isChange) this.leaves++
    this.low = low
    this.high = high
    this.event = event
    this.label = label
    // the vector says more: it is asked for in any case, and `commit` decides
    return this.isEager || this.arrive(this.vector, 0)
  }

  beyond(label: number): void {
    this.leaves++
    this.graph?.push(-1, label)
  }

  commit(length: number): void {
    const { vector } = this
    if (this.isEager) {
      const { judge } = this
      const edge = this.graph?.size ?? 0
      const isWanted = this.arrive(vector, length)
      if (judge.step !== undefined && this.event >= 0 && this.isChange) {
        judge.step(this.at, this.event, this.label, vector, length, edge)
      }
      if (!isWanted) return
    }
    const number = this.states.last
    if (this.isNew && !this.space.isInside(vector, length)) {
      this.outsideCount++
      this.outside.set(number, true)
      this.judge.state(vector, length, number)
      return
    }
    if (!this.isDeep) this.frontier.push(number, this.low, this.high, vector, length)
    else if (!this.isOutside(number)) {
      const parent = this.event < 0 ? -1 : this.at.number
      this.stack.push({ number, low: this.low, high: this.high }, parent, this.event, this.atDepth + 1, vector, length)
    }
  }

  /** Notes the edge and its state; whether the state is to be kept for later. */
  private arrive(vector: Int32Array, length: number): boolean {
    const { states } = this
    const isNew = states.add(this.low, this.high, vector, length)
    const number = states.last
    this.isNew = isNew
    if (this.event >= 0) this.graph?.push(number, this.label)
    if (!isNew) return this.isDeep && !this.entered.has(number)
    if (this.event < 0) this.initial.push(number)
    this.trail.set(number, this.event < 0 ? -1 : this.at.number, this.event)
    return true
  }
}
