/**
 * A group of actors that restart together: one ordered list of children is start order, reverse stop order and "the rest" at once.
 *
 * A child's life that ends is the group's matter: the child waits, GATED, until the group has decided. One fiber works through such ends, one after the other.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import type { SpawnError } from "../ActorError.js"
import type { ActorRef } from "../ActorRef.js"
import type { GroupRef } from "../ActorSystem.js"
import type { Reason } from "../DeathWatch.js"
import * as Mailbox from "../Mailbox.js"
import * as Supervision from "../Supervision.js"
import type { Cell } from "./Cell.js"
import { interrupt, supervise } from "./fiber.js"
import { type BackoffDriver, beginLife, endIfStopped, endLife, finish, stop } from "./Life.js"
import { millisOf } from "./SelfImpl.js"
import { CLOSED, GATED } from "./Status.js"
import type { SystemImpl } from "./SystemImpl.js"

type AnySpec = Supervision.ChildSpec<string, never, unknown, unknown>

export type ChildRefs<Children extends ReadonlyArray<AnySpec>> = {
  readonly [Spec in Children[number] as Spec["id"]]: Spec extends
    Supervision.ChildSpec<string, infer M, infer _E, infer _R> ? ActorRef<M> : never
}
export type ChildrenError<Children extends ReadonlyArray<AnySpec>> = Children[number] extends
  Supervision.ChildSpec<string, infer _M, infer E, infer _R> ? E : never
export type ChildrenContext<Children extends ReadonlyArray<AnySpec>> = Children[number] extends
  Supervision.ChildSpec<string, infer _M, infer _E, infer R> ? R : never

const stopped: Reason = { _tag: "Stopped" }

/** What became of a child that was begun: it failed and is the next crash; or it runs, or is gone for good. */
type Begun = "failed" | "settled"

export class GroupLife {
  private readonly restarts = new Map<Cell, Supervision.Restart>()
  /** Ends of lives that the group has yet to decide about, by child. */
  private readonly ended = new Map<Cell, Reason>()
  private readonly waiters = new Map<Cell, (outcome: Begun) => void>()
  private readonly drivers = new Map<Cell, BackoffDriver>()
  private crashes: Array<number> = []
  private working = false

  constructor(private readonly cell: Cell, private readonly group: Supervision.Group<ReadonlyArray<AnySpec>>) {}

  adopt(child: Cell, restart: Supervision.Restart): void {
    child.group = this
    this.restarts.set(child, restart)
  }

  /** Whether a child that ended so is started again. */
  restartsAfter(child: Cell, reason: Reason): boolean {
    const restart = this.restarts.get(child)
    return restart === "permanent" || (restart === "transient" && reason._tag === "Failed")
  }

  /** A child's life ended, because the group asked for it or by itself. */
  onExit(child: Cell, reason: Reason): void {
    child.status = GATED
    const leaves = this.leaving.delete(child)
    if (leaves && reason._tag === "Stopped") return this.tell(child, "settled")
    if (!this.restartsAfter(child, reason)) return finish(child, reason) // and so it is gone
    this.ended.set(child, reason)
    this.tell(child, "failed")
    if (this.group.strategy === "one-for-one") {
      // on its own: the backoff of one child delays no other's
      return supervise(child, Effect.suspend(() => this.restart(child, reason)), () => endIfStopped(child))
    }
    if (this.working) return
    this.working = true
    supervise(this.cell, this.work, () => {})
  }

  /** A child has ended for good: nobody waits for a life of it. */
  gone(child: Cell): void {
    this.restarts.delete(child)
    this.ended.delete(child)
    this.leaving.delete(child)
    this.tell(child, "settled")
  }

  private readonly leaving = new Set<Cell>()

  private tell(child: Cell, outcome: Begun): void {
    const waiter = this.waiters.get(child)
    this.waiters.delete(child)
    waiter?.(outcome)
  }

  private wait(child: Cell, register: () => void): Effect.Effect<Begun> {
    return Effect.async<Begun>((resume) => {
      this.waiters.set(child, (outcome) => resume(Effect.succeed(outcome)))
      register()
    })
  }

  /** One end after the other. Those who were started again as one of those around another are no longer in the list. */
  private readonly work: Effect.Effect<void> = Effect.suspend(() => {
    for (const [child, reason] of this.ended) {
      if (this.cell.stopRequested) break
      return Effect.zipRight(this.restart(child, reason), Effect.suspend(() => this.work))
    }
    this.working = false
    return Effect.void
  })

  private restart(child: Cell, reason: Reason): Effect.Effect<void> {
    return Effect.gen(this, function*() {
      const cause = reason._tag === "Failed" ? reason.cause : Cause.empty
      const now = yield* Clock.currentTimeMillis
      const quiet = this.crashes.length === 0 || now - this.crashes.at(-1)! >= this.group.periodMillis
      this.crashes = this.crashes.filter((at) => now - at < this.group.periodMillis)
      this.crashes.push(now)
      if (this.crashes.length > this.group.intensity) return this.giveUp(child, reason)
      const affected = this.affected(child)
      for (const other of affected.toReversed()) yield* this.end(other, reason)
      if (this.group.backoff !== undefined) {
        const key = this.group.strategy === "one-for-one" ? child : this.cell
        const driver = this.drivers.get(key) ?? (yield* Schedule.driver(this.group.backoff))
        this.drivers.set(key, driver)
        if (quiet) yield* driver.reset
        if (Exit.isFailure(yield* Effect.exit(driver.next(cause)))) return this.giveUp(child, reason)
      }
      for (const other of affected) {
        if (other !== child && this.restarts.get(other) === "temporary") finish(other, stopped)
        else if ((yield* this.begin(other)) === "failed") return // it is the next crash, and begins what is left
      }
    })
  }

  private affected(child: Cell): Array<Cell> {
    if (this.group.strategy === "one-for-one") return [child]
    const all = [...this.restarts.keys()]
    return this.group.strategy === "one-for-all" ? all : all.slice(all.indexOf(child))
  }

  /** Ends a life of a child: after its current message, by interruption at its deadline; then what the life held. */
  private end(child: Cell, reason: Reason): Effect.Effect<void> {
    const interrupted = Effect.sync(() => {
      if (child.fiber !== undefined) interrupt(child.fiber)
    })
    const left = Effect.suspend(() => {
      if (child.status >= GATED) return Effect.void
      this.leaving.add(child)
      const late = Effect.zipRight(Effect.sleep(child.options.shutdownMillis), interrupted)
      return Effect.raceFirst(this.wait(child, () => child.leave()), Effect.zipRight(late, Effect.never))
    })
    return Effect.zipRight(
      left,
      Effect.suspend(() => endLife(child, reason._tag === "Failed" ? Exit.failCause(reason.cause) : Exit.void, reason))
    )
  }

  /** The life of one of the affected: with its own cause where it crashed itself. A failing `initial` is the next crash. */
  private begin(child: Cell): Effect.Effect<Begun> {
    return Effect.suspend(() => {
      if (child.status === CLOSED) return Effect.succeed<Begun>("settled")
      const own = this.ended.get(child)
      this.ended.delete(child)
      const cause = own?._tag === "Failed" ? own.cause : undefined
      return this.wait(child, () => beginLife(child, cause, () => this.tell(child, "settled")))
    })
  }

  private giveUp(child: Cell, reason: Reason): void {
    this.working = false
    child.verdict = reason
    this.cell.verdict = { _tag: "Failed", cause: reason._tag === "Failed" ? reason.cause : Cause.empty }
    stop(this.cell, this.cell.options.shutdownMillis)
  }
}

/** Starts a group and its children, in order; where one fails, those before it are stopped in reverse and nothing is left. */
export const spawnGroup = <const Children extends ReadonlyArray<AnySpec>>(
  system: SystemImpl,
  group: Supervision.Group<Children>,
  name: string | undefined
): Effect.Effect<GroupRef<Children>, SpawnError | ChildrenError<Children>, ChildrenContext<Children>> => {
  const program = Effect.gen(function*() {
    const ref = yield* system.spawn(undefined, groupBehavior, { name })
    const cell = ref as unknown as Cell // see ActorRef.ts: the cell is the ref
    const life = new GroupLife(cell, group)
    const children: Record<string, ActorRef<never>> = {}
    const start = Effect.forEach(group.children, (spec) =>
      Effect.map(
        system.spawn(cell, spec.behavior, {
          name: spec.id,
          mailbox: Mailbox.standard,
          supervision: Supervision.stop,
          shutdown: millisOf(spec.shutdown, 5_000)
        }, (child) => life.adopt(child, spec.restart ?? "permanent")),
        (child) => {
          children[spec.id] = child
        }
      ), { discard: true })
    yield* Effect.onError(start, () => system.stop(ref, undefined))
    return { ref, children }
  })
  // the record is built from the specifications: each id has the ref of its behaviour
  return program as unknown as Effect.Effect<
    GroupRef<Children>,
    SpawnError | ChildrenError<Children>,
    ChildrenContext<Children>
  >
}

const groupBehavior = {
  name: "group",
  messages: [],
  definition: { initial: () => undefined, handlers: {}, stopping: undefined, afterBatch: undefined }
}
