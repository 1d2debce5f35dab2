/**
 * Leader election with pre-vote, check-quorum and the vote lease (paper 5.2, 5.4.1; thesis 4.2.3, 9.6).
 *
 * ```
 * Follower --election timer--> PreCandidate --quorum--> Candidate (term + 1, votes for itself, durably) --quorum--> Leader
 *     ^------------- a leader of this term is heard, or a higher term --------------|---------------------|
 *     ^------------- no quorum heard for an election timeout (check-quorum) ------------------------------'
 * ```
 *
 * @since 0.1.0
 */
import { Log } from "../../core/Log.js"
import type { NodeId } from "../../core/NodeId.js"
import type { Config } from "./Config.js"
import type { Draft, Out } from "./Node.js"
import {
  appendAsLeader,
  armElection,
  copy,
  enterTerm,
  noPending,
  persist,
  setLeader,
  stepDown,
  termOnly
} from "./Node.js"
import { broadcast, heartbeats } from "./Replication.js"
import type { Durable, Message, Progress, Role, State } from "./Types.js"

type Msg<Tag extends string> = Extract<Message<unknown, unknown>, { readonly _tag: Tag }>

/** Who stands for election. */
type Standing = Extract<Role, { readonly _tag: "PreCandidate" | "Candidate" }>

/**
 * The election timer: a leader checks its quorum; anybody else asks whether it would win.
 *
 * @since 0.1.0
 * @category handlers
 */
export const onElectionTimer = <S, C, R>(config: Config<S, C, R>, state: State<S, C, R>, out: Out<S, C, R>) => {
  const draft = copy(state)
  if (draft.role._tag === "Leader") {
    checkQuorum(config, draft, draft.role, out)
    return draft
  }
  setLeader(draft, undefined, out)
  draft.leased = false
  draft.role = { _tag: "PreCandidate", votes: new Map([[draft.self, true]]) }
  armElection(config, out)
  if (config.rules.tally(draft.quorum, draft.role.votes) === "Won") campaign(config, draft, out)
  else ask(draft, draft.durable.term + 1, true, out)
  return draft
}

const checkQuorum = <S, C, R>(
  config: Config<S, C, R>,
  draft: Draft<S, C, R>,
  role: Extract<Role, { _tag: "Leader" }>,
  out: Out<S, C, R>
): void => {
  const heard = new Map<NodeId, boolean>([[draft.self, true]])
  const progress = role.progress.map(([id, peer]) => {
    if (peer.heard) heard.set(id, true)
    return [id, { ...peer, heard: false }] as const
  })
  if (config.rules.tally(draft.quorum, heard) !== "Won") {
    stepDown(config, draft, undefined, out)
    return
  }
  draft.role = { ...role, progress }
  out.setTimer("election", config.electionTimeout)
}

const ask = <S, C, R>(draft: Draft<S, C, R>, term: number, preVote: boolean, out: Out<S, C, R>): void => {
  const { last: lastIndex, lastTerm } = draft.durable.log
  const message: Msg<"RequestVote"> = { _tag: "RequestVote", term, lastIndex, lastTerm, preVote }
  for (const peer of draft.peers) {
    if (preVote) out.now.send(peer, message)
    else out.send(peer, message) // after the own vote: it is one of the votes that the election rests on
  }
}

const campaign = <S, C, R>(config: Config<S, C, R>, draft: Draft<S, C, R>, out: Out<S, C, R>): void => {
  persist(config, draft, { _tag: "Term", term: draft.durable.term + 1, votedFor: draft.self }, out)
  draft.role = { _tag: "Candidate", votes: new Map() }
  armElection(config, out)
  ask(draft, draft.durable.term, false, out)
}

/**
 * A vote is asked. A pre-vote changes nothing here, whatever the answer.
 *
 * @since 0.1.0
 * @category handlers
 */
export const onRequestVote = <S, C, R>(
  config: Config<S, C, R>,
  state: State<S, C, R>,
  from: NodeId,
  message: Msg<"RequestVote">,
  out: Out<S, C, R>
): State<S, C, R> => {
  if (config.rules.ignoresVotes(state.leased || state.role._tag === "Leader") && message.term > state.durable.term) {
    return state
  }
  const { lastIndex, lastTerm, preVote, term } = message
  const ballot = { candidate: from, term, lastIndex, lastTerm }
  if (preVote) {
    const granted = term > state.durable.term && config.rules.isUpToDate(state.durable.log, ballot)
    termOnly(state, out).send(from, {
      _tag: "Vote",
      term: granted ? term : state.durable.term,
      granted,
      preVote: true
    })
    return state
  }
  if (term < state.durable.term) {
    out.send(from, { _tag: "Vote", term: state.durable.term, granted: false, preVote: false })
    return state
  }
  const draft = copy(state)
  if (term > draft.durable.term) enterTerm(config, draft, term, out)
  const granted = draft.role._tag === "Follower" && config.rules.mayVote(draft.durable.votedFor, from) &&
    config.rules.isUpToDate(draft.durable.log, ballot)
  if (granted) {
    if (draft.durable.votedFor !== from) persist(config, draft, { _tag: "Term", term, votedFor: from }, out)
    armElection(config, out)
  }
  out.send(from, { _tag: "Vote", term, granted, preVote: false })
  return draft
}

/**
 * A vote is answered. What does not match role, term, kind and a known sender is ignored.
 *
 * @since 0.1.0
 * @category handlers
 */
export const onVote = <S, C, R>(
  config: Config<S, C, R>,
  state: State<S, C, R>,
  from: NodeId,
  message: Msg<"Vote">,
  out: Out<S, C, R>
): State<S, C, R> => {
  const { role } = state
  const asked = message.preVote ? "PreCandidate" : "Candidate"
  if (role._tag !== asked || !state.peers.includes(from)) return state
  // a granted pre-vote names the term that was asked for; a refusal names the voter's own, which is not higher here
  const term = message.preVote && message.granted ? state.durable.term + 1 : state.durable.term
  if (message.granted && message.term !== term) return state
  if (!message.granted && message.term > state.durable.term) return state
  const draft = copy(state)
  const votes = new Map(role.votes).set(from, message.granted)
  const next: Standing = { _tag: role._tag, votes }
  draft.role = next
  settle(config, draft, next, out)
  return draft
}

const settle = <S, C, R>(
  config: Config<S, C, R>,
  draft: Draft<S, C, R>,
  role: Standing,
  out: Out<S, C, R>
): void => {
  const outcome = config.rules.tally(draft.quorum, role.votes)
  if (outcome === "Won") {
    if (role._tag === "PreCandidate") campaign(config, draft, out)
    else lead(config, draft, out)
  } else if (outcome === "Lost") {
    stepDown(config, draft, undefined, out)
  }
}

/**
 * The own vote is durable: from here it counts.
 *
 * @since 0.1.0
 * @category handlers
 */
export const onOwnVoteDurable = <S, C, R>(
  config: Config<S, C, R>,
  state: State<S, C, R>,
  durable: Durable<C>,
  out: Out<S, C, R>
): State<S, C, R> => {
  const { role } = state
  if (role._tag !== "Candidate" || role.votes.has(state.self)) return state
  if (durable.term !== state.durable.term || durable.votedFor !== state.self) return state
  const draft = copy(state)
  const next: Standing = { _tag: "Candidate", votes: new Map(role.votes).set(draft.self, true) }
  draft.role = next
  settle(config, draft, next, out)
  return draft
}

const lead = <S, C, R>(config: Config<S, C, R>, draft: Draft<S, C, R>, out: Out<S, C, R>): void => {
  const { term } = draft.durable
  const noOp = draft.durable.log.last + 1
  const role: Extract<Role, { _tag: "Leader" }> = {
    _tag: "Leader",
    progress: draft.peers.map((peer) => [peer, newcomer(noOp)]),
    pending: noPending(noOp),
    noOp,
    ownMatch: 0,
    reads: Log.empty(),
    sentPosition: 0
  }
  draft.role = role
  draft.match = 0
  draft.leased = false
  out.cancelTimer("lease")
  setLeader(draft, draft.self, out)
  out.now.emit({ _tag: "LeaderElected", term })
  appendAsLeader(config, draft, role, { _tag: "NoOp", term }, { term, from: undefined, id: undefined }, out)
  out.setTimer("election", config.electionTimeout)
  out.setTimer("heartbeat", config.heartbeatInterval)
  broadcast(config, draft, out)
}

const newcomer = (next: number): Progress => ({
  mode: "probe",
  match: 0,
  next,
  paused: false,
  inflight: [],
  inflightBytes: 0,
  position: 0,
  heard: true,
  offset: 0
})

/**
 * The heartbeat timer of a leader.
 *
 * @since 0.1.0
 * @category handlers
 */
export const onHeartbeatTimer = <S, C, R>(config: Config<S, C, R>, state: State<S, C, R>, out: Out<S, C, R>) => {
  if (state.role._tag !== "Leader") return state
  const draft = copy(state)
  out.setTimer("heartbeat", config.heartbeatInterval)
  heartbeats(config, draft, out)
  return draft
}
