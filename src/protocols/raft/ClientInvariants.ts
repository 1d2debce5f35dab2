/**
 * What Raft promises to clients, as properties of a set of nodes and of what they were told. Named as in raft-tlaplus, or ours.
 *
 * @since 0.1.0
 */
import type { NodeId } from "../../core/NodeId.js"
import type { RequestId } from "../../core/Protocol.js"
import type { Invariant, Told } from "./Members.js"
import { highestTerm, live } from "./Members.js"
import type { Reply, Request } from "./Types.js"

/**
 * A leader that no higher term superseded holds every command that was acknowledged to a client, where it was acknowledged.
 *
 * @since 0.1.0
 * @category invariants
 */
export const LeaderHasAllAckedValues: Invariant = {
  name: "LeaderHasAllAckedValues",
  violated: (members, { acknowledged }) => {
    const highest = highestTerm(members)
    for (const { state } of members) {
      if (state?.role._tag !== "Leader" || state.durable.term < highest) continue
      const { log } = state.durable
      for (const { index, sequence, session } of acknowledged) {
        if (index <= log.floor) continue
        const entry = log.at(index)
        if (entry?._tag === "Command" && entry.session === session && entry.sequence === sequence) continue
        return `the leader ${state.self} lacks the command ${session}.${sequence}, acknowledged at ${index}`
      }
    }
    return undefined
  }
}

/**
 * Ours: the index that a read was given is at least everything that was acknowledged before it was asked.
 *
 * @since 0.1.0
 * @category invariants
 */
export const ReadIndexFresh: Invariant = {
  name: "ReadIndexFresh",
  violated: (_, { reads }) => {
    const stale = reads.find(({ floor, index }) => index < floor)
    return stale && `a read at ${stale.node} got index ${stale.index} after ${stale.floor} was acknowledged`
  }
}

/**
 * Ours: a command (session, sequence) took effect at one index, the same at every node that remembers it and in every answer.
 *
 * @since 0.1.0
 * @category invariants
 */
export const SessionExactlyOnce: Invariant = {
  name: "SessionExactlyOnce",
  violated: (members, { acknowledged }) => {
    const executed = new Map<string, number>()
    const twice = (session: number, sequence: number, index: number): string | undefined => {
      const key = `${session}.${sequence}`
      const other = executed.get(key)
      if (other !== undefined && other !== index) return `command ${key} took effect at ${other} and at ${index}`
      executed.set(key, index)
      return undefined
    }
    for (const { index, sequence, session } of acknowledged) {
      const found = twice(session, sequence, index)
      if (found !== undefined) return found
    }
    for (const { sessions } of live(members)) {
      for (const [session, { results }] of sessions) {
        for (const [sequence, { index }] of results) {
          const found = twice(session, sequence, index)
          if (found !== undefined) return found
        }
      }
    }
    return undefined
  }
}

/** What an answer tells. */
type Heard =
  | { readonly _tag: "Acknowledged"; readonly index: number; readonly session: number; readonly sequence: number }
  | { readonly _tag: "Read"; readonly node: NodeId; readonly floor: number; readonly index: number }

/**
 * Listens to requests and answers, and keeps what clients were told.
 *
 * @since 0.1.0
 * @category models
 */
export class Listener implements Told {
  readonly acknowledged: Array<Told["acknowledged"][number]> = []
  readonly reads: Array<Told["reads"][number]> = []
  /** The highest index that was acknowledged to anybody. */
  private floor = 0
  /** Requests that wait, each with the floor at which it was asked. */
  private readonly waiting = new Map<
    NodeId,
    Map<RequestId, { readonly request: Request<unknown>; readonly floor: number }>
  >()

  /** A node takes a request. */
  requested(node: NodeId, id: RequestId, request: Request<unknown>): void {
    let requests = this.waiting.get(node)
    if (requests === undefined) this.waiting.set(node, requests = new Map())
    requests.set(id, { request, floor: this.floor })
  }

  /** A node answers one. */
  answered(node: NodeId, id: RequestId, reply: Reply<unknown>): Heard | undefined {
    const requests = this.waiting.get(node)
    const asked = requests?.get(id)
    if (asked === undefined) return undefined
    requests?.delete(id)
    switch (reply._tag) {
      case "SessionOpened":
        this.floor = Math.max(this.floor, reply.session)
        return undefined
      case "Applied": {
        this.floor = Math.max(this.floor, reply.index)
        if (asked.request._tag !== "Propose") return undefined
        const { sequence, session } = asked.request
        const heard: Heard = { _tag: "Acknowledged", index: reply.index, session, sequence }
        this.acknowledged.push(heard)
        return heard
      }
      case "Readable": {
        const heard: Heard = { _tag: "Read", node, floor: asked.floor, index: reply.index }
        this.reads.push(heard)
        return heard
      }
      default:
        return undefined
    }
  }
}
