/**
 * One source of nondeterminism. Everything that is drawn anywhere (delays, loss, crash instants, timers, `Outbox.choose`) goes through a `Choice`,
 * so that a run is a function of its tape: the list of outcomes that differ from 0, the benign one.
 *
 * @since 0.1.0
 */
import * as Prng from "./Prng.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Choice {
  /** An integer in [0, n). 0 is always the benign outcome: deliver, keep order, smallest delay, no fault. */
  below(n: number, label: string): number
  /** An independent stream: adding a fault kind never reshuffles the others. */
  fork(label: string): Choice
}

/**
 * One stream of a tape: its non-zero outcomes by index with the label and range that were drawn there, and how many were drawn in all.
 *
 * @since 0.1.0
 * @category models
 */
export interface TapeStream {
  readonly entries: ReadonlyArray<readonly [index: number, label: string, n: number, value: number]>
  readonly length: number
}

/**
 * What a run chose, by the path of its streams. Plain data: JSON keeps it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Tape {
  readonly streams: { readonly [path: string]: TapeStream }
}

/**
 * Thrown when a replay asks for another choice than the tape recorded at this place: the program is not the one that was recorded.
 *
 * @since 0.1.0
 * @category errors
 */
export class TapeMismatch extends Error {
  override readonly name = "TapeMismatch"
  constructor(
    readonly path: string,
    readonly index: number,
    readonly expected: { readonly label: string; readonly n: number },
    readonly actual: { readonly label: string; readonly n: number }
  ) {
    super(
      `the tape holds ${expected.label}(${expected.n}) at ${
        path || "/"
      }[${index}], the run asked ${actual.label}(${actual.n})`
    )
  }
}

/**
 * The probability with which a random choice leaves 0, by label. A label that is absent is drawn uniformly.
 *
 * @since 0.1.0
 * @category models
 */
export type Weights = { readonly [label: string]: number }

/**
 * A choice that also records its tape.
 *
 * @since 0.1.0
 * @category models
 */
export interface Recorded extends Choice {
  tape(): Tape
}

/** A path of labels stays a path, whatever is in them (node ids are). */
const escape = (label: string): string => label.replaceAll("~", "~0").replaceAll("/", "~1")

class RandomChoice implements Recorded {
  private readonly prng: Prng.Prng
  /** Four numbers an outcome that is not 0: index, place of the label in `labels`, n, value. Flat, since most draws of a simulation end here. */
  private readonly entries: Array<number> = []
  private readonly labels: Array<string> = []
  private readonly children = new Map<string, RandomChoice>()
  private length = 0
  // of the label that was drawn last, which in most streams is the only one
  private label: string | undefined
  private labelAt = 0
  private isWeighted = false
  private threshold = 0

  constructor(
    private readonly seed: number,
    private readonly path: string,
    private readonly weights: Weights,
    private readonly isRecording: boolean
  ) {
    this.prng = Prng.make(seed, path)
  }

  below(n: number, label: string): number {
    const index = this.length++
    if (n <= 1) return 0
    if (label !== this.label) this.recall(label)
    let value: number
    if (!this.isWeighted) value = this.prng.below(n)
    else if (this.prng.next() >= this.threshold) return 0
    else value = n === 2 ? 1 : 1 + this.prng.below(n - 1)
    if (this.isRecording && value !== 0) this.entries.push(index, this.labelAt, n, value)
    return value
  }

  private recall(label: string): void {
    this.label = label
    this.labelAt = this.labels.indexOf(label)
    if (this.labelAt === -1) this.labelAt = this.labels.push(label) - 1
    const weight = this.weights[label]
    this.isWeighted = weight !== undefined
    this.threshold = (weight ?? 0) * 0x100000000
  }

  fork(label: string): RandomChoice {
    let child = this.children.get(label)
    if (child === undefined) {
      child = new RandomChoice(this.seed, `${this.path}/${escape(label)}`, this.weights, this.isRecording)
      this.children.set(label, child)
    }
    return child
  }

  tape(): Tape {
    const streams: Record<string, TapeStream> = {}
    this.collect(streams)
    return { streams }
  }

  private collect(into: Record<string, TapeStream>): void {
    if (this.length > 0) {
      const entries: Array<TapeStream["entries"][number]> = []
      for (let i = 0; i < this.entries.length; i += 4) {
        entries.push([
          this.entries[i]!,
          this.labels[this.entries[i + 1]!]!,
          this.entries[i + 2]!,
          this.entries[i + 3]!
        ])
      }
      into[this.path] = { entries, length: this.length }
    }
    for (const child of this.children.values()) child.collect(into)
  }
}

/**
 * A seeded choice. Equal seeds, labels and weights give equal outcomes on every machine. `fork` of a label that was forked before gives the same stream.
 *
 * @since 0.1.0
 * @category constructors
 */
export const random = (seed: number, weights: Weights = {}): Recorded => new RandomChoice(seed, "", weights, true)

/**
 * The same outcomes as `random`, without a tape: for runs whose tape nobody asks for, or which can be run again to get it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const seeded = (seed: number, weights: Weights = {}): Choice => new RandomChoice(seed, "", weights, false)

class ReplayChoice implements Choice {
  private next = 0
  private cursor = 0
  private readonly children = new Map<string, ReplayChoice>()

  constructor(private readonly tape: Tape, private readonly path: string) {}

  below(n: number, label: string): number {
    const index = this.next++
    const entries = this.tape.streams[this.path]?.entries
    const entry = entries?.[this.cursor]
    if (entry === undefined || entry[0] !== index) return 0
    this.cursor++
    if (entry[1] !== label || entry[2] !== n) {
      throw new TapeMismatch(this.path, index, { label: entry[1], n: entry[2] }, { label, n })
    }
    return entry[3]
  }

  fork(label: string): ReplayChoice {
    let child = this.children.get(label)
    if (child === undefined) {
      child = new ReplayChoice(this.tape, `${this.path}/${escape(label)}`)
      this.children.set(label, child)
    }
    return child
  }
}

/**
 * Replays a tape. Past the end of a stream every outcome is 0; another label or range at a recorded place throws `TapeMismatch`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const replay = (tape: Tape): Choice => new ReplayChoice(tape, "")

const benignChoice: Choice = { below: () => 0, fork: () => benignChoice }

/**
 * The all-zero tape: a clean run.
 *
 * @since 0.1.0
 * @category constructors
 */
export const benign: Choice = benignChoice

/**
 * A yes or no where no is benign: `chance(choice, label)` is `below(2, label) === 1`.
 *
 * @since 0.1.0
 * @category combinators
 */
export const chance = (choice: Choice, label: string): boolean => choice.below(2, label) === 1

/** A probability is drawn as one of so many outcomes, of which the last ones are the fault: 0 stays benign. */
const resolution = 1_000_000

/**
 * A yes with the given probability: never, without a draw, at 0 or none, and always at 1 or more. No is benign.
 *
 * @since 0.1.0
 * @category combinators
 */
export const happens = (choice: Choice, probability: number | undefined, label: string): boolean =>
  probability !== undefined && probability > 0 &&
  choice.below(resolution, label) >= Math.round((1 - Math.min(probability, 1)) * resolution)
