/**
 * A graph that runs go through: the states themselves, or their product with an automaton.
 */
import type { Graph } from "./Graph.js"

export interface View {
  /** Nodes are 0 up to here. */
  readonly size: number
  /** By node: its edges are from `starts` up to `ends`. */
  readonly starts: Int32Array
  readonly ends: Int32Array
  /** By edge. */
  readonly targets: Int32Array
  readonly system: Graph
  /** The state of a node. */
  readonly stateOf: (node: number) => number
  /** The edge of the system that an edge takes; none (-1) where the run stays in its last state. */
  readonly edgeOf: (edge: number) => number
  /** A run may stay in a node for ever without an edge. */
  readonly stutters: boolean
}

/** The states themselves. */
export const ofStates = (system: Graph, size: number): View => ({
  size,
  starts: system.starts,
  ends: system.ends,
  targets: system.targets,
  system,
  stateOf: (node) => node,
  edgeOf: (edge) => edge,
  stutters: true
})
