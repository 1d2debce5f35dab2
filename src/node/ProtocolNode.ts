/**
 * The production driver: hosts a `core/Protocol` in a supervised actor, over `Network` and `Storage`.
 *
 * Guarantee: what the simulator and the checker assume of a driver. Steps are sequential; gated effects leave only when everything persisted before them is durable;
 * stale timers never fire; a crash loses exactly what was not durable, and the next life starts from what was.
 *
 * ```
 * mailbox batch -> steps -> end-of-batch timers -> one journal frame -> (one group commit) -> gated sends, replies, events
 * ```
 * A throw in a handler is a crash: supervision opens the storage again, under a new incarnation. A failed disk (`StorageFailed`) ends the node, since nobody knows
 * what it holds. A full disk queue stops the mailbox until there is room. Non-goals: to know the protocol; clients of a service use that service.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Actor from "../actor/Actor.js"
import type { SpawnError } from "../actor/ActorError.js"
import { unsafeTell } from "../actor/ActorRef.js"
import { ActorSystem } from "../actor/ActorSystem.js"
import type { Terminated } from "../actor/DeathWatch.js"
import * as Mailbox from "../actor/Mailbox.js"
import * as Supervision from "../actor/Supervision.js"
import type { NodeId } from "../core/NodeId.js"
import type { Protocol, Vocabulary } from "../core/Protocol.js"
import type { Codec, Writer } from "../network/Codec.js"
import type { Network, NetworkJoinError } from "../network/Network.js"
import type { Storage } from "../storage/Storage.js"
import type { OpenError } from "../storage/StorageError.js"
import { StorageCorrupt, StorageFailed, StorageForeign } from "../storage/StorageError.js"
import { Crash, Deliver, Durable, Question, Tick } from "./internal/Letters.js"
import { open, Shared } from "./internal/Life.js"
import { RecoveryFailed, RequestLost, RequestRefused } from "./NodeError.js"

/**
 * What is hosted, and how.
 *
 * @since 0.1.0
 * @category models
 */
export interface NodeOptions<P extends Vocabulary> {
  readonly protocol: Protocol<P>
  readonly node: NodeId
  /** The bootstrap set. */
  readonly nodes: ReadonlyArray<NodeId>
  /** Names the data on the storage; data of another cluster are refused. */
  readonly cluster: string
  /** The channel on the network, "main" unless told; and the name of the node's journal, none unless told. Nodes of one id in one process differ in it. */
  readonly channel?: string | undefined
  readonly codecs: {
    readonly message: Codec<P["message"]>
    readonly record: Codec<P["record"]>
    readonly durable: Codec<P["durable"]> & {
      /** Writes what `encode` writes, in steps: where there are any, the checkpoint of a large state is made between other work. */
      readonly steps?: ((durable: P["durable"], writer: Writer) => Iterable<void>) | undefined
    }
  }
  /** What the protocol emits. Called on the event loop; it must not throw. */
  readonly onEvent?: ((event: P["event"]) => void) | undefined
  /** The state at the end of each batch. Called on the event loop; it must not throw. */
  readonly onBatch?: ((state: P["state"]) => void) | undefined
  /** A life has ended: by a crash, or for good. */
  readonly onLifeEnd?: (() => void) | undefined
  /** For timers and `choose`; default: drawn from Effect's Random. */
  readonly seed?: number | undefined
  /** The journal is checkpointed when it passes this size, and twice that of the last checkpoint. Default 64 MiB. */
  readonly checkpointBytes?: number | undefined
  /** Requests that may be under way. Default 65,536. */
  readonly maxRequests?: number | undefined
  /** Restarts allowed in a period: 10 in 10 seconds unless told. The delays before them: 0, 10, 20, 40 ... 1,000 ms unless told. */
  readonly restarts?: {
    readonly intensity?: number | undefined
    readonly period?: Duration.DurationInput | undefined
    readonly backoff?: Supervision.Backoff | undefined
  } | undefined
}

/**
 * Counters over all lives.
 *
 * @since 0.1.0
 * @category models
 */
export interface NodeStats {
  /** Crashes that supervision answered with a restart from storage. */
  readonly restarts: number
  readonly steps: number
  readonly batches: number
  /** Journal frames written, one a batch that persisted something. */
  readonly frames: number
  readonly checkpoints: number
  /** Answers to requests that were unknown or answered already. */
  readonly droppedReplies: number
  /** Requests under way. */
  readonly requests: number
}

/**
 * A running node.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProtocolNode<P extends Vocabulary> {
  readonly node: NodeId
  /**
   * Asks the protocol. When it was accepted `onReply` is called once, later; with `undefined` where the life that took it ended first. A request that only waited
   * survives a crash. `onReply` must not throw.
   */
  readonly unsafeRequest: (
    request: P["request"],
    onReply: (reply: P["reply"] | undefined) => void
  ) => "accepted" | RequestRefused["reason"]
  readonly request: (request: P["request"]) => Effect.Effect<P["reply"], RequestRefused | RequestLost>
  /** The state after the last step; undefined between two lives. */
  readonly unsafeState: () => P["state"] | undefined
  /** The incarnation of the present life; 0 between two lives. */
  readonly unsafeIncarnation: () => number
  readonly stats: Effect.Effect<NodeStats>
  /** Throws a defect in the node's actor. */
  readonly crash: (defect: unknown) => Effect.Effect<void>
  /** Waits until the node has ended for good. */
  readonly await: Effect.Effect<Terminated>
}

/**
 * Starts a node; it leaves the network, closes its journal and ends when the Scope closes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <P extends Vocabulary>(
  options: NodeOptions<P>
): Effect.Effect<
  ProtocolNode<P>,
  OpenError | NetworkJoinError | RecoveryFailed | SpawnError,
  ActorSystem | Network | Storage | Scope.Scope
> =>
  Effect.gen(function*() {
    const system = yield* ActorSystem
    const seed = options.seed ?? (yield* Random.nextIntBetween(0, Number.MAX_SAFE_INTEGER))
    const shared = new Shared(options)
    const ref = yield* Effect.acquireRelease(
      system.spawn(behavior(shared, seed), {
        name: `${options.protocol.name}:${encodeURIComponent(options.channel ?? "main")}:${
          encodeURIComponent(options.node)
        }`,
        mailbox: Mailbox.unbounded, // bounded by maxRequests and by the network, which is paused
        supervision: Supervision.restart({ intensity: 10, period: "10 seconds", backoff, ...options.restarts, decide })
      }),
      (ref) => system.stop(ref)
    )
    yield* Effect.forkScoped(Effect.tap(system.await(ref), () => Effect.sync(() => shared.terminate())))
    yield* Effect.addFinalizer(() => Effect.sync(() => shared.terminate()))
    const unsafeRequest: ProtocolNode<P>["unsafeRequest"] = (request, onReply) => {
      if (shared.isTerminated) return "stopped"
      if (shared.questions.size >= (options.maxRequests ?? 65_536)) return "overloaded"
      const question = new Question<P>(request, onReply)
      shared.questions.add(question)
      if (unsafeTell(ref, question) === "enqueued") return "accepted"
      shared.questions.delete(question)
      return "stopped"
    }
    return {
      node: options.node,
      unsafeRequest,
      request: (request) =>
        Effect.async((resume) => {
          const verdict = unsafeRequest(
            request,
            (reply) =>
              resume(reply === undefined ? Effect.fail(new RequestLost({ node: options.node })) : Effect.succeed(reply))
          )
          if (verdict !== "accepted") resume(Effect.fail(new RequestRefused({ reason: verdict })))
        }),
      unsafeState: () => shared.life?.driver.state,
      unsafeIncarnation: () => shared.life?.incarnation ?? 0,
      stats: Effect.sync(() => statsOf(shared)),
      crash: (defect) => Effect.sync(() => void unsafeTell(ref, new Crash(defect))),
      await: system.await(ref)
    }
  })

const behavior = <P extends Vocabulary>(shared: Shared<P>, seed: number) => {
  const { onBatch } = shared.options
  return Actor.make(shared.options.protocol.name, {
    messages: [Deliver<P>, Question<P>, Durable<P>, Tick<P>, Crash],
    initial: (self) => open(shared, self, seed),
    afterBatch: (life) => {
      life.settle()
      onBatch?.(life.driver.state)
      return life
    }
  }).on({
    Deliver: (life, { from, message }) => {
      shared.backlog--
      if (life.driver.isBlocked) return life.whenRoom(() => life.driver.message(from, message))
      life.driver.message(from, message)
      return life
    },
    Question: (life, question) => {
      if (life.driver.isBlocked) return life.whenRoom(() => life.ask(question))
      life.ask(question)
      return life
    },
    Durable: (life, letter) => {
      if (letter.life !== life) return life
      life.notice()
      life.driver.retryWrites()
      return life
    },
    Tick: (life, { duty, life: of }) => {
      if (of !== life) return life
      if (duty === "checkpoint") return Effect.as(Effect.forkScoped(life.checkpoint), life)
      if (life.driver.isBlocked) return life.whenRoom(() => life.tick())
      life.tick()
      return life
    },
    Crash: (_, { defect }) => {
      throw defect
    }
  })
}

/** The first restart comes at once; a storage that cannot be opened yet is not tried in a tight loop. */
const backoff: Supervision.Backoff = Schedule.andThen(
  Schedule.fromDelays(0, 10, 20, 40, 80, 160, 320, 640),
  Schedule.spaced(1_000)
)

/** Data that cannot be trusted are not opened again and again. */
const decide = (cause: Cause.Cause<unknown>): Supervision.Directive =>
  [...Cause.failures(cause), ...Cause.defects(cause)].some(isFatal) ? "stop" : "restart"

const isFatal = (error: unknown): boolean =>
  error instanceof StorageFailed || error instanceof StorageCorrupt || error instanceof StorageForeign ||
  error instanceof RecoveryFailed

const statsOf = <P extends Vocabulary>({ droppedReplies, life, lives, questions, totals }: Shared<P>): NodeStats => ({
  restarts: Math.max(0, lives - 1),
  steps: totals.steps + (life?.driver.counters.steps ?? 0),
  batches: totals.batches + (life?.driver.counters.batches ?? 0),
  frames: totals.frames + (life?.driver.counters.frames ?? 0),
  checkpoints: totals.checkpoints + (life?.checkpoints ?? 0),
  droppedReplies,
  requests: questions.size
})
