/**
 * The words of Raft: what it stores, what it says, what it is asked, what it tells.
 *
 * @since 0.1.0
 */
import type { Log } from "../../core/Log.js"
import type { NodeId } from "../../core/NodeId.js"
import type { RequestId, Types } from "../../core/Protocol.js"
import type { Quorum } from "../../core/Quorum.js"
import type { Sessions } from "./Sessions.js"

/**
 * An entry of the replicated log. A session's id is the index of the entry that opened it.
 *
 * @since 0.1.0
 * @category models
 */
export type Entry<C> =
  | { readonly _tag: "NoOp"; readonly term: number }
  | { readonly _tag: "OpenSession"; readonly term: number }
  | {
    readonly _tag: "Command"
    readonly term: number
    readonly session: number
    /** 1, 2, ... within the session. */
    readonly sequence: number
    /** Every sequence below it was answered and will not be asked again. */
    readonly lowest: number
    readonly command: C
  }

/**
 * A state machine's image after the entry (index, term), with its bytes and their digest.
 *
 * @since 0.1.0
 * @category models
 */
export interface Snapshot {
  readonly index: number
  readonly term: number
  readonly data: Uint8Array
}

/**
 * What survives a crash.
 *
 * @since 0.1.0
 * @category models
 */
export interface Durable<C> {
  readonly term: number
  readonly votedFor: NodeId | undefined
  readonly log: Log<Entry<C>>
  readonly snapshot: Snapshot | undefined
}

/**
 * What is written. `Append` cuts the log before `index` first, so a truncation and the entries that replace what it cut are one record.
 *
 * @since 0.1.0
 * @category models
 */
export type Record<C> =
  | { readonly _tag: "Term"; readonly term: number; readonly votedFor: NodeId | undefined }
  | { readonly _tag: "Append"; readonly index: number; readonly entries: ReadonlyArray<Entry<C>> }
  | { readonly _tag: "Snapshot"; readonly snapshot: Snapshot; readonly floor: number }

/**
 * What a client asks its local node.
 *
 * @since 0.1.0
 * @category models
 */
export type Request<C> =
  | { readonly _tag: "OpenSession" }
  | {
    readonly _tag: "Propose"
    readonly session: number
    readonly sequence: number
    readonly lowest: number
    readonly command: C
  }
  | { readonly _tag: "Read" }

/**
 * How it is answered. `NotLeader` and `Overloaded` promise that nothing was or will be executed; but where `forwarded`, they came from another node, and speak only of
 * the copy of the request that they answer: on a network that duplicates, another copy may be in a log. `LeadershipLost` promises nothing.
 *
 * @since 0.1.0
 * @category models
 */
export type Reply<R> =
  | { readonly _tag: "SessionOpened"; readonly session: number }
  | { readonly _tag: "Applied"; readonly index: number; readonly result: R }
  | { readonly _tag: "SessionExpired" }
  | { readonly _tag: "SessionSuperseded" }
  /** The local state machine now holds at least every command that was acknowledged before the read was asked. */
  | { readonly _tag: "Readable"; readonly index: number }
  | { readonly _tag: "NotLeader"; readonly leader: NodeId | undefined; readonly forwarded?: true }
  | { readonly _tag: "Overloaded"; readonly forwarded?: true }
  | { readonly _tag: "LeadershipLost" }

/**
 * What nodes say to each other.
 *
 * @since 0.1.0
 * @category models
 */
export type Message<C, R> =
  | {
    readonly _tag: "RequestVote"
    readonly term: number
    readonly lastIndex: number
    readonly lastTerm: number
    readonly preVote: boolean
  }
  | { readonly _tag: "Vote"; readonly term: number; readonly granted: boolean; readonly preVote: boolean }
  | {
    readonly _tag: "Append"
    readonly term: number
    readonly prevIndex: number
    readonly prevTerm: number
    readonly entries: ReadonlyArray<Entry<C>>
    readonly commit: number
  }
  | { readonly _tag: "Appended"; readonly term: number; readonly match: number }
  | {
    readonly _tag: "Rejected"
    readonly term: number
    readonly prevIndex: number
    readonly hintIndex: number
    readonly hintTerm: number
  }
  | { readonly _tag: "Heartbeat"; readonly term: number; readonly commit: number; readonly position: number }
  | { readonly _tag: "Alive"; readonly term: number; readonly position: number }
  | {
    readonly _tag: "SnapshotChunk"
    readonly term: number
    readonly index: number
    readonly snapshotTerm: number
    readonly size: number
    readonly digest: string
    readonly offset: number
    readonly data: Uint8Array
  }
  | { readonly _tag: "SnapshotReceived"; readonly term: number; readonly index: number; readonly offset: number }
  | { readonly _tag: "Forward"; readonly id: RequestId; readonly request: Request<C> }
  | { readonly _tag: "Forwarded"; readonly id: RequestId; readonly reply: Reply<R> }

/**
 * What the world may observe.
 *
 * @since 0.1.0
 * @category models
 */
export type Event<C, R> =
  | { readonly _tag: "LeaderElected"; readonly term: number }
  | { readonly _tag: "SteppedDown"; readonly term: number }
  | { readonly _tag: "LeaderChanged"; readonly leader: NodeId | undefined; readonly term: number }
  | { readonly _tag: "Applied"; readonly index: number; readonly command: C; readonly result: R }
  | { readonly _tag: "SnapshotInstalled"; readonly index: number }
  | { readonly _tag: "SnapshotTaken"; readonly index: number; readonly bytes: number }

/**
 * Timers. `election` is the check-quorum timer of a leader; `lease` ends the time in which a leader counts as heard; `flush` ends a batch.
 *
 * @since 0.1.0
 * @category models
 */
export type Timer = "election" | "heartbeat" | "lease" | "flush"

/**
 * What a leader knows of a peer: an automaton. `probe`: one message until it is answered, from a guessed `next`. `replicate`: `next` runs ahead optimistically,
 * within the window. `snapshot`: nothing else is sent until the image is installed.
 *
 * Invariants: match < next; match never decreases within a term; `inflight` are the last indices of unanswered messages, ascending.
 *
 * @since 0.1.0
 * @category models
 */
export interface Progress {
  readonly mode: "probe" | "replicate" | "snapshot"
  readonly match: number
  readonly next: number
  /** In `probe`: a message is out. */
  readonly paused: boolean
  readonly inflight: ReadonlyArray<{ readonly last: number; readonly bytes: number }>
  readonly inflightBytes: number
  /** The newest read position that this peer confirmed. */
  readonly position: number
  /** Heard since the last check of the quorum. */
  readonly heard: boolean
  /** In `snapshot`: bytes the peer has. */
  readonly offset: number
}

/**
 * Who waits for the entry at an index: a request of this node's client, or of `from`'s.
 *
 * @since 0.1.0
 * @category models
 */
export interface Pending {
  readonly term: number
  readonly from: NodeId | undefined
  readonly id: RequestId | undefined
}

/**
 * A read that waits until its position is confirmed and its index applied.
 *
 * @since 0.1.0
 * @category models
 */
export interface PendingRead {
  /** Of the leadership that gave the position. */
  readonly term: number
  readonly index: number
  readonly from: NodeId | undefined
  readonly id: RequestId
}

/**
 * A node's role and what only that role knows.
 *
 * @since 0.1.0
 * @category models
 */
export type Role =
  | { readonly _tag: "Follower" }
  | { readonly _tag: "PreCandidate"; readonly votes: ReadonlyMap<NodeId, boolean> }
  | { readonly _tag: "Candidate"; readonly votes: ReadonlyMap<NodeId, boolean> }
  | {
    readonly _tag: "Leader"
    /** In the order of `peers`: a list, for a cluster is small and a map costs ten times as much to copy. */
    readonly progress: ReadonlyArray<readonly [NodeId, Progress]>
    /** Aligned with the log: its floor is the index before this leadership's first entry. */
    readonly pending: Log<Pending>
    /** The index of this leadership's no-op. */
    readonly noOp: number
    /** What is durable here, as an acknowledgement of one's own. */
    readonly ownMatch: number
    /** By position: those up to the floor are answered, and the last one is the newest position given. */
    readonly reads: Log<PendingRead>
    /** The newest position that heartbeats carried. */
    readonly sentPosition: number
  }

/**
 * A partly received snapshot.
 *
 * @since 0.1.0
 * @category models
 */
export interface Incoming {
  readonly index: number
  readonly term: number
  readonly size: number
  readonly digest: string
  readonly received: number
  readonly chunks: ReadonlyArray<Uint8Array>
}

/**
 * The whole state of a node.
 *
 * Invariants: floor <= snapshot index <= applied <= commit <= last index; `durable` is the fold of everything persisted (the disk may lag behind it).
 *
 * @since 0.1.0
 * @category models
 */
export interface State<S, C, R> {
  readonly self: NodeId
  readonly peers: ReadonlyArray<NodeId>
  readonly quorum: Quorum
  readonly durable: Durable<C>
  /** The highest term that is known to be on the disk: the term of now is there if it is not lower. */
  readonly writtenTerm: number
  readonly role: Role
  readonly leader: NodeId | undefined
  /** A leader was heard within the election timeout: votes are refused meanwhile. */
  readonly leased: boolean
  /** A follower's: the last index known to equal the leader's log of this term. */
  readonly match: number
  readonly commit: number
  readonly applied: number
  /** Bytes of the entries that were applied since the last snapshot, in this life. */
  readonly appliedBytes: number
  readonly machine: S
  readonly sessions: Sessions<R>
  readonly incoming: Incoming | undefined
  /** A follower's reads, confirmed by the leader, that wait for their index. */
  readonly reads: ReadonlyArray<{ readonly id: RequestId; readonly index: number }>
}

/**
 * Raft's vocabulary over a state machine with states S, commands C and results R.
 *
 * @since 0.1.0
 * @category models
 */
export type Raft<S, C, R> = Types<{
  state: State<S, C, R>
  message: Message<C, R>
  timer: Timer
  request: Request<C>
  reply: Reply<R>
  event: Event<C, R>
  record: Record<C>
  durable: Durable<C>
}>

/**
 * A replicated state machine's pure part. `apply` is total: what it refuses is a result. `encode` is canonical: equal states give equal bytes.
 *
 * @since 0.1.0
 * @category models
 */
export interface StateMachine<S, C, R> {
  readonly initial: S
  readonly apply: (state: S, command: C) => { readonly state: S; readonly result: R }
  /** The bytes of a state together with the session table, and back. `decode` may throw on bytes that `encode` never made. */
  readonly encode: (image: { readonly state: S; readonly sessions: Sessions<R> }) => Uint8Array
  readonly decode: (bytes: Uint8Array) => { readonly state: S; readonly sessions: Sessions<R> }
}
