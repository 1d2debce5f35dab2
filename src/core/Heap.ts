/**
 * A binary heap: push and pop in O(log n), the least element first. It is not stable by itself: give elements that must keep their order a sequence number,
 * and let `before` compare it last.
 *
 * @since 0.1.0
 */

/**
 * A mutable priority queue. `before` must be a strict total order on what is held at one time, for then the order of pops is a function of the elements alone.
 *
 * @since 0.1.0
 * @category models
 */
export class Heap<E> {
  private readonly items: Array<E> = []

  constructor(private readonly before: (a: E, b: E) => boolean) {}

  /** How many elements it holds. */
  get size(): number {
    return this.items.length
  }

  /** The least element, which stays. */
  peek(): E | undefined {
    return this.items[0]
  }

  /** Adds an element. */
  push(item: E): void {
    const { before, items } = this
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

  /** Takes the least element. */
  pop(): E | undefined {
    const { before, items } = this
    const top = items[0]
    const last = items.pop()
    if (last === undefined || items.length === 0) return top
    const half = items.length >> 1 // from here on there are no children
    let i = 0
    while (i < half) {
      let child = 2 * i + 1
      if (child + 1 < items.length && before(items[child + 1]!, items[child]!)) child++
      if (!before(items[child]!, last)) break
      items[i] = items[child]!
      i = child
    }
    items[i] = last
    return top
  }
}
