/**
 * The one file that touches fiber internals: parking, forking, asking, and the Scope and identity of a life in its fiber's context.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import * as Runtime from "effect/Runtime"
import * as RuntimeFlags from "effect/RuntimeFlags"
import * as Scope from "effect/Scope"
import type { Tagged } from "../Actor.js"
import { AskCycle } from "../ActorError.js"
import type { Cell } from "./Cell.js"
import { Ask } from "./Letters.js"

/** The fiber of a life, or one that serves it. */
export type LifeFiber = Fiber.RuntimeFiber<unknown, unknown>

/** What a fiber gives to those it starts: context, logger, clock. */
export type References = FiberRefs.FiberRefs

/** What of Effect's own fiber class is used beyond its public interface. */
interface InternalFiber extends Fiber.RuntimeFiber<unknown, unknown> {
  readonly currentContext: Context.Context<never>
  readonly isInterrupted: () => boolean
  readonly setFiberRef: <A>(ref: FiberRef.FiberRef<A>, value: A) => void
}

// both are true of every fiber that effect 3.22 makes; the tests of this room run each use
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

/** Parks the current fiber until it is given an effect to run. */
export const park = (register: (resume: (effect: Effect.Effect<unknown, unknown>) => void) => void) =>
  Effect.async<unknown, unknown>((resume) => register(resume))

const loop = (body: LoopBody): Effect.Effect<void, unknown, unknown> =>
  Effect.whileLoop({ while: body.isAlive, body: body.next, step: body.settle })

/** How a life begins where its parent fiber is at hand. */
export const forkLife = (
  cell: Cell,
  begin: Effect.Effect<unknown, unknown, unknown> | undefined,
  flags: RuntimeFlags.RuntimeFlags
): Effect.Effect<void> => {
  const life = begin === undefined ? loop(cell) : Effect.zipRight(begin, loop(cell))
  // a life must be interruptible at its deadline, also when the spawner was in an uninterruptible region (a Layer, an acquire)
  const program = RuntimeFlags.interruptible(flags) ? life : Effect.interruptible(life)
  return Effect.map(Effect.forkDaemon(program as Effect.Effect<void, unknown>), (fiber) => observe(cell, fiber))
}

/** How a life begins again, from what the spawner's fiber gave. */
export const restartLife = (cell: Cell, begin: Effect.Effect<unknown, unknown, unknown> | undefined): void => {
  const life = begin === undefined ? loop(cell) : Effect.zipRight(begin, loop(cell))
  observe(cell, fork(cell.inherited, life as Effect.Effect<void, unknown>))
}

const observe = (cell: Cell, fiber: Fiber.RuntimeFiber<void, unknown>): void => {
  cell.fiber = fiber
  fiber.addObserver((exit) => cell.onExit(exit))
}

/** Starts a fiber with the references (context, logger, clock ...) that another fiber had. */
export const fork = <A, E>(
  refs: References,
  effect: Effect.Effect<A, E>
): Fiber.RuntimeFiber<A, E> =>
  Runtime.runFork(Runtime.make({
    context: FiberRefs.getOrDefault(refs, FiberRef.currentContext),
    fiberRefs: refs,
    runtimeFlags: Runtime.defaultRuntimeFlags
  }))(effect)

/** Starts the fiber that decides about a life that ended; the cell knows it while it runs. */
export const supervise = (cell: Cell, effect: Effect.Effect<void>): void => {
  const fiber = fork(cell.inherited, effect)
  cell.more.supervisor = fiber
  fiber.addObserver(() => {
    if (cell.more.supervisor === fiber) cell.more.supervisor = undefined
  })
}

/** Interrupts without waiting. */
export const interrupt = (fiber: Fiber.RuntimeFiber<unknown, unknown>): void =>
  fiber.unsafeInterruptAsFork(FiberId.none)

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
    return Effect.async<unknown, unknown>((resume) => {
      const { deadlines, now } = cell.system.deadlinesOf(millis)
      const ask = new Ask(cell, message, resume, gone, deadlines, now + millis)
      if (asker !== undefined) asker.asking = { target: cell, ask }
      cell.ask(ask)
    })
  })

/** The actor whose handler runs in this very fiber. */
const lifeOf = (fiber: Fiber.RuntimeFiber<unknown, unknown>): Cell | undefined => {
  const cell = internals(fiber).currentContext.unsafeMap.get(Life.key) as Cell | undefined
  return cell !== undefined && cell.fiber === fiber ? cell : undefined
}

/** Follows who waits for whom from the asked actor; a chain that comes back to the asker can never end. */
const cycle = (asker: Cell, target: Cell) => {
  const chain = [asker.address]
  let at: Cell | undefined = target
  while (at !== undefined && at.isBusy) {
    chain.push(at.address)
    if (at === asker) return chain
    at = at.asking?.ask.pending === true ? at.asking.target : undefined
  }
  return undefined
}

export type LifeExit = Exit.Exit<void, unknown>
