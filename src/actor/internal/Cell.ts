/**
 * An actor: its mailbox, its state and whose turn it is. The hot path of the room; what happens at a crash or an end is in `Life.ts`.
 * `Status.ts` has the states.
 *
 * While IDLE, READY or RUNNING the life's fiber is parked and `resume` is its continuation.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import type { Definition, Tagged } from "../Actor.js"
import { TypeId, type Verdict } from "../ActorRef.js"
import type { Address, Reason, Terminated } from "../DeathWatch.js"
import type { CellOptions } from "./CellOptions.js"
import type { Children } from "./Children.js"
import { Declared, declared, isRequest } from "./Declared.js"
import type { DispatchLoop, Runnable } from "./DispatchLoop.js"
import { type LifeExit, type LifeFiber, type LoopBody, makeScope, park, type References, withLife } from "./fiber.js"
import type { GroupLife } from "./GroupLife.js"
import type { Table } from "./Handlers.js"
import { Answered, Ask, askTag, isSpecial, Note, noteTag, type Watcher } from "./Letters.js"
import * as Life from "./Life.js"
import { admit, capacityOf, conclude, deadLetter, endAsk, Extras, lose, unknownTag } from "./Mail.js"
import { Ring } from "./Ring.js"
import type { SelfImpl } from "./SelfImpl.js"
import { BUSY, CLOSED, IDLE, READY, RUNNING } from "./Status.js"
import type { SystemImpl } from "./SystemImpl.js"

const wake = Effect.succeed(Symbol.for("synod/wake"))
const woken = Symbol.for("synod/wake")

export class Cell implements Runnable, LoopBody {
  // what every message needs comes first, so that it lies together: ring 28 to 29.5 M hops a CPU second
  status = BUSY
  accepting = true
  /** No more mail is handled. */
  halt = false
  stopRequested = false
  /** How long the mailbox may be now: the capacity without the stash; 0 while senders wait. Notes count on top. */
  bound: number
  table: Table
  state: unknown = undefined
  extras: Extras | undefined = undefined
  private readonly afterEach: ((state: unknown) => unknown) | undefined
  private readonly dispatch: DispatchLoop
  readonly mailbox = new Ring<Tagged>()

  /**
   * The letter that is being handled, until its handler has ended: an ask, a note, and what ended in an effect or a crash. Nobody asks for another, and a store into
   * an old object is dear (ping-pong 11 M round trips a CPU second with it, 12.5 M without).
   */
  current: Tagged | undefined = undefined
  alive = true
  life = 1
  fiber: LifeFiber | undefined = undefined
  scope: Scope.CloseableScope | undefined = undefined
  /** The fiber of this life has the Scope in its context. */
  scoped = false
  children: Children | undefined = undefined
  watchers: Set<Watcher> | undefined = undefined
  terminated: Terminated | undefined = undefined
  asking: { readonly target: Cell; readonly ask: Ask } | undefined = undefined
  self: SelfImpl | undefined = undefined
  group: GroupLife | undefined = undefined
  /** Why a stop was asked for, where it was for a crash of others. */
  verdict: Reason | undefined = undefined
  notes = 0
  private resume: ((effect: Effect.Effect<unknown, unknown>) => void) | undefined = undefined

  constructor(
    readonly system: SystemImpl,
    readonly parent: Cell | undefined,
    readonly siblings: Children,
    readonly name: string,
    readonly incarnation: number,
    readonly definition: Definition,
    readonly options: CellOptions,
    /** The references of the spawner's fiber: context, logger, clock. */
    readonly inherited: References
  ) {
    this.bound = capacityOf(options.mailbox)
    this.afterEach = definition.afterBatch as ((state: unknown) => unknown) | undefined // of this actor's own state
    this.dispatch = system.dispatch
    this.table = system.noHandlers
  }

  get [TypeId](): (message: never) => void {
    return () => {}
  }

  get path(): string {
    return this.parent === undefined ? `/${this.name}` : `${this.parent.path}/${this.name}`
  }

  get address(): Address {
    return { node: this.system.node, path: this.path, incarnation: this.incarnation }
  }

  get more(): Extras {
    return this.extras ??= new Extras()
  }

  // ---- sending

  tell(message: Tagged): Verdict {
    if (!this.accepting) return this.refuse(message)
    if (this.mailbox.length >= this.bound) return this.overflow(message)
    this.enqueue(message)
    return "enqueued"
  }

  /** The form that can wait: an effect when the sender has to, nothing when the message is through. */
  offer(message: Tagged): Effect.Effect<void> | undefined {
    const { overflow } = this.options.mailbox
    if (overflow !== "suspend" || !this.accepting || this.mailbox.length < this.bound) {
      this.tell(message)
      return undefined
    }
    return Effect.async<void>((resume) => {
      if (!this.accepting || this.mailbox.length < this.bound) {
        this.tell(message)
        return resume(Effect.void)
      }
      const sender = { message, resume: () => resume(Effect.void), waiting: true }
      this.more.senders.push(sender)
      this.bound = 0
      return Effect.sync(() => {
        sender.waiting = false
      })
    })
  }

  ask(ask: Ask): void {
    if (!this.accepting) {
      deadLetter(this, ask, "terminated")
      return endAsk(ask, this.terminated?.reason ?? { _tag: "Stopped" })
    }
    if (this.mailbox.length >= this.bound && !this.makeRoom()) return lose(this, ask)
    if (ask.deadline < Number.POSITIVE_INFINITY) ask.deadlines.add(ask)
    this.enqueue(ask)
  }

  /** Letters of the runtime: bounded by their sources, never refused for want of room. */
  note(note: Note): void {
    if (this.status === CLOSED || this.halt) return
    this.notes++
    this.bound++
    this.enqueue(note)
  }

  private enqueue(letter: Tagged): void {
    this.mailbox.push(letter)
    if (this.status === IDLE) {
      this.status = READY
      this.dispatch.schedule(this)
    }
  }

  private refuse(message: Tagged): Verdict {
    deadLetter(this, message, "terminated")
    return "terminated"
  }

  private overflow(message: Tagged): Verdict {
    if (this.makeRoom()) {
      this.enqueue(message)
      return "enqueued"
    }
    deadLetter(this, message, "overflow")
    return "dropped"
  }

  /** Under `drop-oldest`, loses the oldest user message. */
  private makeRoom(): boolean {
    if (this.options.mailbox.overflow !== "drop-oldest") return false
    const oldest = this.mailbox.take((letter) => !(letter instanceof Note))
    if (oldest === undefined) return false // all room is taken by the stash
    lose(this, oldest)
    return true
  }

  // ---- running, on the dispatcher's stack

  waiting(): number {
    return this.mailbox.length
  }

  run(limit: number): number {
    if (this.status > RUNNING) return 0 // an earlier chunk of this batch gave the turn to the fiber
    this.status = RUNNING
    let done = 0
    while (done < limit && !this.halt) {
      const letter = this.mailbox.shift()
      if (letter === undefined) break
      done++
      const effect = this.handle(letter)
      if (effect !== undefined) {
        this.status = BUSY
        this.resumeWith(effect)
        return done
      }
    }
    return done
  }

  endBatch(): boolean {
    if (this.status !== RUNNING) return false // the fiber has it
    if (this.extras !== undefined) admit(this, this.extras)
    const effect = this.afterBatch()
    if (effect !== undefined || this.isDone()) {
      this.status = BUSY
      if (effect === undefined) this.alive = false
      this.resumeWith(effect ?? wake)
      return false
    }
    if (this.mailbox.length > 0) {
      this.status = READY
      return true
    }
    this.status = IDLE
    return false
  }

  /** Handles one letter; an effect is what its fiber has to run. */
  private handle(letter: Tagged): Effect.Effect<unknown, unknown, unknown> | undefined {
    try {
      const handler = this.table.find(letter._tag)
      const result = handler === undefined ? this.special(letter) : handler(this.state, letter)
      if (result !== this.state) {
        if (typeof result === "object" && result !== null && isSpecial(result)) {
          this.current = letter
          return this.resolve(letter, result)
        }
        this.state = result
      }
      if (handler === undefined) this.current = undefined
    } catch (defect) {
      this.current = letter
      return Effect.die(defect)
    }
    return undefined
  }

  /** Letters that are no user message. */
  private special(letter: Tagged): unknown {
    this.current = letter
    if (letter instanceof Ask && letter._tag === askTag) {
      if (!letter.isWanted()) {
        letter.deadlines.remove(letter)
        return this.state
      }
      const { message } = letter
      if (this.table.find(message._tag) === undefined) endAsk(letter, unknownTag(message))
      return this.deliver(message)
    }
    if (letter instanceof Note && letter._tag === noteTag) {
      this.notes--
      this.bound--
      letter.message = letter.open()
      const result = letter.message === undefined ? this.state : this.deliver(letter.message)
      if (typeof result !== "object" || result === null || !isSpecial(result)) letter.handled?.()
      return result
    }
    return this.deliver(letter)
  }

  private deliver(message: Tagged): unknown {
    const handler = this.table.find(message._tag)
    if (handler !== undefined) return handler(this.state, message)
    deadLetter(this, message, "undecodable")
    return this.state
  }

  /** A result that is not the next state itself. */
  private resolve(letter: Tagged, result: object): Effect.Effect<unknown, unknown, unknown> | undefined {
    if (result instanceof Answered) {
      this.answer(letter, result)
      return undefined
    }
    const effect = result as Effect.Effect<unknown, unknown, unknown> // it carries the mark of an Effect
    const said = letter instanceof Note ? letter.message : letter
    const declares = said instanceof Ask || (said !== undefined && isRequest(said))
    if (Exit.isExit(effect)) {
      const exit = declares && Exit.isFailure(effect) ? declared(effect.cause) : effect // an Exit too
      if (!Exit.isExit(exit) || Exit.isFailure(exit)) return exit
      this.settle(exit.value)
      return undefined
    }
    return this.inLife(declares ? Effect.catchAllCause(effect, declared) : effect)
  }

  /** Provides the life's Scope, made when the first effect of the life asks for it. */
  inLife(effect: Effect.Effect<unknown, unknown, unknown>): Effect.Effect<unknown, unknown, unknown> {
    if (this.stopRequested) Life.armDeadline(this, this.options.shutdownMillis)
    if (this.scoped) return effect
    this.scoped = true
    return withLife(this, this.lifeScope(), effect)
  }

  lifeScope(): Scope.CloseableScope {
    return this.scope ??= makeScope()
  }

  private answer(letter: Tagged, answered: Answered<unknown, unknown>): void {
    this.state = answered.next
    this.current = undefined
    if (letter instanceof Note) letter.handled?.()
    conclude(this, letter, answered)
  }

  private afterBatch(): Effect.Effect<unknown, unknown, unknown> | undefined {
    if (this.afterEach === undefined) return undefined
    try {
      this.state = this.afterEach(this.state)
      return undefined
    } catch (defect) {
      return Effect.die(defect)
    }
  }

  private isDone(): boolean {
    return this.halt || (this.stopRequested && this.mailbox.length === 0)
  }

  private resumeWith(effect: Effect.Effect<unknown, unknown, unknown>): void {
    const { resume } = this
    this.resume = undefined
    // the handlers' requirements are in the fiber's context: `spawn` asked for them
    resume?.(effect as Effect.Effect<unknown, unknown>)
  }

  // ---- running, in the life's fiber

  readonly isAlive = (): boolean => this.alive

  readonly next = (): Effect.Effect<unknown, unknown, unknown> => {
    for (let left = 64; left > 0 && !this.halt && this.dispatch.budget > 0; left--) {
      const letter = this.mailbox.shift()
      if (letter === undefined) break
      this.dispatch.budget--
      this.status = RUNNING
      const effect = this.handle(letter)
      this.status = BUSY
      if (effect !== undefined) return effect
    }
    if (this.extras !== undefined) admit(this, this.extras)
    const crash = this.afterBatch()
    if (crash !== undefined) return crash
    if (this.isDone()) {
      this.alive = false
      return wake
    }
    return this.parked ??= park(this.register)
  }

  private parked: Effect.Effect<unknown, unknown> | undefined = undefined

  private readonly register = (resume: (effect: Effect.Effect<unknown, unknown>) => void): void => {
    this.resume = resume
    if (this.mailbox.length > 0) {
      this.status = READY
      this.dispatch.schedule(this)
    } else {
      this.status = IDLE
    }
  }

  readonly settle = (value: unknown): void => {
    const letter = this.current
    if (value === woken || letter === undefined) return
    this.asking = undefined
    if (value instanceof Answered) return this.answer(letter, value)
    this.current = undefined
    if (letter instanceof Note) letter.handled?.()
    if (!(value instanceof Declared)) this.state = value
    else if (letter instanceof Ask) conclude(this, letter, value)
  }

  /** The life's fiber has ended. */
  readonly onExit = (exit: LifeExit): void => {
    this.fiber = undefined
    this.resume = undefined
    this.scoped = false
    this.asking = undefined
    Life.onExit(this, exit)
  }

  /** Ends this life, not the actor: its group begins the next. */
  leave(): void {
    this.halt = true
    this.endIfIdle()
  }

  /** Ends a life that waits. */
  endIfIdle(): void {
    if (this.status !== IDLE) return
    this.status = BUSY
    this.alive = false
    this.resumeWith(wake)
  }
}
