/**
 * What never happens to a Raft node between two steps. Commit and applied are volatile, so they are compared within one life only, which is while both states
 * are there: a crash comes between two lives. What is on the disk is compared across lives.
 *
 * @since 0.1.0
 */
import type { NodeId } from "../../core/NodeId.js"
import type { Member, Violation } from "./Members.js"
import { firstDifference } from "./Members.js"
import type { Message } from "./Types.js"

/**
 * A property of one node before and after a step.
 *
 * @since 0.1.0
 * @category models
 */
export interface StepInvariant {
  readonly name: string
  readonly violated: (before: Member, after: Member) => string | undefined
}

/**
 * A node's term never goes back; on its disk, not across crashes either.
 *
 * @since 0.1.0
 * @category invariants
 */
export const MonotonicTerm: StepInvariant = {
  name: "MonotonicTerm",
  violated: (a, b) => {
    if (b.durable.term < a.durable.term) {
      return `${b.id}: the term on disk went back from ${a.durable.term} to ${b.durable.term}`
    }
    return a.state !== undefined && b.state !== undefined && b.state.durable.term < a.state.durable.term
      ? `${b.id}: the term went back from ${a.state.durable.term} to ${b.state.durable.term}`
      : undefined
  }
}

/**
 * A vote, once given, is never changed or forgotten within its term (also: OneVotePerTerm).
 *
 * @since 0.1.0
 * @category invariants
 */
export const MonotonicVote: StepInvariant = {
  name: "MonotonicVote",
  violated: (a, b) => {
    const onDisk = voteChanged(a.durable, b.durable)
    if (onDisk) return `${b.id}: voted for ${onDisk.old} and ${onDisk.now} in term ${b.durable.term}, on disk`
    if (a.state === undefined || b.state === undefined) return undefined
    const inMind = voteChanged(a.state.durable, b.state.durable)
    return inMind && `${b.id}: voted for ${inMind.old} and ${inMind.now} in term ${b.state.durable.term}`
  }
}

const voteChanged = (
  a: Member["durable"],
  b: Member["durable"]
): { readonly old: string; readonly now: string } | undefined =>
  a.term === b.term && a.votedFor !== undefined && b.votedFor !== a.votedFor
    ? { old: a.votedFor, now: b.votedFor ?? "nobody" }
    : undefined

/**
 * Within a life, the commit index never goes back.
 *
 * @since 0.1.0
 * @category invariants
 */
export const MonotonicCommit: StepInvariant = {
  name: "MonotonicCommit",
  violated: ({ state: a }, { id, state: b }) =>
    a !== undefined && b !== undefined && b.commit < a.commit
      ? `${id}: commit went back from ${a.commit} to ${b.commit}`
      : undefined
}

/**
 * Within a life, the applied index never goes back.
 *
 * @since 0.1.0
 * @category invariants
 */
export const MonotonicApplied: StepInvariant = {
  name: "MonotonicApplied",
  violated: ({ state: a }, { id, state: b }) =>
    a !== undefined && b !== undefined && b.applied < a.applied
      ? `${id}: applied went back from ${a.applied} to ${b.applied}`
      : undefined
}

/**
 * Within a life, what is committed never changes.
 *
 * @since 0.1.0
 * @category invariants
 */
export const CommittedImmutable: StepInvariant = {
  name: "CommittedImmutable",
  violated: ({ state: a }, { id, state: b }) => {
    if (a === undefined || b === undefined || a.durable.log === b.durable.log) return undefined
    const at = firstDifference(a.durable.log, b.durable.log, a.commit)
    return at === undefined ? undefined : `${id}: the committed entry at ${at} changed`
  }
}

/**
 * Ours, PromisesAreDurable: what a message promises is on its sender's disk when it leaves: a vote, an own vote that asks for others, an acknowledged log. A
 * higher term on the disk is as good, for it outlives the promise. Answers what is not.
 *
 * @since 0.1.0
 * @category invariants
 */
export const brokenPromise = (
  { durable, id }: Member,
  to: NodeId,
  message: Message<unknown, unknown>
): string | undefined => {
  switch (message._tag) {
    case "Vote":
      return !message.granted || message.preVote || isOnDisk(durable, message.term, to)
        ? undefined
        : `${id} voted for ${to} in term ${message.term}, which is not on its disk`
    case "RequestVote":
      return message.preVote || isOnDisk(durable, message.term, id)
        ? undefined
        : `${id} stands in term ${message.term}, and its own vote is not on its disk`
    case "Appended":
      return durable.term >= message.term && durable.log.last >= message.match
        ? undefined
        : `${id} acknowledged ${message.match} in term ${message.term}, which is not on its disk`
    default:
      return undefined
  }
}

const isOnDisk = (durable: Member["durable"], term: number, vote: NodeId): boolean =>
  durable.term > term || (durable.term === term && durable.votedFor === vote)

/**
 * The invariants of two consecutive steps.
 *
 * @since 0.1.0
 * @category invariants
 */
export const all: ReadonlyArray<StepInvariant> = [
  MonotonicTerm,
  MonotonicVote,
  MonotonicCommit,
  MonotonicApplied,
  CommittedImmutable
]

/**
 * The first invariant that a node's step violates.
 *
 * @since 0.1.0
 * @category invariants
 */
export const check = (before: Member, after: Member): Violation | undefined => {
  for (const { name, violated } of all) {
    const detail = violated(before, after)
    if (detail !== undefined) return { property: name, detail }
  }
  return undefined
}
