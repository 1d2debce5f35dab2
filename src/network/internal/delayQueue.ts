/** Tasks by due time, run by one fiber on the Clock, so that virtual time drives them too. Equal times keep the order of insertion. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

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
    const heap: Array<Entry> = []
    let sequence = 0
    let wake: (() => void) | undefined
    const now = () => clock.unsafeCurrentTimeMillis()

    const flush = (): void => {
      while (heap.length > 0 && heap[0]!.due <= now()) pop(heap).run()
    }
    const runDue = Effect.sync(() => {
      flush()
      return heap[0]?.due
    })
    /** Until an earlier task arrives. The check and the registration are one step, so no wake-up is missed. */
    const changed = (until: number | undefined) =>
      Effect.async<void>((resume) => {
        if (heap[0]?.due !== until) return resume(Effect.void)
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
        if (heap.length >= capacity) return false
        const entry = { due, sequence: sequence++, run }
        push(heap, entry)
        if (heap[0] === entry) {
          wake?.()
          wake = undefined
        }
        return true
      }
    }
  })

const before = (a: Entry, b: Entry): boolean => a.due < b.due || (a.due === b.due && a.sequence < b.sequence)

const push = (heap: Array<Entry>, entry: Entry): void => {
  let i = heap.push(entry) - 1
  while (i > 0) {
    const parent = (i - 1) >> 1
    if (!before(entry, heap[parent]!)) break
    heap[i] = heap[parent]!
    i = parent
  }
  heap[i] = entry
}

/** Of a heap that is not empty. */
const pop = (heap: Array<Entry>): Entry => {
  const top = heap[0]!
  const last = heap.pop()!
  if (heap.length === 0) return top
  let i = 0
  for (;;) {
    let child = 2 * i + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++
    if (!before(heap[child]!, last)) break
    heap[i] = heap[child]!
    i = child
  }
  heap[i] = last
  return top
}
