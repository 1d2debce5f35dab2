/**
 * What is true of every reachable set of Raft nodes, as functions that the simulator and the checker call after every step.
 * The first eight are named as in etcd-io/raft `tla/etcdraft.tla`, the rest as in raft-tlaplus and openraft; ours are marked.
 * Each answers `undefined` where it holds, and says what it saw where not.
 *
 * @since 0.1.0
 */
import type { NodeId } from "../../core/NodeId.js"
import * as Quorum from "../../core/Quorum.js"
import type { Durable, Entry, State } from "./Types.js"

/**
 * A node as the invariants see it: its volatile state (none while it is down) and what is on its disk.
 *
 * @since 0.1.0
 * @category models
 */
export interface Member {
  readonly id: NodeId
  readonly state: State<unknown, unknown, unknown> | undefined
  readonly durable: Durable<unknown>
}

/**
 * A property of one set of nodes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Invariant {
  readonly name: string
  readonly violated: (members: ReadonlyArray<Member>) => string | undefined
}

/**
 * A property of two consecutive sets of nodes.
 *
 * @since 0.1.0
 * @category models
 */
export interface StepInvariant {
  readonly name: string
  readonly violated: (before: ReadonlyArray<Member>, after: ReadonlyArray<Member>) => string | undefined
}

type Live = State<unknown, unknown, unknown>
type AnyLog = Durable<unknown>["log"]

const live = (members: ReadonlyArray<Member>): ReadonlyArray<Live> =>
  members.flatMap((member) => member.state === undefined ? [] : [member.state])

const pairs = (
  members: ReadonlyArray<Member>,
  violated: (a: Live, b: Live) => string | undefined
): string | undefined => {
  for (const a of members) {
    for (const b of members) {
      if (a.state === undefined || b.state === undefined || a === b) continue
      const found = violated(a.state, b.state)
      if (found !== undefined) return found
    }
  }
  return undefined
}

const sameEntry = (a: Entry<unknown>, b: Entry<unknown>): boolean =>
  a === b || (a._tag === b._tag && a.term === b.term && (a._tag !== "Command" || b._tag !== "Command" ||
    (a.session === b.session && a.sequence === b.sequence)))

/** The first index in (floors, upTo] at which two logs hold different entries. */
const firstDifference = (a: AnyLog, b: AnyLog, upTo: number): number | undefined => {
  if (a === b) return undefined
  for (let i = Math.max(a.floor, b.floor) + 1; i <= upTo; i++) {
    const x = a.at(i)
    const y = b.at(i)
    if (x === undefined || y === undefined || !sameEntry(x, y)) return i
  }
  return undefined
}

/** Whether `log` holds `other`'s entries up to `index`; what is below a floor was committed and compared before. */
const extendsPrefix = (log: AnyLog, other: AnyLog, index: number): boolean =>
  log.last >= index && firstDifference(log, other, index) === undefined

/**
 * Of any two nodes' committed prefixes, one is a prefix of the other.
 *
 * @since 0.1.0
 * @category invariants
 */
export const LogInv: Invariant = {
  name: "LogInv",
  violated: (members) =>
    pairs(members, (a, b) => {
      if (a.self > b.self) return undefined
      const at = firstDifference(a.durable.log, b.durable.log, Math.min(a.commit, b.commit))
      return at === undefined ? undefined : `${a.self} and ${b.self} committed different entries at ${at}`
    })
}

/**
 * No two leaders in one term.
 *
 * @since 0.1.0
 * @category invariants
 */
export const MoreThanOneLeaderInv: Invariant = {
  name: "MoreThanOneLeaderInv",
  violated: (members) =>
    pairs(members, (a, b) =>
      a.role._tag === "Leader" && b.role._tag === "Leader" && a.durable.term === b.durable.term
        ? `${a.self} and ${b.self} both lead term ${a.durable.term}`
        : undefined)
}

const lastIndexOfTerm = (log: AnyLog, term: number): number => {
  for (let i = log.last; i > log.floor; i--) {
    const at = log.termAt(i)!
    if (at === term) return i
    if (at < term) return 0
  }
  return 0
}

/**
 * A leader's last index of its term is at least anyone's.
 *
 * @since 0.1.0
 * @category invariants
 */
export const ElectionSafetyInv: Invariant = {
  name: "ElectionSafetyInv",
  violated: (members) =>
    pairs(members, (a, b) => {
      if (a.role._tag !== "Leader") return undefined
      const { log, term } = a.durable
      if (log.lastTerm === term && log.last >= b.durable.log.last) return undefined
      return lastIndexOfTerm(b.durable.log, term) > lastIndexOfTerm(log, term)
        ? `${b.self} holds more of term ${term} than its leader ${a.self}`
        : undefined
    })
}

/**
 * Equal term at an index: equal logs up to it.
 *
 * @since 0.1.0
 * @category invariants
 */
export const LogMatchingInv: Invariant = {
  name: "LogMatchingInv",
  violated: (members) =>
    pairs(members, (a, b) => {
      if (a.self > b.self) return undefined
      const x = a.durable.log
      const y = b.durable.log
      let i = Math.min(x.last, y.last)
      const floor = Math.max(x.floor, y.floor)
      while (i > floor && x.termAt(i) !== y.termAt(i)) i--
      const at = firstDifference(x, y, i)
      return at === undefined ? undefined : `${a.self} and ${b.self} agree on the term at ${i} but differ at ${at}`
    })
}

const quorumHolds = (members: ReadonlyArray<Member>, of: Live, holds: (member: Member) => boolean): boolean =>
  Quorum.vote(of.quorum, (id) => holds(members.find((member) => member.id === id)!)) === "Won"

const memberLog = (member: Member): AnyLog => member.state?.durable.log ?? member.durable.log

/**
 * The node that committed most. What holds of its committed prefix holds of all, since one committed prefix extends the other (LogInv, checked first).
 */
const mostCommitted = (members: ReadonlyArray<Member>): Live | undefined => {
  let most: Live | undefined
  for (const { state } of members) {
    if (state !== undefined && state.commit > (most?.commit ?? 0)) most = state
  }
  return most
}

/**
 * Every quorum has a member whose log extends a node's committed prefix; equally, the members that do not hold it form no quorum.
 *
 * @since 0.1.0
 * @category invariants
 */
export const QuorumLogInv: Invariant = {
  name: "QuorumLogInv",
  violated: (members) => {
    const node = mostCommitted(members)
    if (node === undefined) return undefined
    const lacking = (member: Member) => !extendsPrefix(memberLog(member), node.durable.log, node.commit)
    return quorumHolds(members, node, lacking)
      ? `a quorum lacks what ${node.self} committed up to ${node.commit}`
      : undefined
  }
}

/**
 * Whoever is at least as up to date as a node has its committed prefix.
 *
 * @since 0.1.0
 * @category invariants
 */
export const MoreUpToDateCorrectInv: Invariant = {
  name: "MoreUpToDateCorrectInv",
  violated: (members) =>
    pairs(members, (a, b) => {
      const x = a.durable.log
      const y = b.durable.log
      if (x.lastTerm < y.lastTerm || (x.lastTerm === y.lastTerm && x.last < y.last)) return undefined
      return extendsPrefix(x, y, b.commit)
        ? undefined
        : `${a.self} is as up to date as ${b.self} but lacks what it committed up to ${b.commit}`
    })
}

/**
 * A leader that no higher term superseded holds all committed entries.
 *
 * @since 0.1.0
 * @category invariants
 */
export const LeaderCompletenessInv: Invariant = {
  name: "LeaderCompletenessInv",
  violated: (members) => {
    const most = mostCommitted(members)
    if (most === undefined) return undefined
    let highest = 0
    for (const { state } of members) if (state !== undefined) highest = Math.max(highest, state.durable.term)
    for (const { state } of members) {
      if (state?.role._tag !== "Leader" || state.durable.term < highest) continue
      if (!extendsPrefix(state.durable.log, most.durable.log, most.commit)) {
        return `the leader ${state.self} lacks what ${most.self} committed up to ${most.commit}`
      }
    }
    return undefined
  }
}

/**
 * Every committed index is durable at a commit quorum: restated for a leader that writes in parallel.
 *
 * @since 0.1.0
 * @category invariants
 */
export const CommittedIsDurableInv: Invariant = {
  name: "CommittedIsDurableInv",
  violated: (members) => {
    const node = mostCommitted(members)
    if (node === undefined) return undefined
    const onDisk = (member: Member) => extendsPrefix(member.durable.log, node.durable.log, node.commit)
    return quorumHolds(members, node, onDisk)
      ? undefined
      : `${node.self} committed ${node.commit}, no quorum has it on disk`
  }
}

/**
 * Ours: floor <= snapshot <= applied <= commit <= last.
 *
 * @since 0.1.0
 * @category invariants
 */
export const StateOrdering: Invariant = {
  name: "StateOrdering",
  violated: (members) => {
    for (const { applied, commit, durable: { log, snapshot }, self } of live(members)) {
      const taken = snapshot?.index ?? 0
      if (!(log.floor <= taken && taken <= applied && applied <= commit && commit <= log.last)) {
        return `${self}: floor ${log.floor}, snapshot ${taken}, applied ${applied}, commit ${commit}, last ${log.last}`
      }
    }
    return undefined
  }
}

/**
 * What never happens between two steps: a committed entry changes, a term, a vote, a commit or an applied index goes back.
 * Commit and applied are volatile, so they are compared within one life only; on disk, a term never goes back and a vote never changes within it.
 *
 * @since 0.1.0
 * @category invariants
 */
export const Monotonic: StepInvariant = {
  name: "Monotonic",
  violated: (before, after) => {
    for (let i = 0; i < after.length; i++) {
      const a = before[i]
      const b = after[i]
      if (a === undefined || b === undefined) continue
      if (b.durable !== a.durable) {
        if (b.durable.term < a.durable.term) return `${b.id}: the durable term went back to ${b.durable.term}`
        if (
          b.durable.term === a.durable.term && a.durable.votedFor !== undefined &&
          b.durable.votedFor !== a.durable.votedFor
        ) return `${b.id}: voted for ${a.durable.votedFor} and ${b.durable.votedFor} in term ${b.durable.term}`
      }
      if (a.state === undefined || b.state === undefined || a.state === b.state) continue
      if (b.state.durable.term < a.state.durable.term) return `${b.id}: the term went back`
    }
    return undefined
  }
}

/**
 * The invariants of one set of nodes.
 *
 * @since 0.1.0
 * @category invariants
 */
export const all: ReadonlyArray<Invariant> = [
  LogInv,
  MoreThanOneLeaderInv,
  ElectionSafetyInv,
  LogMatchingInv,
  QuorumLogInv,
  MoreUpToDateCorrectInv,
  LeaderCompletenessInv,
  CommittedIsDurableInv,
  StateOrdering
]

/**
 * The invariants of two consecutive sets of nodes.
 *
 * @since 0.1.0
 * @category invariants
 */
export const steps: ReadonlyArray<StepInvariant> = [Monotonic]

/** Whether a step changed anything that an invariant reads. */
const changed = (a: Member, b: Member): boolean => {
  if (a === b) return false
  if (a.durable !== b.durable || a.state === undefined || b.state === undefined) return true
  const x = a.state
  const y = b.state
  return x.durable !== y.durable || x.commit !== y.commit || x.applied !== y.applied || x.role._tag !== y.role._tag
}

/**
 * Checks a step against every invariant. What no invariant reads may change unchecked: most steps are heartbeats and cost next to nothing.
 *
 * @since 0.1.0
 * @category invariants
 */
export const check = (
  before: ReadonlyArray<Member>,
  after: ReadonlyArray<Member>
): { readonly property: string; readonly detail: string } | undefined => {
  if (!after.some((member, i) => before[i] === undefined || changed(before[i], member))) return undefined
  for (const { name, violated } of steps) {
    const detail = violated(before, after)
    if (detail !== undefined) return { property: name, detail }
  }
  for (const { name, violated } of all) {
    const detail = violated(after)
    if (detail !== undefined) return { property: name, detail }
  }
  return undefined
}
