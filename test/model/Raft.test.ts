import { describe, expect, it } from "@effect/vitest"
import { checkSystem } from "synod/checker/Checker"
import type { Options, Seen, Words } from "synod/model/checked/Raft"
import { raft } from "synod/model/checked/Raft"
import * as NetworkModel from "synod/model/NetworkModel"
import type { SystemModel } from "synod/model/SystemModel"
import { bugs } from "synod/simulation/scenarios/RaftBugs"
import { agree } from "./twin.js"

const minutes = 60_000
const crash = { crashes: 1, restarts: 1 }

/** Leaders are heard for a moment only: a rule of liveness, which costs a timer in every story. */
const unleased = { ignoresVotes: () => false }
const disks = (...logs: ReadonlyArray<ReadonlyArray<number>>) => logs.map((log) => ({ term: 3, log }))
const atomic = { durability: "atomic" } as const
const ordered = { network: NetworkModel.ordered() } as const

/** A model that shows a bug, and what it takes: the events of the shortest trace, and what is violated at its end. */
interface Shown {
  readonly model: Options
  readonly steps: number
  readonly violates: string
}

const shown: { readonly [bug: string]: Shown } = {
  "R1-old-term-commit": {
    model: {
      nodes: 3,
      terms: 4,
      entries: 2,
      maxEntriesPerMessage: 1,
      faults: { timers: 1 },
      disks: disks([2], [], [3]),
      rules: unleased
    },
    steps: 13,
    violates: "ElectableHasCommitted"
  },
  "R2-hasty-vote": {
    model: { nodes: 2, terms: 2, entries: 2, faults: { timers: 3, ...crash } },
    steps: 5,
    violates: "PromisesAreDurable"
  },
  "R3-hasty-candidate": {
    model: { nodes: 2, terms: 2, entries: 2, faults: { timers: 3, ...crash } },
    steps: 3,
    violates: "PromisesAreDurable"
  },
  "R4-votes-twice": {
    model: { nodes: 3, terms: 2, entries: 2, faults: { timers: 2 } },
    steps: 11,
    violates: "PromisesAreDurable"
  },
  "R5-own-undurable": {
    model: { nodes: 3, terms: 1, entries: 2, proposals: 1, faults: { timers: 1 } },
    steps: 15,
    violates: "CommittedIsDurableInv"
  },
  "R6-early-ack": {
    model: { nodes: 3, terms: 1, entries: 2, proposals: 1, faults: { timers: 1 } },
    steps: 10,
    violates: "PromisesAreDurable"
  },
  "R23-prev-term-unchecked": {
    model: { nodes: 3, terms: 4, entries: 3, faults: { timers: 1 }, disks: disks([2], [1], []), rules: unleased },
    steps: 8,
    violates: "LogMatchingInv"
  },
  "R24-commits-uncovered": {
    model: {
      nodes: 3,
      terms: 4,
      entries: 3,
      maxEntriesPerMessage: 1,
      faults: { timers: 1 },
      disks: disks([1, 3], [1, 2], [1, 3]),
      rules: unleased
    },
    steps: 14,
    violates: "LogInv"
  },
  "R25-raw-heartbeat-commit": {
    model: {
      nodes: 3,
      terms: 4,
      entries: 3,
      maxEntriesPerMessage: 1,
      ...atomic,
      faults: { timers: 2 },
      disks: disks([1, 3], [1, 2], [1, 3]),
      rules: unleased
    },
    steps: 9,
    violates: "LogInv"
  },
  "R26-below-quorum": {
    model: { nodes: 2, terms: 2, entries: 2, faults: { timers: 3, ...crash } },
    steps: 8,
    violates: "CommittedIsDurableInv"
  },
  "R29-no-up-to-date-check": {
    model: {
      nodes: 3,
      terms: 5,
      entries: 3,
      ...atomic,
      ...ordered,
      faults: { timers: 2 },
      disks: disks([], [1], [1]),
      rules: unleased
    },
    steps: 14,
    violates: "LeaderCompletenessInv"
  },
  "R29-index-before-term": {
    model: {
      nodes: 3,
      terms: 5,
      entries: 4,
      ...atomic,
      ...ordered,
      faults: { timers: 2 },
      disks: disks([1, 1, 1], [2], []),
      rules: unleased
    },
    steps: 16,
    violates: "LeaderCompletenessInv"
  },
  "R32-minority-elects": {
    model: { nodes: 3, terms: 2, entries: 2, faults: { timers: 2 } },
    steps: 4,
    violates: "MoreThanOneLeaderInv"
  },
  "R36-log-lost-on-term-change": {
    model: { nodes: 2, terms: 2, entries: 3, proposals: 1, faults: { timers: 3 } },
    steps: 19,
    violates: "QuorumLogInv"
  }
}

const claims = ({ properties }: SystemModel<Words, Seen>) => properties.filter((one) => one.kind === "always")

/** All claims that must always hold as one, so that the search ends at the first that does not. */
const asOne = (model: SystemModel<Words, Seen>): SystemModel<Words, Seen> => {
  const always = claims(model)
  return {
    ...model,
    properties: [{ name: "all", kind: "always", holds: (system) => always.every(({ holds }) => holds(system)) }]
  }
}

describe("Raft, the production file, to exhaustion", () => {
  const counts = (options: Options) => {
    const { complete, depth, distinctStates, generatedStates, properties } = checkSystem(raft(options))
    expect(complete).toBe(true)
    expect(properties.filter(({ verdict }) => verdict !== "holds").map(({ name }) => name)).toEqual([])
    return [distinctStates, generatedStates, depth]
  }

  it(
    "two nodes, two elections, a crash with restart, four timers: writes are delayed",
    { timeout: minutes },
    () =>
      expect(counts({ nodes: 2, terms: 2, entries: 2, faults: { timers: 4, ...crash } })).toEqual([
        854_634,
        2_536_647,
        32
      ])
  )

  it(
    "three nodes, one election, a crash with restart, one proposal: writes are delayed",
    { timeout: 2 * minutes },
    () =>
      expect(counts({ nodes: 3, terms: 1, entries: 2, proposals: 1, faults: { timers: 1, ...crash } })).toEqual([
        2_078_611,
        8_292_349,
        29
      ])
  )

  // two bounds that keep these spaces small: channels keep their order, and nobody counts as heard
  const channels = { nodes: 3, terms: 2, ...ordered, faults: { timers: 2 }, rules: unleased }

  it(
    "three nodes, two elections, ordered channels: writes are delayed",
    { timeout: 2 * minutes },
    () => expect(counts({ ...channels, entries: 2 })).toEqual([1_077_892, 5_281_312, 42])
  )

  it(
    "three nodes, two elections, two proposals, ordered channels: writes are atomic",
    { timeout: 3 * minutes },
    () => expect(counts({ ...channels, ...atomic, entries: 4, proposals: 2 })).toEqual([3_066_330, 12_560_872, 41])
  )

  it("both searches agree where the plain one comes to an end", () => {
    const { distinct } = agree(raft({ nodes: 2, terms: 2, entries: 2, faults: { timers: 2 } }))
    expect(distinct).toBe(883)
  })
})

describe("planted bugs of Raft", () => {
  for (const { control, name, plant } of bugs) {
    const found = shown[name]
    if (found === undefined) continue
    const { model, steps, violates } = found
    it(`${name} violates ${violates} after ${steps} events, and no fewer`, { timeout: minutes }, () => {
      const planted = raft({ ...model, ...plant, rules: { ...plant.rules, ...model.rules } })
      const { distinctStates, properties: [all] } = checkSystem(asOne(planted), { exhaustive: false })
      expect(all?.verdict).toBe("violated")
      const last = all!.trace!.at(-1)!.state
      expect(all!.trace!.length - 1).toBe(steps)
      expect(claims(planted).filter(({ holds }) => !holds(last)).map(({ name }) => name)).toContain(violates)
      // the same model without the bug, over as many states
      const sound = raft({ ...model, ...control, rules: { ...control?.rules, ...model.rules } })
      expect(checkSystem(asOne(sound), { maxStates: distinctStates }).properties[0]?.verdict).not.toBe("violated")
    })
  }
})
