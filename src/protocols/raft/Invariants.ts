/**
 * What is true of every reachable set of Raft nodes, as functions that the simulator and the checker call after every step.
 * The first eight are named as in etcd-io/raft `tla/etcdraft.tla`, the rest as in raft-tlaplus and openraft; ours are marked. `StepInvariants.ts` holds what is
 * true of two consecutive sets, and `Monitor.ts` checks all of it at the price of what a step changed: these functions are its slow twin.
 * Each answers `undefined` where it holds, and says what it saw where not.
 *
 * @since 0.1.0
 */
import * as Quorum from "../../core/Quorum.js"
import { LeaderHasAllAckedValues, ReadIndexFresh, SessionExactlyOnce } from "./ClientInvariants.js"
import type { AnyLog, Invariant, Live, Member, Told, Violation } from "./Members.js"
import { extendsPrefix, firstDifference, highestTerm, live, nothingTold, pairs, sameEntry } from "./Members.js"

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
 * Ours: whoever could win an election by its log holds what is committed. With the rule of the current term removed, this is the first thing that breaks (figure 8
 * of the paper), long before anybody is elected. A node that is down could win it by its disk.
 *
 * @since 0.1.0
 * @category invariants
 */
export const ElectableHasCommitted: Invariant = {
  name: "ElectableHasCommitted",
  violated: (members) => {
    const node = mostCommitted(members)
    if (node === undefined) return undefined
    const lacking = members.find((member) => {
      const log = memberLog(member)
      if (extendsPrefix(log, node.durable.log, node.commit)) return false
      return quorumHolds(members, node, (voter) => {
        const other = memberLog(voter)
        return log.lastTerm > other.lastTerm || (log.lastTerm === other.lastTerm && log.last >= other.last)
      })
    })
    return lacking && `${lacking.id} could be elected, and lacks what ${node.self} committed up to ${node.commit}`
  }
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
    const highest = highestTerm(members)
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
 * Of any two nodes, no index that both committed holds two entries: kind, term, request and command.
 *
 * @since 0.1.0
 * @category invariants
 */
export const NoLogDivergence: Invariant = {
  name: "NoLogDivergence",
  violated: (members) =>
    pairs(members, (a, b) => {
      const upTo = Math.min(a.commit, b.commit)
      for (let i = Math.max(a.durable.log.floor, b.durable.log.floor) + 1; i <= upTo; i++) {
        const x = a.durable.log.at(i)
        const y = b.durable.log.at(i)
        if (x !== undefined && y !== undefined && !sameEntry(x, y)) return `${a.self} and ${b.self} diverge at ${i}`
      }
      return undefined
    })
}

/**
 * What is committed is in the logs of a commit quorum: in memory where a node is up, on its disk where it is down.
 *
 * @since 0.1.0
 * @category invariants
 */
export const CommittedEntriesReachMajority: Invariant = {
  name: "CommittedEntriesReachMajority",
  violated: (members) => {
    const node = mostCommitted(members)
    if (node === undefined) return undefined
    const holds = (member: Member) => extendsPrefix(memberLog(member), node.durable.log, node.commit)
    return quorumHolds(members, node, holds) ? undefined : `${node.self} committed ${node.commit}, no quorum holds it`
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
  ElectableHasCommitted,
  CommittedIsDurableInv,
  NoLogDivergence,
  CommittedEntriesReachMajority,
  LeaderHasAllAckedValues,
  StateOrdering,
  ReadIndexFresh,
  SessionExactlyOnce
]

/**
 * The first invariant that a set of nodes violates.
 *
 * @since 0.1.0
 * @category invariants
 */
export const check = (members: ReadonlyArray<Member>, told: Told = nothingTold): Violation | undefined => {
  for (const { name, violated } of all) {
    const detail = violated(members, told)
    if (detail !== undefined) return { property: name, detail }
  }
  return undefined
}
