/**
 * Raft's membership changes as pure functions over plain data.
 *
 * Guarantee: from one configuration to the next that these functions allow, any quorum of the one meets any quorum of the other: `simple` changes one
 * voter at most, and a joint configuration needs a majority of both halves.
 * Model: configurations are values; when one takes effect, and that one is uncommitted at most, is the caller's part.
 * Flow: `simple`, or `enterJoint` and, once that is committed, `leaveJoint`.
 * Non-goals: progress of peers, log entries, when to leave by itself (`autoLeave` is carried, not acted on).
 * Source: D. Ongaro, "Consensus: Bridging Theory and Practice", 2014, chapter 4; etcd-io/raft `confchange/`.
 *
 * @since 0.1.0
 */
import type { NodeId } from "../../core/NodeId.js"
import * as Quorum from "../../core/Quorum.js"

/**
 * Who votes and who only listens. All lists are sorted and without repetition. Invariants: `voters` and `learners` are disjoint, so are `outgoing` and
 * `learners`; `learnersNext` is part of `outgoing` and disjoint from `voters`; without `outgoing` there are neither `learnersNext` nor `autoLeave`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Configuration {
  readonly voters: ReadonlyArray<NodeId>
  /** The old half of a joint configuration; empty outside one. */
  readonly outgoing: ReadonlyArray<NodeId>
  readonly learners: ReadonlyArray<NodeId>
  /** Voters of the old half that become learners when it is left. */
  readonly learnersNext: ReadonlyArray<NodeId>
  readonly autoLeave: boolean
}

/**
 * One step of a change. Each is idempotent; of several for one node the last one wins.
 *
 * @since 0.1.0
 * @category models
 */
export type Change =
  | { readonly _tag: "AddVoter"; readonly id: NodeId }
  | { readonly _tag: "AddLearner"; readonly id: NodeId }
  | { readonly _tag: "Remove"; readonly id: NodeId }

/**
 * Why a change was refused. The configuration stays as it was.
 *
 * @since 0.1.0
 * @category errors
 */
export type ConfigurationError =
  | { readonly _tag: "NoVoters" }
  | { readonly _tag: "SeveralVoters"; readonly changed: ReadonlyArray<NodeId> }
  | { readonly _tag: "SimpleInJoint"; readonly outgoing: ReadonlyArray<NodeId> }
  | { readonly _tag: "AlreadyJoint"; readonly outgoing: ReadonlyArray<NodeId> }
  | { readonly _tag: "NotJoint" }
  | { readonly _tag: "JointFromNothing" }

/**
 * @since 0.1.0
 * @category models
 */
export type Result =
  | { readonly _tag: "Changed"; readonly configuration: Configuration }
  | { readonly _tag: "Refused"; readonly error: ConfigurationError }

/**
 * The configuration of a new cluster.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (voters: ReadonlyArray<NodeId>, learners: ReadonlyArray<NodeId> = []): Configuration => ({
  voters: sorted(new Set(voters)),
  outgoing: [],
  learners: sorted(new Set(learners.filter((id) => !voters.includes(id)))),
  learnersNext: [],
  autoLeave: false
})

/**
 * Whether both halves must agree.
 *
 * @since 0.1.0
 * @category accessors
 */
export const isJoint = (configuration: Configuration): boolean => configuration.outgoing.length > 0

/**
 * The quorum of a configuration, for elections, commits, reads and check-quorum alike.
 *
 * @since 0.1.0
 * @category accessors
 */
export const quorum = (configuration: Configuration): Quorum.Quorum =>
  isJoint(configuration)
    ? Quorum.joint(Quorum.majority(configuration.voters), Quorum.majority(configuration.outgoing))
    : Quorum.majority(configuration.voters)

/**
 * Everybody who receives the log, sorted.
 *
 * @since 0.1.0
 * @category accessors
 */
export const members = ({ learners, outgoing, voters }: Configuration): ReadonlyArray<NodeId> =>
  sorted(new Set([...voters, ...outgoing, ...learners]))

/**
 * A change of at most one voter, and of any number of learners, without a joint step.
 *
 * @since 0.1.0
 * @category changes
 */
export const simple = (configuration: Configuration, changes: ReadonlyArray<Change>): Result => {
  if (isJoint(configuration)) return refused({ _tag: "SimpleInJoint", outgoing: configuration.outgoing })
  const result = apply(configuration, changes)
  if (result._tag === "Refused") return result
  const changed = difference(configuration.voters, result.configuration.voters)
  return changed.length > 1 ? refused({ _tag: "SeveralVoters", changed }) : result
}

/**
 * Enters the joint configuration of the present voters and of those after the changes.
 *
 * @since 0.1.0
 * @category changes
 */
export const enterJoint = (
  configuration: Configuration,
  changes: ReadonlyArray<Change>,
  autoLeave: boolean
): Result => {
  if (isJoint(configuration)) return refused({ _tag: "AlreadyJoint", outgoing: configuration.outgoing })
  if (configuration.voters.length === 0) return refused({ _tag: "JointFromNothing" })
  return apply({ ...configuration, outgoing: configuration.voters, autoLeave }, changes)
}

/**
 * Leaves the old half behind; its demoted voters become learners.
 *
 * @since 0.1.0
 * @category changes
 */
export const leaveJoint = (configuration: Configuration): Result =>
  isJoint(configuration)
    ? changed(make(configuration.voters, [...configuration.learners, ...configuration.learnersNext]))
    : refused({ _tag: "NotJoint" })

const changed = (configuration: Configuration): Result => ({ _tag: "Changed", configuration })

const refused = (error: ConfigurationError): Result => ({ _tag: "Refused", error })

const apply = (configuration: Configuration, changes: ReadonlyArray<Change>): Result => {
  const voters = new Set(configuration.voters)
  const learners = new Set(configuration.learners)
  const learnersNext = new Set(configuration.learnersNext)
  for (const { _tag, id } of changes) {
    voters.delete(id)
    learners.delete(id)
    learnersNext.delete(id)
    if (_tag === "AddVoter") voters.add(id)
    // a voter of the old half cannot be a learner yet
    else if (_tag === "AddLearner") (configuration.outgoing.includes(id) ? learnersNext : learners).add(id)
  }
  if (voters.size === 0) return refused({ _tag: "NoVoters" })
  return changed({
    ...configuration,
    voters: sorted(voters),
    learners: sorted(learners),
    learnersNext: sorted(learnersNext)
  })
}

const sorted = (ids: ReadonlySet<NodeId>): ReadonlyArray<NodeId> => [...ids].sort()

const difference = (a: ReadonlyArray<NodeId>, b: ReadonlyArray<NodeId>): ReadonlyArray<NodeId> => [
  ...a.filter((id) => !b.includes(id)),
  ...b.filter((id) => !a.includes(id))
]
