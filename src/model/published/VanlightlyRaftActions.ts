/**
 * The steps of `VanlightlyRaft`: what a server does by itself, and what it makes of messages.
 */
import { encode } from "../../core/Canonical.js"
import type { Action, Assignment } from "../ActionModel.js"
import { assign } from "../ActionModel.js"

interface LogEntry {
  readonly term: number
  readonly value: string
}

type Message =
  | { readonly _tag: "RequestVote"; readonly term: number; readonly lastLogTerm: number; readonly lastLogIndex: number }
  | { readonly _tag: "Vote"; readonly term: number; readonly isGranted: boolean }
  | {
    readonly _tag: "AppendEntries"
    readonly term: number
    readonly prevLogIndex: number
    readonly prevLogTerm: number
    readonly entries: ReadonlyArray<LogEntry>
    readonly commitIndex: number
  }
  | { readonly _tag: "Appended"; readonly term: number; readonly isSuccess: boolean; readonly matchIndex: number }

/** A message that was sent; `copies` of it are still on their way. */
export interface Sent {
  readonly message: Message
  readonly copies: number
}

export interface Server {
  readonly term: number
  readonly role: "follower" | "candidate" | "leader"
  readonly votedFor: string | undefined
  readonly log: ReadonlyArray<LogEntry>
  readonly commitIndex: number
  readonly votes: ReadonlySet<string>
  readonly nextIndex: { readonly [server: string]: number }
  readonly matchIndex: { readonly [server: string]: number }
  /** Who has not answered the last AppendEntries. */
  readonly awaited: ReadonlySet<string>
}

type Channel = `sent.${string}.${string}`

export type Variables = {
  readonly [server: `server.${string}`]: Server
  /** Each message from the first server to the second, once. */
  readonly [channel: Channel]: ReadonlySet<Sent>
  /** `undefined`: not submitted yet. */
  readonly [acked: `acked.${string}`]: boolean | undefined
  readonly elections: number
  readonly restarts: number
}

/** Planted bugs, by name. */
export const mutants = {
  "vote-twice": "a server grants every request of its term",
  "commit-alone": "a leader commits what it alone has"
} as const

export type Mutant = keyof typeof mutants

export interface Options {
  readonly servers: number
  readonly values: number
  readonly maxElections: number
  readonly maxRestarts: number
  readonly mutant?: Mutant | undefined
}

const lastTerm = (log: ReadonlyArray<LogEntry>): number => log.at(-1)?.term ?? 0

const isSame = (a: Message, b: Message): boolean => encode(a) === encode(b)

/** The channel with the message, once more, on its way. */
const send = (channel: ReadonlySet<Sent>, message: Message): ReadonlySet<Sent> => {
  const all = [...channel]
  const isKnown = all.some((sent) => isSame(sent.message, message))
  return new Set(
    isKnown
      ? all.map((sent) => isSame(sent.message, message) ? { message, copies: sent.copies + 1 } : sent)
      : [...all, { message, copies: 1 }]
  )
}

/** The channel with the message on its way; nothing where it was sent before. */
const sendOnce = (channel: ReadonlySet<Sent>, message: Message): ReadonlySet<Sent> | undefined =>
  [...channel].some((sent) => isSame(sent.message, message)) ? undefined : send(channel, message)

const receive = (channel: ReadonlySet<Sent>, received: Sent): ReadonlySet<Sent> =>
  new Set([...channel].map((sent) => sent === received ? { ...sent, copies: sent.copies - 1 } : sent))

export interface Context {
  readonly servers: ReadonlyArray<string>
  readonly values: ReadonlyArray<string>
  readonly options: Options
}

export const isMajority = (servers: ReadonlyArray<string>, count: number): boolean => 2 * count > servers.length

/** What a server does by itself. */
export const serverActions = (
  { options, servers, values }: Context,
  i: string,
  first: Server
): ReadonlyArray<Action<Variables>> => {
  const self = `server.${i}` as const
  const others = servers.filter((j) => j !== i)
  const acked = values.map((value) => `acked.${value}` as const)
  return [
    {
      name: `Restart(${i})`,
      reads: [self, "restarts"],
      step: (v) => {
        if (v.restarts >= options.maxRestarts) return []
        const { log, term, votedFor } = v[self]!
        return [{ ...assign(self, { ...first, log, term, votedFor }), restarts: v.restarts + 1 }]
      }
    },
    {
      name: `RequestVote(${i})`,
      reads: [self, "elections", ...others.map((j): Channel => `sent.${i}.${j}`)],
      step: (v) => {
        const server = v[self]!
        if (v.elections >= options.maxElections || server.role === "leader") return []
        const term = server.term + 1
        const { log } = server
        const asked = others.map((j) =>
          [
            `sent.${i}.${j}`,
            sendOnce(v[`sent.${i}.${j}`]!, {
              _tag: "RequestVote",
              term,
              lastLogTerm: lastTerm(log),
              lastLogIndex: log.length
            })
          ] as const
        )
        if (asked.some(([, channel]) => channel === undefined)) return []
        return [{
          ...Object.fromEntries(asked),
          ...assign(self, { ...server, term, role: "candidate", votedFor: i, votes: new Set([i]) }),
          elections: v.elections + 1
        }]
      }
    },
    {
      name: `BecomeLeader(${i})`,
      reads: [self],
      step: (v) => {
        const server = v[self]!
        if (server.role !== "candidate" || !isMajority(servers, server.votes.size)) return []
        const nextIndex = Object.fromEntries(servers.map((j) => [j, server.log.length + 1]))
        return [
          assign(self, { ...server, role: "leader", nextIndex, matchIndex: first.matchIndex, awaited: first.awaited })
        ]
      }
    },
    ...values.map((value): Action<Variables> => ({
      name: `ClientRequest(${i}, ${value})`,
      reads: [self, `acked.${value}`],
      step: (v) => {
        const server = v[self]!
        if (server.role !== "leader" || v[`acked.${value}`] !== undefined) return []
        const log = [...server.log, { term: server.term, value }]
        return [{ ...assign(self, { ...server, log }), ...assign(`acked.${value}`, false) }]
      }
    })),
    {
      name: `AdvanceCommitIndex(${i})`,
      reads: [self, ...acked],
      step: (v) => {
        const server = v[self]!
        const { commitIndex, log, matchIndex } = server
        if (server.role !== "leader") return []
        const agreed = log.map((_, at) => at + 1).filter((index) =>
          options.mutant === "commit-alone" ||
          isMajority(servers, 1 + others.filter((j) => matchIndex[j]! >= index).length)
        ).at(-1)
        if (agreed === undefined || log[agreed - 1]!.term !== server.term || agreed <= commitIndex) return []
        const committed = new Set(log.slice(commitIndex, agreed).map(({ value }) => value))
        return [{
          ...assign(self, { ...server, commitIndex: agreed }),
          ...Object.fromEntries(
            values.filter((value) => v[`acked.${value}`] === false)
              .map((value) => [`acked.${value}`, committed.has(value)])
          )
        }]
      }
    }
  ]
}

const appendEntries = (i: string, j: string): Action<Variables> => {
  const self = `server.${i}` as const
  const channel: Channel = `sent.${i}.${j}`
  return {
    name: `AppendEntries(${i}, ${j})`,
    reads: [self, channel],
    step: (v) => {
      const server = v[self]!
      const { awaited, commitIndex, log, nextIndex, role, term } = server
      if (role !== "leader" || awaited.has(j)) return []
      const next = nextIndex[j]!
      const last = Math.min(log.length, next)
      const entries = log.slice(next - 1, last)
      const sent = (entries.length === 0 ? sendOnce : send)(v[channel]!, {
        _tag: "AppendEntries",
        term,
        prevLogIndex: next - 1,
        prevLogTerm: next > 1 ? log[next - 2]!.term : 0,
        entries,
        commitIndex: Math.min(commitIndex, last)
      })
      if (sent === undefined) return []
      return [{ ...assign(channel, sent), ...assign(self, { ...server, awaited: new Set([...awaited, j]) }) }]
    }
  }
}

/** A newer term on any message that was ever sent from j to i. */
const updateTerm = (i: string, j: string): Action<Variables> => {
  const self = `server.${i}` as const
  const channel: Channel = `sent.${j}.${i}`
  return {
    name: `UpdateTerm(${i}, ${j})`,
    reads: [self, channel],
    step: (v) => {
      const server = v[self]!
      return [...v[channel]!].filter(({ message }) => message.term > server.term).map(({ message }) =>
        assign(self, { ...server, term: message.term, role: "follower", votedFor: undefined })
      )
    }
  }
}

/** What server i makes of a message of j, and its answer; nothing where it does not take the message now. */
type Handler = (server: Server, message: Message) => { readonly server: Server; readonly answer?: Message } | undefined

const handlers = ({ options: { mutant } }: Context, i: string, j: string): ReadonlyArray<Action<Variables>> => {
  const self = `server.${i}` as const
  const inbound: Channel = `sent.${j}.${i}`
  const outbound: Channel = `sent.${i}.${j}`
  const handle = (name: string, handler: Handler): Action<Variables> => ({
    name: `${name}(${i}, ${j})`,
    reads: [self, inbound, outbound],
    step: (v) =>
      [...v[inbound]!].flatMap((sent): ReadonlyArray<Assignment<Variables>> => {
        const done = sent.copies > 0 ? handler(v[self]!, sent.message) : undefined
        if (done === undefined) return []
        const after = { ...assign(self, done.server), ...assign(inbound, receive(v[inbound]!, sent)) }
        if (done.answer === undefined) return [after]
        return [{ ...after, ...assign(outbound, send(v[outbound]!, done.answer)) }]
      })
  })
  return [
    handle("HandleRequestVote", (server, message) => {
      if (message._tag !== "RequestVote" || message.term > server.term) return undefined
      const { log, term, votedFor } = server
      const isUpToDate = message.lastLogTerm > lastTerm(log) ||
        (message.lastLogTerm === lastTerm(log) && message.lastLogIndex >= log.length)
      const isFree = votedFor === undefined || votedFor === j || mutant === "vote-twice"
      const isGranted = message.term === term && isUpToDate && isFree
      return {
        server: isGranted ? { ...server, votedFor: j } : server,
        answer: { _tag: "Vote", term, isGranted }
      }
    }),
    handle("HandleVote", (server, message) => {
      if (message._tag !== "Vote" || message.term !== server.term) return undefined
      return { server: message.isGranted ? { ...server, votes: new Set([...server.votes, j]) } : server }
    }),
    handle("RejectAppendEntries", (server, message) => {
      if (message._tag !== "AppendEntries" || message.term > server.term) return undefined
      const isStale = message.term < server.term
      if (!isStale && (server.role !== "follower" || hasPrevious(server, message))) return undefined
      return { server, answer: { _tag: "Appended", term: server.term, isSuccess: false, matchIndex: 0 } }
    }),
    handle("AcceptAppendEntries", (server, message) => {
      if (message._tag !== "AppendEntries" || message.term !== server.term || server.role === "leader") return undefined
      if (!hasPrevious(server, message)) return undefined
      const { entries, prevLogIndex } = message
      const log = [...server.log.slice(0, prevLogIndex), ...entries]
      return {
        server: { ...server, role: "follower", commitIndex: message.commitIndex, log },
        answer: { _tag: "Appended", term: server.term, isSuccess: true, matchIndex: prevLogIndex + entries.length }
      }
    }),
    handle("HandleAppended", (server, message) => {
      if (message._tag !== "Appended" || message.term !== server.term) return undefined
      const { isSuccess, matchIndex } = message
      const awaited = new Set(server.awaited)
      awaited.delete(j)
      const next = isSuccess ? matchIndex + 1 : Math.max(server.nextIndex[j]! - 1, 1)
      return {
        server: {
          ...server,
          awaited,
          nextIndex: { ...server.nextIndex, [j]: next },
          matchIndex: isSuccess ? { ...server.matchIndex, [j]: matchIndex } : server.matchIndex
        }
      }
    })
  ]
}

type AppendEntries = Message & { readonly _tag: "AppendEntries" }

const hasPrevious = ({ log }: Server, { prevLogIndex, prevLogTerm }: AppendEntries): boolean =>
  prevLogIndex === 0 || (prevLogIndex <= log.length && log[prevLogIndex - 1]!.term === prevLogTerm)

/** What passes between server i and another, j: what i sends to it, and what i makes of what it sent. */
export const pairActions = (context: Context, i: string, j: string): ReadonlyArray<Action<Variables>> => [
  appendEntries(i, j),
  updateTerm(i, j),
  ...handlers(context, i, j)
]
