/**
 * Mail off the hot path: what waits for room, what is put aside, what is answered later, and what becomes of mail that nobody will handle.
 */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import type { Tagged } from "../Actor.js"
import { ActorTerminated, MailboxFull } from "../ActorError.js"
import type { DeadLetterReason } from "../DeadLetters.js"
import type { Reason } from "../DeathWatch.js"
import type { Mailbox } from "../Mailbox.js"
import type { Cell } from "./Cell.js"
import { Declared } from "./Declared.js"
import type { LifeFiber } from "./fiber.js"
import { Answered, Ask, isLater, Note } from "./Letters.js"
import type { BackoffDriver } from "./Life.js"
import { Ring } from "./Ring.js"

/** A sender that waits for room. */
interface Sender {
  readonly message: Tagged
  readonly resume: () => void
  waiting: boolean
}

/** A spawner and the end of the first `initial`, whichever comes first. */
export class Starter {
  private exit: Exit.Exit<Cell, unknown> | undefined = undefined
  private resume: ((exit: Exit.Exit<Cell, unknown>) => void) | undefined = undefined

  end(exit: Exit.Exit<Cell, unknown>): void {
    this.exit = exit
    this.resume?.(exit)
  }

  wait(resume: (exit: Exit.Exit<Cell, unknown>) => void): void {
    this.resume = resume
    if (this.exit !== undefined) resume(this.exit)
  }
}

/** What is allocated only for actors that use it. */
export class Extras {
  stash: Array<Tagged> = []
  /** First come, first served. */
  readonly senders = new Ring<Sender>()
  /** Requests that are answered later. */
  readonly owed = new Map<Tagged, Array<Ask>>()
  /** Requests for whose answer nobody waits any more: an answer that comes is dropped. */
  readonly lapsed = new WeakSet<Tagged>()
  crashes: Array<number> = []
  backoff: BackoffDriver | undefined = undefined
  /** Interrupts the handler that outlives a stop. */
  deadline: LifeFiber | undefined = undefined
  /** Decides about a life that ended. */
  supervisor: LifeFiber | undefined = undefined
  /** Hears how the first `initial` ended. */
  starter: Starter | undefined = undefined
}

/** Without a bound: more than memory holds, and still a small integer, which `Infinity` is not. */
const most = 0x3fffffff

/** How many messages a mailbox holds. */
export const capacityOf = (mailbox: Mailbox): number => Math.min(mailbox.capacity, most)

/** Room came back: who waits enters, in order. */
export const admit = (cell: Cell, { senders, stash }: Extras): void => {
  const capacity = capacityOf(cell.options.mailbox) - stash.length + cell.notes
  while (senders.length > 0 && cell.mailbox.length < capacity) {
    const sender = senders.shift()!
    if (!sender.waiting) continue
    cell.mailbox.push(sender.message)
    sender.resume()
  }
  cell.bound = senders.length > 0 ? 0 : capacity
}

/** Puts the current message aside; false when stash and mailbox hold their bound. */
export const stash = (cell: Cell, message: Tagged): boolean => {
  const { stash } = cell.more
  if (cell.mailbox.length - cell.notes + stash.length >= cell.options.mailbox.capacity) return false
  const letter = cell.current instanceof Ask && cell.current.message === message ? cell.current : message
  if (letter instanceof Ask) letter.stashed = true
  stash.push(letter)
  if (cell.bound > 0) cell.bound--
  return true
}

/** Puts the stash before the waiting mail. */
export const unstashAll = (cell: Cell): void => {
  if (cell.extras === undefined) return
  const { stash } = cell.extras
  cell.extras.stash = []
  for (const letter of stash.toReversed()) {
    if (letter instanceof Ask) letter.stashed = false
    cell.mailbox.unshift(letter)
  }
  admit(cell, cell.extras)
}

/** What a handler returned answers its request: now or later. */
export const conclude = (cell: Cell, letter: Tagged, outcome: Answered<unknown, unknown> | Declared): void => {
  if (outcome instanceof Answered && isLater(outcome)) {
    if (!(letter instanceof Ask)) cell.more.lapsed.add(letter) // it was told
    else if (letter.pending && !letter.stashed) owe(cell, letter)
  } else if (letter instanceof Ask) {
    if (letter.answered) deadLetter(cell, letter, "answered-twice")
    else letter.end(outcome instanceof Declared ? Exit.fail(outcome.error) : Exit.succeed(outcome.value))
  }
}

/** Remembers a request that is answered later. */
const owe = (cell: Cell, ask: Ask): void => {
  const { owed } = cell.more
  const same = owed.get(ask.message)
  if (same === undefined) owed.set(ask.message, [ask])
  else same.push(ask)
}

/**
 * Answers what was answered by `later`, or the request that is being handled. The oldest ask of that request is meant. A second answer is reported, one that
 * comes too late is dropped.
 */
export const reply = (cell: Cell, message: Tagged, exit: Exit.Exit<unknown, unknown>): void => {
  const same = cell.extras?.owed.get(message)
  const ask = same?.shift()
  if (ask !== undefined) {
    if (same!.length === 0) cell.extras!.owed.delete(message)
    ask.end(exit)
    return
  }
  const { current } = cell
  if (current instanceof Ask && current.message === message && !current.answered) {
    current.answered = true
    current.end(exit)
  } else if (cell.extras?.lapsed.has(message) !== true) cell.system.deadLetter(cell, message, "answered-twice")
}

/** An ask gave up: nothing of it is kept, and an answer that comes is dropped. */
export const lapse = (ask: Ask): void => {
  const { message, target: { extras } } = ask
  const same = extras?.owed.get(message)
  if (extras === undefined || same === undefined) return
  const others = same.filter((other) => other !== ask)
  if (others.length === 0) extras.owed.delete(message)
  else extras.owed.set(message, others)
  extras.lapsed.add(message)
}

/** Ends what is owed by a life that is over. */
export const forgetOwed = (cell: Cell, reason: Reason): void => {
  if (cell.extras === undefined) return
  for (const [message, asks] of cell.extras.owed) {
    for (const ask of asks) endAsk(ask, reason)
    cell.extras.lapsed.add(message)
  }
  cell.extras.owed.clear()
}

/** Disposes of all mail: nothing will be handled any more. */
export const disposeAll = (cell: Cell, reason: Reason): void => {
  for (let letter = cell.mailbox.shift(); letter !== undefined; letter = cell.mailbox.shift()) {
    dispose(cell, letter, "terminated", reason)
  }
  if (cell.extras === undefined) return
  const { senders, stash } = cell.extras
  cell.extras.stash = []
  for (const letter of stash) dispose(cell, letter, "stash-lost", reason)
  for (let sender = senders.shift(); sender !== undefined; sender = senders.shift()) {
    if (!sender.waiting) continue
    deadLetter(cell, sender.message, "terminated")
    sender.resume()
  }
}

/** The letter whose handler crashed: consumed, reported, never replayed. */
export const poison = (cell: Cell, reason: Reason): void => {
  const letter = cell.current
  cell.current = undefined
  if (letter === undefined) return
  if (cell.extras !== undefined) cell.extras.stash = cell.extras.stash.filter((other) => other !== letter)
  dispose(cell, letter, "poison", reason)
}

const dispose = (cell: Cell, letter: Tagged, as: DeadLetterReason, reason: Reason): void => {
  if (letter instanceof Note) {
    if (letter.message !== undefined) deadLetter(cell, letter.message, as)
    return letter.handled?.()
  }
  if (letter instanceof Ask && !letter.isWanted()) return letter.deadlines.remove(letter)
  deadLetter(cell, letter, as)
  if (letter instanceof Ask) endAsk(letter, reason)
}

export const unknownTag = (message: Tagged): Reason => ({
  _tag: "Failed",
  cause: Cause.die(new Error(`no handler for ${message._tag}`))
})

/** A message that the bound has no room for. An ask that nobody waits for any more is no loss. */
export const lose = (cell: Cell, letter: Tagged): void => {
  if (letter instanceof Ask && !letter.isWanted()) return letter.deadlines.remove(letter)
  deadLetter(cell, letter, "overflow")
  if (!(letter instanceof Ask)) return
  letter.end(Exit.fail(new MailboxFull({ address: cell.address, capacity: cell.options.mailbox.capacity })))
}

export const endAsk = (ask: Ask, reason: Reason): void => {
  ask.end(Exit.fail(new ActorTerminated({ address: ask.target.address, reason })))
}

export const deadLetter = (cell: Cell, letter: Tagged, reason: DeadLetterReason): void =>
  cell.system.deadLetter(cell, letter instanceof Ask ? letter.message : letter, reason)
