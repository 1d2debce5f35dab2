/**
 * When asks give up. One list for each distinct timeout, so its asks end in the order in which they began, and an ask that is answered leaves in O(1): an
 * `Effect.timeout` around each ask cost 30 times as much. One sleeping fiber a list, on the Effect Clock.
 */
import * as Effect from "effect/Effect"
import { interrupt, type LifeFiber } from "./fiber.js"
import type { Ask } from "./Letters.js"

export class Deadlines {
  private first: Ask | undefined = undefined
  private last: Ask | undefined = undefined
  private asleep = false
  private sleeper: LifeFiber | undefined = undefined

  constructor(
    private readonly now: () => number,
    private readonly fork: (effect: Effect.Effect<void>) => LifeFiber,
    private readonly expire: (ask: Ask) => void
  ) {}

  get isEmpty(): boolean {
    return this.first === undefined
  }

  /** An empty list is given up. */
  close(): void {
    if (this.sleeper !== undefined) interrupt(this.sleeper)
  }

  add(ask: Ask): void {
    ask.before = this.last
    if (this.last === undefined) this.first = ask
    else this.last.after = ask
    this.last = ask
    if (this.asleep) return
    this.asleep = true
    this.sleeper = this.fork(this.watch)
  }

  remove(ask: Ask): void {
    const { after, before } = ask
    if (before !== undefined) before.after = after
    else if (this.first === ask) this.first = after
    else return // it is in no list: it has no deadline, or expired
    if (after !== undefined) after.before = before
    else this.last = before
    ask.before = undefined
    ask.after = undefined
  }

  /** Sleeps until the oldest ask is due, again and again; ends when it wakes to an empty list. */
  private readonly watch: Effect.Effect<void> = Effect.suspend(() => {
    const now = this.now()
    while (this.first !== undefined && this.first.deadline <= now) {
      const due = this.first
      this.remove(due)
      this.expire(due)
    }
    if (this.first === undefined) {
      this.asleep = false
      return Effect.void
    }
    return Effect.zipRight(Effect.sleep(this.first.deadline - now), this.watch)
  })
}
