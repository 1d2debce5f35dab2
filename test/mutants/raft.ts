/**
 * The planted bugs of Raft (`simulation/scenarios/RaftBugs`), each with a run of the simulator that shows it.
 */
import type { FaultKind, FaultPlan } from "synod/simulation/Faults"
import type { Bug } from "synod/simulation/scenarios/RaftBugs"
import { bugs } from "synod/simulation/scenarios/RaftBugs"
import type { Options } from "synod/simulation/scenarios/RaftKeyValue"

/** A run of the scenario that shows a bug, and the property that it violates. */
interface Found
  extends Pick<Options, "nodes" | "clients" | "keys" | "maxEntriesPerMessage" | "snapshotEvery" | "snapshotTail">
{
  readonly faults: FaultKind
  /** Rates that make the story likely, where a swarm's draw would take thousands of seeds. */
  readonly plan?: Partial<FaultPlan>
  readonly seed: number
  readonly property: string
}

export interface Mutant extends Bug {
  readonly found: Found
}

const all = (seed: number, property: string): Found => ({ nodes: 5, faults: "all", seed, property })

const found: { readonly [name: string]: Found } = {
  "R1-old-term-commit": {
    nodes: 3,
    maxEntriesPerMessage: 1,
    faults: "all",
    plan: { drop: 0.3, tornFlush: 0.02, killLeader: 0.5, slowDisk: 0.1 },
    seed: 121,
    property: "ElectableHasCommitted"
  },
  "R2-hasty-vote": all(1, "PromisesAreDurable"),
  "R3-hasty-candidate": all(1, "PromisesAreDurable"),
  "R4-votes-twice": all(5, "MonotonicVote"),
  "R5-own-undurable": all(2, "CommittedIsDurableInv"),
  "R6-early-ack": all(1, "PromisesAreDurable"),
  "R9-fresh-leader-read": all(48, "ReadIndexFresh"),
  "R10-unconfirmed-read": { nodes: 5, clients: 12, keys: 1, faults: "network", seed: 27, property: "ReadIndexFresh" },
  "R11-reused-position": {
    nodes: 3,
    clients: 12,
    keys: 1,
    faults: "all",
    plan: { slowLink: 0.05, partition: 1, skew: 1 },
    seed: 64,
    property: "ReadIndexFresh"
  },
  "R20-keeps-trailing-log": {
    nodes: 3,
    clients: 16,
    faults: "all",
    snapshotEvery: 5,
    snapshotTail: 0,
    seed: 44,
    property: "LogInv"
  },
  "R21-truncates-always": all(1, "HandlersAreTotal"),
  "R23-prev-term-unchecked": {
    nodes: 3,
    clients: 16,
    faults: "all",
    snapshotEvery: 5,
    snapshotTail: 0,
    seed: 6,
    property: "LogMatchingInv"
  },
  "R24-commits-uncovered": { nodes: 5, clients: 12, keys: 1, faults: "network", seed: 282, property: "LogInv" },
  "R25-raw-heartbeat-commit": all(4, "LogInv"),
  "R26-below-quorum": all(1, "ElectableHasCommitted"),
  "R27-other-leaders-acks": {
    nodes: 3,
    clients: 8,
    faults: "all",
    plan: { slowLink: 0.1, killLeader: 1, slowDisk: 0.5, tornFlush: 0.02 },
    seed: 141,
    property: "CommittedIsDurableInv"
  },
  "R29-no-up-to-date-check": all(3, "MoreUpToDateCorrectInv"),
  "R29-index-before-term": { nodes: 3, faults: "all", seed: 529, property: "MoreUpToDateCorrectInv" },
  "R32-minority-elects": all(3, "MoreUpToDateCorrectInv"),
  "R36-log-lost-on-term-change": all(9, "StateOrdering"),
  "R41-sessions-not-in-snapshot": all(1, "Linearizability")
}

export const mutants: ReadonlyArray<Mutant> = bugs.map((bug) => {
  const run = found[bug.name]
  if (run === undefined) throw new Error(`no run shows ${bug.name}`)
  return { ...bug, found: run }
})
