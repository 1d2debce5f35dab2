/**
 * A binary heap of events by (time, sequence): equal times leave in the order in which they were scheduled.
 *
 * @internal
 */
export interface Timed {
  readonly time: number
  readonly sequence: number
}

/** @internal */
export class Heap<E extends Timed> {
  private readonly items: Array<E> = []

  get size(): number {
    return this.items.length
  }

  push(item: E): void {
    const { items } = this
    let i = items.length
    items.push(item)
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!before(item, items[parent]!)) break
      items[i] = items[parent]!
      i = parent
    }
    items[i] = item
  }

  pop(): E | undefined {
    const { items } = this
    const top = items[0]
    const last = items.pop()
    if (last === undefined || items.length === 0) return top
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= items.length) break
      if (child + 1 < items.length && before(items[child + 1]!, items[child]!)) child++
      if (!before(items[child]!, last)) break
      items[i] = items[child]!
      i = child
    }
    items[i] = last
    return top
  }
}

const before = (a: Timed, b: Timed): boolean => a.time < b.time || (a.time === b.time && a.sequence < b.sequence)
