/**
 * The actors of one node: who is alive, who hears of dead letters and of lives, and the parts all cells share.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import type { NodeId } from "../../core/NodeId.js"
import type { Behavior, Definition } from "../Actor.js"
import { AskTimeout, SpawnError } from "../ActorError.js"
import type { ActorRef } from "../ActorRef.js"
import type { LifecycleEvent, SpawnOptions } from "../ActorSystem.js"
import type { DeadLetter, DeadLetterReason } from "../DeadLetters.js"
import type { Terminated } from "../DeathWatch.js"
import type { Turns } from "../Dispatcher.js"
import { Cell } from "./Cell.js"
import { type CellOptions, cellOptions } from "./CellOptions.js"
import { Children } from "./Children.js"
import { Deadlines } from "./Deadlines.js"
import { DispatchLoop } from "./DispatchLoop.js"
import {
  type FiberClass,
  fork,
  Inheritance,
  interruptAll,
  type LifeFiber,
  type References,
  startLife
} from "./fiber.js"
import { shared, Table } from "./Handlers.js"
import { stopAndWait, stopInTurn } from "./Life.js"
import { lapse, Starter, unstashAll } from "./Mail.js"
import { SelfImpl } from "./SelfImpl.js"
import { GATED, IDLE } from "./Status.js"

/** Listeners that lose the oldest news when they are slow; nothing is kept while nobody listens. */
class Topic<A> {
  private readonly listeners = new Set<(value: A) => void>()
  readonly stream: Stream.Stream<A> = Stream.asyncPush<A>(
    (emit) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          const listener = (value: A) => void emit.single(value)
          this.listeners.add(listener)
          return listener
        }),
        (listener) => Effect.sync(() => this.listeners.delete(listener))
      ),
    { bufferSize: 1_024, strategy: "sliding" }
  )

  get isHeard(): boolean {
    return this.listeners.size > 0
  }

  publish(value: A): void {
    for (const listener of this.listeners) listener(value)
  }
}

export class SystemImpl {
  readonly roots = new Children()
  readonly dispatch: DispatchLoop
  readonly noHandlers = new Table({})
  readonly letters = new Topic<DeadLetter>()
  readonly lives = new Topic<LifecycleEvent>()
  readonly counters = { spawned: 0, ended: 0, crashes: 0, deadLetters: 0 }
  private readonly lists = new Map<number, Deadlines>()
  private listsAtMost = 64
  private readonly fibers = new Set<ReturnType<typeof fork>>()
  private readonly inheritance = new Inheritance()
  private incarnations = 0
  private closing = false

  constructor(
    readonly node: NodeId,
    private readonly clock: Clock.Clock,
    private readonly inherited: References,
    readonly FiberClass: FiberClass,
    turns: Turns
  ) {
    this.dispatch = new DispatchLoop(turns)
  }

  /** The list of asks with this timeout, and the time now. */
  deadlinesOf(millis: number): { readonly deadlines: Deadlines; readonly now: number } {
    let deadlines = this.lists.get(millis)
    if (deadlines === undefined) {
      if (this.lists.size >= this.listsAtMost) this.dropEmptyLists()
      deadlines = new Deadlines(
        () => this.clock.unsafeCurrentTimeMillis(),
        (effect) => this.background(effect),
        (ask) => {
          lapse(ask)
          ask.end(Exit.fail(new AskTimeout({ address: ask.target.address, millis })))
        }
      )
      this.lists.set(millis, deadlines)
    }
    return { deadlines, now: this.clock.unsafeCurrentTimeMillis() }
  }

  /** Timeouts that are computed are as many as asks: a list without an ask goes, before there are more than twice as many as are needed. */
  private dropEmptyLists(): void {
    for (const [millis, list] of this.lists) {
      if (!list.isEmpty) continue
      list.close()
      this.lists.delete(millis)
    }
    this.listsAtMost = Math.max(64, 2 * this.lists.size)
  }

  /** Runs `initial` for a new life: at once where it is plain; an effect is what the life's fiber has to run first. */
  begin(cell: Cell): Effect.Effect<unknown, unknown, unknown> | undefined {
    try {
      unstashAll(cell) // the life before put it aside for a state that is gone
      cell.self = new SelfImpl(cell)
      cell.table = this.tableOf(cell)
      const state = cell.definition.initial(cell.self as never)
      if (!Effect.isEffect(state)) {
        cell.state = state
        return undefined
      }
      return cell.inLife(Effect.map(state, (value) => {
        cell.state = value
      }))
    } catch (defect) {
      return Effect.die(defect)
    }
  }

  private background(effect: Effect.Effect<void>): LifeFiber {
    const fiber = fork(this.inherited, effect)
    this.fibers.add(fiber)
    fiber.addObserver(() => this.fibers.delete(fiber))
    return fiber
  }

  tableOf(cell: Cell): Table {
    const { handlers } = cell.definition
    return typeof handlers === "function" ? new Table(handlers(cell.self as never)) : shared(handlers)
  }

  spawn<M, E, R>(
    parent: Cell | undefined,
    behavior: Behavior<M, E, R>,
    options?: SpawnOptions,
    prepare: (cell: Cell) => void = () => {}
  ): Effect.Effect<ActorRef<M>, E | SpawnError, R> {
    return Effect.withFiberRuntime<ActorRef<M>, E | SpawnError, R>((fiber) => {
      const siblings = parent === undefined ? this.roots : parent.children ??= new Children()
      const name = options?.name ?? siblings.freshName(behavior.name)
      const refusal = this.refusal(parent, siblings, name)
      if (refusal !== undefined) {
        return Effect.fail(new SpawnError({ path: `${parent?.path ?? ""}/${name}`, reason: refusal }))
      }
      const cell = this.makeCell(
        parent,
        siblings,
        name,
        behavior.definition,
        cellOptions(options),
        this.inheritance.of(fiber as LifeFiber)
      )
      prepare(cell)
      const begin = this.begin(cell)
      const started = begin === undefined
        ? this.startPlain(cell)
        : this.startAndWait(cell, begin)
      // the cell is the ref, and what it fails to start with is what its behaviour declares
      return started as unknown as Effect.Effect<ActorRef<M>, E | SpawnError, R>
    })
  }

  private refusal(parent: Cell | undefined, siblings: Children, name: string): SpawnError["reason"] | undefined {
    // between two lives there is no parent: a child of the old one would live on in the next
    if (this.closing || parent?.stopRequested === true || (parent?.status ?? IDLE) >= GATED) return "SystemClosing"
    if (name === "" || name.includes("/")) return "InvalidName"
    return siblings.has(name) ? "NameTaken" : undefined
  }

  makeCell(
    parent: Cell | undefined,
    siblings: Children,
    name: string,
    definition: Definition,
    options: CellOptions,
    refs: References
  ): Cell {
    const cell = new Cell(this, parent, siblings, name, ++this.incarnations, definition, options, refs)
    siblings.add(cell)
    this.counters.spawned++
    if (this.lives.isHeard) this.event({ _tag: "Started", address: cell.address, life: 1 })
    return cell
  }

  private startPlain(cell: Cell): Effect.Effect<Cell> {
    startLife(cell, undefined)
    return Effect.succeed(cell)
  }

  /** `initial` is an effect: the spawner waits for its end. A spawner that is interrupted meanwhile leaves nothing behind. */
  private startAndWait(cell: Cell, begin: Effect.Effect<unknown, unknown, unknown>): Effect.Effect<Cell, unknown> {
    // from the first step of `initial` on, an interruption of the spawner is one of the actor
    return Effect.uninterruptibleMask((restore) => {
      const starter = new Starter()
      cell.more.starter = starter
      startLife(
        cell,
        Effect.map(begin, () => {
          cell.more.starter = undefined
          starter.end(Exit.succeed(cell))
        })
      )
      const started = Effect.async<Cell, unknown>((resume) => starter.wait(resume))
      return Effect.onInterrupt(restore(started), () => stopAndWait(cell, 0))
    })
  }

  deadLetter(cell: Cell, message: unknown, reason: DeadLetterReason): void {
    this.counters.deadLetters++
    if (this.letters.isHeard) this.letters.publish({ to: cell.address, message, reason })
  }

  event(event: LifecycleEvent): void {
    if (event.cause !== undefined) {
      this.counters.crashes++
      this.background(
        Effect.annotateLogs(
          event._tag === "Failed"
            ? Effect.logError("actor failed", event.cause)
            : Effect.logWarning("actor crashed", event.cause),
          { actor: event.address.path, life: event.life, outcome: event._tag }
        )
      )
    }
    if (this.lives.isHeard) this.lives.publish(event)
  }

  /** A start that failed is the spawner's to report: it is no crash and not logged. */
  ended(cell: Cell, { address, reason }: Terminated, report: boolean): void {
    this.counters.ended++
    if (!report) {
      const cause = reason._tag === "Failed" ? reason.cause : undefined
      if (this.lives.isHeard) this.lives.publish({ _tag: "Failed", address, life: cell.life, cause })
    } else if (reason._tag === "Failed") this.event({ _tag: "Failed", address, life: cell.life, cause: reason.cause })
    else if (this.lives.isHeard) this.event({ _tag: "Stopped", address, life: cell.life })
  }

  stop(ref: ActorRef<never>, millis: number | undefined): Effect.Effect<void> {
    return Effect.suspend(() => {
      const cell = ref as unknown as Cell // see ActorRef.ts: the cell is the ref
      return stopAndWait(cell, millis ?? cell.options.shutdownMillis)
    })
  }

  await(ref: ActorRef<never>): Effect.Effect<Terminated> {
    return Effect.async<Terminated>((resume) => {
      const cell = ref as unknown as Cell // see ActorRef.ts: the cell is the ref
      if (cell.terminated !== undefined) return resume(Effect.succeed(cell.terminated))
      const watcher = (terminated: Terminated) => resume(Effect.succeed(terminated))
      ;(cell.watchers ??= new Set()).add(watcher)
      return Effect.sync(() => cell.watchers?.delete(watcher))
    })
  }

  /** Stops all roots in reverse start order, then what the system itself runs. */
  readonly close = (millis: number | undefined): Effect.Effect<void> =>
    Effect.suspend(() => {
      this.closing = true
      const roots = this.roots.inStopOrder()
      return stopInTurn(
        roots,
        millis ?? roots.reduce((longest, { options }) => Math.max(longest, options.shutdownMillis), 0)
      )
    }).pipe(Effect.zipRight(Effect.suspend(() => interruptAll(this.fibers))))
}
