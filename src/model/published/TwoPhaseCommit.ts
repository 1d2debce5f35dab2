/**
 * Two-phase commit as TLA+'s TwoPhase describes it (Gray and Lamport, "Consensus on Transaction Commit", 2006): a transaction manager and N resource managers over a set of
 * messages that are never consumed.
 *
 * Guarantee: no resource manager has committed while another has aborted. Message flow: each prepares and says so, or aborts alone; the manager commits when all have said
 * so, or aborts; each follows.
 */
import type { Action, ActionModel } from "../ActionModel.js"
import { make } from "../ActionModel.js"

type Manager = "working" | "prepared" | "committed" | "aborted"

/** `rm0`, `rm1`, ... are the resource managers. */
type Variables = {
  readonly [resourceManager: `rm${number}`]: Manager
  readonly tm: "init" | "committed" | "aborted"
  readonly tmPrepared: ReadonlyArray<number>
  readonly messages: ReadonlySet<string>
}

const sent = (messages: ReadonlySet<string>, message: string): ReadonlySet<string> =>
  messages.has(message) ? messages : new Set(messages).add(message)

const state = (rm: `rm${number}`, to: Manager): { readonly [rm: `rm${number}`]: Manager } => ({ [rm]: to })

/** Builds the model for so many resource managers. */
export const twoPhaseCommit = (resourceManagers: number): ActionModel<Variables> => {
  const all = Array.from({ length: resourceManagers }, (_, i) => i)
  const actions: Array<Action<Variables>> = [
    {
      name: "TMCommit",
      reads: ["tm", "tmPrepared", "messages"],
      step: ({ messages, tm, tmPrepared }) =>
        tm === "init" && tmPrepared.length === resourceManagers
          ? [{ tm: "committed", messages: sent(messages, "Commit") }]
          : []
    },
    {
      name: "TMAbort",
      reads: ["tm", "messages"],
      step: ({ messages, tm }) => tm === "init" ? [{ tm: "aborted", messages: sent(messages, "Abort") }] : []
    }
  ]
  for (const i of all) {
    const rm = `rm${i}` as const
    actions.push(
      {
        name: `TMRcvPrepared(${rm})`,
        reads: ["tm", "tmPrepared", "messages"],
        step: ({ messages, tm, tmPrepared }) =>
          tm === "init" && messages.has(`Prepared ${i}`)
            ? [{ tmPrepared: tmPrepared.includes(i) ? tmPrepared : [...tmPrepared, i].toSorted((a, b) => a - b) }]
            : []
      },
      {
        name: `RMPrepare(${rm})`,
        reads: [rm, "messages"],
        step: (v) =>
          v[rm] === "working" ? [{ ...state(rm, "prepared"), messages: sent(v.messages, `Prepared ${i}`) }] : []
      },
      {
        name: `RMChooseToAbort(${rm})`,
        reads: [rm],
        step: (v) => v[rm] === "working" ? [state(rm, "aborted")] : []
      },
      {
        name: `RMRcvCommitMsg(${rm})`,
        reads: ["messages"],
        step: ({ messages }) => messages.has("Commit") ? [state(rm, "committed")] : []
      },
      {
        name: `RMRcvAbortMsg(${rm})`,
        reads: ["messages"],
        step: ({ messages }) => messages.has("Abort") ? [state(rm, "aborted")] : []
      }
    )
  }
  const states = (v: Variables) => all.map((i) => v[`rm${i}`])
  return make<Variables>({
    name: "two-phase-commit",
    initial: [{
      ...Object.fromEntries(all.map((i) => [`rm${i}`, "working"])),
      tm: "init",
      tmPrepared: [],
      messages: new Set<string>()
    }],
    actions,
    properties: [
      {
        name: "consistent",
        kind: "always",
        holds: (v) => !(states(v).includes("committed") && states(v).includes("aborted"))
      },
      { name: "commit agreement", kind: "sometimes", holds: (v) => states(v).every((state) => state === "committed") },
      { name: "abort agreement", kind: "sometimes", holds: (v) => states(v).every((state) => state === "aborted") }
    ]
  })
}
