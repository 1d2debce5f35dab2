/**
 * Raft's invariants at the price of what a step changed: a monitor follows a cluster from step to step and remembers what was ever committed, who led which
 * term, and what clients were told. It finds whatever the functions of `Invariants.ts` and `StepInvariants.ts` find, at the same step or before (a property
 * test compares them): before, where they see only the nodes of now and it remembers the past.
 *
 * @since 0.1.0
 */
import type { NodeId } from "../../core/NodeId.js"
import type { RequestId } from "../../core/Protocol.js"
import * as Quorum from "../../core/Quorum.js"
import { Listener, ReadIndexFresh } from "./ClientInvariants.js"
import { EntryTree, Path } from "./EntryTree.js"
import { StateOrdering } from "./Invariants.js"
import type { Live, Member, Violation } from "./Members.js"
import { nothingTold } from "./Members.js"
import * as Steps from "./StepInvariants.js"
import type { Message, Reply, Request } from "./Types.js"

/** What is remembered of a node. */
interface Watched {
  readonly id: NodeId
  readonly memory: Path
  readonly disk: Path
  /** Whether the node, as it is now, and its disk hold everything that was ever committed. */
  holds: boolean
  isOnDisk: boolean
}

/** What a step may have changed. */
interface Change {
  readonly at: number
  readonly before: Member
  readonly after: Member
  readonly log: boolean
  readonly disk: boolean
  /** The log lost or replaced an entry. */
  readonly cut: boolean
  readonly role: boolean
  readonly term: boolean
}

/**
 * @since 0.1.0
 * @category models
 */
export class Monitor {
  private readonly tree = new EntryTree()
  private readonly nodes: ReadonlyArray<Watched>
  private readonly placeOf: ReadonlyMap<NodeId, number>
  /** By index, the place of what was committed there first. */
  private readonly committed: Array<number> = [0]
  private top = 0
  private quorum: Quorum.Quorum = Quorum.majority([])
  private readonly leaders = new Map<number, number>()
  private readonly executed = new Map<number, Map<number, number>>()
  private readonly listener = new Listener()
  private acknowledged = 0
  private found: Violation | undefined

  constructor(members: ReadonlyArray<Member>) {
    this.nodes = members.map(({ durable, id }) => ({
      id,
      memory: new Path(this.tree, durable.log),
      disk: new Path(this.tree, durable.log),
      holds: true,
      isOnDisk: true
    }))
    this.placeOf = new Map(members.map(({ id }, i) => [id, i]))
  }

  /** The first violation so far. */
  get violation(): Violation | undefined {
    return this.found
  }

  /** A node takes a request of a client. */
  requested(node: NodeId, id: RequestId, request: Request<unknown>): void {
    this.listener.requested(node, id, request)
  }

  /** A node answers a client. */
  answered(node: NodeId, id: RequestId, reply: Reply<unknown>): void {
    const heard = this.listener.answered(node, id, reply)
    if (heard === undefined) return
    if (heard._tag === "Read") {
      return this.violateBy(ReadIndexFresh, [], { acknowledged: [], reads: [heard] })
    }
    const { index, sequence, session } = heard
    this.execute(session, sequence, index)
    const entry = index <= this.top ? this.tree.entry(this.committed[index]!) : undefined
    if (entry !== undefined && (entry._tag !== "Command" || entry.session !== session || entry.sequence !== sequence)) {
      this.violate(
        "LeaderHasAllAckedValues",
        `${node} acknowledged ${session}.${sequence} at ${index}, which holds another`
      )
    }
    if (index > this.top) this.violate("LeaderHasAllAckedValues", `${node} acknowledged ${index} before its commit`)
    else if (index > this.acknowledged) this.acknowledged = index
  }

  /** A node's message leaves. */
  sent(from: Member, to: NodeId, message: Message<unknown, unknown>): void {
    const broken = Steps.brokenPromise(from, to, message)
    if (broken !== undefined) this.violate("PromisesAreDurable", broken)
  }

  /** After a step of the node at `changed`; `members` are all nodes after it. Answers the first violation so far. */
  check(members: ReadonlyArray<Member>, changed: number, before: Member): Violation | undefined {
    const after = members[changed]!
    const a = before.state
    const b = after.state
    const disk = before.durable !== after.durable
    if (
      !disk && a !== undefined && b !== undefined && a.durable === b.durable && a.commit === b.commit &&
      a.applied === b.applied && a.role._tag === b.role._tag
    ) return this.found
    if (disk || a?.durable !== b?.durable) {
      this.violateBy(Steps.MonotonicTerm, before, after)
      this.violateBy(Steps.MonotonicVote, before, after)
    }
    this.violateBy(Steps.MonotonicCommit, before, after)
    this.violateBy(Steps.MonotonicApplied, before, after)
    const change = this.follow(before, after, changed)
    if (this.tree.conflict !== undefined) this.violate("LogMatchingInv", this.tree.conflict)
    const top = this.top
    if (b !== undefined) this.checkCommit(change, b)
    const isHigher = this.top > top
    const isLost = this.lookForTop(change.at, members, isHigher)
    if (b !== undefined) this.onState(change, b, members)
    if (this.top > 0) this.checkQuorums(change, members, isHigher, isLost)
    if (isHigher || change.role || change.term || change.cut || a === undefined || b === undefined) {
      this.checkLeaders(members)
    }
    return this.found
  }

  private follow(before: Member, after: Member, at: number): Change {
    const { disk, memory } = this.nodes[at]!
    const a = before.state
    const b = after.state
    if (before.durable !== after.durable) disk.follow(after.durable.log)
    const last = memory.last
    const lastPlace = memory.at(last)
    if (b === undefined) return { at, before, after, log: true, disk: true, cut: true, role: true, term: true }
    if (a === undefined) memory.become(disk)
    memory.follow(b.durable.log)
    return {
      at,
      before,
      after,
      log: a === undefined || a.durable.log !== b.durable.log,
      disk: before.durable !== after.durable,
      cut: a === undefined || memory.last < last || memory.at(last) !== lastPlace,
      role: a?.role._tag !== b.role._tag,
      term: a?.durable.term !== b.durable.term
    }
  }

  private checkCommit(change: Change, state: Live): void {
    const { memory } = this.nodes[change.at]!
    const old = change.before.state
    this.quorum = state.quorum
    const { applied, commit, durable: { log, snapshot } } = state
    const taken = snapshot?.index ?? 0
    if (!(log.floor <= taken && taken <= applied && applied <= commit && commit <= log.last)) {
      this.violateBy(StateOrdering, [change.after], nothingTold)
    }
    if (commit > this.top) this.commit(change.at, commit)
    else if ((change.log || commit !== old?.commit) && !memory.isAt(commit, this.committed[commit]!)) {
      const property = old !== undefined && commit === old.commit ? "CommittedImmutable" : "LogInv"
      this.violate(property, `${state.self} holds other entries than were committed up to ${commit}`)
    }
  }

  /** Who holds everything that was ever committed; answers whether somebody lost it, or whether it became more. */
  private lookForTop(changed: number, members: ReadonlyArray<Member>, isHigher: boolean): boolean {
    let isLost = isHigher
    const place = this.committed[this.top]!
    for (let i = isHigher ? 0 : changed; i < (isHigher ? this.nodes.length : changed + 1); i++) {
      const node = this.nodes[i]!
      const isOnDisk = node.disk.isAt(this.top, place)
      const holds = members[i]!.state === undefined ? isOnDisk : node.memory.isAt(this.top, place)
      isLost ||= (node.holds && !holds) || (node.isOnDisk && !isOnDisk)
      node.holds = holds
      node.isOnDisk = isOnDisk
    }
    return isLost
  }

  private onState(change: Change, state: Live, members: ReadonlyArray<Member>): void {
    const old = change.before.state
    if (change.role && state.role._tag === "Leader") this.onLeader(change.at, state, members)
    else if (change.log) this.checkElection(change, state, members)
    if (change.log || state.commit !== old?.commit) this.compareLogs(change.at, state, members)
    if (state.applied !== old?.applied) this.checkSessions(change.at, state, old?.applied ?? 0)
  }

  /** A node is the first to commit up to `index`. */
  private commit(at: number, index: number): void {
    const { id, memory } = this.nodes[at]!
    if (!memory.isAt(this.top, this.committed[this.top]!)) {
      this.violate("LogInv", `${id} committed up to ${index}, past other entries than were committed up to ${this.top}`)
    }
    for (let i = this.top + 1; i <= Math.min(index, memory.last); i++) this.committed[i] = memory.at(i)
    this.top = Math.min(index, memory.last)
  }

  private onLeader(at: number, { durable: { term }, self }: Live, members: ReadonlyArray<Member>): void {
    const other = this.leaders.get(term)
    if (other !== undefined && other !== at) {
      this.violate("MoreThanOneLeaderInv", `${this.nodes[other]!.id} and ${self} both led term ${term}`)
    }
    this.leaders.set(term, at)
    this.checkOthersOf(at, term, members)
  }

  /** Nobody holds more of a term than its leader. */
  private checkElection(change: Change, { role }: Live, members: ReadonlyArray<Member>): void {
    const { last, lastTerm } = this.nodes[change.at]!.memory
    const leader = this.leaders.get(lastTerm)
    if (leader === undefined) return
    if (leader === change.at) {
      if (change.cut && role._tag === "Leader") this.checkOthersOf(leader, lastTerm, members)
      return
    }
    if (leads(members[leader]!, lastTerm) && this.nodes[leader]!.memory.last < last) {
      this.tooMuch(change.at, leader, lastTerm)
    }
  }

  private checkOthersOf(leader: number, term: number, members: ReadonlyArray<Member>): void {
    const { last } = this.nodes[leader]!.memory
    this.nodes.forEach(({ memory }, i) => {
      if (i !== leader && members[i]!.state !== undefined && memory.lastTerm === term && memory.last > last) {
        this.tooMuch(i, leader, term)
      }
    })
  }

  private tooMuch(at: number, leader: number, term: number): void {
    this.violate(
      "ElectionSafetyInv",
      `${this.nodes[at]!.id} holds more of term ${term} than its leader ${this.nodes[leader]!.id}`
    )
  }

  /** Whoever is at least as up to date as another has its committed prefix. Who holds everything that was ever committed has that of everybody. */
  private compareLogs(at: number, state: Live, members: ReadonlyArray<Member>): void {
    const { holds, memory: mine } = this.nodes[at]!
    for (let i = 0; i < members.length; i++) {
      const other = members[i]!.state
      if (other === undefined || i === at) continue
      const { holds: theyHold, memory: theirs } = this.nodes[i]!
      if (holds && theyHold) continue
      const order = mine.lastTerm - theirs.lastTerm || mine.last - theirs.last
      if (order >= 0 && !mine.isAt(other.commit, this.committed[other.commit]!)) this.outdone(state, other)
      if (order <= 0 && !theirs.isAt(state.commit, this.committed[state.commit]!)) this.outdone(other, state)
    }
  }

  private outdone({ self }: Live, other: Live): void {
    this.violate(
      "MoreUpToDateCorrectInv",
      `${self} is as up to date as ${other.self} but lacks what it committed up to ${other.commit}`
    )
  }

  private checkQuorums(change: Change, members: ReadonlyArray<Member>, isHigher: boolean, isLost: boolean): void {
    if (isHigher || change.cut || (change.log && !this.nodes[change.at]!.holds)) this.checkElectable(members)
    if (!isLost) return
    const is = (test: (node: Watched) => boolean): boolean =>
      Quorum.vote(this.quorum, (id) => test(this.nodes[this.placeOf.get(id)!]!)) === "Won"
    if (is(({ holds }) => !holds)) this.violate("QuorumLogInv", `a quorum lacks what was committed up to ${this.top}`)
    if (!is(({ isOnDisk }) => isOnDisk)) {
      this.violate("CommittedIsDurableInv", `${this.top} is committed, no quorum has it on disk`)
    }
    if (!is(({ holds }) => holds)) {
      this.violate("CommittedEntriesReachMajority", `${this.top} is committed, no quorum holds it`)
    }
  }

  /** Whoever could win an election by its log lacks nothing. */
  private checkElectable(members: ReadonlyArray<Member>): void {
    const logOf = (i: number): Path => members[i]!.state === undefined ? this.nodes[i]!.disk : this.nodes[i]!.memory
    for (let i = 0; i < this.nodes.length; i++) {
      if (this.nodes[i]!.holds) continue
      const { last, lastTerm } = logOf(i)
      const votes = (id: NodeId): boolean => {
        const other = logOf(this.placeOf.get(id)!)
        return lastTerm > other.lastTerm || (lastTerm === other.lastTerm && last >= other.last)
      }
      if (Quorum.vote(this.quorum, votes) === "Won") {
        this.violate(
          "ElectableHasCommitted",
          `${this.nodes[i]!.id} could be elected, and lacks what was committed up to ${this.top}`
        )
      }
    }
  }

  /** A leader that no higher term superseded lacks nothing. */
  private checkLeaders(members: ReadonlyArray<Member>): void {
    let highest = 0
    for (const { durable, state } of members) highest = Math.max(highest, (state?.durable ?? durable).term)
    for (let i = 0; i < members.length; i++) {
      if (!leads(members[i]!, highest)) continue
      const { id, memory } = this.nodes[i]!
      if (!memory.isAt(this.top, this.committed[this.top]!)) {
        this.violate("LeaderCompletenessInv", `the leader ${id} lacks what was committed up to ${this.top}`)
      }
      if (!memory.isAt(this.acknowledged, this.committed[this.acknowledged]!)) {
        this.violate("LeaderHasAllAckedValues", `the leader ${id} lacks what was acknowledged at ${this.acknowledged}`)
      }
    }
  }

  private checkSessions(at: number, state: Live, from: number): void {
    const { memory } = this.nodes[at]!
    for (let i = from + 1; i <= state.applied; i++) {
      const entry = this.tree.entry(memory.at(i))
      if (entry?._tag !== "Command") continue
      const kept = state.sessions.get(entry.session)?.results.get(entry.sequence)
      if (kept !== undefined) this.execute(entry.session, entry.sequence, kept.index)
    }
  }

  private execute(session: number, sequence: number, index: number): void {
    let commands = this.executed.get(session)
    if (commands === undefined) this.executed.set(session, commands = new Map())
    const other = commands.get(sequence)
    if (other === undefined) commands.set(sequence, index)
    else if (other !== index) {
      this.violate("SessionExactlyOnce", `command ${session}.${sequence} took effect at ${other} and at ${index}`)
    }
  }

  private violateBy<A extends ReadonlyArray<unknown>>(
    invariant: { readonly name: string; readonly violated: (...of: A) => string | undefined },
    ...of: A
  ): void {
    const detail = invariant.violated(...of)
    if (detail !== undefined) this.violate(invariant.name, detail)
  }

  private violate(property: string, detail: string): void {
    this.found ??= { property, detail }
  }
}

const leads = ({ state }: Member, term: number): boolean => state?.role._tag === "Leader" && state.durable.term === term
