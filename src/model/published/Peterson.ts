/**
 * Peterson's algorithm for mutual exclusion of two processes (Information Processing Letters 12(3), 1981), as the TLA+ module Peterson describes it.
 *
 * Guarantee: never both in the critical section. Each says that it wants, gives the other the turn, and waits until the other does not want or has given the turn back. Counts:
 * 42 states of 77 generated at depth 11, as TLC. Each of the two reasons for which a process enters is an instance.
 */
import type { ActionModel, Assignment } from "../ActionModel.js"
import { make } from "../ActionModel.js"
import { together } from "../Fairness.js"
import { actionEntry, whole } from "./Entry.js"

const labels = ["a0", "a1", "a2", "a3", "cs", "a4"] as const
type Label = (typeof labels)[number]

interface Process {
  readonly at: Label
  readonly wants: boolean
}

export type Variables = {
  readonly [process: `process.${string}`]: Process
  readonly turn: string
}

/** Planted bugs, by name. */
const mutants = {
  "keep-the-turn": "a process keeps the turn to itself",
  "want-late": "a process waits before it says that it wants"
} as const

export type Mutant = keyof typeof mutants

const names = ["p1", "p2"] as const

/** Builds the model. */
export const peterson = (mutant?: Mutant): ActionModel<Variables> => {
  const actions = names.flatMap((self, i) => {
    const other = names[1 - i]!
    const mine = `process.${self}` as const
    const theirs = `process.${other}` as const
    const go = (v: Variables, to: Label, wants = v[mine]!.wants): Assignment<Variables> => ({
      [mine]: { at: to, wants }
    })
    const at = (
      label: Label,
      reads: ReadonlyArray<typeof mine | typeof theirs | "turn">,
      step: (v: Variables) => ReadonlyArray<Assignment<Variables>>
    ) => ({
      name: `${label}(${self})`,
      reads: [mine, ...reads],
      step: (v: Variables) => v[mine]!.at === label ? step(v) : []
    })
    return [
      at("a0", [], (v) => [go(v, "a1")]),
      at("a1", [], (v) => [go(v, "a2", mutant !== "want-late")]),
      at("a2", [], (v) => [{ ...go(v, "a3"), turn: mutant === "keep-the-turn" ? self : other }]),
      at(
        "a3",
        [theirs, "turn"],
        (v) => [!v[theirs]!.wants, v.turn === self].filter(Boolean).map(() => go(v, "cs", true))
      ),
      at("cs", [], (v) => [go(v, "a4")]),
      at("a4", [], (v) => [go(v, "a0", false)])
    ]
  })
  const isInside = ({ at }: Process): boolean => at === "cs" || at === "a4"
  return make<Variables>({
    name: "peterson",
    initial: [{
      ...Object.fromEntries(names.map((name) => [`process.${name}`, { at: "a0", wants: false }])),
      turn: "p1"
    }],
    actions,
    properties: [
      {
        name: "mutual exclusion",
        kind: "always",
        reads: ["process.p1", "process.p2"],
        holds: (v) => !(isInside(v["process.p1"]!) && isInside(v["process.p2"]!))
      },
      ...names.map((name) => ({
        name: `${name} enters`,
        kind: "sometimes" as const,
        reads: [`process.${name}`] as const,
        holds: (v: Variables) => v[`process.${name}`]!.at === "cs"
      })),
      ...names.map((name) => ({
        name: `${name} does not starve`,
        kind: "leadsTo" as const,
        reads: [`process.${name}`] as const,
        from: (v: Variables) => v[`process.${name}`]!.at === "a2",
        to: (v: Variables) => v[`process.${name}`]!.at === "cs"
      }))
    ],
    // each process goes on
    fairness: names.flatMap((name) => together("weak", labels.map((label) => `${label}(${name})`)))
  })
}

/** For the catalogue: two processes, as the algorithm has it. */
export const petersonEntry = actionEntry(
  {
    name: "peterson",
    summary: "mutual exclusion of two processes",
    elsewhere: "TLA+ Peterson (locks_auxiliary_vars)",
    parameters: { nodes: whole("processes", 2, 2, 2) },
    mutants
  },
  (_, mutant) => peterson(mutant)
)
