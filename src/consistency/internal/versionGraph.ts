/** A growing "earlier version than" relation between the writes of one key; the question is whether some order has it all. */
import type { Spending } from "./precedence.js"

export interface VersionEdge {
  readonly from: number
  readonly to: number
  readonly because: "session" | "follows" | "versions" | "overwritten"
  /** The read that asks for this, for "overwritten". */
  readonly reader?: number
}

export class VersionGraph {
  private readonly next = new Map<number, Map<number, VersionEdge>>()

  constructor(edges: ReadonlyArray<VersionEdge>) {
    for (const edge of edges) this.add(edge)
  }

  add(edge: VersionEdge): void {
    const known = this.next.get(edge.from)
    if (known === undefined) this.next.set(edge.from, new Map([[edge.to, edge]]))
    else if (!known.has(edge.to)) known.set(edge.to, edge)
  }

  /** The edges of some cycle; undefined when there is none. A depth-first walk without recursion: sessions are long. */
  cycle(spending: Spending): ReadonlyArray<VersionEdge> | undefined {
    const done = new Set<number>()
    for (const root of this.next.keys()) {
      if (done.has(root)) continue
      const onPath = new Map<number, number>([[root, 0]])
      const path: Array<VersionEdge> = []
      const iterators = [this.edgesOf(root)]
      while (iterators.length > 0) {
        spending.step()
        const step = iterators[iterators.length - 1]!.next()
        if (step.done === true) {
          iterators.pop()
          const left = path.pop()?.to ?? root
          onPath.delete(left)
          done.add(left)
          continue
        }
        const edge: VersionEdge = step.value
        const start = onPath.get(edge.to)
        if (start !== undefined) return [...path.slice(start), edge]
        if (done.has(edge.to)) continue
        path.push(edge)
        onPath.set(edge.to, path.length)
        iterators.push(this.edgesOf(edge.to))
      }
    }
    return undefined
  }

  private edgesOf(unit: number): Iterator<VersionEdge> {
    return (this.next.get(unit) ?? new Map<number, VersionEdge>()).values()
  }
}
