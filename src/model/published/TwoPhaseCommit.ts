/**
 * Two-phase commit as TLA+'s TwoPhase describes it (Gray and Lamport, "Consensus on Transaction Commit", 2006): a transaction manager and N resource managers over a set of
 * messages that are never consumed.
 *
 * Guarantee: no resource manager has committed while another has aborted. Message flow: each prepares and says so, or aborts alone; the manager commits when all have said
 * so, or aborts; each follows. Counts: 288 states of 1,146 generated at depth 11 for 3 managers, as TLC and Stateright's 2pc.rs.
 */
import type { Action, ActionModel, Assignment } from "../ActionModel.js"
import { assign, make } from "../ActionModel.js"
import { actionEntry, whole } from "./Entry.js"
import { atoms } from "./Quorums.js"

type Manager = "working" | "prepared" | "committed" | "aborted"

/** The set of messages is one variable for each that a resource manager may send, and one for the transaction manager's: it sends at most one of two. */
export type Variables = {
  readonly [resourceManager: `rm.${string}`]: Manager
  readonly [said: `said.${string}`]: boolean
  readonly tm: {
    readonly state: "init" | "committed" | "aborted"
    readonly prepared: ReadonlySet<string>
  }
  readonly outcome: "Commit" | "Abort" | undefined
}

/** Planted bugs, by name. */
const mutants = {
  "commit-at-first": "the manager commits when one resource manager (not each) is prepared",
  "abort-when-prepared": "a prepared resource manager still aborts alone"
} as const

export type Mutant = keyof typeof mutants

/** Builds the model for so many resource managers. */
export const twoPhaseCommit = (resourceManagers: number, mutant?: Mutant): ActionModel<Variables> => {
  const all = atoms("r", resourceManagers)
  const needed = mutant === "commit-at-first" ? 1 : resourceManagers
  const set = (rm: string, to: Manager): Assignment<Variables> => assign(`rm.${rm}`, to)
  const actions: Array<Action<Variables>> = [
    {
      name: "TMCommit",
      reads: ["tm"],
      step: ({ tm }) =>
        tm.state === "init" && tm.prepared.size >= needed
          ? [{ tm: { ...tm, state: "committed" }, outcome: "Commit" }]
          : []
    },
    {
      name: "TMAbort",
      reads: ["tm"],
      step: ({ tm }) => tm.state === "init" ? [{ tm: { ...tm, state: "aborted" }, outcome: "Abort" }] : []
    }
  ]
  for (const rm of all) {
    const state = `rm.${rm}` as const
    const said = `said.${rm}` as const
    actions.push(
      {
        name: `TMRcvPrepared(${rm})`,
        reads: ["tm", said],
        step: (v) =>
          v.tm.state === "init" && v[said]
            ? [{ tm: { ...v.tm, prepared: new Set(v.tm.prepared).add(rm) } }]
            : []
      },
      {
        name: `RMPrepare(${rm})`,
        reads: [state],
        step: (v) => v[state] === "working" ? [{ ...set(rm, "prepared"), [said]: true }] : []
      },
      {
        name: `RMChooseToAbort(${rm})`,
        reads: [state],
        step: (v) =>
          v[state] === "working" || (v[state] === "prepared" && mutant === "abort-when-prepared")
            ? [set(rm, "aborted")]
            : []
      },
      {
        name: `RMRcvCommit(${rm})`,
        reads: ["outcome"],
        step: ({ outcome }) => outcome === "Commit" ? [set(rm, "committed")] : []
      },
      {
        name: `RMRcvAbort(${rm})`,
        reads: ["outcome"],
        step: ({ outcome }) => outcome === "Abort" ? [set(rm, "aborted")] : []
      }
    )
  }
  const reads = all.map((rm) => `rm.${rm}` as const)
  const every = (v: Variables, state: Manager): boolean => reads.every((rm) => v[rm] === state)
  return make<Variables>({
    name: "two-phase-commit",
    initial: [{
      ...Object.fromEntries(all.flatMap((rm) => [[`rm.${rm}`, "working"], [`said.${rm}`, false]])),
      tm: { state: "init", prepared: new Set<string>() },
      outcome: undefined
    }],
    actions,
    symmetry: [all],
    properties: [
      {
        name: "consistent",
        kind: "always",
        reads,
        holds: (v) => !(reads.some((rm) => v[rm] === "committed") && reads.some((rm) => v[rm] === "aborted"))
      },
      { name: "commit agreement", kind: "sometimes", reads, holds: (v) => every(v, "committed") },
      { name: "abort agreement", kind: "sometimes", reads, holds: (v) => every(v, "aborted") }
    ]
  })
}

/** For the catalogue. */
export const twoPhaseCommitEntry = actionEntry(
  {
    name: "two-phase-commit",
    summary: "a transaction manager and resource managers over a set of messages",
    elsewhere: "TLA+ TwoPhase, Stateright 2pc.rs",
    parameters: { "resource-managers": whole("resource managers", 3, 1, 12) },
    mutants
  },
  (values, mutant) => twoPhaseCommit(values["resource-managers"], mutant)
)
