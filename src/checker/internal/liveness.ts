/**
 * Whether some fair run breaks a claim about whole runs: its violating region is searched for a fair component (`ltl`: the product with the automaton of the negation).
 */
import type { Liveness } from "../../model/Property.js"
import type { AtomMarks } from "./Claims.js"
import { Fairness } from "./fairness.js"
import { lassoInto } from "./lasso.js"
import type { Lasso, Way } from "./lasso.js"
import { productOf } from "./product.js"
import type { Search } from "./Search.js"
import type { FairClasses } from "./Space.js"
import { automatonAgainst } from "./tableau.js"
import type { View } from "./View.js"
import { ofStates } from "./View.js"

/** A run: from an initial state along edges of the graph, then for ever round from the state at `loop`; where that is the last one, the run stays there. */
export interface Run {
  readonly start: number
  readonly edges: ReadonlyArray<number>
  readonly loop: number
}

/** What the space says of whole runs. Without classes a run may end anywhere. */
const owesNothing: FairClasses = { classesOf: () => [], isStrong: () => false }

export class Runs {
  private readonly classes: FairClasses
  private readonly view: View
  private readonly fairness: Fairness
  private readonly endings: Int8Array

  constructor(private readonly search: Search, classes: Partial<FairClasses>) {
    const { classesOf, isStrong } = classes
    this.classes = classesOf === undefined || isStrong === undefined ? owesNothing : {
      classesOf: (label) => classesOf.call(classes, label),
      isStrong: (fairClass) => isStrong.call(classes, fairClass)
    }
    this.view = ofStates(search.graph!, search.states.size)
    this.fairness = new Fairness(this.view, this.classes)
    this.endings = new Int8Array(search.states.size)
  }

  /** A fair run that breaks the claim, among the states that were expanded. */
  against<S, R>(property: Liveness<S, R>, { isStep, marks }: AtomMarks): Run | undefined {
    const [first, second] = marks
    const isOpen = (state: number): boolean => this.isOpen(state)
    const lacks = (state: number): boolean => isOpen(state) && !first!.has(state)
    switch (property.kind) {
      case "eventually":
        return this.within({ initial: this.search.initial, begins: undefined, inside: lacks }, [])
      case "infinitelyOften":
        return this.within({ initial: this.search.initial, begins: () => true, inside: lacks }, [])
      case "eventuallyAlways":
        return this.within({ initial: this.search.initial, begins: undefined, inside: isOpen }, [lacks])
      case "leadsTo":
        return this.within({
          initial: this.search.initial,
          begins: (state) => first!.has(state),
          inside: (state) => isOpen(state) && !second!.has(state)
        }, [])
      case "ltl": {
        const automaton = automatonAgainst(property.formula, `property ${property.name}`)
        const product = productOf(this.search.graph!, automaton, {
          initial: this.search.initial,
          isOpen,
          mayEnd: (state) => this.mayEnd(state),
          ofState: (atom, state) => marks[atom]!.has(state),
          ofStep: (atom, edge) => marks[atom]!.has(edge),
          isStep: (atom) => isStep[atom]!
        })
        const fairness = new Fairness(product, this.classes)
        return search(
          product,
          fairness,
          { initial: product.initial, begins: undefined, inside: () => true },
          automaton.accepting.map((places) => (node) => places.has(product.placeOf(node)))
        )
      }
    }
  }

  private within(way: Way, accepting: ReadonlyArray<(node: number) => boolean>): Run | undefined {
    return search(this.view, this.fairness, way, accepting)
  }

  private isOpen(state: number): boolean {
    return state >= 0 && this.search.graph!.expanded[state] === 1 && !this.search.isOutside(state)
  }

  /** Nothing is possible here that is owed to a class. */
  private mayEnd(state: number): boolean {
    const known = this.endings[state]!
    if (known !== 0) return known === 1
    const graph = this.search.graph!
    let owes = false
    for (let edge = graph.starts[state]!; edge < graph.ends[state]! && !owes; edge++) {
      owes = graph.targets[edge] !== state && this.classes.classesOf(graph.labels[edge]!).length > 0
    }
    this.endings[state] = owes ? -1 : 1
    return !owes
  }
}

const search = (
  view: View,
  fairness: Fairness,
  way: Way,
  accepting: ReadonlyArray<(node: number) => boolean>
): Run | undefined => {
  const region = new Int32Array(view.size)
  const nodes = reachable(view, way, region)
  const components = fairness.components(nodes, region, accepting)
  if (components.length === 0) return undefined
  const lasso = lassoInto(view, fairness, components, accepting, way)
  return lasso === undefined ? undefined : runOf(view, lasso)
}

/** The nodes inside that runs reach without leaving again; the region marks them with 1. */
const reachable = (view: View, { begins, initial, inside }: Way, region: Int32Array): Int32Array => {
  const nodes = new Int32Array(view.size)
  let count = 0
  const offer = (node: number): void => {
    if (region[node] !== 0 || !inside(node)) return
    region[node] = 1
    nodes[count++] = node
  }
  if (begins === undefined) { for (const node of initial) offer(node) }
  else for (let node = 0; node < view.size; node++) if (begins(node)) offer(node)
  for (let at = 0; at < count; at++) {
    const node = nodes[at]!
    for (let edge = view.starts[node]!; edge < view.ends[node]!; edge++) {
      if (view.targets[edge]! >= 0) offer(view.targets[edge]!)
    }
  }
  return nodes.slice(0, count)
}

const runOf = ({ edgeOf, stateOf }: View, { cycle, prefix }: Lasso): Run => {
  const edges = [...prefix.edges, ...cycle].map(edgeOf)
  const last = edges.indexOf(-1)
  const start = stateOf(prefix.start)
  return last >= 0
    ? { start, edges: edges.slice(0, last), loop: last }
    : { start, edges, loop: prefix.edges.length }
}
