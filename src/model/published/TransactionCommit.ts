/**
 * Transaction commit as TLA+'s TCommit specifies it (Gray and Lamport, "Consensus on Transaction Commit", 2006): what two-phase commit and Paxos commit implement, without messages.
 *
 * Guarantee: no resource manager has committed while another has aborted. One step looks at all of them. Counts: 34 states of 94 generated at depth 7 for 3 managers, as TLC.
 */
import type { ActionModel } from "../ActionModel.js"
import { make } from "../ActionModel.js"
import { actionEntry, whole } from "./Entry.js"
import { atoms } from "./Quorums.js"

type Manager = "working" | "prepared" | "committed" | "aborted"

export type Variables = { readonly [resourceManager: `rm.${string}`]: Manager }

/** Planted bugs, by name. */
const mutants = {
  "commit-alone": "a resource manager commits without asking whether the others are prepared"
} as const

export type Mutant = keyof typeof mutants

/** Builds the model for so many resource managers. */
export const transactionCommit = (resourceManagers: number, mutant?: Mutant): ActionModel<Variables> => {
  const all = atoms("r", resourceManagers)
  const reads = all.map((rm) => `rm.${rm}` as const)
  const some = (v: Variables, state: Manager): boolean => reads.some((rm) => v[rm] === state)
  const canCommit = (v: Variables): boolean => mutant === "commit-alone" || (!some(v, "working") && !some(v, "aborted"))
  return make<Variables>({
    name: "transaction-commit",
    initial: [Object.fromEntries(reads.map((rm) => [rm, "working"]))],
    actions: reads.flatMap((rm) => [
      {
        name: `Prepare(${rm})`,
        reads: [rm],
        step: (v: Variables) => v[rm] === "working" ? [{ [rm]: "prepared" } as const] : []
      },
      {
        name: `Commit(${rm})`,
        reads,
        step: (v: Variables) => v[rm] === "prepared" && canCommit(v) ? [{ [rm]: "committed" } as const] : []
      },
      {
        name: `Abort(${rm})`,
        reads,
        step: (v: Variables) =>
          (v[rm] === "working" || v[rm] === "prepared") && !some(v, "committed") ? [{ [rm]: "aborted" } as const] : []
      }
    ]),
    symmetry: [all],
    properties: [
      { name: "consistent", kind: "always", holds: (v) => !(some(v, "committed") && some(v, "aborted")) },
      { name: "commits", kind: "sometimes", holds: (v) => reads.every((rm) => v[rm] === "committed") }
    ]
  })
}

/** For the catalogue. */
export const transactionCommitEntry = actionEntry(
  {
    name: "transaction-commit",
    summary: "what commit protocols implement: resource managers that see each other",
    elsewhere: "TLA+ TCommit",
    parameters: { "resource-managers": whole("resource managers", 3, 1, 12) },
    mutants
  },
  (values, mutant) => transactionCommit(values["resource-managers"], mutant)
)
