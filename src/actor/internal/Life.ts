/**
 * What happens when a life ends: supervision observes the exit of its fiber and decides. Nothing is allocated for it before the first crash.
 *
 * The order at a crash: the crashing letter becomes poison; the children stop in reverse order, timers and watches go, the Scope closes; then the backoff;
 * then the new `initial`. At an end: the waiting mail is disposed of, the children stop, `stopping` runs, the Scope closes, the name is free,
 * and only then is the end told.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { SpawnError } from "../ActorError.js"
import type { Reason } from "../DeathWatch.js"
import type { Directive } from "../Supervision.js"
import type { Cell } from "./Cell.js"
import { fork, interrupt, type LifeExit, startLife, supervise } from "./fiber.js"
import { disposeAll, forgetOwed, poison } from "./Mail.js"
import { BUSY, CLOSED, GATED, IDLE } from "./Status.js"

export type BackoffDriver = Schedule.ScheduleDriver<unknown, Cause.Cause<unknown>>

const stopped: Reason = { _tag: "Stopped" }

/** The fiber of a life ended by itself, by an interruption or by a crash. */
export const onExit = (cell: Cell, exit: LifeExit): void => {
  if (Exit.isSuccess(exit) || Cause.isInterruptedOnly(exit.cause)) {
    // an interrupted handler leaves its letter behind: it was not handled to its end
    poison(cell, stopped)
    if (cell.extras?.starter !== undefined) return failStart(cell, exit)
    const { group } = cell
    if (group !== undefined && !cell.stopRequested) return group.onExit(cell, stopped)
    return finish(cell, cell.verdict ?? stopped)
  }
  if (cell.extras?.starter !== undefined) return failStart(cell, exit)
  onCrash(cell, exit.cause)
}

/** A life crashed, in a handler or in a later `initial`. */
export const onCrash = (cell: Cell, cause: Cause.Cause<unknown>): void => {
  const failed: Reason = { _tag: "Failed", cause }
  poison(cell, failed)
  cell.status = GATED
  if (cell.stopRequested) return finish(cell, failed)
  if (cell.group !== undefined) return cell.group.onExit(cell, failed)
  switch (decide(cell, cause)) {
    case "stop":
      return finish(cell, failed)
    case "resume": {
      cell.system.event({ _tag: "Resumed", address: cell.address, life: cell.life, cause })
      cell.status = BUSY
      return startLife(cell, undefined)
    }
    case "restart":
      supervise(cell, restartAfter(cell, cause))
  }
}

const decide = (cell: Cell, cause: Cause.Cause<unknown>): Directive => {
  try {
    return cell.options.supervision.decide(cause)
  } catch {
    return "stop"
  }
}

const restartAfter = (cell: Cell, cause: Cause.Cause<unknown>): Effect.Effect<void> =>
  Effect.gen(function*() {
    const more = cell.more
    const { backoff, intensity, periodMillis } = cell.options.supervision
    const failed: Reason = { _tag: "Failed", cause }
    const now = yield* Clock.currentTimeMillis
    const quiet = more.crashes.length === 0 || now - more.crashes.at(-1)! >= periodMillis
    more.crashes = more.crashes.filter((at) => now - at < periodMillis)
    more.crashes.push(now)
    if (more.crashes.length > intensity) return yield* Effect.sync(() => finish(cell, failed))
    yield* endLife(cell, Exit.failCause(cause), failed)
    if (backoff !== undefined) {
      const driver = more.backoff ??= yield* Schedule.driver(backoff)
      if (quiet) yield* driver.reset
      const goesOn = yield* Effect.exit(driver.next(cause))
      if (Exit.isFailure(goesOn)) return yield* Effect.sync(() => finish(cell, cell.stopRequested ? stopped : failed))
    }
    if (cell.stopRequested) return yield* Effect.sync(() => finish(cell, stopped))
    beginLife(cell, cause)
  }).pipe(Effect.onInterrupt(() => Effect.sync(() => finish(cell, stopped))))

/** The next life of the same address. A failing `initial` counts as a crash. */
export const beginLife = (cell: Cell, cause: Cause.Cause<unknown> | undefined, onBegun = () => {}): void => {
  cell.more.supervisor = undefined
  cell.life++
  cell.alive = true
  cell.halt = false
  cell.status = BUSY
  cell.system.event({ _tag: "Restarted", address: cell.address, life: cell.life, cause })
  const begin = cell.system.begin(cell)
  if (begin === undefined) onBegun()
  startLife(cell, begin === undefined ? undefined : Effect.map(begin, onBegun))
}

/** Children in reverse order, timers, watches, then the Scope. */
export const endLife = (cell: Cell, exit: Exit.Exit<unknown, unknown>, reason: Reason): Effect.Effect<void> =>
  Effect.gen(function*() {
    cell.self?.end()
    forgetOwed(cell, reason)
    for (const child of cell.children?.inStopOrder() ?? []) yield* stopAndWait(child, child.options.shutdownMillis)
    const { scope } = cell
    cell.scope = undefined
    if (scope !== undefined) {
      yield* Effect.catchAllCause(Scope.close(scope, exit), (cause) => logged(cell, "finalizer", cause))
    }
  })

const logged = (cell: Cell, part: string, cause: Cause.Cause<unknown>) =>
  Effect.logWarning(`${part} of ${cell.path} failed`, cause)

/** The end: final on every path. */
export const finish = (cell: Cell, reason: Reason): void => {
  if (cell.status === CLOSED) return
  cell.status = CLOSED
  cell.accepting = false
  cell.halt = true
  cell.alive = false
  disposeAll(cell, reason)
  forgetOwed(cell, reason)
  if (cell.extras?.deadline !== undefined) interrupt(cell.extras.deadline)
  if (cell.extras?.supervisor !== undefined) interrupt(cell.extras.supervisor)
  const { stopping } = cell.definition
  if (stopping === undefined && cell.scope === undefined && (cell.children === undefined || cell.children.size === 0)) {
    cell.self?.end()
    return terminate(cell, reason)
  }
  const exit = reason._tag === "Failed" ? Exit.failCause(reason.cause) : Exit.void
  const cleanup = Effect.gen(function*() {
    for (const child of cell.children?.inStopOrder() ?? []) yield* stopAndWait(child, child.options.shutdownMillis)
    if (stopping !== undefined) {
      const run = Effect.suspend(() => stopping(cell.state as never, reason)) as Effect.Effect<void>
      yield* Effect.catchAllCause(
        cell.scope === undefined ? run : Effect.provideService(run, Scope.Scope, cell.scope),
        (cause) => logged(cell, "stopping", cause)
      )
    }
    yield* endLife(cell, exit, reason)
  })
  // a finalizer that hangs is left behind at the deadline: an end that never comes would hold up everybody who waits for it
  const bounded = Effect.timeoutTo(Effect.disconnect(Effect.interruptible(cleanup)), {
    duration: Duration.millis(cell.options.shutdownMillis),
    onSuccess: () => Effect.void,
    onTimeout: () =>
      Effect.logWarning(`finalizers of ${cell.path} did not end within ${cell.options.shutdownMillis} ms`)
  })
  fork(cell.inherited, Effect.ensuring(Effect.flatten(bounded), Effect.sync(() => terminate(cell, reason))))
}

const terminate = (cell: Cell, reason: Reason): void => {
  if (cell.terminated !== undefined) return
  const { address } = cell
  cell.siblings.remove(cell)
  cell.terminated = { address, reason }
  cell.state = undefined
  cell.system.ended(cell, cell.terminated)
  const { watchers } = cell
  cell.watchers = undefined
  if (watchers !== undefined) { for (const watcher of watchers) watcher(cell.terminated) }
}

/** The spawner learns why there is no actor, after everything of it is gone. */
const failStart = (cell: Cell, exit: LifeExit): void => {
  const starter = cell.extras!.starter!
  cell.extras!.starter = undefined
  cell.accepting = false
  cell.halt = true
  cell.status = CLOSED
  const cause: Cause.Cause<unknown> = Exit.isFailure(exit) ? exit.cause : Cause.empty
  const reason: Reason = { _tag: "Failed", cause }
  disposeAll(cell, reason)
  const path = cell.path
  fork(
    cell.inherited,
    Effect.map(endLife(cell, exit, reason), () => {
      cell.siblings.remove(cell)
      cell.terminated = { address: cell.address, reason }
      const declared = Cause.isDie(cause) ? undefined : Cause.failureOption(cause)
      starter.end(
        declared !== undefined && declared._tag === "Some"
          ? Exit.fail(declared.value)
          : Exit.fail(new SpawnError({ path, reason: "StartFailed", cause }))
      )
    })
  )
}

/** Asks an actor to end: after the current message, within `millis`, then by interruption. A second stop joins the first. */
export const stop = (cell: Cell, millis: number): void => {
  if (cell.stopRequested || cell.status === CLOSED) return
  cell.stopRequested = true
  cell.accepting = false
  const halts = cell.options.drain === "dead-letter"
  if (halts) cell.halt = true
  if (cell.status === IDLE) return cell.endIfIdle()
  if (cell.status === GATED) {
    const supervisor = cell.extras?.supervisor
    if (supervisor !== undefined) interrupt(supervisor)
    else if (cell.group !== undefined) finish(cell, stopped)
    return
  }
  if (halts && cell.status !== BUSY) return // the dispatcher ends it at the next letter
  cell.more.deadline = fork(
    cell.inherited,
    Effect.zipRight(
      Effect.sleep(millis),
      Effect.sync(() => {
        cell.halt = true
        if (cell.fiber !== undefined && cell.status === BUSY) interrupt(cell.fiber)
      })
    )
  )
}

/** Stops and waits for the end. */
export const stopAndWait = (cell: Cell, millis: number): Effect.Effect<void> =>
  Effect.async<void>((resume) => {
    if (cell.terminated !== undefined) return resume(Effect.void)
    ;(cell.watchers ??= new Set()).add(() => resume(Effect.void))
    stop(cell, millis)
  })
