/**
 * Where a fair run can stay for ever: components of a region in which nothing is owed to any fair class, and which meet every accepting set.
 *
 * Weak: some step of the class is inside, or some state where it is not possible. Strong: some step of the class is inside, or it is possible in no state; else the states
 * where it is possible are left out and what remains is searched again (Streett). A step that changes nothing is never taken, and what could only change nothing is not possible.
 */
import { Components } from "./components.js"
import type { FairClasses } from "./Space.js"
import type { View } from "./View.js"

/** Counts by fair class, forgotten after each component. */
class Tally {
  /** States of the component where the class is possible. */
  readonly possible: Array<number> = []
  readonly taken: Array<boolean> = []
  private readonly lastState: Array<number> = []
  readonly touched: Array<number> = []

  meet(fairClass: number, node: number, isTaken: boolean): void {
    if (this.possible[fairClass] === undefined || this.possible[fairClass] === 0) {
      this.possible[fairClass] = 0
      this.taken[fairClass] = false
      this.lastState[fairClass] = -1
      this.touched.push(fairClass)
    }
    if (this.lastState[fairClass] !== node) {
      this.lastState[fairClass] = node
      this.possible[fairClass]!++
    }
    if (isTaken) this.taken[fairClass] = true
  }

  clear(): void {
    for (const fairClass of this.touched) this.possible[fairClass] = 0
    this.touched.length = 0
  }
}

/** What a run must do again and again to stay in a component for ever: reach a node of each set, and, for each class, take a step of it or be where it is not possible. */
export interface FairComponent {
  readonly nodes: Int32Array
  /** Classes that are possible somewhere in the component. */
  readonly classes: ReadonlyArray<number>
}

export class Fairness {
  constructor(private readonly view: View, private readonly classes: FairClasses) {}

  isStrong(fairClass: number): boolean {
    return this.classes.isStrong(fairClass)
  }

  /** Whether the class is possible in the state of a node. */
  isPossible(node: number, fairClass: number): boolean {
    const { system } = this.view
    const state = this.view.stateOf(node)
    for (let edge = system.starts[state]!; edge < system.ends[state]!; edge++) {
      if (system.targets[edge] !== state && this.classes.classesOf(system.labels[edge]!).includes(fairClass)) {
        return true
      }
    }
    return false
  }

  /** The classes that an edge of the view takes a step of. */
  taken(node: number, edge: number): ReadonlyArray<number> {
    const { edgeOf, stateOf, system, targets } = this.view
    const own = edgeOf(edge)
    return own < 0 || stateOf(targets[edge]!) === stateOf(node) ? [] : this.classes.classesOf(system.labels[own]!)
  }

  /** All fair components of the nodes given (which `region` marks with 1) that meet every accepting set. `region` is changed. */
  components(
    nodes: Int32Array,
    region: Int32Array,
    accepting: ReadonlyArray<(node: number) => boolean>
  ): ReadonlyArray<FairComponent> {
    const found: Array<FairComponent> = []
    const components = new Components(this.view)
    const tally = new Tally()
    const work: Array<{ readonly nodes: Int32Array; readonly number: number }> = [{ nodes, number: 1 }]
    let numbers = 1
    for (let part = work.pop(); part !== undefined; part = work.pop()) {
      components.each(part.nodes, region, part.number, (component) => {
        if (!this.goesOn(component)) return
        if (!accepting.every((accepts) => component.some(accepts))) return
        // a number of its own tells what is inside
        const inside = ++numbers
        for (const node of component) region[node] = inside
        this.count(component, region, inside, tally)
        const { possible, taken, touched } = tally
        const owed = touched.filter((fairClass) => !taken[fairClass]!)
        const isStarved = owed.some((fairClass) =>
          !this.classes.isStrong(fairClass) && possible[fairClass] === component.length
        )
        const strong = owed.filter((fairClass) => this.classes.isStrong(fairClass))
        const classes = [...touched]
        tally.clear()
        if (isStarved) return
        if (strong.length === 0) {
          found.push({ nodes: component, classes })
          return
        }
        const rest = component.filter((node) => !strong.some((fairClass) => this.isPossible(node, fairClass)))
        if (rest.length === 0) return
        const number = ++numbers
        for (const node of rest) region[node] = number
        work.push({ nodes: rest, number })
      })
    }
    return found
  }

  /** One node is a place to stay where the view lets runs stay, or where an edge leads back to it. */
  private goesOn(component: Int32Array): boolean {
    if (component.length > 1 || this.view.stutters) return true
    const { ends, starts, targets } = this.view
    const node = component[0]!
    for (let edge = starts[node]!; edge < ends[node]!; edge++) if (targets[edge] === node) return true
    return false
  }

  private count(component: Int32Array, region: Int32Array, inside: number, tally: Tally): void {
    const { ends, starts, stateOf, system, targets } = this.view
    for (const node of component) {
      const state = stateOf(node)
      for (let edge = system.starts[state]!; edge < system.ends[state]!; edge++) {
        if (system.targets[edge] === state) continue
        for (const fairClass of this.classes.classesOf(system.labels[edge]!)) tally.meet(fairClass, node, false)
      }
      for (let edge = starts[node]!; edge < ends[node]!; edge++) {
        if (region[targets[edge]!] !== inside) continue
        for (const fairClass of this.taken(node, edge)) tally.meet(fairClass, node, true)
      }
    }
  }
}
