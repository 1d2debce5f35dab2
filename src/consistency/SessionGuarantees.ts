/**
 * What one client may expect of its own session: read your writes, monotonic reads, monotonic writes, writes follow reads.
 *
 * Guarantee: exact, where every value that was read has one possible source, for this definition. For each session p and each key there is
 * an order of the key's versions, as p may have seen them, such that whenever p reads the key, no write that the guarantee makes visible to
 * this read is later than the one that p read. Visible are: for read-your-writes, p's own earlier writes; for monotonic reads, what p's
 * earlier reads read; for monotonic writes, the writes that another write's session made before it, once p has read that one; for writes
 * follow reads, the writes that a session had read before it made a write that p has read.
 * Model: the order of versions is the store's where `versions` gives it. Else it is any order with what is forced: each session's writes to
 * a key in its own order and, for writes follow reads, a write that followed a read of the key after what was read.
 * Non-goals: guarantees over several sessions of one user; replicas that are named.
 * Source: Terry et al., Session guarantees for weakly consistent replicated data (PDIS 1994); that PRAM has the first three together, Brzezinski,
 * Sobaniec and Wawrzyniak, From session causality to causal consistency (PDP 2004).
 *
 * @since 0.1.0
 */
import { type Dataflow, INITIAL, latestBelow, type UnitRead } from "./internal/dataflow.js"
import { judge } from "./internal/judge.js"
import type { Spending } from "./internal/precedence.js"
import { valueKey } from "./internal/values.js"
import { type VersionEdge, VersionGraph } from "./internal/versionGraph.js"
import type { Value } from "./Specification.js"
import type { Transactions } from "./Transactions.js"
import type { Budget, Edge, Verdict, Violation } from "./Verdict.js"

/**
 * The four guarantees.
 *
 * @since 0.1.0
 * @category models
 */
export type SessionGuarantee = "read-your-writes" | "monotonic-reads" | "monotonic-writes" | "writes-follow-reads"

/**
 * `versions`: for the keys of which the store tells it, the values in the order in which they replaced each other.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends Budget {
  readonly versions?: ReadonlyMap<string, ReadonlyArray<Value>>
}

/**
 * Checks one guarantee.
 *
 * @since 0.1.0
 * @category checking
 */
export const check = (guarantee: SessionGuarantee, transactions: Transactions, options: Options = {}): Verdict =>
  judge(transactions, options, (flow, spending) => {
    const orders = new Orders(guarantee, flow, spending, options.versions)
    for (let key = 0; key < flow.keys.length; key++) {
      const violation = orders.cycle(key, orders.graph(key))
      if (violation !== undefined) return violation
    }
    for (let session = 0; session < flow.sessions.length; session++) {
      const violation = checkSession(visibilityOf[guarantee](flow, session), flow, session, orders, spending)
      if (violation !== undefined) return violation
    }
    return undefined
  })

/** Which writes a guarantee makes visible to a session's next read; told of each unit after its reads were judged. */
interface Visibility {
  readonly meet: (unit: number) => void
  readonly visible: (unit: number, read: UnitRead) => ReadonlyArray<number>
}

const checkSession = (
  { meet, visible }: Visibility,
  flow: Dataflow,
  session: number,
  orders: Orders,
  spending: Spending
): Violation | undefined => {
  const graphs = new Map<number, VersionGraph>()
  for (const unit of flow.sessions[session]!) {
    meet(unit)
    for (const { key, source } of flow.reads[unit]!) {
      for (const write of visible(unit, { key, source })) {
        if (write === source) continue
        spending.step()
        if (source === INITIAL) {
          return { pattern: "Stale", operations: [flow.units[write]!.id, flow.units[unit]!.id], path: [] }
        }
        let graph = graphs.get(key)
        if (graph === undefined) graphs.set(key, graph = orders.graph(key))
        graph.add({ from: write, to: source, because: "overwritten", reader: unit })
      }
    }
  }
  for (const [key, graph] of graphs) {
    const violation = orders.cycle(key, graph)
    if (violation !== undefined) return violation
  }
  return undefined
}

/** What is in order, of the versions of each key, before any session's reads ask for more. */
class Orders {
  private readonly edges: Array<ReadonlyArray<VersionEdge> | undefined> = []

  constructor(
    private readonly guarantee: SessionGuarantee,
    private readonly flow: Dataflow,
    private readonly spending: Spending,
    private readonly versions: Options["versions"]
  ) {}

  graph(key: number): VersionGraph {
    const given = this.versions?.get(this.flow.keys[key]!)
    const edges = this.edges[key] ??= given === undefined ? this.forced(key) : this.given(key, given)
    this.spending.step(edges.length)
    return new VersionGraph(edges)
  }

  cycle(key: number, graph: VersionGraph): Violation | undefined {
    const cycle = graph.cycle(this.spending)
    if (cycle === undefined) return undefined
    const idOf = (unit: number) => this.flow.units[unit]!.id
    const path = cycle.map(({ because, from, reader, to }): Edge => {
      const ids = { from: idOf(from), to: idOf(to) }
      if (because === "session") return { because, ...ids }
      const named = { ...ids, key: this.flow.keys[key]! }
      return because === "overwritten" && reader !== undefined
        ? { because, ...named, reader: idOf(reader) }
        : { because: because === "follows" ? because : "versions", ...named }
    })
    return { pattern: "CyclicVersions", operations: path.map(({ from }) => from), path }
  }

  private given(key: number, values: ReadonlyArray<Value>): ReadonlyArray<VersionEdge> {
    const name = this.flow.keys[key]!
    const writerOf = new Map<string, number>()
    for (const { units } of this.flow.writersOf[key]!) {
      for (const unit of units) {
        const written = this.flow.units[unit]!.accesses.findLast((each) => each.kind === "write" && each.key === name)
        if (written !== undefined) writerOf.set(valueKey(written.value), unit)
      }
    }
    const chain = values.map((value) => writerOf.get(valueKey(value))).filter((unit) => unit !== undefined)
    return chain.slice(1).map((to, i) => ({ from: chain[i]!, to, because: "versions" }))
  }

  private forced(key: number): ReadonlyArray<VersionEdge> {
    const { flow, guarantee, spending } = this
    const edges: Array<VersionEdge> = []
    for (const { units } of flow.writersOf[key]!) {
      spending.step(units.length)
      for (let i = 1; i < units.length; i++) edges.push({ from: units[i - 1]!, to: units[i]!, because: "session" })
      if (guarantee !== "writes-follow-reads") continue
      let rank = 0
      for (const unit of units) {
        // The next write of the session comes after this one, so what it had read by now needs no edge of its own again.
        for (; rank <= flow.rank[unit]!; rank++) {
          for (const read of flow.reads[flow.sessions[flow.session[unit]!]![rank]!]!) {
            if (read.key !== key || read.source === INITIAL || read.source === unit) continue
            edges.push({ from: read.source, to: unit, because: "follows" })
          }
        }
      }
    }
    return edges
  }
}

const visibilityOf: { readonly [guarantee in SessionGuarantee]: (flow: Dataflow, session: number) => Visibility } = {
  "read-your-writes": (flow, session) => ({
    meet: () => {},
    visible: (unit, { key }) => latestOf(flow, session, key, flow.rank[unit]!)
  }),
  "monotonic-reads": () => {
    const latest = new Map<number, number>()
    return {
      meet: () => {},
      visible: (_, { key, source }) => {
        const before = latest.get(key)
        if (source !== INITIAL) latest.set(key, source)
        return before === undefined ? [] : [before]
      }
    }
  },
  "monotonic-writes": (flow) => {
    const seen = new Seen(flow)
    return {
      meet: (unit) => seen.meet(unit),
      visible: (_, { key }) =>
        flow.writersOf[key]!.flatMap(({ session }) => latestOf(flow, session, key, seen.latest(session)))
    }
  },
  "writes-follow-reads": (flow) => {
    const seen = new Seen(flow)
    const readers = new Map<number, Set<number>>()
    return {
      meet: (unit) =>
        seen.meet(unit, (met) => {
          for (const { key, source } of flow.reads[met]!) {
            if (source === INITIAL) continue
            const known = readers.get(key)
            if (known === undefined) readers.set(key, new Set([source]))
            else known.add(source)
          }
        }),
      visible: (_, { key }) => [...readers.get(key) ?? []]
    }
  }
}

/** The latest writer of a key in a session, of those with a rank below `bound`: it stands for those before it. */
const latestOf = (flow: Dataflow, session: number, key: number, bound: number): ReadonlyArray<number> => {
  const writers = flow.writersOf[key]!.find((each) => each.session === session)
  const latest = writers === undefined ? -1 : latestBelow(writers, bound)
  return latest < 0 ? [] : [latest]
}

/** How far into each session a session has seen: up to the latest write that it read from. */
class Seen {
  private readonly ranks: Int32Array
  constructor(private readonly flow: Dataflow) {
    this.ranks = new Int32Array(flow.sessions.length).fill(-1)
  }
  latest(session: number): number {
    return this.ranks[session]!
  }
  /** Calls `met` once for each unit at or before one that `unit` read from. */
  meet(unit: number, met?: (unit: number) => void): void {
    for (const { source } of this.flow.reads[unit]!) {
      if (source === INITIAL) continue
      const session = this.flow.session[source]!
      for (let rank = this.ranks[session]! + 1; rank <= this.flow.rank[source]!; rank++) {
        met?.(this.flow.sessions[session]![rank]!)
        this.ranks[session] = rank
      }
    }
  }
}
