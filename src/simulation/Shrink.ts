/**
 * A failing run made small: its recording bent towards the clean run, as far as the same property still fails.
 *
 * Method: virtual time behind the violation is cut off; other runs of the same course, in which few choices are not benign, are tried for the same property; then
 * whole kinds of fault go, then choices, in blocks of halving size (delta debugging: A. Zeller and R. Hildebrandt, "Simplifying
 * and isolating failure-inducing input", 2002), then pairs of choices, then values; where a handful is left, runs with fewer are
 * enumerated. Every candidate is run; only what really failed is kept, as the run that
 * it was, so the result replays exactly. Non-goal: the minimum. A local one is reached, unless the budget ends first, and the result says which.
 *
 * @since 0.1.0
 */
import type { Choice } from "../core/Choice.js"
import * as Choices from "../core/Choice.js"
import { Exhaustive } from "../core/Exhaustive.js"
import type { Vocabulary } from "../core/Protocol.js"
import type { Decision, Tape } from "../core/Tape.js"
import * as Tapes from "../core/Tape.js"
import * as Faults from "./Faults.js"
import type { Recording } from "./Recording.js"
import type { Scenario } from "./Scenario.js"
import * as Simulation from "./Simulation.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Runs at most. Default 2,000. */
  readonly maxRuns?: number
  /** Asked before each run: whether to stop with what there is. */
  readonly isInterrupted?: () => boolean
  /** After each run that was kept. */
  readonly onProgress?: (size: Size, runs: number) => void
}

/**
 * How large a run is.
 *
 * @since 0.1.0
 * @category models
 */
export interface Size {
  readonly events: number
  /** Choices that are not benign, faults and all others. */
  readonly decisions: number
  /** Kinds of fault that may strike. */
  readonly kinds: number
  readonly virtualMillis: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Shrunk {
  readonly recording: Recording
  /** The property that fails before and after. */
  readonly property: string
  readonly before: Size
  readonly after: Size
  readonly runs: number
  /** Whether nothing was left to try; otherwise the budget ended. */
  readonly isLocalMinimum: boolean
}

/**
 * Shrinks a recording that fails. Throws `TapeMismatch` if it is not one of this program, and `RangeError` if it does not fail.
 *
 * @since 0.1.0
 * @category running
 */
export const shrink = <P extends Vocabulary>(
  scenario: Scenario<P>,
  recording: Recording,
  options: Options = {}
): Shrunk => {
  const [violation] = Simulation.replay(scenario, recording).violations
  if (violation === undefined) throw new RangeError("the recording violates nothing: there is nothing to shrink")
  const shrinker = new Shrinker(scenario, recording, violation.property, options)
  const before = sizeOf(recording)
  const isLocalMinimum = shrinker.shrink()
  return {
    recording: shrinker.best,
    property: violation.property,
    before,
    after: sizeOf(shrinker.best),
    runs: shrinker.runs,
    isLocalMinimum
  }
}

/**
 * The size of a recording.
 *
 * @since 0.1.0
 * @category accessors
 */
export const sizeOf = ({ calm, duration, outcome, plan, tape }: Recording): Size => ({
  events: outcome.events,
  decisions: Tapes.decisions(tape).length,
  kinds: Faults.kinds.filter((kind) => plan[kind] > 0).length,
  virtualMillis: outcome.violations[0]?.atMillis ?? duration + calm
})

/** Pairs are tried while there are no more decisions than this: their number grows with the square. */
const maxForPairs = 24

/** Runs with fewer decisions that are tried one by one, where no more than so many decisions are left. */
const enumerated = 500
const maxForEnumeration = 4

/** Sparse runs tried for each probability, while a run has more decisions than `fewEnough`. */
const samples = 25
const fewEnough = 40

/** The choices of a plan's faults, and few others that are not benign. */
const sparse = ({ plan, seed }: Recording, probability: number, sample: number): Choice => {
  const weights = Faults.weights(plan)
  const make = (drawn: Choice, leaves: Choice): Choice => ({
    below: (n, label) => {
      const value = drawn.below(n, label)
      return Object.hasOwn(weights, label) || leaves.below(n, "leaves") !== 0 ? value : 0
    },
    fork: (label) => make(drawn.fork(label), leaves.fork(label))
  })
  return make(Choices.random(seed, weights).fork(`sample-${sample}`), Choices.random(sample, { leaves: probability }))
}

const byIndex = (a: Decision, b: Decision): number => a.index - b.index

/** A decision with other values, and where the same was asked before. */
const alternatives = (tape: Tape, decision: Decision): ReadonlyArray<Decision> => {
  const { index, label, n, path, value } = decision
  const found = [1, n >> 1, n - 1].map((other) => ({ ...decision, value: other }))
  let at = 0
  for (const [asked, range, times] of tape.streams[path]?.asked ?? []) {
    if (at >= index) break
    if (asked === label && range === n) {
      for (const earlier of new Set([at, Math.min(index, at + times) - 1])) found.push({ ...decision, index: earlier })
    }
    at += times
  }
  return found.filter((other) => other.value !== 0 && (other.value !== value || other.index !== index)).slice(0, 12)
}

class Shrinker<P extends Vocabulary> {
  runs = 0
  private decisions: ReadonlyArray<Decision>
  private isStopped = false

  constructor(
    private readonly scenario: Scenario<P>,
    public best: Recording,
    private readonly property: string,
    private readonly options: Options
  ) {
    this.decisions = Tapes.decisions(best.tape)
  }

  /** Whether it came to an end by itself. */
  shrink(): boolean {
    for (;;) {
      const { best } = this
      this.cutTime()
      this.resample()
      this.dropKinds()
      this.dropStreams()
      this.dropBlocks()
      this.dropPairs()
      this.lowerValues()
      this.enumerate()
      if (this.isStopped || this.best === best) return !this.isStopped
    }
  }

  private dropKinds(): void {
    for (const kind of Faults.kinds) {
      if (this.best.plan[kind] > 0) this.bend({ ...this.best, plan: { ...this.best.plan, [kind]: 0 } })
    }
  }

  /**
   * A large run is often beaten by another one that was drawn sparsely, and far sooner than by taking it apart: where each choice moves all that follow, most
   * of its choices matter only because they were there.
   */
  private resample(): void {
    for (const probability of [0.1, 0.03, 0.3, 0.01]) {
      for (let i = 0; i < samples && this.decisions.length > fewEnough; i++) {
        const { best } = this
        const choice = sparse(best, probability, this.runs)
        this.attempt(() => Simulation.choose(this.scenario, this.bounded(best), choice))
        if (this.isStopped) return
      }
    }
  }

  /** A run ends at its violation, and nothing that comes later needs to be tried; one that is judged at its end may be judged earlier. */
  private cutTime(): void {
    const { atMillis = 0 } = this.best.outcome.violations[0] ?? {}
    if (atMillis < this.best.duration) this.bend({ ...this.best, duration: atMillis + 1, calm: 0 })
    for (const phase of ["duration", "calm"] as const) {
      let fails = this.best[phase]
      let holds = -1
      while (fails - holds > Math.max(1, fails >> 3)) {
        const middle = holds < 0 ? fails >> 2 : (fails + holds) >> 1
        if (this.bend({ ...this.best, [phase]: middle })) fails = middle
        else holds = middle
        if (this.isStopped) return
      }
    }
  }

  private dropStreams(): void {
    for (const path of new Set(this.decisions.map((decision) => decision.path))) {
      this.keep(this.decisions.filter((decision) => decision.path !== path))
    }
  }

  /** From the end to the beginning, since what is late in a run often follows from what is early. */
  private dropBlocks(): void {
    for (let size = this.decisions.length; size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let end = this.decisions.length; end > 0; end -= size) {
        if (end > this.decisions.length) continue // a run that was kept may have ended sooner
        const start = Math.max(0, end - size)
        this.keep([...this.decisions.slice(0, start), ...this.decisions.slice(end)])
        if (this.isStopped) return
      }
    }
  }

  /** Two at once, and one for another value or an earlier place of the other: what no single step finds. */
  private dropPairs(): void {
    for (let i = 0; i < this.decisions.length; i++) {
      for (let j = 0; j < this.decisions.length && this.decisions.length <= maxForPairs; j++) {
        const other = this.decisions[j]!
        if (i === j || this.isStopped) continue
        const rest = this.decisions.filter((_, k) => k !== i)
        if (j > i && this.keep(rest.filter((decision) => decision !== other))) continue
        for (const instead of alternatives(this.best.tape, other)) {
          const replaced = rest.filter(({ index, path }) => path !== instead.path || index !== instead.index)
          if (this.keep([...replaced.filter((decision) => decision !== other), instead].toSorted(byIndex))) break
        }
      }
    }
  }

  /** By bisection towards 1, which is the smallest that is not benign. */
  private lowerValues(): void {
    for (let i = 0; i < this.decisions.length; i++) {
      let holds = 0
      for (;;) {
        const decision = this.decisions[i]
        if (this.isStopped || decision === undefined || decision.value - holds <= 1) break
        const value = holds === 0 ? 1 : (decision.value + holds) >> 1
        if (!this.keep(this.decisions.with(i, { ...decision, value }))) holds = value
      }
    }
  }

  /** Where so few decisions are left that runs with fewer can be tried one after the other, they are. */
  private enumerate(): void {
    const { best, decisions } = this
    if (decisions.length === 0 || decisions.length > maxForEnumeration) return
    const all = new Exhaustive({ decisions: decisions.length - 1, depth: 1_000 })
    while (all.runs < enumerated && !this.isStopped) {
      const choice = all.next()
      if (choice === undefined) return
      if (this.attempt(() => Simulation.choose(this.scenario, this.bounded(best), choice))) return
    }
  }

  private keep(decisions: ReadonlyArray<Decision>): boolean {
    return this.bend({ ...this.best, tape: Tapes.withDecisions(this.best.tape, decisions) })
  }

  private bend(candidate: Recording): boolean {
    return this.attempt(() => Simulation.bend(this.scenario, this.bounded(candidate)).report)
  }

  /** A candidate that does much more than the best is not worth its time: it ends, and has not failed. */
  private bounded(candidate: Recording): Recording {
    return { ...candidate, eventBudget: Math.min(candidate.eventBudget, 1_000 + 3 * this.best.outcome.events) }
  }

  /** Runs a candidate; what it was becomes the best if the property fails and it is smaller. */
  private attempt(run: () => Simulation.Report): boolean {
    const { best, options: { isInterrupted, maxRuns = 2_000, onProgress }, property } = this
    if (this.isStopped || this.runs >= maxRuns || isInterrupted?.() === true) {
      this.isStopped = true
      return false
    }
    this.runs++
    const report = run()
    if (!report.violations.some((violation) => violation.property === property)) return false
    const recording = { ...report.recording, eventBudget: best.eventBudget }
    if (!isSmaller(recording, best)) return false
    this.best = recording
    this.decisions = Tapes.decisions(recording.tape)
    onProgress?.(sizeOf(recording), this.runs)
    return true
  }
}

/** Fewer kinds of fault, then fewer decisions, then less time, then lower values: a strict order without an infinite descent, so shrinking ends. */
const isSmaller = (a: Recording, b: Recording): boolean => {
  const [left, right] = [weightsOf(a), weightsOf(b)]
  const i = left.findIndex((weight, at) => weight !== right[at])
  return i !== -1 && left[i]! < right[i]!
}

const weightsOf = (recording: Recording): ReadonlyArray<number> => {
  const { decisions, kinds } = sizeOf(recording)
  return [kinds, decisions, recording.duration + recording.calm, total(recording.tape)]
}

const total = (tape: Tape): number => Tapes.decisions(tape).reduce((sum, { value }) => sum + value, 0)
