/**
 * Termination detection on a ring (Dijkstra, Feijen and van Gasteren, EWD 840, 1983), as the TLA+ modules EWD840 and, for what it implements, SyncTerminationDetection describe it.
 *
 * Guarantee: when node 0 has a white token, is white and passive, every node is passive. Message flow: active nodes activate others; a token goes from node N-1 down to 0 and
 * is stained by nodes that activated a higher one. Counts as TLC: `ewd840` 302 states of 2,001 generated at depth 9 for 3 nodes (TLC reports depth 10);
 * `sync-termination-detection` 129 of 3,722 at depth 1 for 7, since every state is initial. Each reason for which a node may pass the token is an instance.
 */
import type { ActionModel, Assignment } from "../ActionModel.js"
import { make } from "../ActionModel.js"
import { together } from "../Fairness.js"
import { actionEntry, whole } from "./Entry.js"
import { upTo } from "./Quorums.js"

type Color = "white" | "black"

interface Node {
  readonly isActive: boolean
  readonly color: Color
}

export type Variables = {
  readonly [node: `node.${number}`]: Node
  readonly token: { readonly at: number; readonly color: Color }
}

/** Planted bugs, by name. */
const mutants = {
  "stay-white": "a node that activates a higher one stays white",
  "pass-while-active": "a white node passes a white token while it is active"
} as const

export type Mutant = keyof typeof mutants

/** `ewd840` for so many nodes. */
export const ewd840 = (nodes: number, mutant?: Mutant): ActionModel<Variables> => {
  const all = upTo(nodes - 1)
  const slots = all.map((n) => `node.${n}` as const)
  const set = (v: Variables, n: number, change: Partial<Node>): Assignment<Variables> => ({
    [`node.${n}`]: { ...v[`node.${n}`]!, ...change }
  })
  /** One instance for each claim that is true. */
  const reasons = (claims: ReadonlyArray<boolean>, then: () => Assignment<Variables>): Array<Assignment<Variables>> =>
    claims.filter(Boolean).map(then)
  const isDetected = (v: Variables): boolean => {
    const zero = v["node.0"]!
    return v.token.at === 0 && v.token.color === "white" && zero.color === "white" && !zero.isActive
  }
  const isTerminated = (v: Variables): boolean => slots.every((n) => !v[n]!.isActive)
  return make<Variables>({
    name: "ewd840",
    initial: choices(
      all,
      [true, false].flatMap((isActive) => (["white", "black"] as const).map((color): Node => ({ isActive, color })))
    ).flatMap((states) =>
      all.map((at): Variables => ({
        ...Object.fromEntries(states.map((state, n) => [`node.${n}`, state])),
        token: { at, color: "black" }
      }))
    ),
    actions: [
      {
        name: "InitiateProbe",
        reads: ["token", "node.0"],
        step: (v) =>
          v.token.at !== 0 ? [] : reasons([v.token.color === "black", v["node.0"]!.color === "black"], () => ({
            ...set(v, 0, { color: "white" }),
            token: { at: nodes - 1, color: "white" }
          }))
      },
      ...all.slice(1).map((n) => ({
        name: `PassToken(${n})`,
        reads: ["token", `node.${n}`] as const,
        step: (v: Variables) => {
          const { color, isActive } = v[`node.${n}`]!
          if (v.token.at !== n) return []
          return reasons(
            [!isActive || mutant === "pass-while-active", color === "black", v.token.color === "black"],
            () => ({
              ...set(v, n, { color: "white" }),
              token: { at: n - 1, color: color === "black" ? "black" : v.token.color }
            })
          )
        }
      })),
      ...all.flatMap((i) => [
        ...all.filter((j) => j !== i).map((j) => ({
          name: `SendMsg(${i}, ${j})`,
          reads: [`node.${i}`, `node.${j}`] as const,
          step: (v: Variables) =>
            v[`node.${i}`]!.isActive
              ? [{
                ...set(v, j, { isActive: true }),
                ...(j > i && mutant !== "stay-white" ? set(v, i, { color: "black" }) : {})
              }]
              : []
        })),
        {
          name: `Deactivate(${i})`,
          reads: [`node.${i}`] as const,
          step: (v: Variables) => v[`node.${i}`]!.isActive ? [set(v, i, { isActive: false })] : []
        }
      ])
    ],
    properties: [
      { name: "no false detection", kind: "always", holds: (v) => !isDetected(v) || isTerminated(v) },
      {
        name: "Dijkstra's invariant",
        kind: "always",
        holds: (v) =>
          v.token.color === "black" ||
          all.every((n) => n <= v.token.at || !v[`node.${n}`]!.isActive) ||
          all.some((n) => n <= v.token.at && v[`node.${n}`]!.color === "black")
      },
      { name: "detected", kind: "sometimes", holds: isDetected },
      { name: "termination is detected", kind: "leadsTo", from: isTerminated, to: isDetected }
    ],
    // the token moves on; nobody owes messages or rest
    fairness: together("weak", ["InitiateProbe", ...all.slice(1).map((n) => `PassToken(${n})`)])
  })
}

export type DetectionVariables = {
  readonly [node: `node.${number}`]: boolean
  readonly isDetected: boolean
}

/** Planted bugs, by name. */
const detectionMutants = {
  "claim-early": "termination is claimed whenever a node becomes passive"
} as const

export type DetectionMutant = keyof typeof detectionMutants

/** `sync-termination-detection` for so many nodes: what detection means, with one step that sees them all. */
export const syncTerminationDetection = (nodes: number, mutant?: DetectionMutant): ActionModel<DetectionVariables> => {
  const all = upTo(nodes - 1)
  const slots = all.map((n) => `node.${n}` as const)
  const isTerminated = (v: DetectionVariables): boolean => slots.every((n) => !v[n]!)
  return make<DetectionVariables>({
    name: "sync-termination-detection",
    initial: choices(all, [true, false]).flatMap((states) => {
      const active = Object.fromEntries(states.map((isActive, n) => [`node.${n}`, isActive]))
      return [...new Set([false, !states.includes(true)])].map((isDetected): DetectionVariables => ({
        ...active,
        isDetected
      }))
    }),
    actions: [
      ...all.map((i) => ({
        name: `Terminate(${i})`,
        reads: [...slots, "isDetected"] as const,
        step: (v: DetectionVariables) => {
          if (!v[`node.${i}`]!) return []
          const after = { ...v, [`node.${i}`]: false }
          const claims = new Set([v.isDetected, isTerminated(after) || mutant === "claim-early"])
          return [...claims].map((isDetected) => ({ [`node.${i}`]: false, isDetected }))
        }
      })),
      ...all.flatMap((i) =>
        all.map((j) => ({
          name: `Wakeup(${i}, ${j})`,
          reads: [`node.${i}`] as const,
          step: (v: DetectionVariables) => v[`node.${i}`]! ? [{ [`node.${j}`]: true }] : []
        }))
      ),
      {
        name: "DetectTermination",
        reads: slots,
        step: (v: DetectionVariables) => isTerminated(v) ? [{ isDetected: true }] : []
      }
    ],
    properties: [
      { name: "no false detection", kind: "always", holds: (v) => !v.isDetected || isTerminated(v) },
      { name: "detected", kind: "sometimes", reads: ["isDetected"], holds: ({ isDetected }) => isDetected },
      { name: "termination is detected", kind: "leadsTo", from: isTerminated, to: ({ isDetected }) => isDetected }
    ],
    fairness: together("weak", ["DetectTermination"])
  })
}

/** One of the values for each of them, in every combination. */
const choices = <A>(of: ReadonlyArray<unknown>, values: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  of.reduce<ReadonlyArray<ReadonlyArray<A>>>((all) => all.flatMap((one) => values.map((value) => [...one, value])), [
    []
  ])

/** For the catalogue. */
export const ewd840Entries = [
  actionEntry(
    {
      name: "ewd840",
      summary: "termination detection by a token on a ring",
      elsewhere: "TLA+ EWD840",
      parameters: { nodes: whole("nodes", 3, 1, 8) },
      mutants
    },
    ({ nodes }, mutant) => ewd840(nodes, mutant)
  ),
  actionEntry(
    {
      name: "sync-termination-detection",
      summary: "what termination detection means: one step that sees all nodes",
      elsewhere: "TLA+ SyncTerminationDetection",
      parameters: { nodes: whole("nodes", 7, 1, 12) },
      mutants: detectionMutants
    },
    ({ nodes }, mutant) => syncTerminationDetection(nodes, mutant)
  )
]
