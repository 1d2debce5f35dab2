/**
 * The echo algorithm (Chang, IEEE TSE 8(4), 1982), as the TLA+ module Echo describes it: an initiator floods an undirected graph, and the answers make a spanning tree.
 *
 * Guarantee: a child knows its parent and a parent that is done knows all its children; at the end the initiator is everybody's ancestor. Message flow: `m` from a node to its
 * neighbours when it first hears of the wave, `c` from a node to its parent when it has heard from all neighbours. Counts: 75 states of 116 generated at depth 16 for 3 nodes, as TLC.
 */
import type { ActionModel, Assignment } from "../ActionModel.js"
import { assign, make } from "../ActionModel.js"
import { actionEntry, whole } from "./Entry.js"
import { atoms } from "./Quorums.js"

interface Node {
  readonly at: "new" | "hearing" | "heard" | "done"
  readonly parent: string | undefined
  readonly children: ReadonlySet<string>
  readonly received: number
}

export type Variables = {
  readonly [node: `node.${string}`]: Node
  /** `m` and `c` by sender, on the way from the first to the second. */
  readonly [channel: `channel.${string}.${string}`]: ReadonlySet<"m" | "c">
}

/** Planted bugs, by name. */
const mutants = {
  "answer-early": "a node answers its parent before it has heard from all neighbours",
  "forget-child": "a parent does not note the child that answers"
} as const

export type Mutant = keyof typeof mutants

/** Builds the model for a full mesh of so many nodes, of which the first is the initiator. */
export const echo = (nodes: number, mutant?: Mutant): ActionModel<Variables> => {
  const all = atoms("n", nodes)
  const initiator = all[0]!
  const others = (self: string): ReadonlyArray<string> => all.filter((n) => n !== self)
  const send = (v: Variables, from: string, to: string, kind: "m" | "c"): Assignment<Variables> =>
    assign(`channel.${from}.${to}`, new Set(v[`channel.${from}.${to}`]).add(kind))
  const flood = (v: Variables, from: string, to: ReadonlyArray<string>): Assignment<Variables> =>
    Object.assign({}, ...to.map((n) => send(v, from, n, "m")))
  const slots = all.map((n) => `node.${n}` as const)
  const actions = all.flatMap((self) => {
    const node = `node.${self}` as const
    const neighbours = others(self)
    const needed = mutant === "answer-early" ? neighbours.length - 1 : neighbours.length
    const out = neighbours.map((n) => `channel.${self}.${n}` as const)
    const set = (v: Variables, change: Partial<Node>): Assignment<Variables> => assign(node, { ...v[node]!, ...change })
    return [
      {
        name: `begin(${self})`,
        reads: [node, ...out],
        step: (v: Variables) =>
          v[node]!.at === "new"
            ? [{ ...set(v, { at: "hearing" }), ...(self === initiator ? flood(v, self, neighbours) : {}) }]
            : []
      },
      ...neighbours.flatMap((from) =>
        (["m", "c"] as const).map((kind) => {
          const channel = `channel.${from}.${self}` as const
          return {
            name: `receive(${kind}, ${from}, ${self})`,
            reads: [node, channel, ...out],
            step: (v: Variables) => {
              const { at, children, received } = v[node]!
              if (at !== "hearing" || received >= needed || !v[channel]!.has(kind)) return []
              const isFirst = self !== initiator && received === 0
              const rest = new Set(v[channel])
              rest.delete(kind)
              const isChild = kind === "c" && mutant !== "forget-child"
              return [{
                ...(isFirst ? flood(v, self, neighbours.filter((n) => n !== from)) : {}),
                [channel]: rest,
                ...set(v, {
                  received: received + 1,
                  ...(isFirst ? { parent: from } : {}),
                  ...(isChild ? { children: new Set(children).add(from) } : {})
                })
              }]
            }
          }
        })
      ),
      {
        name: `complete(${self})`,
        reads: [node],
        step: (v: Variables) =>
          v[node]!.at === "hearing" && v[node]!.received >= needed ? [set(v, { at: "heard" })] : []
      },
      {
        name: `answer(${self})`,
        reads: [node, ...out],
        step: (v: Variables) => {
          const { at, parent } = v[node]!
          if (at !== "heard") return []
          return [{
            ...(self === initiator || parent === undefined ? {} : send(v, self, parent, "c")),
            ...set(v, { at: "done" })
          }]
        }
      }
    ]
  })
  const isDone = (v: Variables): boolean => slots.every((n) => v[n]!.at === "done")
  return make<Variables>({
    name: "echo",
    initial: [Object.fromEntries(all.flatMap((n) => [
      [`node.${n}`, { at: "new", parent: undefined, children: new Set<string>(), received: 0 }],
      ...others(n).map((m) => [`channel.${n}.${m}`, new Set<"m" | "c">()])
    ]))],
    actions: [
      ...actions,
      // a run that has ended stutters
      { name: "Terminating", reads: slots, step: (v: Variables) => isDone(v) ? [{}] : [] }
    ],
    symmetry: [others(initiator)],
    properties: [
      {
        name: "parents and children agree",
        kind: "always",
        reads: slots,
        holds: (v) =>
          all.every((m) =>
            others(m).every((n) => {
              const isChild = v[`node.${m}`]!.children.has(n)
              const isParent = v[`node.${n}`]!.parent === m
              return (!isChild || isParent) && (!isParent || v[`node.${m}`]!.at !== "done" || isChild)
            })
          )
      },
      {
        name: "a tree at the end",
        kind: "always",
        reads: slots,
        holds: (v) => !isDone(v) || all.every((n) => ancestry(v, n, nodes) === initiator)
      },
      { name: "everybody is done", kind: "sometimes", reads: slots, holds: isDone }
    ]
  })
}

/** Where the parents of a node lead in at most so many steps. */
const ancestry = (v: Variables, node: string, steps: number): string => {
  const { parent } = v[`node.${node}`]!
  return parent === undefined || steps === 0 ? node : ancestry(v, parent, steps - 1)
}

/** For the catalogue. */
export const echoEntry = actionEntry(
  {
    name: "echo",
    summary: "a wave over a full mesh that builds a spanning tree",
    elsewhere: "TLA+ Echo",
    parameters: { nodes: whole("nodes", 3, 2, 5) },
    mutants
  },
  ({ nodes }, mutant) => echo(nodes, mutant)
)
