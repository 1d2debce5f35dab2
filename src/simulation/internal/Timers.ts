/**
 * The timers of one life of a node. A timer that is armed again before it was due keeps its event in the queue, which then moves on to the new deadline: most
 * timers of a protocol are re-armed long before they are due.
 *
 * @internal
 */

/** @internal */
export interface Slot<T> {
  readonly timer: T
  isArmed: boolean
  deadline: number
  /** When its event in the queue is due; Infinity where it has none. An event of another time is stale. */
  queuedFor: number
  readonly onEvent: () => void
}

/** @internal */
export interface Clock {
  readonly now: number
  at(delay: number, run: () => void): void
}

/** @internal */
export class Timers<T> {
  private readonly slots = new Map<unknown, Slot<T>>()
  private isEnded = false

  /** `due` hears of every timer whose deadline came while it was armed. */
  constructor(private readonly clock: Clock, private readonly due: (slot: Slot<T>) => void) {}

  /** The slot of a timer. A timer that is no string is known by its JSON, as a driver knows it. */
  slot(timer: T): Slot<T> {
    const key = typeof timer === "string" ? timer : JSON.stringify(timer)
    let slot = this.slots.get(key)
    if (slot === undefined) {
      const made: Slot<T> = {
        timer,
        isArmed: false,
        deadline: 0,
        queuedFor: Infinity,
        onEvent: () => this.onEvent(made)
      }
      this.slots.set(key, slot = made)
    }
    return slot
  }

  arm(slot: Slot<T>, deadline: number): void {
    slot.isArmed = true
    slot.deadline = deadline
    if (deadline < slot.queuedFor) this.queue(slot)
  }

  /** Every armed timer is due so much earlier, at the earliest now. */
  advance(micros: number): void {
    const { now } = this.clock
    for (const slot of this.slots.values()) {
      if (slot.isArmed && slot.deadline > now) this.arm(slot, Math.max(now, slot.deadline - micros))
    }
  }

  /** Nothing of this life fires any more. */
  end(): void {
    this.isEnded = true
  }

  private queue(slot: Slot<T>): void {
    slot.queuedFor = slot.deadline
    this.clock.at(slot.deadline - this.clock.now, slot.onEvent)
  }

  private onEvent(slot: Slot<T>): void {
    if (this.isEnded || this.clock.now !== slot.queuedFor) return
    slot.queuedFor = Infinity
    if (!slot.isArmed) return
    if (slot.deadline > this.clock.now) this.queue(slot)
    else this.due(slot)
  }
}
