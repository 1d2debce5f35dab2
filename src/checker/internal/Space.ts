/**
 * What the search knows of a model: vectors of component numbers, their fingerprints, and successors.
 */
import type { Entry } from "./Frontier.js"

export interface Sink {
  /**
   * An edge to the state with this fingerprint. True: the state is new, and `vector` and `length` are to be filled and `commit` called before the next edge.
   */
  readonly edge: (low: number, high: number, event: number) => boolean
  readonly vector: Int32Array
  readonly commit: (length: number) => void
}

export interface Space {
  /** Offers the initial states. */
  readonly begin: (sink: Sink) => void
  /** Offers every successor of a state, one edge an event instance. */
  readonly expand: (state: Entry, sink: Sink) => void
  /** The state of a vector, as a user knows it. */
  readonly decode: (vector: Int32Array, length: number) => unknown
  /** What an event of a state is called. */
  readonly eventName: (state: Entry, event: number) => string
  /** Whether the state is inside the model's boundary. */
  readonly isInside: (vector: Int32Array, length: number) => boolean
}
