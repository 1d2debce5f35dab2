/**
 * A range of simulation seeds, on this thread or on several. The sum does not depend on how many: seeds are folded in their order.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { Worker } from "node:worker_threads"
import { Digest } from "../../core/Canonical.js"
import type { FaultKind } from "../../simulation/Faults.js"
import * as RaftKeyValue from "../../simulation/scenarios/RaftKeyValue.js"
import type { Report, Summary } from "../../simulation/Simulation.js"
import * as Simulation from "../../simulation/Simulation.js"
import { CheckFailed } from "../Errors.js"

/** What is simulated: plain data, for it goes to worker threads. */
export interface Work {
  readonly nodes: number
  readonly from: number
  readonly to: number
  readonly faults: FaultKind
  readonly duration: number
  readonly calm: number
}

/** A worker's share: every `stride`th seed, beginning with `first`. */
export interface Share extends Work {
  readonly first: number
  readonly stride: number
}

/** What one seed gave; its tape only where it failed. */
export interface SeedResult extends
  Pick<
    Report,
    "seed" | "events" | "virtualMillis" | "operations" | "traceHash" | "counters"
  >
{
  readonly failure: Report | undefined
}

/** Runs a share, one seed after the other. */
export const runShare = (share: Share, onResult: (result: SeedResult) => void): void => {
  const scenario = RaftKeyValue.make({ nodes: share.nodes })
  const { calm, duration, faults } = share
  for (let seed = share.first; seed <= share.to; seed += share.stride) {
    const report = Simulation.run(scenario, { seed, faults, duration, calm })
    const { counters, events, operations, traceHash, virtualMillis } = report
    onResult({
      seed,
      events,
      virtualMillis,
      operations,
      traceHash,
      counters,
      failure: report.violations.length > 0 ? report : undefined
    })
  }
}

/** Runs all seeds; `onSeed` is called once for each, in the order in which they end. */
export const runSeeds = (work: Work, workers: number, onSeed: () => void): Effect.Effect<Summary, CheckFailed> =>
  Effect.gen(function*() {
    const tally = new Tally(work.from)
    const take = (result: SeedResult): void => {
      tally.take(result)
      onSeed()
    }
    const stride = Math.min(workers, work.to - work.from + 1)
    if (stride === 1) runShare({ ...work, first: work.from, stride }, take)
    else {
      yield* Effect.forEach(
        Array.from({ length: stride }, (_, i): Share => ({ ...work, first: work.from + i, stride })),
        (share) => onWorker(share, take),
        { concurrency: "unbounded", discard: true }
      )
    }
    return tally.summary()
  })

const onWorker = (share: Share, take: (result: SeedResult) => void): Effect.Effect<void, CheckFailed> =>
  Effect.async((resume) => {
    const worker = new Worker(new URL("./seedWorker.js", import.meta.url), { workerData: share })
    const failed = (why: string) =>
      resume(new CheckFailed({ message: `the worker of seeds ${share.first}, +${share.stride}, ... died: ${why}` }))
    worker.on("message", take)
    worker.on("error", (error) => failed(String(error)))
    worker.on("exit", (code) => code === 0 ? resume(Effect.void) : failed(`exit code ${code}`))
    return Effect.promise(() => worker.terminate())
  })

/** Folds results in the order of their seeds, whatever the order in which they come. */
class Tally {
  private readonly early = new Map<number, SeedResult>()
  private readonly digest = new Digest()
  private readonly failures: Array<Report> = []
  private counters: Report["counters"] | undefined
  private seeds = 0
  private events = 0
  private virtualMillis = 0
  private operations = 0

  constructor(private next: number, private readonly maxFailures = 20) {}

  take(result: SeedResult): void {
    this.early.set(result.seed, result)
    for (let due = this.early.get(this.next); due !== undefined; due = this.early.get(this.next)) {
      this.early.delete(this.next++)
      this.add(due)
    }
  }

  private add(result: SeedResult): void {
    this.seeds++
    this.events += result.events
    this.virtualMillis += result.virtualMillis
    this.operations += result.operations
    this.digest.string(result.traceHash)
    this.counters = this.counters === undefined ? result.counters : sum(this.counters, result.counters)
    if (result.failure !== undefined && this.failures.length < this.maxFailures) this.failures.push(result.failure)
  }

  /** After the last seed. */
  summary(): Summary {
    const { counters, digest, events, failures, operations, seeds, virtualMillis } = this
    if (counters === undefined) throw new RangeError("a range has at least one seed")
    return { seeds, events, virtualMillis, operations, failures, traceHash: digest.toString(), counters }
  }
}

const sum = (a: Report["counters"], b: Report["counters"]): Report["counters"] => {
  const total = { ...a }
  for (const key of Object.keys(b) as Array<keyof typeof total>) total[key] += b[key]
  return total
}
