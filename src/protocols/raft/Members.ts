/**
 * A set of Raft nodes as its invariants see it, and the small questions that they ask of it.
 *
 * @since 0.1.0
 */
import * as Canonical from "../../core/Canonical.js"
import type { NodeId } from "../../core/NodeId.js"
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
 * What clients were told so far, since some promises are made to them and not to nodes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Told {
  /** Commands that were answered `Applied`, with the index that the answer names. */
  readonly acknowledged: ReadonlyArray<{ readonly index: number; readonly session: number; readonly sequence: number }>
  /** Reads that were answered `Readable`: the highest index that was acknowledged to anybody before the read was asked, and the index it was given. */
  readonly reads: ReadonlyArray<{ readonly node: NodeId; readonly floor: number; readonly index: number }>
}

/**
 * Nothing was told.
 *
 * @since 0.1.0
 * @category constants
 */
export const nothingTold: Told = { acknowledged: [], reads: [] }

/**
 * A property of one set of nodes, and of what they told their clients.
 *
 * @since 0.1.0
 * @category models
 */
export interface Invariant {
  readonly name: string
  readonly violated: (members: ReadonlyArray<Member>, told: Told) => string | undefined
}

/**
 * What is violated, and what was seen.
 *
 * @since 0.1.0
 * @category models
 */
export interface Violation {
  readonly property: string
  readonly detail: string
}

/**
 * The state of a node that is up.
 *
 * @since 0.1.0
 * @category models
 */
export type Live = State<unknown, unknown, unknown>
/**
 * @since 0.1.0
 * @category models
 */
export type AnyLog = Durable<unknown>["log"]

/**
 * The states of the nodes that are up.
 *
 * @since 0.1.0
 * @category predicates
 */
export const live = (members: ReadonlyArray<Member>): ReadonlyArray<Live> =>
  members.flatMap((member) => member.state === undefined ? [] : [member.state])

/**
 * What is violated by some pair of nodes that are up, in either order.
 *
 * @since 0.1.0
 * @category predicates
 */
export const pairs = (
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

/**
 * Whether two entries are one: kind, term and request.
 *
 * @since 0.1.0
 * @category predicates
 */
export const sameEntry = (a: Entry<unknown>, b: Entry<unknown>): boolean =>
  a === b || (a._tag === b._tag && a.term === b.term && (a._tag !== "Command" || b._tag !== "Command" ||
    (a.session === b.session && a.sequence === b.sequence && sameCommand(a.command, b.command))))

const sameCommand = (a: unknown, b: unknown): boolean => a === b || Canonical.encode(a) === Canonical.encode(b)

/**
 * The first index in (floors, upTo] at which two logs do not hold the same entry.
 *
 * @since 0.1.0
 * @category predicates
 */
export const firstDifference = (a: AnyLog, b: AnyLog, upTo: number): number | undefined => {
  if (a === b) return undefined
  for (let i = Math.max(a.floor, b.floor) + 1; i <= upTo; i++) {
    const x = a.at(i)
    const y = b.at(i)
    if (x === undefined || y === undefined || !sameEntry(x, y)) return i
  }
  return undefined
}

/**
 * Whether `log` holds `other`'s entries up to `index`; what is below a floor was committed and compared before.
 *
 * @since 0.1.0
 * @category predicates
 */
export const extendsPrefix = (log: AnyLog, other: AnyLog, index: number): boolean =>
  log.last >= index && firstDifference(log, other, index) === undefined

/**
 * The highest term anywhere, on disks that are down too: a majority that a crash took may have committed in it.
 *
 * @since 0.1.0
 * @category predicates
 */
export const highestTerm = (members: ReadonlyArray<Member>): number => {
  let highest = 0
  for (const { durable, state } of members) highest = Math.max(highest, (state?.durable ?? durable).term)
  return highest
}
