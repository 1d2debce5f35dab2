/**
 * Deterministic simulation: a whole cluster on virtual time, with seeded faults, judged after every step.
 *
 * Guarantee: a run is a function of (scenario, plan, seed): equal seeds give equal trace hashes on every machine, and its tape replays it.
 *
 * @since 0.1.0
 */
import { Digest } from "../core/Canonical.js"
import type { Choice, Tape } from "../core/Choice.js"
import * as Choices from "../core/Choice.js"
import type { Vocabulary } from "../core/Protocol.js"
import type { FaultKind, FaultPlan } from "./Faults.js"
import * as Faults from "./Faults.js"
import type { Violation } from "./internal/Cluster.js"
import { Cluster, noCounters } from "./internal/Cluster.js"
import type { Scenario } from "./Scenario.js"

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
  /** Recorded when it is asked for, by running the seed again. */
  readonly tape: Tape
  readonly plan: FaultPlan
  readonly counters: Cluster<Vocabulary>["counters"]
  /** The line that runs it again. */
  readonly replayLine: string
}

/**
 * Runs one seed.
 *
 * @since 0.1.0
 * @category running
 */
export const run = <P extends Vocabulary>(scenario: Scenario<P>, options: Options): Report => {
  const plan = options.plan === undefined
    ? Faults.redraw(Faults.ofKind(options.faults), Choices.seeded(options.seed).fork("swarm"))
    : { ...Faults.none, ...options.plan }
  const weights = Faults.weights(plan)
  let tape: Tape | undefined
  return drive(scenario, options, plan, Choices.seeded(options.seed, weights), () => {
    if (tape === undefined) {
      const choice = Choices.random(options.seed, weights)
      drive(scenario, options, plan, choice, () => ({ streams: {} }))
      tape = choice.tape()
    }
    return tape
  })
}

/**
 * Runs a tape again. Throws `TapeMismatch` where the run asks for other choices than the tape recorded.
 *
 * @since 0.1.0
 * @category running
 */
export const replay = <P extends Vocabulary>(
  scenario: Scenario<P>,
  options: Options,
  recorded: { readonly plan: FaultPlan; readonly tape: Tape }
): Report => drive(scenario, options, recorded.plan, Choices.replay(recorded.tape), () => recorded.tape)

const drive = <P extends Vocabulary>(
  scenario: Scenario<P>,
  options: Options,
  plan: FaultPlan,
  choice: Choice,
  tape: () => Tape
): Report => {
  const budget = options.eventBudget ?? 100_000 + 100 * (options.duration + options.calm)
  const cluster = new Cluster(scenario, choice, plan, budget)
  cluster.runUntil(options.duration * 1000)
  if (cluster.violation === undefined) {
    cluster.heal()
    cluster.runUntil((options.duration + Math.floor(options.calm / 2)) * 1000)
    cluster.closing = true
    cluster.runUntil((options.duration + options.calm) * 1000)
  }
  const violations = cluster.finish()
  const nodes = scenario.nodes.length
  return {
    seed: options.seed,
    faults: options.faults,
    events: cluster.events,
    virtualMillis: Math.floor(cluster.now / 1000),
    operations: cluster.operations,
    violations,
    traceHash: cluster.digest.toString(),
    get tape() {
      return tape()
    },
    plan,
    counters: cluster.counters,
    replayLine: options.plan === undefined
      ? `npm run synod -- simulate ${scenario.name} --nodes ${nodes} --seeds ${options.seed}..${options.seed} --faults ${options.faults}`
      : `Simulation.run(${scenario.name}, ${JSON.stringify(options)})`
  }
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
