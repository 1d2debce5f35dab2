/**
 * Strongly connected components (Tarjan 1972), without recursion.
 */
import type { View } from "./View.js"

/** Scratch for many searches over one graph: `order` is 0 where a node was not met, and stays for nodes that are done. */
export class Components {
  private readonly order: Int32Array
  private readonly low: Int32Array
  private readonly cursor: Int32Array
  private readonly path: Int32Array
  private readonly stack: Int32Array
  private readonly isOpen: Uint8Array
  private counter = 0

  constructor(private readonly view: View) {
    this.order = new Int32Array(view.size)
    this.low = new Int32Array(view.size)
    this.cursor = new Int32Array(view.size)
    this.path = new Int32Array(view.size)
    this.stack = new Int32Array(view.size)
    this.isOpen = new Uint8Array(view.size)
  }

  /** Visits each component of the region `region[node] === number`, as far as the nodes given reach. */
  each(
    nodes: Iterable<number>,
    region: Int32Array,
    number: number,
    visit: (component: Int32Array) => void
  ): void {
    const { cursor, isOpen, low, order, path, stack } = this
    const { ends, starts, targets } = this.view
    const floor = this.counter
    let open = 0
    for (const root of nodes) {
      if (region[root] !== number || order[root]! > floor) continue
      let depth = 0
      path[0] = root
      order[root] = low[root] = ++this.counter
      cursor[root] = starts[root]!
      stack[open++] = root
      isOpen[root] = 1
      while (depth >= 0) {
        const node = path[depth]!
        if (cursor[node]! < ends[node]!) {
          const target = targets[cursor[node]!++]!
          if (region[target] !== number) continue
          if (order[target]! <= floor) {
            path[++depth] = target
            order[target] = low[target] = ++this.counter
            cursor[target] = starts[target]!
            stack[open++] = target
            isOpen[target] = 1
          } else if (isOpen[target] === 1 && order[target]! < low[node]!) low[node] = order[target]!
          continue
        }
        depth--
        if (depth >= 0 && low[node]! < low[path[depth]!]!) low[path[depth]!] = low[node]!
        if (low[node] !== order[node]) continue
        let first = open
        do isOpen[stack[--first]!] = 0
        while (stack[first] !== node)
        const component = stack.slice(first, open)
        open = first
        visit(component)
      }
    }
  }
}
