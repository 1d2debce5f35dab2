/**
 * MultiPaxos as a replicated state machine with writes and reads of one key, in the form of the TLA+ module MultiPaxos-SMR: replicas over a set of messages that never shrinks.
 *
 * Guarantee: what clients saw is linearizable once every command is acknowledged, and at most one command is
 * chosen for a slot. (A notice names a slot and no ballot: a follower may take an old command for the committed one, as in the module.) Model: asynchronous; ballots are bounded and have
 * one leader each. Message flow: Prepare, PrepareReply with all votes, Accept a slot, AcceptReply, CommitNotice.
 *
 * Counts of orbits for 3 replicas, one write, one read and ballots 1 and 2: 343,796 at depth 28 as TLC; generated 735,918, where TLC reports 736,012.
 */
import type { Action, ActionModel, Assignment } from "../ActionModel.js"
import { assign, make } from "../ActionModel.js"
import { actionEntry, whole } from "./Entry.js"
import { atoms, upTo } from "./Quorums.js"

/** Of a slot: ballot 0 and no command where nothing was voted for. */
interface Vote {
  readonly ballot: number
  readonly command: string | undefined
}

interface Slot {
  readonly status: "empty" | "preparing" | "accepting" | "committed"
  readonly command: string | undefined
  readonly voted: Vote
}

interface Replica {
  readonly leader: string | undefined
  /** The last write that it has applied. */
  readonly value: string | undefined
  /** Slots that it has applied. */
  readonly applied: number
  /** The ballot that it leads and has prepared; 0: none. */
  readonly prepared: number
  readonly ballot: number
  readonly slots: ReadonlyArray<Slot>
}

/** What clients saw: a request that was taken, or an answer with the value before; a slot without a command would answer nobody. */
type Seen =
  | { readonly _tag: "Request"; readonly command: string }
  | { readonly _tag: "Answer"; readonly command: string | undefined; readonly value: string | undefined }

/** Nothing was accepted there; a command, or none, else. */
interface Accept {
  readonly command: string | undefined
}

export type Variables = {
  readonly [replica: `replica.${string}`]: Replica
  readonly [isDone: `done.${string}`]: boolean
  /** Who leads the ballot. */
  readonly [prepare: `prepare.${number}`]: string | undefined
  readonly [prepareReply: `promise.${number}.${string}`]: ReadonlyArray<Vote> | undefined
  readonly [accept: `accept.${number}.${number}`]: Accept | undefined
  readonly [acceptReply: `accepted.${number}.${number}.${string}`]: boolean
  /** How many slots: a notice for a slot is sent after those before it. */
  readonly [notice: `notice.${number}`]: boolean
  readonly pending: ReadonlyArray<string>
  readonly seen: ReadonlyArray<Seen>
}

/** Planted bugs, by name. */
const mutants = {
  "forget-votes": "a new leader does not look at what was voted for",
  "minority": "a leader commits with its own vote alone"
} as const

export type Mutant = keyof typeof mutants

export interface Options {
  readonly replicas: number
  readonly writes: number
  readonly reads: number
  readonly maxBallot: number
  readonly mutant?: Mutant | undefined
}

interface Context {
  readonly replicas: ReadonlyArray<string>
  readonly writes: ReadonlyArray<string>
  readonly commands: ReadonlyArray<string>
  readonly ballots: ReadonlyArray<number>
  /** Numbers of slots, from 1 on. */
  readonly slots: ReadonlyArray<number>
  readonly majority: number
  readonly mutant: Mutant | undefined
}

/** Builds the model. */
export const multiPaxosSmr = (options: Options): ActionModel<Variables> => {
  const replicas = atoms("n", options.replicas)
  const writes = atoms("w", options.writes)
  const commands = [...writes, ...atoms("r", options.reads)]
  const context: Context = {
    replicas,
    writes,
    commands,
    ballots: upTo(options.maxBallot).slice(1),
    slots: upTo(commands.length).slice(1),
    majority: Math.floor(options.replicas / 2) + 1,
    mutant: options.mutant
  }
  const { ballots, slots } = context
  const empty: Slot = { status: "empty", command: undefined, voted: { ballot: 0, command: undefined } }
  const replica: Replica = {
    leader: undefined,
    value: undefined,
    applied: 0,
    prepared: 0,
    ballot: 0,
    slots: slots.map(() => empty)
  }
  const doneSlots = replicas.map((r) => `done.${r}` as const)
  return make<Variables>({
    name: "multi-paxos-smr",
    initial: [{
      ...Object.fromEntries(replicas.flatMap((r) => [[`replica.${r}`, replica], [`done.${r}`, false]])),
      ...Object.fromEntries(ballots.flatMap((b) => [
        [`prepare.${b}`, undefined],
        ...replicas.map((r) => [`promise.${b}.${r}`, undefined]),
        ...slots.flatMap((s) => [
          [`accept.${b}.${s}`, undefined],
          ...replicas.map((r) => [`accepted.${b}.${s}.${r}`, false])
        ])
      ])),
      ...Object.fromEntries(slots.map((s) => [`notice.${s}`, false])),
      pending: commands,
      seen: []
    }],
    actions: [
      ...replicas.flatMap((r) => [
        ...ballots.flatMap((b) => [...preparing(context, r, b), ...accepting(context, r, b)]),
        ...slots.map((s) => learn(context, r, s)),
        stop(context, r)
      ]),
      // a run that has ended stutters
      { name: "Terminating", reads: doneSlots, step: (v) => doneSlots.every((done) => v[done]) ? [{}] : [] }
    ],
    symmetry: [replicas, writes, commands.slice(writes.length)].filter((atoms) => atoms.length > 1),
    properties: [
      {
        name: "linearizable",
        kind: "always",
        reads: ["pending", "seen"],
        holds: ({ pending, seen }) => pending.length > 0 || !isAnswered(context, seen) || isLinearizable(context, seen)
      },
      {
        name: "one command chosen a slot",
        kind: "always",
        reads: slots.flatMap((s) =>
          ballots.flatMap((b) => [
            `accept.${b}.${s}` as const,
            ...replicas.map((r) => `accepted.${b}.${s}.${r}` as const)
          ])
        ),
        holds: (v) =>
          slots.every((s) => {
            const chosen = ballots.filter((b) =>
              replicas.filter((r) => v[`accepted.${b}.${s}.${r}`]).length >= context.majority
            )
            return new Set(chosen.map((b) => v[`accept.${b}.${s}`]?.command)).size <= 1
          })
      },
      { name: "all is done", kind: "sometimes", reads: doneSlots, holds: (v) => doneSlots.every((done) => v[done]) }
    ]
  })
}

const isAnswered = ({ commands }: Context, seen: ReadonlyArray<Seen>): boolean =>
  commands.every((command) => seen.some((event) => event._tag === "Answer" && event.command === command))

const isLinearizable = ({ commands, writes }: Context, seen: ReadonlyArray<Seen>): boolean => {
  const at = (tag: Seen["_tag"], command: string): number =>
    seen.findIndex((event) => event._tag === tag && event.command === command)
  const resultOf = (command: string): string | undefined => {
    const event = seen[at("Answer", command)]
    return event?._tag === "Answer" ? event.value : undefined
  }
  const extend = (value: string | undefined, left: ReadonlyArray<string>): boolean =>
    left.length === 0 || left.some((command) =>
      resultOf(command) === value &&
      left.every((other) => other === command || at("Answer", other) > at("Request", command)) &&
      extend(writes.includes(command) ? command : value, left.filter((other) => other !== command))
    )
  return extend(undefined, commands)
}

/** An action of a replica while not everything is acknowledged. */
const running = (
  context: Context,
  r: string,
  name: string,
  reads: Action<Variables>["reads"],
  step: (v: Variables, replica: Replica) => ReadonlyArray<Assignment<Variables>>
): Action<Variables> => ({
  name: `${name}(${r})`,
  reads: [...new Set([`done.${r}` as const, `replica.${r}` as const, "pending" as const, "seen" as const, ...reads])],
  step: (v) => v[`done.${r}`] || isTerminated(context, v) ? [] : step(v, v[`replica.${r}`]!)
})

const isTerminated = (context: Context, { pending, seen }: Variables): boolean =>
  pending.length === 0 && isAnswered(context, seen)

const stop = (context: Context, r: string): Action<Variables> => ({
  name: `Done(${r})`,
  reads: [`done.${r}`, "pending", "seen"],
  step: (v) => !v[`done.${r}`] && isTerminated(context, v) ? [assign(`done.${r}`, true)] : []
})

const withSlot = (replica: Replica, s: number, change: Partial<Slot>): ReadonlyArray<Slot> =>
  replica.slots.with(s - 1, { ...replica.slots[s - 1]!, ...change })

/** What is being accepted must be prepared again in the new ballot. */
const reopened = (slots: ReadonlyArray<Slot>): ReadonlyArray<Slot> =>
  slots.map((slot) => slot.status === "accepting" ? { ...slot, status: "preparing" } : slot)

const observe = (seen: ReadonlyArray<Seen>, event: Seen): ReadonlyArray<Seen> =>
  seen.some((other) =>
      other._tag === event._tag && other.command === event.command &&
      (other._tag === "Request" || event._tag === "Request" || other.value === event.value)
    )
    ? seen
    : [...seen, event]

/** The first phase of a ballot. */
const preparing = (context: Context, r: string, b: number): ReadonlyArray<Action<Variables>> => {
  const { majority, mutant, replicas, slots } = context
  const self = `replica.${r}` as const
  const promises = replicas.map((n) => `promise.${b}.${n}` as const)
  const accepts = slots.map((s) => `accept.${b}.${s}` as const)
  const votesOf = (replica: Replica): ReadonlyArray<Vote> => replica.slots.map(({ voted }) => voted)
  return [
    running(context, r, `BecomeLeader ${b} `, [`prepare.${b}`], (v, replica) => {
      if (replica.leader === r || b <= replica.ballot || v[`prepare.${b}`] !== undefined) return []
      return [{
        ...assign(self, { ...replica, leader: r, prepared: 0, ballot: b, slots: reopened(replica.slots) }),
        ...assign(`prepare.${b}`, r),
        ...assign(`promise.${b}.${r}`, votesOf(replica))
      }]
    }),
    running(context, r, `HandlePrepare ${b} `, [`prepare.${b}`], (v, replica) => {
      const leader = v[`prepare.${b}`]
      if (leader === undefined || b <= replica.ballot) return []
      return [{
        ...assign(self, { ...replica, leader, ballot: b, slots: reopened(replica.slots) }),
        ...assign(`promise.${b}.${r}`, votesOf(replica))
      }]
    }),
    running(context, r, `HandlePrepareReplies ${b} `, [...promises, ...accepts], (v, replica) => {
      if (replica.leader !== r || replica.prepared !== 0 || replica.ballot !== b) return []
      const replies = promises.flatMap((promise) => v[promise] === undefined ? [] : [v[promise]])
      if (replies.length < majority) return []
      const after = replica.slots.map((slot, i): Slot => {
        const command = mutant === "forget-votes" ? undefined : highestVote(replies.map((votes) => votes[i]!))
        const isOpen = slot.status === "preparing" || (slot.status === "empty" && command !== undefined)
        return { ...slot, command, status: isOpen ? "accepting" : slot.status }
      })
      return [{
        ...assign(self, { ...replica, prepared: b, slots: after }),
        ...Object.fromEntries(
          slots.filter((s) => after[s - 1]!.status === "accepting")
            .map((s) => [`accept.${b}.${s}`, { command: after[s - 1]!.command }])
        )
      }]
    })
  ]
}

const highestVote = (votes: ReadonlyArray<Vote>): string | undefined =>
  votes.reduce((best, vote) => vote.ballot > best.ballot ? vote : best, { ballot: 0, command: undefined }).command

/** The second phase of a ballot, slot by slot. */
const accepting = (context: Context, r: string, b: number): ReadonlyArray<Action<Variables>> => {
  const { majority, mutant, replicas, slots, writes } = context
  const self = `replica.${r}` as const
  const isLeading = ({ ballot, leader, prepared }: Replica): boolean => leader === r && prepared === b && ballot === b
  return [
    running(context, r, `TakeNewRequest ${b} `, [], (v, replica) => {
      const s = replica.slots.findIndex(({ status }) => status === "empty") + 1
      const command = v.pending.find((one) => replica.slots.every((slot) => slot.command !== one))
      if (!isLeading(replica) || s === 0 || command === undefined) return []
      const change: Slot = { status: "accepting", command, voted: { ballot: b, command } }
      return [{
        ...assign(self, { ...replica, slots: withSlot(replica, s, change) }),
        ...assign(`accept.${b}.${s}`, { command }),
        ...assign(`accepted.${b}.${s}.${r}`, true),
        seen: observe(v.seen, { _tag: "Request", command })
      }]
    }),
    ...slots.flatMap((s) => [
      running(context, r, `HandleAccept ${b} ${s} `, [`accept.${b}.${s}`, `prepare.${b}`], (v, replica) => {
        const accept = v[`accept.${b}.${s}`]
        if (accept === undefined || b < replica.ballot || b <= replica.slots[s - 1]!.voted.ballot) return []
        const { command } = accept
        const change: Slot = { status: "accepting", command, voted: { ballot: b, command } }
        return [{
          ...assign(self, { ...replica, leader: v[`prepare.${b}`], ballot: b, slots: withSlot(replica, s, change) }),
          ...assign(`accepted.${b}.${s}.${r}`, true)
        }]
      }),
      running(
        context,
        r,
        `HandleAcceptReplies ${b} ${s} `,
        replicas.map((n) => `accepted.${b}.${s}.${n}` as const),
        (v, replica) => {
          const slot = replica.slots[s - 1]!
          if (!isLeading(replica) || replica.applied !== s - 1 || slot.status !== "accepting") return []
          const replies = replicas.filter((n) => v[`accepted.${b}.${s}.${n}`]).length
          if (replies < (mutant === "minority" ? 1 : majority)) return []
          const { command } = slot
          return [{
            ...assign(self, applied(replica, s, writes)),
            ...assign(`notice.${s}`, true),
            seen: observe(v.seen, { _tag: "Answer", command, value: replica.value }),
            pending: v.pending.filter((one) => one !== command)
          }]
        }
      )
    ])
  ]
}

const applied = (replica: Replica, s: number, writes: ReadonlyArray<string>): Replica => {
  const { command } = replica.slots[s - 1]!
  return {
    ...replica,
    applied: s,
    value: command !== undefined && writes.includes(command) ? command : replica.value,
    slots: withSlot(replica, s, { status: "committed" })
  }
}

/** A follower hears that a slot is committed. */
const learn = (context: Context, r: string, s: number): Action<Variables> =>
  running(
    context,
    r,
    `HandleCommitNotice ${s} `,
    [`notice.${s}`],
    (v, replica) =>
      replica.leader !== r && replica.applied === s - 1 && replica.slots[s - 1]!.status === "accepting" &&
        v[`notice.${s}`]
        ? [assign(`replica.${r}`, applied(replica, s, context.writes))]
        : []
  )

/** For the catalogue. */
export const multiPaxosSmrEntry = actionEntry(
  {
    name: "multi-paxos-smr",
    summary: "MultiPaxos that replicates writes and reads of one key",
    elsewhere: "TLA+ MultiPaxos-SMR",
    parameters: {
      replicas: whole("replicas", 3, 1, 5),
      writes: whole("writes that clients submit", 1, 1, 4),
      reads: whole("reads that clients submit", 1, 0, 4),
      "max-ballot": whole("the highest ballot; the lowest is 1", 2, 1, 4)
    },
    mutants
  },
  ({ "max-ballot": maxBallot, ...options }, mutant) => multiPaxosSmr({ ...options, maxBallot, mutant })
)
