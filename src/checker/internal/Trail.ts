/**
 * How each state was reached: the number of the state before and the event, 8 bytes a state.
 */
const initialSize = 1 << 12

export class Trail {
  private parents = new Int32Array(initialSize)
  private events = new Int32Array(initialSize)

  get bytes(): number {
    return 8 * this.parents.length
  }

  set(number: number, parent: number, event: number): void {
    if (number >= this.parents.length) this.lengthen()
    this.parents[number] = parent
    this.events[number] = event
  }

  /** -1 of an initial state. */
  parent(number: number): number {
    return this.parents[number]!
  }

  event(number: number): number {
    return this.events[number]!
  }

  /** The numbers of the states on the way to one, the initial state first. */
  to(number: number): ReadonlyArray<number> {
    const numbers: Array<number> = []
    for (let at = number; at >= 0; at = this.parent(at)) numbers.push(at)
    return numbers.toReversed()
  }

  /** By a half: twice the size would leave half of it unused on the way. */
  private lengthen(): void {
    const length = this.parents.length + (this.parents.length >> 1)
    const parents = new Int32Array(length)
    parents.set(this.parents)
    this.parents = parents
    const events = new Int32Array(length)
    events.set(this.events)
    this.events = events
  }
}
