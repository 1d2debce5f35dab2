/**
 * One state for all that interchangeable names turn into each other. The state that was found first stands for its orbit as it is, so traces are runs of the model and
 * need no renaming; only the fingerprint by which it is known is the orbit's.
 */
import type { Entry } from "./Frontier.js"
import { Orbits } from "./Orbits.js"
import type { Parts, Sink, Space } from "./Space.js"
import { maxParts } from "./Space.js"

export class SymmetricSpace implements Space, Sink {
  vector = new Int32Array(maxParts)
  private readonly orbits: Orbits
  private sink!: Sink
  private event = 0
  private label = 0

  constructor(
    private readonly space: Space & Parts,
    classes: ReadonlyArray<ReadonlyArray<string>>,
    /** Is given each new state, and throws where the model is not symmetric. */
    private readonly guard: (state: () => unknown) => void
  ) {
    this.orbits = new Orbits(space, classes)
  }

  begin(sink: Sink): void {
    this.sink = sink
    this.space.begin(this)
  }

  expand(state: Entry, sink: Sink): void {
    this.sink = sink
    this.space.expand(state, this)
  }

  // the space below works with fingerprints of states, which differ within an orbit: each of its edges is taken for new, and judged once its state is there

  edge(_low: number, _high: number, event: number, label = 0): boolean {
    this.event = event
    this.label = label
    return true
  }

  commit(length: number): void {
    const { orbits, sink, vector } = this
    orbits.canonical(vector, length)
    if (!sink.edge(orbits.low, orbits.high, this.event, this.label)) return
    this.guard(() => this.space.decode(vector, length))
    for (let i = 0; i < length; i++) sink.vector[i] = vector[i]!
    sink.commit(length)
  }

  beyond(label: number): void {
    this.sink.beyond?.(label)
  }

  decode(vector: Int32Array, length: number): unknown {
    return this.space.decode(vector, length)
  }

  eventName(state: Entry, event: number): string {
    return this.space.eventName(state, event)
  }

  isInside(vector: Int32Array, length: number): boolean {
    return this.space.isInside(vector, length)
  }
}
