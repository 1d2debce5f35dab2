/**
 * What travels through a mailbox besides the user's own messages. Users cannot construct these: handlers recognise the class, not the tag.
 */
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type { Tagged } from "../Actor.js"
import type { Terminated } from "../DeathWatch.js"
import type { Cell } from "./Cell.js"
import type { Deadlines } from "./Deadlines.js"

/** An answer and the next state. */
export class Answered<A, S> {
  constructor(readonly value: A, readonly next: S) {}
}

const none = Symbol("synod/later")

/** No answer yet: the next state only. */
export const later = <S>(next: S): Answered<never, S> => new Answered(none as never, next)

export const isLater = (answered: Answered<unknown, unknown>): boolean => answered.value === none

/** Whether a handler's result needs a second look: an Effect, or an `Answered`, which carries the mark of one so that the hot path makes one test. */
export const isSpecial = (result: object): boolean => Effect.EffectTypeId in result
Object.defineProperty(Answered.prototype, Effect.EffectTypeId, { value: undefined })

export const askTag = "synod/Ask"
export const noteTag = "synod/Note"

/** A request on its way to its answer. In the deadline list of its timeout while it waits. */
export class Ask implements Tagged {
  readonly _tag = askTag
  pending = true
  stashed = false
  /** `self.reply` answered it: another answer is a second one. */
  answered = false
  before: Ask | undefined = undefined
  after: Ask | undefined = undefined
  constructor(
    readonly target: Cell,
    readonly message: Tagged,
    public resume: (exit: Exit.Exit<unknown, unknown>) => void,
    /** The fiber that waits, where an interruption can end its waiting. */
    readonly asker: { readonly isInterrupted: () => boolean } | undefined,
    readonly deadlines: Deadlines,
    readonly deadline: number
  ) {}

  /** Whether somebody still waits for the answer. */
  isWanted(): boolean {
    return this.pending && !(this.asker !== undefined && this.asker.isInterrupted())
  }

  /** The first end wins; false for another. */
  end(exit: Exit.Exit<unknown, unknown>): boolean {
    if (!this.pending) return false
    this.pending = false
    this.deadlines.remove(this)
    this.resume(exit)
    return true
  }
}

/** A message of the runtime to an actor: a tick, the end of a watched actor, the result of a pipe. `open` gives the user's message, or nothing when it is stale. */
export class Note implements Tagged {
  readonly _tag = noteTag
  /** The user's message, once it is opened. */
  message: Tagged | undefined = undefined
  constructor(readonly open: () => Tagged | undefined, readonly handled?: () => void) {}
}

export type Watcher = (terminated: Terminated) => void
