/**
 * An actor seen by itself, for one life: timers and watches that were made through it end with it.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import type { Behavior, Tagged } from "../Actor.js"
import { type SpawnError, StashFull } from "../ActorError.js"
import type { ActorRef } from "../ActorRef.js"
import type { SpawnOptions } from "../ActorSystem.js"
import type { Terminated } from "../DeathWatch.js"
import type { Self, Timers } from "../Self.js"
import type { Cell } from "./Cell.js"
import { fork, interrupt, type LifeFiber } from "./fiber.js"
import { Note, type Watcher } from "./Letters.js"
import { stop } from "./Life.js"
import * as Mail from "./Mail.js"

interface Timer {
  active: boolean
  fiber: LifeFiber | undefined
}

interface Watch {
  active: boolean
  readonly target: Cell
  readonly watcher: Watcher
}

export class SelfImpl implements Self<Tagged> {
  private timersByKey: Map<string, Timer> | undefined = undefined
  private watches: Array<Watch> | undefined = undefined
  private over = false

  constructor(private readonly cell: Cell) {}

  get ref(): ActorRef<Tagged> {
    return this.cell as unknown as ActorRef<Tagged> // see ActorRef.ts: the cell is the ref
  }

  stop(): void {
    const { cell } = this
    if (cell.group?.restartsAfter(cell, { _tag: "Stopped" }) === true) cell.leave() // a permanent child: its group starts it again
    else stop(cell, cell.options.shutdownMillis)
  }

  unsafeStash(message: Tagged): boolean {
    return Mail.stash(this.cell, message)
  }

  stash(message: Tagged): Effect.Effect<void, StashFull> {
    return Effect.suspend(() =>
      Mail.stash(this.cell, message)
        ? Effect.void
        : Effect.fail(new StashFull({ address: this.cell.address, capacity: this.cell.options.mailbox.capacity }))
    )
  }

  unstashAll(): void {
    Mail.unstashAll(this.cell)
  }

  reply(request: Tagged, exit: Exit.Exit<unknown, unknown>): void {
    Mail.reply(this.cell, request, exit)
  }

  spawn<N, E, R>(
    behavior: Behavior<N, E, R>,
    options?: SpawnOptions
  ): Effect.Effect<ActorRef<N>, E | SpawnError, R> {
    return this.cell.system.spawn(this.cell, behavior, options)
  }

  pipe<A, E, R>(
    effect: Effect.Effect<A, E, R>,
    message: (exit: Exit.Exit<A, E>) => Tagged
  ): Effect.Effect<void, never, R> {
    return Effect.suspend(() =>
      Effect.asVoid(Effect.forkIn(
        Effect.flatMap(
          Effect.exit(effect),
          (exit) => Effect.sync(() => this.cell.note(new Note(() => this.over ? undefined : message(exit))))
        ),
        this.cell.lifeScope()
      ))
    )
  }

  watch(ref: ActorRef<never>, message: (terminated: Terminated) => Tagged): void {
    const target = ref as unknown as Cell // see ActorRef.ts: the cell is the ref
    const watch: Watch = {
      active: true,
      target,
      watcher: (terminated) =>
        this.cell.note(
          new Note(() => {
            if (!watch.active) return undefined
            watch.active = false
            this.watches = this.watches?.filter((other) => other !== watch)
            return message(terminated)
          })
        )
    }
    ;(this.watches ??= []).push(watch)
    if (target.terminated !== undefined) watch.watcher({ address: target.address, reason: { _tag: "NotFound" } })
    else (target.watchers ??= new Set()).add(watch.watcher)
  }

  unwatch(ref: ActorRef<never>): void {
    for (const watch of this.watches ?? []) {
      if (watch.target !== (ref as unknown)) continue
      watch.active = false
      watch.target.watchers?.delete(watch.watcher)
    }
    this.watches = this.watches?.filter((watch) => watch.active)
  }

  get timers(): Timers<Tagged> {
    return {
      once: (key, delay, message) =>
        this.arm(key, (timer) => Effect.zipRight(Effect.sleep(delay), this.tick(key, timer, message))),
      every: (key, schedule, message) =>
        this.arm(key, (timer) =>
          Effect.flatMap(
            Schedule.driver(Schedule.isSchedule(schedule) ? schedule : Schedule.spaced(schedule)),
            (driver) =>
              Effect.ignore(Effect.forever(Effect.zipRight(
                // the first step of a schedule is its first delay: a fixed delay ticks after one, never at once
                driver.next(undefined),
                this.tick(undefined, timer, message)
              )))
          )),
      cancel: (key) => this.cancel(key)
    }
  }

  private arm(key: string, program: (timer: Timer) => Effect.Effect<void>): void {
    if (this.over) return
    this.cancel(key)
    const timer: Timer = { active: true, fiber: undefined }
    ;(this.timersByKey ??= new Map()).set(key, timer)
    timer.fiber = fork(this.cell.inherited, program(timer))
  }

  /** Queues a tick and waits until it was handled. A key is given where the timer ends with its tick. */
  private tick(key: string | undefined, timer: Timer, message: Tagged): Effect.Effect<void> {
    return Effect.async<void>((resume) => {
      const open = () => {
        if (!timer.active) return undefined
        if (key !== undefined) this.forget(key, timer)
        return message
      }
      this.cell.note(new Note(open, () => resume(Effect.void)))
    })
  }

  private forget(key: string, timer: Timer): void {
    timer.active = false
    if (this.timersByKey?.get(key) === timer) this.timersByKey.delete(key)
  }

  private cancel(key: string): void {
    const timer = this.timersByKey?.get(key)
    if (timer === undefined) return
    this.forget(key, timer)
    if (timer.fiber !== undefined) interrupt(timer.fiber)
  }

  /** The life is over: nothing that it armed, watched or piped is heard of again. */
  end(): void {
    this.over = true
    for (const key of this.timersByKey?.keys() ?? []) this.cancel(key)
    for (const watch of this.watches ?? []) {
      watch.active = false
      watch.target.watchers?.delete(watch.watcher)
    }
    this.watches = undefined
  }
}

export const millisOf = (duration: Duration.DurationInput | undefined, otherwise: number): number =>
  duration === undefined ? otherwise : Duration.toMillis(duration)
