/**
 * One quorum algebra for votes, commits, read confirmation and check-quorum. A joint configuration is two quorums and a minimum; everything else follows.
 * Quorums are data, because they live in protocol states.
 *
 * Laws (each a property test): the empty majority is neutral inside a joint quorum; joint(a, a) = a; joint(a, b) = joint(b, a); raising an acknowledgement
 * never lowers `committed`; `committed(ack)` is the largest i for which the votes `ack >= i` are won; Won and Lost are final under further votes.
 *
 * Source: etcd-io/raft `quorum/`; H. Howard, D. Malkhi, A. Spiegelman, "Flexible Paxos", 2016.
 *
 * @since 0.1.0
 */
import type { NodeId } from "./NodeId.js"

/**
 * A quorum system: `size` of the voters, or both halves of a joint configuration.
 *
 * @since 0.1.0
 * @category models
 */
export type Quorum =
  | { readonly _tag: "Threshold"; readonly voters: ReadonlyArray<NodeId>; readonly size: number }
  | { readonly _tag: "Joint"; readonly incoming: Quorum; readonly outgoing: Quorum }

/**
 * How a vote stands. Won and Lost are final.
 *
 * @since 0.1.0
 * @category models
 */
export type VoteResult = "Won" | "Lost" | "Pending"

const distinct = (voters: ReadonlyArray<NodeId>): ReadonlyArray<NodeId> => [...new Set(voters)].sort()

/**
 * More than half of the voters. No voters: wins every vote and commits infinity, which makes it neutral in a joint quorum.
 *
 * @since 0.1.0
 * @category constructors
 */
export const majority = (voters: ReadonlyArray<NodeId>): Quorum => {
  const unique = distinct(voters)
  return { _tag: "Threshold", voters: unique, size: unique.length === 0 ? 0 : Math.floor(unique.length / 2) + 1 }
}

/**
 * Both quorums at once (Raft's joint consensus).
 *
 * @since 0.1.0
 * @category constructors
 */
export const joint = (incoming: Quorum, outgoing: Quorum): Quorum => ({ _tag: "Joint", incoming, outgoing })

/**
 * Different quorums for elections (`q1`) and commits (`q2`). Throws a `RangeError` unless they always meet: q1 + q2 > n, with both in [1, n].
 * Reads are confirmed by a commit quorum.
 *
 * @since 0.1.0
 * @category constructors
 */
export const flexible = (
  voters: ReadonlyArray<NodeId>,
  q1: number,
  q2: number
): { readonly elect: Quorum; readonly commit: Quorum } => {
  const unique = distinct(voters)
  const n = unique.length
  const isSize = (q: number) => Number.isInteger(q) && q >= 1 && q <= n
  if (!isSize(q1) || !isSize(q2) || q1 + q2 <= n) {
    throw new RangeError(`flexible quorums of ${q1} and ${q2} do not always meet among ${n} nodes`)
  }
  return {
    elect: { _tag: "Threshold", voters: unique, size: q1 },
    commit: { _tag: "Threshold", voters: unique, size: q2 }
  }
}

/**
 * Quorums under `f` Byzantine faults: ceil((n + f + 1) / 2) nodes, any two of which meet in at least f + 1; the weak certificate is f + 1 nodes, one of
 * which is correct. Throws a `RangeError` when n < 3f + 1 or when an id is repeated.
 *
 * @since 0.1.0
 * @category constructors
 */
export const byzantine = (
  voters: ReadonlyArray<NodeId>,
  f: number
): { readonly quorum: Quorum; readonly weak: Quorum } => {
  const unique = distinct(voters)
  const n = unique.length
  if (n !== voters.length) throw new RangeError(`Byzantine quorums need distinct ids, got ${voters.join(", ")}`)
  if (!Number.isInteger(f) || f < 0 || n < 3 * f + 1) {
    throw new RangeError(`${n} nodes cannot bear ${f} Byzantine faults: at least ${3 * f + 1} are needed`)
  }
  return {
    quorum: { _tag: "Threshold", voters: unique, size: Math.ceil((n + f + 1) / 2) },
    weak: { _tag: "Threshold", voters: unique, size: f + 1 }
  }
}

/**
 * Everybody who has a vote.
 *
 * @since 0.1.0
 * @category accessors
 */
export const members = (quorum: Quorum): ReadonlyArray<NodeId> =>
  quorum._tag === "Threshold" ? quorum.voters : distinct([...members(quorum.incoming), ...members(quorum.outgoing)])

/**
 * The largest index that a quorum has acknowledged; `ack` answers 0 for a voter of whom nothing is known. Infinity when nobody has a vote.
 *
 * @since 0.1.0
 * @category algebra
 */
export const committed = (quorum: Quorum, ack: (id: NodeId) => number): number => {
  if (quorum._tag === "Joint") return Math.min(committed(quorum.incoming, ack), committed(quorum.outgoing, ack))
  const { size, voters } = quorum
  const n = voters.length
  if (size === 0) return Infinity
  // the size-th largest acknowledgement, by insertion into a scratch array: no allocation for the clusters that exist
  const sorted = n <= scratch.length ? scratch : new Float64Array(n)
  for (let i = 0; i < n; i++) {
    const value = ack(voters[i]!)
    let j = i
    while (j > 0 && sorted[j - 1]! < value) {
      sorted[j] = sorted[j - 1]!
      j--
    }
    sorted[j] = value
  }
  return sorted[size - 1]!
}

const scratch = new Float64Array(16)

/**
 * How a vote stands: `votes` answers `undefined` for a voter who has not answered.
 *
 * @since 0.1.0
 * @category algebra
 */
export const vote = (quorum: Quorum, votes: (id: NodeId) => boolean | undefined): VoteResult => {
  if (quorum._tag === "Joint") {
    const a = vote(quorum.incoming, votes)
    const b = vote(quorum.outgoing, votes)
    return a === "Lost" || b === "Lost" ? "Lost" : a === "Won" && b === "Won" ? "Won" : "Pending"
  }
  let granted = 0
  let open = 0
  for (const voter of quorum.voters) {
    const answer = votes(voter)
    if (answer === undefined) open++
    else if (answer) granted++
  }
  return granted >= quorum.size ? "Won" : granted + open < quorum.size ? "Lost" : "Pending"
}
