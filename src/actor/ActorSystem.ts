/**
 * The actors of one node as a service: it starts them, stops them, and tells what became of them. Closing its Scope stops every actor, children first.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Stream from "effect/Stream"
import * as NodeId from "../core/NodeId.js"
import type { Behavior } from "./Actor.js"
import type { SpawnError } from "./ActorError.js"
import type { ActorRef } from "./ActorRef.js"
import type { DeadLetter } from "./DeadLetters.js"
import type { Address, Terminated } from "./DeathWatch.js"
import { Dispatcher } from "./Dispatcher.js"
import { type FiberClass, fiberClass, type LifeFiber } from "./internal/fiber.js"
import {
  type ChildRefs,
  type ChildrenContext,
  type ChildrenError,
  spawnGroup as spawnGroupIn
} from "./internal/GroupLife.js"
import { millisOf } from "./internal/SelfImpl.js"
import { SystemImpl } from "./internal/SystemImpl.js"
import type { Mailbox } from "./Mailbox.js"
import type { ChildSpec, Group, Supervision } from "./Supervision.js"

/**
 * How one actor is started and kept.
 *
 * @since 0.1.0
 * @category models
 */
export interface SpawnOptions {
  /** Unique among the children of one parent, without a slash. Default: the behaviour's name and a number. */
  readonly name?: string | undefined
  /** Default: 1,024 messages, then the sender waits. */
  readonly mailbox?: Mailbox | undefined
  /** Default: the first crash ends the actor. */
  readonly supervision?: Supervision | undefined
  /** What a stop does with the waiting mail: reports each as a dead letter (the default), or handles it first, as far as it comes: a crash or the deadline ends it. */
  readonly drain?: "dead-letter" | "process" | undefined
  /** How long a stop waits for the current handler before it interrupts it, and then for the finalizers before it leaves them behind. Default 5 seconds. */
  readonly shutdown?: Duration.DurationInput | undefined
}

/**
 * What became of an actor's lives. Each crash is one event with a cause, and one log line.
 *
 * @since 0.1.0
 * @category models
 */
export interface LifecycleEvent {
  readonly _tag: "Started" | "Restarted" | "Resumed" | "Stopped" | "Failed"
  readonly address: Address
  /** 1 for the first life. */
  readonly life: number
  readonly cause?: Cause.Cause<unknown> | undefined
}

/**
 * Counters since the system was built.
 *
 * @since 0.1.0
 * @category models
 */
export interface Stats {
  readonly spawned: number
  readonly ended: number
  /** A group that gives up counts as one more than its children's. */
  readonly crashes: number
  readonly deadLetters: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface ActorSystemService {
  readonly node: NodeId.NodeId
  /** Starts an actor with the spawner's context. It is ready for mail when this returns. */
  readonly spawn: <M, E, R>(
    behavior: Behavior<M, E, R>,
    options?: SpawnOptions
  ) => Effect.Effect<ActorRef<M>, E | SpawnError, R>
  /** Starts a group: its children in order, or nothing. */
  readonly spawnGroup: <const Children extends ReadonlyArray<ChildSpec<string, never, unknown, unknown>>>(
    group: Group<Children>,
    options?: { readonly name?: string | undefined }
  ) => Effect.Effect<GroupRef<Children>, SpawnError | ChildrenError<Children>, ChildrenContext<Children>>
  /** Stops an actor and waits until it ended. Again is harmless. */
  readonly stop: (
    ref: ActorRef<never>,
    options?: { readonly within?: Duration.DurationInput | undefined }
  ) => Effect.Effect<void>
  /** Waits for an actor's end. */
  readonly await: (ref: ActorRef<never>) => Effect.Effect<Terminated>
  /** From now on; a listener that is 1,024 letters behind loses the oldest. */
  readonly deadLetters: Stream.Stream<DeadLetter>
  /** From now on; a listener that is 1,024 events behind loses the oldest. */
  readonly events: Stream.Stream<LifecycleEvent>
  readonly stats: Effect.Effect<Stats>
}

/**
 * A running group: its own handle, and the handles of its children by id. They stay good across restarts.
 *
 * @since 0.1.0
 * @category models
 */
export interface GroupRef<Children extends ReadonlyArray<ChildSpec<string, never, unknown, unknown>>> {
  readonly ref: ActorRef<never>
  readonly children: ChildRefs<Children>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class ActorSystem extends Context.Tag("synod/ActorSystem")<ActorSystem, ActorSystemService>() {}

/**
 * Starts an actor: `ActorSystemService.spawn` of the system in the context.
 *
 * @since 0.1.0
 * @category running
 */
export const spawn = <M, E, R>(
  behavior: Behavior<M, E, R>,
  options?: SpawnOptions
): Effect.Effect<ActorRef<M>, E | SpawnError, R | ActorSystem> =>
  Effect.flatMap(ActorSystem, (system) => system.spawn(behavior, options))

/**
 * Starts a group: `ActorSystemService.spawnGroup` of the system in the context.
 *
 * @since 0.1.0
 * @category running
 */
export const spawnGroup = <const Children extends ReadonlyArray<ChildSpec<string, never, unknown, unknown>>>(
  group: Group<Children>,
  options?: { readonly name?: string | undefined }
): Effect.Effect<
  GroupRef<Children>,
  SpawnError | ChildrenError<Children>,
  ChildrenContext<Children> | ActorSystem
> => Effect.flatMap(ActorSystem, (system) => system.spawnGroup(group, options))

/**
 * Stops an actor and waits until it ended: its current message is finished, the waiting mail is disposed of, the children end in reverse start order, then
 * `stopping` and the finalizers run. `within` (by default the actor's own `shutdown`) bounds the handlers only: what has not ended then is interrupted. The children
 * together, `stopping`, and the finalizers have the actor's `shutdown` each.
 *
 * @since 0.1.0
 * @category running
 */
export const stop = (
  ref: ActorRef<never>,
  options?: { readonly within?: Duration.DurationInput | undefined }
): Effect.Effect<void, never, ActorSystem> => Effect.flatMap(ActorSystem, (system) => system.stop(ref, options))

const await_ = (ref: ActorRef<never>): Effect.Effect<Terminated, never, ActorSystem> =>
  Effect.flatMap(ActorSystem, (system) => system.await(ref))

export {
  /**
   * Waits for an actor's end.
   *
   * @since 0.1.0
   * @category running
   */
  await_ as await
}

/**
 * @since 0.1.0
 * @category models
 */
export interface LocalOptions {
  /** Default "local". */
  readonly node?: NodeId.NodeId | undefined
  /** How long closing waits for each actor's handler. Default: what the actor was spawned with. */
  readonly shutdown?: Duration.DurationInput | undefined
}

/**
 * Actors of this process alone, without a network.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerLocal = (options: LocalOptions = {}): Layer.Layer<ActorSystem> =>
  Layer.scoped(
    ActorSystem,
    Effect.gen(function*() {
      const clock = yield* Clock.clockWith(Effect.succeed)
      const turns = yield* Dispatcher
      const refs = yield* Effect.getFiberRefs
      const fibers = yield* Effect.withFiberRuntime<FiberClass>((fiber) =>
        Effect.succeed(fiberClass(fiber as LifeFiber))
      )
      const system = new SystemImpl(options.node ?? NodeId.make("local"), clock, refs, fibers, turns)
      const shutdown = options.shutdown === undefined ? undefined : millisOf(options.shutdown, 0)
      yield* Effect.addFinalizer(() => system.close(shutdown))
      return {
        node: system.node,
        spawn: (behavior, spawnOptions) => system.spawn(undefined, behavior, spawnOptions),
        spawnGroup: (group, groupOptions) => spawnGroupIn(system, group, groupOptions?.name),
        stop: (ref, stopOptions) =>
          system.stop(ref, stopOptions?.within === undefined ? undefined : millisOf(stopOptions.within, 0)),
        await: (ref) => system.await(ref),
        deadLetters: system.letters.stream,
        events: system.lives.stream,
        stats: Effect.sync(() => ({ ...system.counters }))
      }
    })
  )
