/** Tasks by due time, run by one fiber on the Clock, so that virtual time drives them too. Equal times keep the order of insertion. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { Heap } from "../../core/Heap.js"

interface Entry {
  readonly due: number
  readonly sequence: number
  readonly run: () => void
}

export interface DelayQueue {
  readonly now: () => number
  /** False when the queue is full. */
  readonly add: (due: number, run: () => void) => boolean
  /** Runs what is due: before something is done at once that must not overtake it. */
  readonly flush: () => void
}

export const make = (capacity: number): Effect.Effect<DelayQueue, never, Scope.Scope> =>
  Effect.gen(function*() {
    const clock = yield* Effect.clock
    const heap = new Heap<Entry>(before)
    let sequence = 0
    let wake: (() => void) | undefined
    const now = () => clock.unsafeCurrentTimeMillis()

    const flush = (): void => {
      while ((heap.peek()?.due ?? Infinity) <= now()) heap.pop()?.run()
    }
    const runDue = Effect.sync(() => {
      flush()
      return heap.peek()?.due
    })
    /** Until an earlier task arrives. The check and the registration are one step, so no wake-up is missed. */
    const changed = (until: number | undefined) =>
      Effect.async<void>((resume) => {
        if (heap.peek()?.due !== until) return resume(Effect.void)
        wake = () => resume(Effect.void)
      })
    const turn = Effect.flatMap(runDue, (due) =>
      due === undefined
        ? changed(due)
        : Effect.race(Clock.sleep(Math.max(0, due - now())), changed(due)))
    yield* Effect.forkScoped(Effect.forever(turn))

    return {
      now,
      flush,
      add: (due, run) => {
        if (heap.size >= capacity) return false
        const entry = { due, sequence: sequence++, run }
        heap.push(entry)
        if (heap.peek() === entry) {
          wake?.()
          wake = undefined
        }
        return true
      }
    }
  })

const before = (a: Entry, b: Entry): boolean => a.due < b.due || (a.due === b.due && a.sequence < b.sequence)
