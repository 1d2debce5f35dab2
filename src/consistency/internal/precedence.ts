/**
 * A strict partial order over units, as one vector clock a unit: entry s counts the units of session s that come before. Edges can be added
 * later, many at a time; then all clocks are raised in one pass. (Raising them edge by edge is quadratic: each edge may concern all that
 * comes later.)
 *
 * Memory is units times sessions, and no square of the units; a comparison is one array read.
 */
import type { Edge } from "../Verdict.js"
import { type Dataflow, INITIAL } from "./dataflow.js"

/** What a check may still spend, shared by all its parts. */
export class Spending {
  steps = 0
  bytes = 0
  private nextPoll = 0
  constructor(
    readonly maxSteps: number,
    readonly maxBytes: number,
    private readonly isInterrupted: (() => boolean) | undefined
  ) {}
  /** Throws `Exhausted` when a bound is passed. */
  step(count = 1): void {
    this.steps += count
    if (this.steps > this.maxSteps) throw new Exhausted("steps")
    if (this.steps < this.nextPoll) return
    this.nextPoll = this.steps + 4096
    if (this.isInterrupted?.() === true) throw new Exhausted("interrupted")
  }
  allocate(bytes: number): void {
    this.bytes += bytes
    if (this.bytes > this.maxBytes) throw new Exhausted("memory")
  }
  free(bytes: number): void {
    this.bytes -= bytes
  }
}

/** Ends a check from any depth; the checkers turn it into `unknown`. */
export class Exhausted extends Error {
  constructor(readonly reason: "steps" | "memory" | "interrupted") {
    super(reason)
  }
}

/** An edge between units. */
export interface Link {
  readonly to: number
  readonly because: "reads-from" | "read-before" | "overwritten"
  readonly key: number
  readonly reader: number
}

export class Precedence {
  readonly clocks: Int32Array
  private readonly width: number
  private readonly links: Array<Array<Link> | undefined>

  private constructor(
    private readonly flow: Dataflow,
    private readonly spending: Spending,
    base: Precedence | undefined
  ) {
    this.width = flow.sessions.length
    const { units } = flow
    spending.allocate(4 * units.length * this.width + 8 * units.length)
    spending.step(units.length * this.width >>> 4)
    this.clocks = base === undefined ? new Int32Array(units.length * this.width) : base.clocks.slice()
    this.links = base === undefined ? units.map(() => undefined) : base.links.map((of) => of?.slice())
  }

  /** Session order, with reads-from where `readers` says so; or the cycle that they make. */
  static of(flow: Dataflow, spending: Spending, readers: (unit: number) => boolean): Precedence | ReadonlyArray<Edge> {
    const order = new Precedence(flow, spending, undefined)
    flow.reads.forEach((reads, to) => {
      if (!readers(to)) return
      for (const { key, source } of reads) {
        if (source !== INITIAL) order.link(source, { to, because: "reads-from", key, reader: -1 })
      }
    })
    return order.settle() ?? order
  }

  copy(): Precedence {
    return new Precedence(this.flow, this.spending, this)
  }

  /** Gives the memory back to the budget: the order is not used any more. */
  release(): void {
    this.spending.free(4 * this.flow.units.length * this.width + 8 * this.flow.units.length)
  }

  isBefore(a: number, b: number): boolean {
    return this.before(b, this.flow.session[a]!) > this.flow.rank[a]!
  }

  /** How many units of a session come before `unit`. */
  before(unit: number, session: number): number {
    return this.clocks[unit * this.width + session]!
  }

  /** Adds an edge without raising clocks: `settle` does that for all. */
  link(from: number, link: Link): void {
    this.spending.allocate(48)
    const known = this.links[from]
    if (known === undefined) this.links[from] = [link]
    else known.push(link)
  }

  /** Raises all clocks in topological order; the edges of a cycle where there is none. */
  settle(): ReadonlyArray<Edge> | undefined {
    const { sessions, units } = this.flow
    const waiting = new Int32Array(units.length)
    for (const members of sessions) for (let i = 1; i < members.length; i++) waiting[members[i]!] = 1
    for (const of of this.links) if (of !== undefined) { for (const { to } of of) waiting[to]!++ }
    const ready: Array<number> = []
    for (let unit = units.length - 1; unit >= 0; unit--) if (waiting[unit] === 0) ready.push(unit)
    let settled = 0
    for (let unit = ready.pop(); unit !== undefined; unit = ready.pop()) {
      settled++
      this.forEachNext(unit, (next) => {
        this.raise(next, unit)
        if (--waiting[next]! === 0) ready.push(next)
      })
    }
    return settled === units.length ? undefined : this.cycleAmong(waiting)
  }

  /** Units in an order that keeps this one. */
  topological(): Array<number> {
    const total = (unit: number) => {
      let sum = 0
      for (let session = 0; session < this.width; session++) sum += this.before(unit, session)
      return sum
    }
    const sums = this.flow.units.map((_, unit) => total(unit))
    return sums.map((_, unit) => unit).sort((a, b) => sums[a]! - sums[b]!)
  }

  /** The edges of a shortest chain of reasons from one unit to a later one. */
  path(from: number, to: number): ReadonlyArray<Edge> {
    const cameBy = new Map<number, Edge>()
    const previous = new Map<number, number>()
    const queue = [from]
    for (let at = 0; at < queue.length && !cameBy.has(to); at++) {
      const unit = queue[at]!
      this.spending.step()
      this.forEachNext(unit, (next, link) => {
        if (cameBy.has(next)) return
        cameBy.set(next, this.edge(unit, link ?? next))
        previous.set(next, unit)
        queue.push(next)
      })
    }
    const edges: Array<Edge> = []
    for (let unit = to; cameBy.has(unit);) {
      edges.push(cameBy.get(unit)!)
      unit = previous.get(unit)!
      if (unit === from) break
    }
    return edges.toReversed()
  }

  private edge(unit: number, link: Link | number): Edge {
    const from = this.idOf(unit)
    if (typeof link === "number") return { because: "session", from, to: this.idOf(link) }
    const { because } = link
    const to = this.idOf(link.to)
    const key = this.flow.keys[link.key]!
    return because === "overwritten"
      ? { because, from, to, key, reader: this.idOf(link.reader) }
      : { because, from, to, key }
  }

  private idOf(unit: number): number {
    return this.flow.units[unit]!.id
  }

  private forEachNext(unit: number, visit: (next: number, link?: Link) => void): void {
    const next = this.flow.sessions[this.flow.session[unit]!]![this.flow.rank[unit]! + 1]
    if (next !== undefined) visit(next)
    const links = this.links[unit]
    if (links !== undefined) { for (const link of links) visit(link.to, link) }
  }

  /** `unit` now comes after `earlier` and all that comes before it. */
  private raise(unit: number, earlier: number): void {
    const { clocks, width } = this
    this.spending.step(1 + (width >>> 4))
    const at = unit * width
    const from = earlier * width
    for (let session = 0; session < width; session++) {
      if (clocks[from + session]! > clocks[at + session]!) clocks[at + session] = clocks[from + session]!
    }
    const own = at + this.flow.session[earlier]!
    if (clocks[own]! <= this.flow.rank[earlier]!) clocks[own] = this.flow.rank[earlier]! + 1
  }

  /** Every unit still waiting has one before it that waits too: walking back must come round. */
  private cycleAmong(waiting: Int32Array): ReadonlyArray<Edge> {
    const cameFrom = new Map<number, Edge>()
    const previous = new Map<number, number>()
    for (let unit = 0; unit < waiting.length; unit++) {
      if (waiting[unit] === 0) continue
      this.forEachNext(unit, (next, link) => {
        if (waiting[next] === 0 || previous.has(next)) return
        previous.set(next, unit)
        cameFrom.set(next, this.edge(unit, link ?? next))
      })
    }
    const seen = new Set<number>()
    let unit = previous.keys().next().value!
    while (!seen.has(unit)) {
      seen.add(unit)
      unit = previous.get(unit)!
    }
    const edges: Array<Edge> = []
    const end = unit
    do {
      edges.push(cameFrom.get(unit)!)
      unit = previous.get(unit)!
    } while (unit !== end)
    return edges.toReversed()
  }
}
