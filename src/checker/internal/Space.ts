/**
 * What the search knows of a model: vectors of component numbers, their fingerprints, and successors.
 */
import type { Entry } from "./Frontier.js"

/** Parts that one state may have: its vector is written into so much room. */
export const maxParts = 4_096

export interface Sink {
  /**
   * An edge to the state with this fingerprint. `event` finds it again among the edges of its state; `label` says what kind of step it is, the same in every state, not
   * negative; a space without labels owes no fairness and has no step properties. True: `vector` is to be filled and `commit` called before the next edge.
   */
  readonly edge: (low: number, high: number, event: number, label?: number) => boolean
  readonly vector: Int32Array
  readonly commit: (length: number) => void
  /** An edge to a state that the model's boundary leaves out altogether. */
  readonly beyond?: (label: number) => void
}

export interface Space extends Partial<FairClasses> {
  /** Offers the initial states. */
  readonly begin: (sink: Sink) => void
  /** Offers every successor of a state, one edge an event instance. */
  readonly expand: (state: Entry, sink: Sink) => void
  /** The state of a vector, as a user knows it. */
  readonly decode: (vector: Int32Array, length: number) => unknown
  /** What an event of a state is called. */
  readonly eventName: (state: Entry, event: number) => string
  /** Asks for labels from here on, where they cost something. */
  readonly beginLabels?: () => void
  /** What the steps of a label are called. */
  readonly labelName?: (label: number) => string
  /** Whether the state is inside the model's boundary. */
  readonly isInside: (vector: Int32Array, length: number) => boolean
}

/** To which classes, by number, the model's fairness owes something. */
export interface FairClasses {
  /** The classes of a label's steps; none where nothing is owed. */
  readonly classesOf: (label: number) => ReadonlyArray<number>
  readonly isStrong: (fairClass: number) => boolean
}

/** States whose parts have numbers, so that what is said of a part is asked once for each. */
export interface Readable<S, R> {
  readonly decode: (vector: Int32Array, length: number) => S
  /** A number for what a claim reads: equal numbers, equal answers. Undefined where it reads everything. */
  readonly reader: (reads: R, of: string) => ((vector: Int32Array) => number) | undefined
}

/** A state as a set of parts, each a component at a place with a name: what symmetry needs to know. Equal parts may come several times, where order does not count. */
export interface Parts {
  readonly eachPart: (vector: Int32Array, length: number, visit: (place: number, component: number) => void) => void
  /** A name's words between dots may be atoms: `node.a`. */
  readonly placeName: (place: number) => string
  readonly componentAt: (place: number, component: number) => unknown
}
