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

/** A state as a set of parts, each a component at a place with a name: what symmetry needs to know. Equal parts may come several times, where order does not count. */
export interface Parts {
  readonly eachPart: (vector: Int32Array, length: number, visit: (place: number, component: number) => void) => void
  /** A name's words between dots may be atoms: `node.a`. */
  readonly placeName: (place: number) => string
  readonly componentAt: (place: number, component: number) => unknown
}
