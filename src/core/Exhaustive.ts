/**
 * All tapes within a fault budget: every run of a small program that leaves the benign outcome at most so many times.
 *
 * Guarantee: runs come with 0 decisions first, then with 1, and so on, so the first run that fails is one with the fewest decisions that can fail; no run comes
 * twice. Stateless: each run starts from the beginning, and the tree of choices is known only by running it. Runs with k decisions cost about (choices x
 * outcomes)^k / k!, so this is for small programs; the model checker is for large ones.
 * Source: the idea of a random source that enumerates is TigerBeetle's (`exhaustigen`).
 *
 * @since 0.1.0
 */
import type { Choice } from "./Choice.js"

/**
 * The bounds of an enumeration.
 *
 * @since 0.1.0
 * @category models
 */
export interface Budget {
  /** Outcomes of a run that are not 0. */
  readonly decisions: number
  /** Choices of a run; those behind them are 0, and then the enumeration is not complete. */
  readonly depth: number
  /** The outcomes tried beside 0. Default: all of them up to 3, else 1, the middle and the last. */
  readonly outcomes?: (n: number, label: string) => ReadonlyArray<number>
}

/** A place in the order of a run's choices, and what was chosen there. */
type Chosen = readonly [place: number, value: number]

/** A run: its decisions, and what it asked behind the last of them. */
interface Run {
  readonly chosen: ReadonlyArray<Chosen>
  readonly first: number
  readonly asked: Array<readonly [n: number, label: string]>
}

const few = (n: number): ReadonlyArray<number> =>
  n <= 4 ? Array.from({ length: n - 1 }, (_, i) => i + 1) : [1, n >> 1, n - 1]

/**
 * Enumerates the choices of a program. Run the program to its end with each choice before `next` is called again.
 *
 * @since 0.1.0
 * @category models
 */
export class Exhaustive {
  private handedOut = 0
  private isCut = false
  private isDone = false
  private readonly all: Iterator<Run, void>

  constructor(private readonly budget: Budget) {
    this.all = this.enumerate()
  }

  /** How many runs were handed out. */
  get runs(): number {
    return this.handedOut
  }

  /** Whether every run within the budget was handed out and none asked for more choices than `depth`: what did not happen cannot happen with so few decisions. */
  get isComplete(): boolean {
    return this.isDone && !this.isCut
  }

  /** The choice of the next run; `undefined` after the last. */
  next(): Choice | undefined {
    const { value } = this.all.next()
    this.isDone = value === undefined
    if (value === undefined) return undefined
    this.handedOut++
    return this.choice(value)
  }

  private *enumerate(): Generator<Run, void> {
    const clean: Run = { chosen: [], first: 0, asked: [] }
    yield clean
    let level: ReadonlyArray<Run> = [clean]
    for (let decisions = 1; decisions <= this.budget.decisions; decisions++) {
      const following: Array<Run> = []
      for (const run of level) {
        for (const child of this.children(run)) {
          yield child
          if (decisions < this.budget.decisions) following.push(child)
        }
      }
      level = following
    }
  }

  /** The runs with one decision more, behind all that there are: each set of decisions has one order. */
  private *children({ asked, chosen, first }: Run): Generator<Run> {
    const { outcomes = few } = this.budget
    for (const [i, [n, label]] of asked.entries()) {
      const place = first + i
      for (const value of outcomes(n, label)) {
        yield { chosen: [...chosen, [place, value]], first: place + 1, asked: [] }
      }
    }
  }

  private choice({ asked, chosen, first }: Run): Choice {
    let place = 0
    let decided = 0
    const choice: Choice = {
      below: (n, label) => {
        if (n <= 1) return 0
        const at = place++
        if (at >= this.budget.depth) {
          this.isCut = true
          return 0
        }
        if (at >= first) asked.push([n, label])
        const next = chosen[decided]
        if (next === undefined || next[0] !== at) return 0
        decided++
        return next[1]
      },
      fork: () => choice // streams do not matter: one order of all choices is the tree that is walked
    }
    return choice
  }
}
