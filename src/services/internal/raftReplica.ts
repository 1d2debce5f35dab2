/**
 * A replica over Raft: the protocol in a `ProtocolNode`, a `Client` at its door, a `Feed` of what it executed.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { ActorSystem } from "../../actor/ActorSystem.js"
import type { NodeId } from "../../core/NodeId.js"
import type { Network } from "../../network/Network.js"
import type { ProtocolNode } from "../../node/ProtocolNode.js"
import * as Node from "../../node/ProtocolNode.js"
import * as Config from "../../protocols/raft/Config.js"
import * as Protocol from "../../protocols/raft/Raft.js"
import type { Raft, State } from "../../protocols/raft/Types.js"
import type { Storage } from "../../storage/Storage.js"
import type { Machine, PeerStatus, Replica, StartError, Stats, Status, Unavailable } from "../ReplicatedStateMachine.js"
import type { Batch, Results, Versioned } from "./batch.js"
import { batchCodec, batched, resultsCodec } from "./batch.js"
import { Client } from "./Client.js"
import { Feed } from "./Feed.js"
import { durableCodec, entryCodec, messageCodec, recordCodec } from "./raftCodec.js"

/** Every option decided. */
export interface Settings {
  readonly node: NodeId
  readonly nodes: ReadonlyArray<NodeId>
  readonly cluster: string
  readonly electionTimeout: number
  readonly heartbeatInterval: number
  readonly timeout: number
  readonly seed: number | undefined
  readonly maxInflight: number
  readonly maxPending: number
  readonly maxCommandBytes: number
  readonly snapshotEvery: number
  readonly checkpointBytes: number | undefined
  readonly watchCapacity: number
  readonly restarts: Node.NodeOptions<never>["restarts"]
}

type Vocabulary<S, C, R> = Raft<Versioned<S>, Batch<C>, Results<R>>

/** How often deadlines and retries are looked at while something waits, in milliseconds. */
const tickMillis = 20

/** Commands of one batch, and their bytes: an entry must fit a message. */
const maxBatchCommands = 1_024
const maxBatchBytes = 131_072

/** Bytes of entries after which a snapshot is taken, and of those that are kept behind it. */
const snapshotBytes = 8_388_608
const snapshotTailBytes = 2_097_152

/** Starts the replica of this node. */
export const replicate = <S, C, R>(
  settings: Settings,
  machine: Machine<S, C, R>
): Effect.Effect<Replica<S, C, R>, StartError, ActorSystem | Network | Storage | Scope.Scope> =>
  Effect.gen(function*() {
    const clock = yield* Clock.clockWith(Effect.succeed)
    const now = () => Number(clock.unsafeCurrentTimeNanos()) / 1e6
    const command = batchCodec(machine.command)
    const entry = entryCodec(command)
    const feed = new Feed<C, R>(settings.watchCapacity)
    const alarm = new Alarm()
    const host: { node: ProtocolNode<Vocabulary<S, C, R>> | undefined } = { node: undefined }
    let isStopped = false
    const client = new Client<S, C, R>(
      {
        request: (request, onReply) => host.node?.unsafeRequest(request, onReply) ?? "overloaded",
        state: () => host.node?.unsafeState(),
        now,
        soon: queueMicrotask,
        busy: () => alarm.ring()
      },
      machine.command,
      {
        timeoutMillis: settings.timeout,
        attemptMillis: Math.max(1_000, 4 * settings.electionTimeout),
        maxInflight: settings.maxInflight,
        maxBatchCommands,
        maxBatchBytes,
        maxCommandBytes: settings.maxCommandBytes,
        maxPending: settings.maxPending
      }
    )
    const status = (): Status =>
      statusOf(settings, host.node?.unsafeState(), host.node?.unsafeIncarnation() ?? 0, isStopped)
    const changes = new Changes(status)
    const config = Config.make({
      machine: batched(machine),
      electionTimeout: settings.electionTimeout,
      heartbeatInterval: settings.heartbeatInterval,
      snapshotEvery: settings.snapshotEvery,
      snapshotBytes,
      snapshotTail: Math.min(1_024, settings.snapshotEvery),
      snapshotTailBytes,
      sizeOf: (batch) => batch.bytes.length
    })
    const protocolNode = yield* Node.make<Vocabulary<S, C, R>>({
      protocol: Protocol.protocol(config),
      node: settings.node,
      nodes: settings.nodes,
      cluster: `${settings.cluster}/${machine.name}`,
      channel: machine.name,
      codecs: {
        message: messageCodec(command, resultsCodec(machine.result)),
        record: recordCodec(entry),
        durable: durableCodec(entry)
      },
      onEvent: (event) => {
        if (event._tag === "Applied") feed.push(event)
        else if (event._tag === "LeaderChanged" && event.leader !== undefined) client.kick()
      },
      onBatch: (state) => {
        client.reads.advanced(state.applied)
        changes.see(state)
      },
      onLifeEnd: () => changes.publish(),
      seed: settings.seed,
      checkpointBytes: settings.checkpointBytes,
      restarts: settings.restarts
    })
    host.node = protocolNode
    feed.begin(protocolNode.unsafeState()?.machine.revision ?? 0)
    const stop = Effect.sync(() => {
      isStopped = true
      client.stop()
      feed.close()
      changes.publish()
    })
    yield* Effect.addFinalizer(() => stop)
    yield* Effect.forkScoped(Effect.zipRight(protocolNode.await, stop))
    yield* Effect.forkScoped(ticking(alarm, client))
    const millis = (timeout: Duration.DurationInput | undefined) =>
      timeout === undefined ? undefined : Duration.toMillis(timeout)
    const replica: Replica<S, C, R> = {
      propose: (command, options) =>
        Effect.async((resume) => client.propose(command, resume, millis(options?.timeout))),
      read: <A>(f: (state: S) => A, options?: Parameters<Replica<S, C, R>["read"]>[1]) =>
        Effect.async<A, Unavailable>((resume) =>
          client.reads.read(f, resume, options?.level, millis(options?.timeout))
        ),
      unsafePropose: (command, onDone, timeoutMillis) => client.propose(command, onDone, timeoutMillis),
      unsafeRead: <A>(
        f: (state: S) => A,
        onDone: (outcome: Exit.Exit<A, Unavailable>) => void,
        level?: Parameters<Replica<S, C, R>["unsafeRead"]>[2],
        timeoutMillis?: number
      ) => client.reads.read(f, onDone, level, timeoutMillis),
      watch: (options) => feed.watch(options?.from),
      status: Effect.sync(status),
      statusChanges: changes.stream,
      stats: Effect.map(protocolNode.stats, (stats): Stats => ({
        restarts: stats.restarts,
        steps: stats.steps,
        batches: stats.batches,
        frames: stats.frames,
        checkpoints: stats.checkpoints,
        droppedReplies: stats.droppedReplies,
        ...client.counters,
        pending: client.size
      })),
      crash: protocolNode.crash
    }
    return replica
  })

/** Wakes the ticker when there is something to look after. */
class Alarm {
  private isSet = false
  private onRing: (() => void) | undefined

  ring(): void {
    if (this.isSet) return
    this.isSet = true
    this.onRing?.()
  }

  readonly wait: Effect.Effect<void> = Effect.async<void>((resume) => {
    if (this.isSet) return resume(Effect.void)
    this.onRing = () => {
      this.onRing = undefined
      resume(Effect.void)
    }
  })

  clear(): void {
    this.isSet = false
  }
}

const ticking = <S, C, R>(alarm: Alarm, client: Client<S, C, R>): Effect.Effect<never> => {
  const round: Effect.Effect<void> = Effect.suspend(() => {
    client.tick()
    if (client.size > 0) return Effect.zipRight(Effect.sleep(tickMillis), round)
    alarm.clear()
    return Effect.void
  })
  return Effect.forever(Effect.zipRight(alarm.wait, Effect.zipRight(Effect.sleep(tickMillis), round)))
}

/** Tells who listens when role, term or leader are new. */
class Changes {
  private readonly listeners = new Set<(status: Status) => void>()
  private role: string | undefined
  private term = 0
  private leader: NodeId | undefined

  constructor(private readonly status: () => Status) {}

  see(state: State<unknown, unknown, unknown>): void {
    const { durable, leader, role } = state
    if (role._tag === this.role && durable.term === this.term && leader === this.leader) return
    this.role = role._tag
    this.term = durable.term
    this.leader = leader
    this.publish()
  }

  publish(): void {
    if (this.listeners.size === 0) return
    const status = this.status()
    if (status.role === "restarting") this.role = undefined
    for (const listener of this.listeners) listener(status)
  }

  readonly stream: Stream.Stream<Status> = Stream.asyncPush<Status>((emit) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        const listener = (status: Status) => {
          emit.single(status)
          if (status.role === "stopped") emit.end()
        }
        this.listeners.add(listener)
        listener(this.status())
        return listener
      }),
      (listener) => Effect.sync(() => this.listeners.delete(listener))
    ), { bufferSize: 64, strategy: "sliding" })
}

const statusOf = (
  settings: Settings,
  state: State<unknown, unknown, unknown> | undefined,
  incarnation: number,
  isStopped: boolean
): Status => {
  if (state === undefined || isStopped) {
    return {
      node: settings.node,
      role: isStopped ? "stopped" : "restarting",
      term: 0,
      leader: undefined,
      commitIndex: 0,
      applied: 0,
      members: settings.nodes,
      peers: [],
      incarnation
    }
  }
  const { durable, role } = state
  const peers: Array<PeerStatus> = []
  if (role._tag === "Leader") {
    for (const [node, { match, mode }] of role.progress) {
      peers.push({ node, match, lag: durable.log.last - match, mode })
    }
  }
  return {
    node: settings.node,
    role: role._tag === "Leader" ? "leader" : role._tag === "Follower" ? "follower" : "candidate",
    term: durable.term,
    leader: state.leader,
    commitIndex: state.commit,
    applied: state.applied,
    members: settings.nodes,
    peers,
    incarnation
  }
}
