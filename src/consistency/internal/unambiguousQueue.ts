/** The aspects of an unambiguous queue: see `unambiguous.ts`. */
import type { Accessed, Problem } from "./unambiguous.js"

const OPEN = Number.POSITIVE_INFINITY

/** One value's way through the queue. A dequeue that never was is one that is called after all. */
interface Item {
  readonly enqueueCall: number
  readonly enqueueReturn: number
  readonly dequeueCall: number
  readonly dequeueReturn: number
}

export const makeQueueProblem = (operations: ReadonlyArray<Accessed>): Problem | undefined => {
  const enqueues = new Map<unknown, Accessed>()
  const dequeues = new Map<unknown, Array<Accessed>>()
  const empties: Array<Accessed> = []
  for (const operation of operations) {
    const { kind, value } = operation
    if (kind === "enqueue") {
      if (enqueues.has(value)) return undefined
      enqueues.set(value, operation)
      continue
    }
    // An open dequeue may have taken anything.
    if (kind !== "dequeue" || value === undefined) return undefined
    if (value === null) empties.push(operation)
    else if (dequeues.has(value)) dequeues.get(value)!.push(operation)
    else dequeues.set(value, [operation])
  }
  return {
    isExplained: (cut) => {
      const items = itemsBefore(enqueues, dequeues, cut)
      return items !== undefined && isInOrder(items) && areEmptiesExplained(items, empties, cut)
    }
  }
}

/** Undefined: a value from nowhere, or twice, or before its time. */
const itemsBefore = (
  enqueues: ReadonlyMap<unknown, Accessed>,
  dequeues: ReadonlyMap<unknown, ReadonlyArray<Accessed>>,
  cut: number
): ReadonlyArray<Item> | undefined => {
  const isDone = (operation: Accessed) => operation.return < cut
  for (const [value, takers] of dequeues) {
    const done = takers.filter(isDone)
    if (done.length === 0) continue
    const enqueue = enqueues.get(value)
    if (done.length > 1 || enqueue === undefined || enqueue.call > done[0]!.return) return undefined
  }
  const items: Array<Item> = []
  for (const [value, enqueue] of enqueues) {
    if (enqueue.call >= cut) continue
    // An open dequeue took its value: where that cannot be, an older value stays for good, and then nothing depends on this one.
    const takers = (dequeues.get(value) ?? []).filter(({ call }) => call < cut)
    const taker = takers.find(isDone) ?? takers[0]
    const enqueueReturn = isDone(enqueue) ? enqueue.return : OPEN
    // Neither end of it is known to have happened: then neither need have.
    if (enqueueReturn === OPEN && (taker === undefined || !isDone(taker))) continue
    items.push({
      enqueueCall: enqueue.call,
      enqueueReturn,
      dequeueCall: taker?.call ?? OPEN,
      dequeueReturn: taker !== undefined && isDone(taker) ? taker.return : OPEN
    })
  }
  return items
}

/** No value is taken and gone before an older one is asked for. */
const isInOrder = (items: ReadonlyArray<Item>): boolean => {
  const older = items.slice().sort((a, b) => a.enqueueReturn - b.enqueueReturn)
  const younger = items.slice().sort((a, b) => a.enqueueCall - b.enqueueCall)
  let at = 0
  let latestDequeue = -1
  for (const { dequeueReturn, enqueueCall } of younger) {
    for (; at < older.length && older[at]!.enqueueReturn < enqueueCall; at++) {
      latestDequeue = Math.max(latestDequeue, older[at]!.dequeueCall)
    }
    if (latestDequeue > dequeueReturn) return false
  }
  return true
}

/** Every answer "empty" has a moment in which no value must have been there. */
const areEmptiesExplained = (items: ReadonlyArray<Item>, empties: ReadonlyArray<Accessed>, cut: number): boolean => {
  const held = items.filter(({ dequeueCall, enqueueReturn }) => enqueueReturn < dequeueCall)
    .sort((a, b) => a.enqueueReturn - b.enqueueReturn)
  const starts: Array<number> = []
  const ends: Array<number> = []
  for (const { dequeueCall, enqueueReturn } of held) {
    const last = ends.length - 1
    // A moment is the gap after an event: two spans meet when none is left between them.
    if (last >= 0 && enqueueReturn <= ends[last]!) ends[last] = Math.max(ends[last]!, dequeueCall)
    else {
      starts.push(enqueueReturn)
      ends.push(dequeueCall)
    }
  }
  return empties.every(({ call, return: end }) => {
    if (end >= cut) return true
    let low = 0
    let high = starts.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (starts[middle]! <= call) low = middle + 1
      else high = middle
    }
    return low === 0 || ends[low - 1]! < end
  })
}
