/**
 * A range of simulation seeds, on this thread or on several. The sum does not depend on how many: seeds are folded in their order. Threads take chunks of seeds,
 * and none runs far ahead of the others, so what is held does not grow with the range; a run that is stopped ends with the chunks that were begun.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { Worker } from "node:worker_threads"
import { Digest } from "../../core/Canonical.js"
import type { FaultKind } from "../../simulation/Faults.js"
import type { Recording } from "../../simulation/Recording.js"
import * as RaftKeyValue from "../../simulation/scenarios/RaftKeyValue.js"
import type { Report, Summary } from "../../simulation/Simulation.js"
import * as Simulation from "../../simulation/Simulation.js"
import { CheckFailed } from "../Errors.js"

/** What is simulated: plain data, for it goes to worker threads. */
export interface Work {
  readonly shape: RaftKeyValue.Shape
  readonly from: number
  readonly to: number
  readonly faults: FaultKind
  readonly duration: number
  readonly calm: number
}

/** Seeds that follow each other. */
export interface Chunk {
  readonly from: number
  readonly to: number
}

/** What one seed gave. */
export interface SeedResult extends
  Pick<
    Report,
    "seed" | "events" | "virtualMillis" | "operations" | "traceHash" | "counters"
  >
{
  /** Of a seed that failed, and only of the first ones of a chunk: a recording costs a second run. */
  readonly failure: Recording | undefined
  readonly hasFailed: boolean
}

/** What a range of seeds gave. */
export interface Outcome extends Omit<Summary, "failures"> {
  /** How many seeds failed. */
  readonly failed: number
  /** The first of them, at most `maxFailures`. */
  readonly failures: ReadonlyArray<Recording>
}

const maxFailures = 20
const chunkSize = 16
/** Results that wait for an earlier seed; beyond them no thread gets another chunk. */
const maxEarly = 64 * chunkSize

/** Runs a chunk, one seed after the other. */
export const runChunk = ({ calm, duration, faults, shape }: Work, { from, to }: Chunk): ReadonlyArray<SeedResult> => {
  const scenario = RaftKeyValue.make(shape)
  const results: Array<SeedResult> = []
  let kept = 0
  for (let seed = from; seed <= to; seed++) {
    const report = Simulation.run(scenario, { seed, faults, duration, calm })
    const { counters, events, operations, traceHash, virtualMillis } = report
    const hasFailed = report.violations.length > 0
    const failure = hasFailed && kept++ < maxFailures ? report.recording : undefined
    results.push({ seed, events, virtualMillis, operations, traceHash, counters, failure, hasFailed })
  }
  return results
}

/** Runs all seeds, or those that were begun when it is stopped; `onSeed` is called once for each. */
export const runSeeds = (
  work: Work,
  workers: number,
  onSeed: () => void,
  isStopped: () => boolean
): Effect.Effect<Outcome, CheckFailed> =>
  Effect.gen(function*() {
    const tally = new Tally(work.from)
    const source = new Source(work, tally, isStopped)
    const take = (results: ReadonlyArray<SeedResult>): void => {
      for (const result of results) {
        tally.take(result)
        onSeed()
      }
    }
    if (workers === 1) {
      for (let chunk = source.next(1); chunk !== undefined; chunk = source.next(1)) {
        take(runChunk(work, chunk))
        yield* turn
      }
    } else {
      const seeds = work.to - work.from + 1
      const size = Math.min(chunkSize, Math.ceil(seeds / workers))
      yield* Effect.forEach(
        Array.from({ length: Math.min(workers, seeds) }),
        () => onWorker(work, source, size, take),
        {
          concurrency: "unbounded",
          discard: true
        }
      )
    }
    return tally.outcome()
  })

/** Lets what waits for this thread happen, as a signal does. */
const turn: Effect.Effect<void> = Effect.async((resume) => {
  setImmediate(() => resume(Effect.void))
})

/** Hands out the seeds. */
class Source {
  private at: number
  private parked: Array<() => void> = []

  constructor(private readonly work: Work, private readonly tally: Tally, private readonly isStopped: () => boolean) {
    this.at = work.from
  }

  /** The next chunk; `undefined` after the last. */
  next(size: number): Chunk | undefined {
    if (this.at > this.work.to || this.isStopped()) return undefined
    const from = this.at
    this.at = Math.min(from + size, this.work.to + 1)
    return { from, to: this.at - 1 }
  }

  /** Calls back when a thread may go on: at once, or when one that is behind has caught up. */
  whenDue(go: () => void): void {
    this.parked.push(go)
    if (this.tally.waiting > maxEarly) return
    const due = this.parked
    this.parked = []
    for (const one of due) one()
  }
}

const onWorker = (
  work: Work,
  source: Source,
  size: number,
  take: (results: ReadonlyArray<SeedResult>) => void
): Effect.Effect<void, CheckFailed> =>
  Effect.async((resume) => {
    const worker = new Worker(new URL("./seedWorker.js", import.meta.url), { workerData: work })
    let isOver = false
    const failed = (why: string) => resume(new CheckFailed({ message: `a worker of the seeds died: ${why}` }))
    const go = (): void => {
      const chunk = source.next(size)
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      if (chunk !== undefined) return worker.postMessage(chunk)
      isOver = true
      void worker.terminate()
    }
    worker.on("message", (results: ReadonlyArray<SeedResult>) => {
      take(results)
      source.whenDue(go)
    })
    worker.on("error", (error) => failed(String(error)))
    worker.on("exit", (code) => isOver ? resume(Effect.void) : failed(`exit code ${code}`))
    go()
    return Effect.promise(() => worker.terminate())
  })

/** Folds results in the order of their seeds, whatever the order in which they come. */
class Tally {
  private readonly early = new Map<number, SeedResult>()
  private readonly digest = new Digest()
  private readonly failures: Array<Recording> = []
  private failed = 0
  private counters: Report["counters"] | undefined
  private seeds = 0
  private events = 0
  private virtualMillis = 0
  private operations = 0

  constructor(private next: number) {}

  /** Results whose turn has not come. */
  get waiting(): number {
    return this.early.size
  }

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
    if (result.hasFailed) this.failed++
    if (result.failure !== undefined && this.failures.length < maxFailures) this.failures.push(result.failure)
  }

  outcome(): Outcome {
    const { digest, events, failed, failures, operations, seeds, virtualMillis } = this
    const counters = this.counters ?? Simulation.noCounters()
    return { seeds, events, virtualMillis, operations, failed, failures, traceHash: digest.toString(), counters }
  }
}

const sum = (a: Report["counters"], b: Report["counters"]): Report["counters"] => {
  const total = { ...a }
  for (const key of Object.keys(b) as Array<keyof typeof total>) total[key] += b[key]
  return total
}
