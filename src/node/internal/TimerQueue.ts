/**
 * The timers of one node on one heap. Re-arming a timer to a later time touches no heap: its old item comes up early, and is put back. A leader's followers
 * re-arm their election timers at every message, which would otherwise leave thousands of stale items.
 *
 * @internal
 */
import { Heap } from "../../core/Heap.js"

interface Slot<T> {
  readonly timer: T
  /** When it fires; undefined while it is disarmed. */
  deadline: number | undefined
  /** The order of arming, which decides between equal deadlines. */
  armed: number
  /** The time of its one valid item on the heap. */
  queued: number | undefined
}

interface Item<T> {
  readonly at: number
  readonly armed: number
  readonly slot: Slot<T>
}

/** @internal */
export class TimerQueue<T> {
  private readonly slots = new Map<unknown, Slot<T>>()
  private readonly heap = new Heap<Item<T>>((a, b) => a.at < b.at || (a.at === b.at && a.armed < b.armed))
  private count = 0

  arm(timer: T, at: number): void {
    const key = timerKey(timer)
    let slot = this.slots.get(key)
    if (slot === undefined) this.slots.set(key, slot = { timer, deadline: undefined, armed: 0, queued: undefined })
    slot.deadline = at
    slot.armed = ++this.count
    if (slot.queued === undefined || at < slot.queued) this.enqueue(slot, at)
  }

  private enqueue(slot: Slot<T>, at: number): void {
    slot.queued = at
    this.heap.push({ at, armed: slot.armed, slot })
  }

  cancel(timer: T): void {
    const slot = this.slots.get(timerKey(timer))
    if (slot !== undefined) slot.deadline = undefined
  }

  /** Disarms and gives the next timer that is due. */
  due(now: number): { readonly timer: T } | undefined {
    for (let item = this.heap.peek(); item !== undefined && item.at <= now; item = this.heap.peek()) {
      this.heap.pop()
      const { slot } = item
      if (slot.queued !== item.at) continue
      slot.queued = undefined
      if (slot.deadline === undefined) this.slots.delete(timerKey(slot.timer))
      else if (slot.deadline > item.at || slot.armed !== item.armed) this.enqueue(slot, slot.deadline) // re-armed since
      else {
        this.slots.delete(timerKey(slot.timer))
        return slot
      }
    }
    return undefined
  }

  /** When to look again: no timer fires before it. */
  next(): number | undefined {
    return this.heap.peek()?.at
  }
}

/** @internal */
export const timerKey = (timer: unknown): unknown =>
  typeof timer === "object" && timer !== null ? JSON.stringify(timer) : timer
