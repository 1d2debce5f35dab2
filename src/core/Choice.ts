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
 * The probability with which a random choice leaves 0, by label. A label that is absent is drawn uniformly.
 *
 * @since 0.1.0
 * @category models
 */
export type Weights = { readonly [label: string]: number }

/**
 * The path of a stream that was forked from another: labels, each after a `/`; a path stays a path, whatever is in them (node ids are).
 *
 * @since 0.1.0
 * @category accessors
 */
export const pathOf = (parent: string, label: string): string =>
  `${parent}/${label.replaceAll("~", "~0").replaceAll("/", "~1")}`

class RandomChoice implements Choice {
  private readonly prng: Prng.Prng
  private readonly children = new Map<string, RandomChoice>()
  // of the label that was drawn last, which in most streams is the only one
  private label: string | undefined
  private isWeighted = false
  private threshold = 0

  constructor(private readonly seed: number, private readonly path: string, private readonly weights: Weights) {
    this.prng = Prng.make(seed, path)
  }

  below(n: number, label: string): number {
    if (n <= 1) return 0
    if (label !== this.label) this.recall(label)
    if (!this.isWeighted) return this.prng.below(n)
    if (this.prng.next() >= this.threshold) return 0
    return n === 2 ? 1 : 1 + this.prng.below(n - 1)
  }

  private recall(label: string): void {
    this.label = label
    const weight = this.weights[label]
    this.isWeighted = weight !== undefined
    this.threshold = (weight ?? 0) * 0x100000000
  }

  fork(label: string): RandomChoice {
    let child = this.children.get(label)
    if (child === undefined) {
      child = new RandomChoice(this.seed, pathOf(this.path, label), this.weights)
      this.children.set(label, child)
    }
    return child
  }
}

/**
 * A random choice. Equal seeds, labels and weights give equal outcomes on every machine. `fork` of a label that was forked before gives the same stream.
 * `Tape.record` keeps what it chose.
 *
 * @since 0.1.0
 * @category constructors
 */
export const random = (seed: number, weights: Weights = {}): Choice => new RandomChoice(seed, "", weights)

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
