/**
 * The one file that touches fiber internals: parking, forking, asking, and the Scope and identity of a life in its fiber's context.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import * as RuntimeFlags from "effect/RuntimeFlags"
import * as Scope from "effect/Scope"
import * as Supervisor from "effect/Supervisor"
import type { Tagged } from "../Actor.js"
import { AskCycle } from "../ActorError.js"
import type { Cell } from "./Cell.js"
import { Ask } from "./Letters.js"
import { BUSY } from "./Status.js"

/** The fiber of a life, or one that serves it. */
export type LifeFiber = Fiber.RuntimeFiber<unknown, unknown>

/** What a fiber gives to those it starts: context, logger, clock. */
export type References = FiberRefs.FiberRefs

/** What of Effect's own fiber class is used beyond its public interface. */
interface InternalFiber extends Fiber.RuntimeFiber<unknown, unknown> {
  readonly currentContext: Context.Context<never>
  readonly currentSupervisor: Supervisor.Supervisor<unknown>
  readonly _fiberRefs: References
  readonly isInterrupted: () => boolean
  /** Ends the waiting of a parked fiber that is interrupted. */
  _asyncInterruptor: ((effect: Effect.Effect<unknown, unknown>) => void) | null
  readonly setFiberRef: <A>(ref: FiberRef.FiberRef<A>, value: A) => void
}

// all of it is true of every fiber that effect 3.22 makes; the tests of this room run each use
const internals = (fiber: Fiber.RuntimeFiber<unknown, unknown>) => fiber as InternalFiber

/** Whose life a fiber is. Children of the fiber inherit it; they are told apart by identity. */
class Life extends Context.Tag("synod/actor/Life")<Life, Cell>() {}

/** What a life needs of its fiber. */
export interface LoopBody {
  readonly isAlive: () => boolean
  /** The next effect to run; the one that parks when there is none. */
  readonly next: () => Effect.Effect<unknown, unknown, unknown>
  readonly settle: (value: unknown) => void
}

interface Primitive extends Effect.Effect<unknown, unknown> {
  effect_instruction_i0: unknown
  effect_instruction_i1: unknown
}

/** Effect's own node of a program: `Effect.async` wraps it in eight closures and two objects, a third of the cost of an ask. */
const PrimitiveClass = Effect.sync(() => undefined).constructor as new(op: string) => Primitive

/** Parks the current fiber until it is given an effect to run. An interruption ends the waiting where the fiber allows it. */
export const park = (
  register: (resume: (effect: Effect.Effect<unknown, unknown>) => void) => void
): Effect.Effect<unknown, unknown> => {
  const async = new PrimitiveClass("Async")
  async.effect_instruction_i0 = register
  async.effect_instruction_i1 = FiberId.none
  return async
}

const loop = (body: LoopBody): Effect.Effect<void, unknown, unknown> =>
  Effect.whileLoop({ while: body.isAlive, body: body.next, step: body.settle })

/** Effect's class of fibers, and how its instances begin. */
export type FiberClass = new(
  id: FiberId.Runtime,
  refs: References,
  flags: RuntimeFlags.RuntimeFlags
) => InternalFiber & { readonly start: (effect: Effect.Effect<unknown, unknown, unknown>) => void }

export const fiberClass = (fiber: LifeFiber): FiberClass => fiber.constructor as FiberClass

/**
 * Begins a life on this stack, up to its first wait: a forked fiber would pass through the scheduler, which keeps a runner for each fiber that did (0.4 KB).
 * The life is interruptible whatever region its spawner is in.
 */
export const startLife = (cell: Cell, begin: Effect.Effect<unknown, unknown, unknown> | undefined): void => {
  const life = begin === undefined ? loop(cell) : Effect.zipRight(begin, loop(cell))
  const fiber = new cell.system.FiberClass(FiberId.unsafeMake(), cell.inherited, Runtime.defaultRuntimeFlags)
  cell.fiber = fiber
  fiber.addObserver(cell.onExit)
  const { currentSupervisor } = fiber
  if (currentSupervisor !== Supervisor.none) {
    currentSupervisor.onStart(fiber.currentContext, life as Effect.Effect<unknown, unknown>, Option.none(), fiber)
    fiber.addObserver((exit) => currentSupervisor.onEnd(exit, fiber))
  }
  fiber.start(life)
}

/**
 * What the children of a fiber inherit, made once for each state of the fiber's references: a spawner that starts many actors shares one copy among them.
 */
export class Inheritance {
  private from: References | undefined = undefined
  private shared: References | undefined = undefined

  of(fiber: LifeFiber): References {
    const refs = internals(fiber)._fiberRefs
    if (refs !== this.from || this.shared === undefined) {
      this.from = refs
      this.shared = FiberRefs.forkAs(refs, fiber.id())
    }
    return this.shared
  }
}

/** Starts a fiber with the references (context, logger, clock ...) that another fiber had. */
export const fork = <A, E>(
  refs: References,
  effect: Effect.Effect<A, E>,
  options: Runtime.RunForkOptions = {}
): Fiber.RuntimeFiber<A, E> =>
  Runtime.runFork(Runtime.make({
    context: FiberRefs.getOrDefault(refs, FiberRef.currentContext),
    fiberRefs: refs,
    runtimeFlags: Runtime.defaultRuntimeFlags
  }))(effect, options)

/**
 * Starts the fiber that decides about a life that ended; the cell knows it while it runs. It does not begin on this stack: a life that it starts can crash
 * before it returns, and the next decision would be overwritten by this one.
 */
export const supervise = (cell: Cell, effect: Effect.Effect<void>, onEnd: () => void): void => {
  const fiber = fork(cell.inherited, effect, { immediate: false })
  cell.more.supervisor = fiber
  // an observer: a fiber that is interrupted before it begins runs no finalizer
  fiber.addObserver(() => {
    if (cell.more.supervisor === fiber) cell.more.supervisor = undefined
    onEnd()
  })
}

/** Interrupts without waiting. */
export const interrupt = (fiber: Fiber.RuntimeFiber<unknown, unknown>): void =>
  fiber.unsafeInterruptAsFork(FiberId.none)

/** Waits for a fiber's end, whatever it is. */
export const ended = (fiber: LifeFiber): Effect.Effect<void> => Effect.asVoid(Fiber.await(fiber))

/** Interrupts fibers and waits until they ended. */
export const interruptAll = (fibers: Iterable<LifeFiber>): Effect.Effect<void> => Fiber.interruptAll(fibers)

/** A Scope, made without a fiber. */
export const makeScope = (): Scope.CloseableScope => Effect.runSync(Scope.make(ExecutionStrategy.sequential))

/** Runs an effect of a handler with the life's Scope and identity in its context: wanted once a fiber, before the first effect. */
export const withLife = (
  cell: Cell,
  scope: Scope.CloseableScope,
  effect: Effect.Effect<unknown, unknown, unknown>
): Effect.Effect<unknown, unknown, unknown> =>
  Effect.withFiberRuntime((fiber: Fiber.RuntimeFiber<unknown, unknown>) => {
    const { currentContext, setFiberRef } = internals(fiber)
    const context = Context.add(Context.add(currentContext, Scope.Scope, scope), Life, cell)
    setFiberRef.call(fiber, FiberRef.currentContext as FiberRef.FiberRef<unknown>, context)
    return effect
  })

/**
 * Asks from a fiber. No canceler (it costs 3 to 5 times the ask): an interrupted asker is noticed when its request is about to be handled.
 */
export const askFromFiber = (cell: Cell, message: Tagged, millis: number): Effect.Effect<unknown, unknown> =>
  Effect.withFiberRuntime((fiber: Fiber.RuntimeFiber<unknown, unknown>, status) => {
    const asker = lifeOf(fiber)
    if (asker !== undefined) {
      const chain = cycle(asker, cell)
      if (chain !== undefined) return Effect.die(new AskCycle({ chain }))
    }
    const gone = RuntimeFlags.interruptible(status.runtimeFlags) ? internals(fiber) : undefined
    return park((resume) => {
      const { deadlines, now } = cell.system.deadlinesOf(millis)
      const ask = new Ask(cell, message, resume, gone, deadlines, now + millis)
      if (asker !== undefined) asker.asking = { target: cell, ask }
      cell.ask(ask)
    })
  })

/** The ask whose handler runs in this very fiber. */
export const askOf = (fiber: LifeFiber): Ask | undefined => {
  const letter = lifeOf(fiber)?.current
  return letter instanceof Ask ? letter : undefined
}

/** Hears when nobody waits for the answer any more: it is given, its time is up, or the asker was interrupted. Not when `self.reply` gave it, early. */
export const onLeave = (ask: Ask, leave: () => void): void => {
  const { resume } = ask
  ask.resume = (exit) => {
    resume(exit)
    if (!ask.answered) leave()
  }
  const asker = ask.asker as InternalFiber | undefined // see askFromFiber, which made it
  const interruptor = asker?._asyncInterruptor
  if (asker === undefined || interruptor === null || interruptor === undefined) return
  asker._asyncInterruptor = (effect) => {
    interruptor(effect)
    leave()
  }
}

/** The actor whose handler runs in this very fiber. */
const lifeOf = (fiber: Fiber.RuntimeFiber<unknown, unknown>): Cell | undefined => {
  const cell = internals(fiber).currentContext.unsafeMap.get(Life.key) as Cell | undefined
  return cell !== undefined && cell.fiber === fiber ? cell : undefined
}

/** Follows who waits for whom from the asked actor; a chain that comes back to the asker can never end. */
const cycle = (asker: Cell, target: Cell) => {
  const chain = [asker.address]
  let at: Cell | undefined = target
  while (at !== undefined && at.status === BUSY) {
    chain.push(at.address)
    if (at === asker) return chain
    at = at.asking?.ask.pending === true ? at.asking.target : undefined
  }
  return undefined
}

export type LifeExit = Exit.Exit<unknown, unknown>
