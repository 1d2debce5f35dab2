/**
 * The product of the states with an automaton, built as far as runs from the initial states reach: the runs that the automaton accepts.
 *
 * A run may end in a state where nothing is owed to any fair class; then it stays there, and takes no step any more.
 */
import type { Graph } from "./Graph.js"
import { doubled } from "./Graph.js"
import { PairTable } from "./PairTable.js"
import type { Automaton } from "./tableau.js"
import type { View } from "./View.js"

/** What is true of states and edges. */
export interface Truth {
  readonly initial: ReadonlyArray<number>
  /** Whether the state can be followed: it is inside the boundary, and its row is whole. */
  readonly isOpen: (state: number) => boolean
  readonly mayEnd: (state: number) => boolean
  /** Of a state atom. Steps atoms are not asked. */
  readonly ofState: (atom: number, state: number) => boolean
  /** Of a step atom; false where the run stays. */
  readonly ofStep: (atom: number, edge: number) => boolean
  readonly isStep: (atom: number) => boolean
}

export interface Product extends View {
  readonly initial: ReadonlyArray<number>
  readonly placeOf: (node: number) => number
}

export const productOf = (system: Graph, automaton: Automaton, truth: Truth): Product => {
  const { places } = automaton
  const numbers = new PairTable()
  let states = new Int32Array(1 << 10)
  /** Twice the place, and one more where the run has ended. */
  let ways = new Int32Array(1 << 10)
  let starts = new Int32Array(1 << 10)
  let ends = new Int32Array(1 << 10)
  let targets = new Int32Array(1 << 10)
  let edges = new Int32Array(1 << 10)
  let size = 0
  let edgeCount = 0
  const stateLiterals = places.map(({ forbidden, required }) => ({
    required: required.filter((atom) => !truth.isStep(atom)),
    forbidden: forbidden.filter((atom) => !truth.isStep(atom))
  }))
  const stepLiterals = places.map(({ forbidden, required }) => ({
    required: required.filter(truth.isStep),
    forbidden: forbidden.filter(truth.isStep)
  }))
  /** The node of a state at a place; -1 where the state is not as the place requires. */
  const nodeOf = (state: number, place: number, hasEnded: 0 | 1): number => {
    const way = 2 * place + hasEnded
    const known = numbers.get(state, way)
    if (known >= 0) return known - 1
    const { forbidden, required } = stateLiterals[place]!
    const isTrue = required.every((atom) => truth.ofState(atom, state)) &&
      !forbidden.some((atom) => truth.ofState(atom, state)) &&
      (hasEnded === 0 || stepLiterals[place]!.required.length === 0) // no step is taken any more
    if (!isTrue) {
      numbers.set(state, way, 0)
      return -1
    }
    if (size === states.length) {
      states = doubled(states)
      ways = doubled(ways)
      starts = doubled(starts)
      ends = doubled(ends)
    }
    states[size] = state
    ways[size] = way
    numbers.set(state, way, ++size)
    return size - 1
  }
  const push = (target: number, edge: number): void => {
    if (target < 0) return
    if (edgeCount === targets.length) {
      targets = doubled(targets)
      edges = doubled(edges)
    }
    targets[edgeCount] = target
    edges[edgeCount++] = edge
  }
  const begin = (state: number, hasEnded: 0 | 1): ReadonlyArray<number> =>
    automaton.initial.map((place) => nodeOf(state, place, hasEnded)).filter((node) => node >= 0)
  const initial = truth.initial.filter(truth.isOpen).flatMap((state) => [
    ...begin(state, 0),
    ...(truth.mayEnd(state) ? begin(state, 1) : [])
  ])
  for (let node = 0; node < size; node++) {
    const state = states[node]!
    const place = ways[node]! >> 1
    const { next } = places[place]!
    starts[node] = edgeCount
    if ((ways[node]! & 1) === 1) { for (const after of next) push(nodeOf(state, after, 1), -1) }
    else {
      const { forbidden, required } = stepLiterals[place]!
      for (let edge = system.starts[state]!; edge < system.ends[state]!; edge++) {
        const target = system.targets[edge]!
        if (target === state || !truth.isOpen(target)) continue
        if (!required.every((atom) => truth.ofStep(atom, edge))) continue
        if (forbidden.some((atom) => truth.ofStep(atom, edge))) continue
        for (const after of next) {
          push(nodeOf(target, after, 0), edge)
          if (truth.mayEnd(target)) push(nodeOf(target, after, 1), edge)
        }
      }
    }
    ends[node] = edgeCount
  }
  return {
    size,
    starts,
    ends,
    targets,
    system,
    initial,
    stateOf: (node) => states[node]!,
    placeOf: (node) => ways[node]! >> 1,
    edgeOf: (edge) => edges[edge]!,
    stutters: false
  }
}
