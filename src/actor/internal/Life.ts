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
import { ended, fork, interrupt, type LifeExit, type LifeFiber, startLife, supervise } from "./fiber.js"
import { disposeAll, forgetOwed, poison } from "./Mail.js"
import { BUSY, CLOSED, GATED, IDLE } from "./Status.js"

export type BackoffDriver = Schedule.ScheduleDriver<unknown, Cause.Cause<unknown>>

const stopped: Reason = { _tag: "Stopped" }

/** Lives after the first whose `initial` runs: there is no state yet that could be resumed. */
const beginning = new WeakSet<Cell>()
/** Lives whose children, timers and Scope are being ended: who needs the end joins it. */
const endings = new WeakMap<Cell, LifeFiber>()

/** The fiber of a life ended by itself, by an interruption or by a crash. */
export const onExit = (cell: Cell, exit: LifeExit): void => {
  if (cell.status === CLOSED) return // it was left behind: its end comes too late
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
  const decided = decide(cell, cause)
  switch (decided === "resume" && beginning.has(cell) ? "restart" : decided) {
    case "stop":
      return finish(cell, failed)
    case "resume": {
      cell.system.event({ _tag: "Resumed", address: cell.address, life: cell.life, cause })
      cell.status = BUSY
      return startLife(cell, undefined)
    }
    case "restart":
      supervise(cell, restartAfter(cell, cause), () => endIfStopped(cell))
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
  })

/** The decision about a life was cut short by a stop, or gave up. */
export const endIfStopped = (cell: Cell): void => {
  if (cell.status !== GATED || cell.extras?.supervisor !== undefined) return
  if (cell.verdict !== undefined || cell.stopRequested) finish(cell, cell.verdict ?? stopped)
}

/** The next life of the same address. A failing `initial` counts as a crash. */
export const beginLife = (cell: Cell, cause: Cause.Cause<unknown> | undefined, onBegun = () => {}): void => {
  cell.more.supervisor = undefined
  cell.life++
  cell.alive = true
  cell.halt = false
  cell.status = BUSY
  beginning.add(cell)
  cell.system.event({ _tag: "Restarted", address: cell.address, life: cell.life, cause })
  const begun = () => {
    beginning.delete(cell)
    onBegun()
  }
  const begin = cell.system.begin(cell)
  if (begin === undefined) begun()
  startLife(cell, begin === undefined ? undefined : Effect.map(begin, begun))
}

/**
 * Timers and watches go, children end in reverse order, then the Scope. Nothing cuts it short but its own deadlines: whoever comes while it runs joins it.
 */
export const endLife = (cell: Cell, exit: Exit.Exit<unknown, unknown>, reason: Reason): Effect.Effect<void> =>
  Effect.suspend(() => {
    const under = endings.get(cell)
    if (under !== undefined) return Effect.uninterruptible(ended(under))
    cell.self?.end()
    forgetOwed(cell, reason)
    if (cell.scope === undefined && (cell.children === undefined || cell.children.size === 0)) return Effect.void
    const ending = fork(cell.inherited, Effect.zipRight(stopChildren(cell), closeScope(cell, exit)))
    endings.set(cell, ending)
    ending.addObserver(() => endings.delete(cell))
    return Effect.uninterruptible(ended(ending))
  })

/** One after the other, in reverse start order. When the parent's own time is over, the handlers of those left are interrupted at once: no child outlives its parent. */
const stopChildren = (cell: Cell): Effect.Effect<void> =>
  Effect.suspend(() => stopInTurn(cell.children?.inStopOrder() ?? [], cell.options.shutdownMillis))

/** Stops cells one after the other, with at most `millis` for all their handlers together. */
export const stopInTurn = (cells: ReadonlyArray<Cell>, millis: number): Effect.Effect<void> =>
  cells.length === 0 ?
    Effect.void :
    Effect.flatMap(Clock.currentTimeMillis, (begin) =>
      Effect.forEach(cells, (cell) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) =>
          stopAndWait(cell, Math.max(0, Math.min(cell.options.shutdownMillis, begin + millis - now)))), {
        discard: true
      }))

const closeScope = (cell: Cell, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { scope } = cell
    cell.scope = undefined
    return scope === undefined ? Effect.void : inTime(cell, "finalizers", Scope.close(scope, exit))
  })

/** What hangs is left behind at the deadline: an end that never comes would hold up everybody who waits for it. */
const inTime = (cell: Cell, part: string, effect: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.timeoutTo(
    Effect.disconnect(Effect.interruptible(Effect.catchAllCause(effect, (cause) => logged(cell, part, cause)))),
    {
      duration: Duration.millis(cell.options.shutdownMillis),
      onSuccess: () => Effect.void,
      onTimeout: () => Effect.logWarning(`${part} of ${cell.path} did not end within ${cell.options.shutdownMillis} ms`)
    }
  ).pipe(Effect.flatten)

const logged = (cell: Cell, part: string, cause: Cause.Cause<unknown>) =>
  Effect.logWarning(`${part} of ${cell.path} failed`, cause)

/** The end: final on every path. */
export const finish = (cell: Cell, reason: Reason): void => {
  if (cell.status === CLOSED) return
  cell.status = CLOSED
  cell.accepting = false
  cell.halt = true
  cell.alive = false
  cell.group?.gone(cell)
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
    const under = endings.get(cell)
    if (under !== undefined) yield* ended(under)
    yield* stopChildren(cell)
    if (stopping !== undefined) {
      const run = Effect.suspend(() => stopping(cell.state as never, reason)) as Effect.Effect<void>
      yield* inTime(cell, "stopping", Effect.provideService(run, Scope.Scope, cell.lifeScope()))
    }
    yield* endLife(cell, exit, reason)
  })
  fork(cell.inherited, Effect.ensuring(cleanup, Effect.sync(() => terminate(cell, reason))))
}

const terminate = (cell: Cell, reason: Reason, report = true): void => {
  if (cell.terminated !== undefined) return
  const { address } = cell
  cell.siblings.remove(cell)
  cell.terminated = { address, reason }
  cell.state = undefined
  cell.system.ended(cell, cell.terminated, report)
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
  cell.alive = false
  cell.group?.gone(cell)
  if (cell.extras?.deadline !== undefined) interrupt(cell.extras.deadline)
  disposeAll(cell, reason)
  const path = cell.path
  fork(
    cell.inherited,
    Effect.map(endLife(cell, exit, reason), () => {
      terminate(cell, reason, false)
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
    else if (cell.group !== undefined) finish(cell, cell.verdict ?? stopped)
    return
  }
  if (halts && cell.status !== BUSY) return // the dispatcher ends it at the next letter
  armDeadline(cell, millis)
}

/** A handler that outlives a stop is interrupted after `millis`; one that cannot be interrupted is left behind after the actor's own `shutdown`. */
export const armDeadline = (cell: Cell, millis: number): void => {
  if (cell.extras?.deadline !== undefined) return
  cell.more.deadline = fork(
    cell.inherited,
    Effect.gen(function*() {
      yield* Effect.sleep(millis)
      cell.halt = true
      const { fiber } = cell
      if (fiber === undefined || cell.status !== BUSY) return
      interrupt(fiber)
      yield* Effect.sleep(cell.options.shutdownMillis)
      if (cell.fiber !== fiber) return
      yield* Effect.logWarning(`the handler of ${cell.path} cannot be interrupted and is left behind`)
      cell.fiber = undefined
      onExit(cell, Exit.void)
    })
  )
}

/** Stops and waits for the end. */
export const stopAndWait = (cell: Cell, millis: number): Effect.Effect<void> =>
  Effect.async<void>((resume) => {
    if (cell.terminated !== undefined) return resume(Effect.void)
    ;(cell.watchers ??= new Set()).add(() => resume(Effect.void))
    stop(cell, millis)
  })
