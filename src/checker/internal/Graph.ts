/**
 * The edges of the state space, kept only while liveness is asked: rows of targets and labels in typed arrays, one row a state, in the order in which the space offers them.
 */
const initialSize = 1 << 10

/** A copy of twice the length. */
export const doubled = <A extends Int32Array | Uint8Array>(array: A): A => {
  const longer =
    (array instanceof Int32Array ? new Int32Array(array.length * 2) : new Uint8Array(array.length * 2)) as A // of the same class
  longer.set(array)
  return longer
}

export class Graph {
  /** Edges so far. */
  size = 0
  /** By state: its row is from `starts` up to `ends`; both are 0 while it is not expanded. */
  starts = new Int32Array(initialSize)
  ends = new Int32Array(initialSize)
  /** By edge. */
  targets = new Int32Array(initialSize)
  labels = new Int32Array(initialSize)
  /** By state: whether its row is whole. */
  expanded = new Uint8Array(initialSize)

  get bytes(): number {
    return 8 * this.targets.length + 9 * this.starts.length
  }

  open(state: number): void {
    while (state >= this.starts.length) {
      this.starts = doubled(this.starts)
      this.ends = doubled(this.ends)
      this.expanded = doubled(this.expanded)
    }
    this.starts[state] = this.size
    this.ends[state] = this.size
  }

  push(target: number, label: number): void {
    if (this.size === this.targets.length) {
      this.targets = doubled(this.targets)
      this.labels = doubled(this.labels)
    }
    this.targets[this.size] = target
    this.labels[this.size] = label
    this.size++
  }

  close(state: number): void {
    this.ends[state] = this.size
    this.expanded[state] = 1
  }
}

/** Answers to a yes-or-no question, by number. */
export class Marks {
  private values = new Uint8Array(initialSize)

  get bytes(): number {
    return this.values.length
  }

  set(at: number, value: boolean): void {
    while (at >= this.values.length) this.values = doubled(this.values)
    this.values[at] = value ? 1 : 0
  }

  has(at: number): boolean {
    return this.values[at] === 1
  }
}
