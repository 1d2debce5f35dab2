/**
 * A spanning tree by distances (Lamport's TLA+ module SpanTree): each node takes a neighbour as its mother whenever that brings it nearer to the root.
 *
 * Guarantee: where nothing can be improved any more, a mother is one step nearer. A step looks at two nodes; the distance that it chooses is any that the mother allows. Counts:
 * 1,236 states of 10,278 generated at depth 5 (TLC reports 6) for the 5 nodes and 7 edges of TLC's model and a cardinality of 6.
 */
import type { ActionModel } from "../ActionModel.js"
import { make } from "../ActionModel.js"
import { actionEntry, whole } from "./Entry.js"

interface Node {
  readonly mother: number
  readonly distance: number
}

export type Variables = { readonly [node: `node.${number}`]: Node }

/** Planted bugs, by name. */
const mutants = {
  "as-near-as-mother": "a node takes the distance of its mother for its own"
} as const

export type Mutant = keyof typeof mutants

export interface Options {
  /** Nodes 1 to n; 1 is the root. */
  readonly nodes: number
  readonly edges: ReadonlyArray<readonly [number, number]>
  /** The distance of who has no mother; at least the number of nodes. */
  readonly maxCardinality: number
  readonly mutant?: Mutant | undefined
}

/** The nodes from 1 on, each beside the next two: for 5 nodes the graph of TLC's model, SpanTree.cfg. */
export const beside = (nodes: number): ReadonlyArray<readonly [number, number]> =>
  Array.from({ length: nodes }, (_, i) => i + 1)
    .flatMap((n) => [[n, n + 1] as const, [n, n + 2] as const])
    .filter(([, m]) => m <= nodes)

/** Builds the model. */
export const spanTree = ({ edges, maxCardinality, mutant, nodes }: Options): ActionModel<Variables> => {
  const all = Array.from({ length: nodes }, (_, i) => i + 1)
  const slots = all.map((n) => `node.${n}` as const)
  const neighbours = (n: number): ReadonlyArray<number> => edges.flatMap(([a, b]) => a === n ? [b] : b === n ? [a] : [])
  const isStill = (v: Variables): boolean =>
    all.every((n) => neighbours(n).every((m) => v[`node.${m}`]!.distance + 1 >= v[`node.${n}`]!.distance))
  return make<Variables>({
    name: "span-tree",
    initial: [Object.fromEntries(all.map((n) => [`node.${n}`, { mother: n, distance: n === 1 ? 0 : maxCardinality }]))],
    actions: all.flatMap((n) =>
      neighbours(n).map((m) => ({
        name: `adopt(${n}, ${m})`,
        reads: [`node.${n}`, `node.${m}`] as const,
        step: (v: Variables) => {
          const nearest = v[`node.${m}`]!.distance + (mutant === "as-near-as-mother" ? 0 : 1)
          const count = Math.max(0, v[`node.${n}`]!.distance - nearest)
          return Array.from({ length: count }, (_, i) => ({ [`node.${n}`]: { mother: m, distance: nearest + i } }))
        }
      }))
    ),
    properties: [
      {
        name: "a tree when still",
        kind: "always",
        reads: slots,
        holds: (v) =>
          !isStill(v) || all.every((n) => {
            const { distance, mother } = v[`node.${n}`]!
            if (n === 1) return distance === 0 && mother === 1
            if (mother === n) {
              return distance === maxCardinality
                && neighbours(n).every((m) => v[`node.${m}`]!.distance === maxCardinality)
            }
            return distance === v[`node.${mother}`]!.distance + 1
          })
      },
      { name: "still at last", kind: "eventually", reads: slots, holds: isStill }
    ]
  })
}

/** For the catalogue. */
export const spanTreeEntry = actionEntry(
  {
    name: "span-tree",
    summary: "a spanning tree by distances from the root",
    elsewhere: "TLA+ SpanTree",
    parameters: {
      nodes: whole("nodes, each linked to the next two", 5, 1, 8),
      "max-cardinality": whole("the distance of who has no mother; at least the number of nodes", 6, 1, 12)
    },
    mutants
  },
  ({ "max-cardinality": maxCardinality, nodes }, mutant) =>
    spanTree({ nodes, edges: beside(nodes), maxCardinality, mutant })
)
