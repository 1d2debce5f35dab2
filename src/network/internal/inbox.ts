/**
 * The endpoints of one process, and their inbound queues: deliveries are asynchronous, in order, bounded, and stop while an endpoint is paused.
 * One turn delivers at most `turnSize` messages over all endpoints, then lets the event loop breathe: a chatty pair cannot starve timers.
 */
import type { NodeId } from "../../core/NodeId.js"
import type { JoinOptions } from "../Network.js"
import type { Ledger } from "./ledger.js"

const turnSize = 1_024

export interface Inbox {
  readonly options: JoinOptions<unknown>
  readonly queue: Array<{ readonly from: NodeId; readonly message: unknown }>
  head: number
  isPaused: boolean
  isOpen: boolean
}

export const makeInbox = (options: JoinOptions<unknown>): Inbox => ({
  options,
  queue: [],
  head: 0,
  isPaused: false,
  isOpen: true
})

/** Hands a message to the receiver; its throw is ours to survive. */
export const receive = (inbox: Inbox, from: NodeId, message: unknown, ledger: Ledger): void => {
  ledger.received++
  try {
    inbox.options.receive(from, message)
  } catch (error) {
    ledger.refuse(inbox.options.node, "receiver-failed", String(error))
  }
}

export class Deliveries {
  private readonly ready: Array<Inbox> = []
  private isArmed = false
  /** Spent since the last macrotask. */
  private spent = 0

  constructor(
    private readonly ledger: Ledger,
    private readonly capacity: number,
    private readonly schedule: ((turn: () => void) => void) | undefined
  ) {}

  offer(inbox: Inbox, from: NodeId, message: unknown): void {
    if (inbox.queue.length - inbox.head >= this.capacity) return this.ledger.drop("buffer-full")
    inbox.queue.push({ from, message })
    if (!inbox.isPaused && inbox.queue.length - inbox.head === 1) this.enqueue(inbox)
  }

  resume(inbox: Inbox): void {
    if (!inbox.isPaused) return
    inbox.isPaused = false
    if (inbox.queue.length > inbox.head && !this.ready.includes(inbox)) this.enqueue(inbox)
  }

  private enqueue(inbox: Inbox): void {
    this.ready.push(inbox)
    this.arm()
  }

  private arm(): void {
    if (this.isArmed) return
    this.isArmed = true
    if (this.schedule !== undefined) this.schedule(this.turn)
    else if (this.spent < turnSize) queueMicrotask(this.turn)
    else setImmediate(this.turn)
  }

  private readonly turn = (): void => {
    this.isArmed = false
    if (this.spent === 0) setImmediate(this.refill)
    let budget = turnSize - this.spent
    if (budget <= 0) budget = turnSize
    for (let inbox = this.ready[0]; inbox !== undefined && budget > 0; inbox = this.ready[0]) {
      budget -= this.drain(inbox, budget)
      this.ready.shift()
      if (inbox.isOpen && !inbox.isPaused && inbox.queue.length > inbox.head) this.ready.push(inbox)
    }
    this.spent = turnSize - budget
    if (this.ready.length > 0) this.arm()
  }

  private readonly refill = (): void => {
    this.spent = 0
  }

  private drain(inbox: Inbox, budget: number): number {
    const present = Math.min(budget, inbox.queue.length - inbox.head)
    let n = 0
    for (; n < present && inbox.isOpen && !inbox.isPaused; n++) {
      const { from, message } = inbox.queue[inbox.head++]!
      receive(inbox, from, message, this.ledger)
    }
    if (inbox.head === inbox.queue.length || inbox.head > turnSize) {
      inbox.queue.splice(0, inbox.head)
      inbox.head = 0
    }
    return n
  }
}
