/**
 * A run that goes on for ever, as a path and a cycle: the shortest path into a fair component, then a way round in it that owes nothing to anybody.
 */
import type { FairComponent, Fairness } from "./fairness.js"
import type { View } from "./View.js"

/** A walk: a node, and the edges that are taken one after the other. */
export interface Walk {
  readonly start: number
  readonly edges: ReadonlyArray<number>
}

export interface Lasso {
  readonly prefix: Walk
  /** From the end of the prefix back to it; without edges where the run stays there. */
  readonly cycle: ReadonlyArray<number>
}

/** Where a search for the shortest path may go. */
export interface Way {
  readonly initial: ReadonlyArray<number>
  /** The part of the path that must be inside begins at a node for which this is true; at an initial node where it is absent. */
  readonly begins: ((node: number) => boolean) | undefined
  readonly inside: (node: number) => boolean
}

/** The shortest walk to a goal. */
const shortest = (view: View, way: Way, isGoal: (node: number) => boolean): Walk | undefined => {
  const { begins, initial, inside } = way
  const { ends, size, starts, targets } = view
  // a place is a node, or size + node once the path is in the part that must be inside
  const via = new Int32Array(2 * size).fill(-2)
  const from = new Int32Array(2 * size)
  const queue: Array<number> = []
  const offer = (place: number, before: number, edge: number): void => {
    if (via[place] !== -2) return
    via[place] = edge
    from[place] = before
    queue.push(place)
  }
  const enter = (node: number, before: number, edge: number): void => {
    if (begins === undefined) return
    if (begins(node) && inside(node)) offer(size + node, before, edge)
    offer(node, before, edge)
  }
  for (const node of initial) {
    if (begins === undefined && inside(node)) offer(size + node, -1, -1)
    enter(node, -1, -1)
  }
  for (let at = 0; at < queue.length; at++) {
    const place = queue[at]!
    const isInside = place >= size
    const node = isInside ? place - size : place
    if (isInside && isGoal(node)) {
      const edges: Array<number> = []
      let first = place
      for (; from[first]! >= 0; first = from[first]!) edges.push(via[first]!)
      return { start: first >= size ? first - size : first, edges: edges.toReversed() }
    }
    for (let edge = starts[node]!; edge < ends[node]!; edge++) {
      const target = targets[edge]!
      if (target < 0) continue
      if (!isInside) enter(target, place, edge)
      else if (inside(target)) offer(size + target, place, edge)
    }
  }
  return undefined
}

/** What is still to be done on the way round. */
interface Goal {
  readonly byNode: (node: number) => boolean
  readonly byEdge: (node: number, edge: number) => boolean
}

const around = (
  view: View,
  fairness: Fairness,
  { classes, nodes }: FairComponent,
  accepting: ReadonlyArray<(node: number) => boolean>,
  start: number
): ReadonlyArray<number> => {
  const members = new Set(nodes)
  const goals = new Set<Goal>([
    ...accepting.map((byNode): Goal => ({ byNode, byEdge: () => false })),
    ...classes.map((fairClass): Goal => ({
      // of a strong class a step must be taken: it is possible somewhere on the way round
      byNode: (node) => !fairness.isStrong(fairClass) && !fairness.isPossible(node, fairClass),
      byEdge: (node, edge) => fairness.taken(node, edge).includes(fairClass)
    }))
  ])
  const meet = (node: number): void => {
    for (const goal of goals) if (goal.byNode(node)) goals.delete(goal)
  }
  /** The edges of the nearest walk within the component that ends as it is told. */
  const walk = (from: number, isEnd: (node: number, edge: number, target: number) => boolean): Array<number> => {
    const via = new Map<number, { readonly before: number; readonly edge: number }>()
    const queue = [from]
    for (const node of queue) {
      for (let edge = view.starts[node]!; edge < view.ends[node]!; edge++) {
        const target = view.targets[edge]!
        if (!members.has(target)) continue
        if (isEnd(node, edge, target)) {
          const edges = [edge]
          for (let at = node; at !== from; at = via.get(at)!.before) edges.push(via.get(at)!.edge)
          return edges.toReversed()
        }
        if (target === from || via.has(target)) continue
        via.set(target, { before: node, edge })
        queue.push(target)
      }
    }
    throw new Error("a component of the search is not strongly connected")
  }
  const cycle: Array<number> = []
  let at = start
  const go = (edges: ReadonlyArray<number>): void => {
    for (const edge of edges) {
      for (const goal of goals) if (goal.byEdge(at, edge)) goals.delete(goal)
      at = view.targets[edge]!
      meet(at)
      cycle.push(edge)
    }
  }
  meet(start)
  while (goals.size > 0) {
    go(walk(at, (node, edge, target) => {
      for (const goal of goals) if (goal.byNode(target) || goal.byEdge(node, edge)) return true
      return false
    }))
  }
  if (at !== start || (cycle.length === 0 && !view.stutters)) go(walk(at, (_, __, target) => target === start))
  return cycle
}

/** A lasso into the nearest of the components. */
export const lassoInto = (
  view: View,
  fairness: Fairness,
  components: ReadonlyArray<FairComponent>,
  accepting: ReadonlyArray<(node: number) => boolean>,
  way: Way
): Lasso | undefined => {
  const componentOf = new Map<number, FairComponent>()
  for (const component of components) for (const node of component.nodes) componentOf.set(node, component)
  const prefix = shortest(view, way, (node) => componentOf.has(node))
  if (prefix === undefined) return undefined
  const end = prefix.edges.length === 0 ? prefix.start : view.targets[prefix.edges.at(-1)!]!
  return { prefix, cycle: around(view, fairness, componentOf.get(end)!, accepting, end) }
}
