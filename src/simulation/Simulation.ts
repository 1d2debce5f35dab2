/**
 * Deterministic simulation: a whole cluster on virtual time, with seeded faults, judged after every step.
 *
 * Guarantee: a run is a function of (scenario, plan, seed): equal seeds give equal trace hashes on every machine, and its tape replays it.
 *
 * @since 0.1.0
 */
import { Digest } from "../core/Canonical.js"
import type { Choice } from "../core/Choice.js"
import * as Choices from "../core/Choice.js"
import type { Vocabulary } from "../core/Protocol.js"
import type { TapeMismatch } from "../core/Tape.js"
import * as Tapes from "../core/Tape.js"
import type { FaultKind, FaultPlan } from "./Faults.js"
import * as Faults from "./Faults.js"
import { Cluster, noCounters } from "./internal/Cluster.js"
import type { Recording } from "./Recording.js"
import type { Scenario, Violation } from "./Scenario.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly seed: number
  readonly faults: FaultKind
  /** Exactly these rates, and no others, instead of a swarm's draw of `faults`. */
  readonly plan?: Partial<FaultPlan>
  /** Virtual milliseconds under faults. */
  readonly duration: number
  /** Virtual milliseconds after the faults ended, before the end is judged. */
  readonly calm: number
  /** A run of more events ends with the violation `EventBudget`: a protocol that never rests is a verdict, not a hang. Default 100,000 and 100 a virtual millisecond. */
  readonly eventBudget?: number
}

/**
 * What a run did.
 *
 * @since 0.1.0
 * @category models
 */
export interface Report {
  readonly seed: number
  readonly faults: FaultKind
  readonly events: number
  readonly virtualMillis: number
  readonly operations: number
  readonly violations: ReadonlyArray<Violation>
  readonly traceHash: string
  /** The run as data, which `replay` runs again. The tape of a seed is made when it is asked for, by running the seed again. */
  readonly recording: Recording
  readonly plan: FaultPlan
  readonly counters: Cluster<Vocabulary>["counters"]
}

/**
 * Runs one seed.
 *
 * @since 0.1.0
 * @category running
 */
export const run = <P extends Vocabulary>(scenario: Scenario<P>, options: Options): Report => {
  const course = courseOf(options)
  const weights = Faults.weights(course.plan)
  let recording: Recording | undefined
  return drive(
    scenario,
    course,
    Choices.random(options.seed, weights),
    () => recording ??= choose(scenario, course, Choices.random(options.seed, weights)).recording
  )
}

/**
 * Runs a recording again. Throws `TapeMismatch` where the run asks for another choice than the tape holds, or for one more or less.
 *
 * @since 0.1.0
 * @category running
 */
export const replay = <P extends Vocabulary>(scenario: Scenario<P>, recording: Recording): Report => {
  const choice = Tapes.replay(recording.tape)
  const report = drive(scenario, recording, choice, () => recording)
  choice.end()
  return report
}

/**
 * Runs a recording as far as its tape fits a program that may have changed since, and says where it first did not. What does not fit is benign. The report's own
 * recording is the run that really was.
 *
 * @since 0.1.0
 * @category running
 */
export const bend = <P extends Vocabulary>(
  scenario: Scenario<P>,
  recording: Recording
): { readonly report: Report; readonly mismatch: TapeMismatch | undefined } => {
  const bent = Tapes.bend(recording.tape)
  const choice = Tapes.record(bent)
  const report: Report = drive(
    scenario,
    recording,
    choice,
    (): Recording => recordingOf(scenario, recording, report, choice.tape())
  )
  return { report, mismatch: bent.mismatch }
}

/**
 * Runs with choices that come from anywhere, under exactly the given plan.
 *
 * @since 0.1.0
 * @category running
 */
export const choose = <P extends Vocabulary>(scenario: Scenario<P>, course: Course, choice: Choice): Report => {
  const recorded = Tapes.record(choice)
  const report: Report = drive(
    scenario,
    course,
    recorded,
    (): Recording => recordingOf(scenario, course, report, recorded.tape())
  )
  return report
}

/**
 * What a run is subjected to: everything but its choices.
 *
 * @since 0.1.0
 * @category models
 */
export type Course = Pick<Recording, "seed" | "faults" | "plan" | "duration" | "calm" | "eventBudget">

/**
 * The course of a seed: the swarm draws its plan, unless the options give one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const courseOf = (options: Options): Course => {
  const { calm, duration, faults, seed } = options
  return {
    seed,
    faults,
    duration,
    calm,
    eventBudget: options.eventBudget ?? 100_000 + 100 * (duration + calm),
    plan: options.plan === undefined
      ? Faults.redraw(Faults.ofKind(faults), Choices.random(seed).fork("swarm"))
      : { ...Faults.none, ...options.plan }
  }
}

const recordingOf = <P extends Vocabulary>(
  scenario: Scenario<P>,
  course: Course,
  { events, traceHash, violations }: Report,
  tape: Tapes.Tape
): Recording => ({
  scenario: scenario.name,
  parameters: scenario.parameters ?? {},
  seed: course.seed,
  faults: course.faults,
  plan: course.plan,
  duration: course.duration,
  calm: course.calm,
  eventBudget: course.eventBudget,
  outcome: { events, traceHash, violations },
  tape
})

const drive = <P extends Vocabulary>(
  scenario: Scenario<P>,
  { calm, duration, eventBudget, faults, plan, seed }: Course,
  choice: Choice,
  recording: () => Recording
): Report => {
  const cluster = new Cluster(scenario, choice, plan, eventBudget)
  cluster.runUntil(duration * 1000)
  if (cluster.violation === undefined) {
    cluster.heal()
    cluster.converge((duration + Math.floor(calm / 2)) * 1000)
    cluster.closing = true
    cluster.runUntil((duration + calm) * 1000)
  }
  const violations = cluster.finish()
  return {
    seed,
    faults,
    events: cluster.events,
    virtualMillis: Math.floor(cluster.now / 1000),
    operations: cluster.operations,
    violations,
    traceHash: cluster.digest.toString(),
    get recording() {
      return recording()
    },
    plan,
    counters: cluster.counters
  }
}

export {
  /**
   * What happened in no run at all: zeros.
   *
   * @since 0.1.0
   * @category constants
   */
  noCounters
}

/**
 * What a range of seeds did.
 *
 * @since 0.1.0
 * @category models
 */
export interface Summary {
  readonly seeds: number
  readonly events: number
  readonly virtualMillis: number
  readonly operations: number
  /** Reports of the seeds that failed; at most `maxFailures` are kept. */
  readonly failures: ReadonlyArray<Report>
  readonly traceHash: string
  readonly counters: Report["counters"]
}

/**
 * Runs the seeds from..to, both included, one after the other. `onReport` sees each.
 *
 * @since 0.1.0
 * @category running
 */
export const runSeeds = <P extends Vocabulary>(
  scenario: Scenario<P>,
  from: number,
  to: number,
  options: Omit<Options, "seed">,
  onReport: (report: Report) => void = () => {},
  maxFailures = 20
): Summary => {
  const digest = new Digest()
  const failures: Array<Report> = []
  const counters = noCounters()
  let events = 0
  let virtualMillis = 0
  let operations = 0
  for (let seed = from; seed <= to; seed++) {
    const report = run(scenario, { ...options, seed })
    events += report.events
    virtualMillis += report.virtualMillis
    operations += report.operations
    digest.string(report.traceHash)
    for (const key of Object.keys(counters) as Array<keyof typeof counters>) counters[key] += report.counters[key]
    if (report.violations.length > 0 && failures.length < maxFailures) failures.push(report)
    onReport(report)
  }
  return { seeds: to - from + 1, events, virtualMillis, operations, failures, traceHash: digest.toString(), counters }
}
