/**
 * The run ring. `synod bench actor --case ping-pong` measures it, at batch 512, slice 1,024.
 *
 * The budget belongs to the turn of the event loop, not to the drain: a chain of microtasks (a self-tell from a handler that returns an Effect) would
 * otherwise begin each drain with a fresh slice, and no timer would ever fire. The time limit belongs to the turn for the same reason.
 */
import type { Turns } from "../Dispatcher.js"
import { Ring } from "./Ring.js"

/** What is dispatched: an actor's cell while it has mail. */
export interface Runnable {
  /** Messages that wait now. */
  readonly waiting: () => number
  /** Handles up to `limit` messages on this stack and returns how many. Never throws. */
  readonly run: (limit: number) => number
  /** The batch is over. Returns whether there is more to run. Never throws. */
  readonly endBatch: () => boolean
}

const chunk = 64

export class DispatchLoop {
  /** Messages that may still be handled in this turn of the event loop, by the loop itself or by a fiber that drains its own mail. */
  budget: number
  private readonly ready = new Ring<Runnable>()
  private armed = false
  private refilling = false
  /** When the first drain of this turn began. */
  private began: number | undefined = undefined
  /** The budget at which the clock is looked at next. */
  private checkAt: number

  constructor(private readonly turns: Turns) {
    this.budget = turns.slice
    this.checkAt = turns.slice - chunk
  }

  /** Puts a cell into the ring. The caller keeps it from being there twice. */
  schedule(cell: Runnable): void {
    this.ready.push(cell)
    if (this.armed) return
    this.armed = true
    if (this.budget > 0) this.turns.soon(this.drain)
    else this.refillLater()
  }

  private readonly drain = (): void => {
    const { batch, now } = this.turns
    const began = this.began ??= now()
    while (this.budget > 0) {
      const cell = this.ready.shift()
      if (cell === undefined) break
      const present = cell.waiting()
      if (present > 1) this.runBatch(cell, Math.min(batch, present), began)
      else this.spend(Math.max(1, cell.run(1)), began) // a turn costs, even one without mail
      if (cell.endBatch()) this.ready.push(cell)
    }
    this.armed = this.ready.length > 0
    this.refillLater()
  }

  /** Kept out of `drain`, whose loop over cells with one message each is then small enough to be compiled whole: ring 22 to 25 M hops a CPU second. */
  private runBatch(cell: Runnable, quota: number, began: number): void {
    const before = this.budget
    do {
      const used = cell.run(Math.min(quota, chunk))
      quota = used === 0 ? 0 : quota - used
      this.spend(used, began)
    } while (quota > 0 && this.budget > 0)
    if (this.budget === before) this.budget--
  }

  private spend(used: number, began: number): void {
    this.budget -= used
    if (this.budget > this.checkAt) return
    this.checkAt = this.budget - chunk
    if (this.turns.now() - began > this.turns.maxMillis) this.budget = 0
  }

  private refillLater(): void {
    if (this.refilling) return
    this.refilling = true
    this.turns.later(this.onTurn)
  }

  private readonly onTurn = (): void => {
    this.refilling = false
    this.began = undefined
    this.budget = this.turns.slice
    this.checkAt = this.budget - chunk
    // not called from here: inlined into this function, the drain loop was compiled without its callees in one process of three (12 M round trips for 17 M)
    if (this.armed) this.turns.soon(this.drain)
  }
}
