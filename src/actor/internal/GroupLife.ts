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
import { type BackoffDriver, beginLife, endLife, finish, stop } from "./Life.js"
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

export class GroupLife {
  private readonly restarts = new Map<Cell, Supervision.Restart>()
  private readonly ended: Array<{ readonly child: Cell; readonly reason: Reason }> = []
  private readonly waiters = new Map<Cell, () => void>()
  private crashes: Array<number> = []
  private driver: BackoffDriver | undefined = undefined
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
    const waiter = this.waiters.get(child)
    this.waiters.delete(child)
    if (waiter !== undefined && reason._tag === "Stopped") return waiter()
    if (!this.restartsAfter(child, reason)) {
      this.restarts.delete(child)
      finish(child, reason)
    } else this.ended.push({ child, reason })
    waiter?.()
    if (this.working || this.ended.length === 0) return
    this.working = true
    supervise(this.cell, this.work)
  }

  private readonly work: Effect.Effect<void> = Effect.suspend(() => {
    const next = this.ended.shift()
    if (next === undefined || this.cell.stopRequested) {
      this.working = false
      return Effect.void
    }
    // it was already started again, as one of those around it
    if (next.child.status !== GATED) return this.work
    return Effect.zipRight(this.restart(next.child, next.reason), Effect.suspend(() => this.work))
  })

  private restart(child: Cell, reason: Reason): Effect.Effect<void> {
    return Effect.gen(this, function*() {
      const cause = reason._tag === "Failed" ? reason.cause : Cause.empty
      const now = yield* Clock.currentTimeMillis
      const quiet = this.crashes.length === 0 || now - this.crashes.at(-1)! >= this.group.periodMillis
      this.crashes = this.crashes.filter((at) => now - at < this.group.periodMillis)
      this.crashes.push(now)
      if (this.crashes.length > this.group.intensity) return this.giveUp(cause)
      const affected = this.affected(child)
      for (const other of affected.toReversed()) yield* this.end(other, reason)
      if (this.group.backoff !== undefined) {
        const driver = this.driver ??= yield* Schedule.driver(this.group.backoff)
        if (quiet) yield* driver.reset
        if (Exit.isFailure(yield* Effect.exit(driver.next(cause)))) return this.giveUp(cause)
      }
      for (const other of affected) {
        if (other !== child && this.restarts.get(other) === "temporary") {
          this.restarts.delete(other)
          finish(other, stopped)
        } else if (!(yield* this.begin(other, other === child ? cause : undefined))) return
      }
    })
  }

  private affected(child: Cell): Array<Cell> {
    if (this.group.strategy === "one-for-one") return [child]
    const all = [...this.restarts.keys()].filter((cell) => cell.status !== CLOSED)
    return this.group.strategy === "one-for-all" ? all : all.slice(all.indexOf(child))
  }

  /** Ends a life of a child: after its current message, by interruption at its deadline; then what the life held. */
  private end(child: Cell, reason: Reason): Effect.Effect<void> {
    const left = Effect.suspend(() => {
      if (child.status === GATED || child.status === CLOSED) return Effect.void
      return Effect.async<void>((resume) => {
        this.waiters.set(child, () => resume(Effect.void))
        child.leave()
      }).pipe(
        Effect.timeoutTo({
          duration: child.options.shutdownMillis,
          onSuccess: () => Effect.void,
          onTimeout: () =>
            Effect.async<void>((resume) => {
              if (!this.waiters.has(child)) return resume(Effect.void)
              this.waiters.set(child, () => resume(Effect.void))
              if (child.fiber !== undefined) interrupt(child.fiber)
            })
        }),
        Effect.flatten
      )
    })
    return Effect.zipRight(
      left,
      Effect.suspend(() => endLife(child, reason._tag === "Failed" ? Exit.failCause(reason.cause) : Exit.void, reason))
    )
  }

  /** Whether the life began: a failing `initial` is the next crash. */
  private begin(child: Cell, cause: Cause.Cause<unknown> | undefined): Effect.Effect<boolean> {
    return Effect.async<boolean>((resume) => {
      if (child.status === CLOSED) return resume(Effect.succeed(true))
      this.waiters.set(child, () => resume(Effect.succeed(false)))
      beginLife(child, cause, () => {
        this.waiters.delete(child)
        resume(Effect.succeed(true))
      })
    })
  }

  private giveUp(cause: Cause.Cause<unknown>): void {
    this.working = false
    this.cell.verdict = { _tag: "Failed", cause }
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
