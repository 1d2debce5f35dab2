/**
 * Leader election on a unidirectional ring (Chang and Roberts, CACM 22(5), 1979), as the TLA+ module ChangRoberts describes it: any subset of the nodes starts, and the
 * smallest identity among them wins.
 *
 * Guarantee: a winner started the election, every other node knows that it lost, and no starter has a smaller identity. Message flow: a starter sends its identity to its
 * successor; a node forwards what is smaller than its own, or everything once it has lost. Identities grow along the ring. Counts: 137 states of 227 generated at depth 10 for 3 nodes, as TLC.
 */
import type { ActionModel } from "../ActionModel.js"
import { make } from "../ActionModel.js"
import { together } from "../Fairness.js"
import { actionEntry, whole } from "./Entry.js"
import { upTo } from "./Quorums.js"

interface Node {
  readonly isInitiator: boolean
  readonly hasBegun: boolean
  readonly state: "candidate" | "lost" | "won"
}

/** Identities on their way to the node. */
type Inboxes = { readonly [inbox: `inbox.${number}`]: ReadonlySet<number> }

export type Variables = Inboxes & { readonly [node: `node.${number}`]: Node }

/** Planted bugs, by name. */
const mutants = {
  "forward-larger": "a node forwards a larger identity too, without giving up its own",
  "win-on-any": "a node that receives any larger identity believes that it has won"
} as const

export type Mutant = keyof typeof mutants

/** Builds the model for so many nodes; node n has the identity n. */
export const changRoberts = (nodes: number, mutant?: Mutant): ActionModel<Variables> => {
  const all = upTo(nodes).slice(1)
  const successor = (n: number): number => n === nodes ? 1 : n + 1
  const send = (v: Inboxes, from: number, id: number): Inboxes => {
    const to = `inbox.${successor(from)}` as const
    // a ring of one node sends to itself, and what it received is gone by then
    return { [to]: new Set(v[to]).add(id) }
  }
  const receive = (v: Variables, n: number, id: number): Partial<Variables> => {
    const node = v[`node.${n}`]!
    const inbox = new Set(v[`inbox.${n}`])
    inbox.delete(id)
    const consumed: Inboxes = { [`inbox.${n}` as const]: inbox }
    const after: Inboxes = { ...v, ...consumed }
    if (node.state === "lost") return { ...consumed, ...send(after, n, id) }
    if (id < n) return { ...consumed, ...send(after, n, id), [`node.${n}` as const]: { ...node, state: "lost" } }
    if (id === n || mutant === "win-on-any") return { ...consumed, [`node.${n}` as const]: { ...node, state: "won" } }
    return mutant === "forward-larger" ? { ...consumed, ...send(after, n, id) } : consumed
  }
  const slots = all.map((n) => `node.${n}` as const)
  return make<Variables>({
    name: "chang-roberts",
    initial: subsetsOf(all).map((initiators) =>
      Object.fromEntries(all.flatMap((n) => {
        const isInitiator = initiators.has(n)
        const node: Node = { isInitiator, hasBegun: false, state: isInitiator ? "candidate" : "lost" }
        return [[`node.${n}`, node], [`inbox.${n}`, new Set<number>()]]
      }))
    ),
    actions: all.flatMap((n) => {
      const node = `node.${n}` as const
      const reads = [...new Set([node, `inbox.${n}` as const, `inbox.${successor(n)}` as const])]
      return [
        {
          name: `begin(${n})`,
          reads,
          step: (v: Variables) => {
            const { hasBegun, isInitiator } = v[node]!
            return hasBegun
              ? []
              : [{ ...(isInitiator ? send(v, n, n) : {}), [node]: { ...v[node]!, hasBegun: true } }]
          }
        },
        ...all.map((id) => ({
          name: `receive(${n}, ${id})`,
          reads,
          step: (v: Variables) => v[node]!.hasBegun && v[`inbox.${n}`]!.has(id) ? [receive(v, n, id)] : []
        }))
      ]
    }),
    properties: [
      {
        name: "correct winner",
        kind: "always",
        reads: slots,
        holds: (v) =>
          all.every((n) =>
            v[`node.${n}`]!.state !== "won" ||
            (v[`node.${n}`]!.isInitiator &&
              all.every((m) =>
                m === n || (v[`node.${m}`]!.state === "lost" && (!v[`node.${m}`]!.isInitiator || m > n))
              ))
          )
      },
      { name: "a winner", kind: "sometimes", reads: slots, holds: (v) => slots.some((n) => v[n]!.state === "won") },
      {
        name: "a candidate leads to a winner",
        kind: "leadsTo",
        reads: slots,
        from: (v) => slots.some((n) => v[n]!.state === "candidate"),
        to: (v) => slots.some((n) => v[n]!.state === "won")
      }
    ],
    // each node goes on
    fairness: all.flatMap((n) => together("weak", [`begin(${n})`, ...all.map((id) => `receive(${n}, ${id})`)]))
  })
}

const subsetsOf = (of: ReadonlyArray<number>): ReadonlyArray<ReadonlySet<number>> =>
  of.reduce<ReadonlyArray<ReadonlySet<number>>>(
    (all, member) => all.flatMap((set) => [set, new Set(set).add(member)]),
    [new Set<number>()]
  )

/** For the catalogue. */
export const changRobertsEntry = actionEntry(
  {
    name: "chang-roberts",
    summary: "leader election on a ring in one direction",
    elsewhere: "TLA+ ChangRoberts",
    parameters: { nodes: whole("nodes", 3, 1, 8) },
    mutants
  },
  ({ nodes }, mutant) => changRoberts(nodes, mutant)
)
