/**
 * Concurrent clients of a key-value store, and the history of what they saw.
 *
 * Each client does one thing at a time: gets, puts, comparisons and deletes on a few shared keys, and puts of 1, 2, 3 ... to a key of its own. What it was told is
 * recorded as `ok`, `fail` or `info`; after an `info` it goes on under a new process id, and after anything but `ok` at another door.
 * The keys of one writer give a second judgement that needs no checker: what was acknowledged last, or something newer, must be there at the end.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { History } from "../../consistency/History.js"
import { makeRecorder } from "../../consistency/History.js"
import type { KeyValueInput, Value } from "../../consistency/Specification.js"
import type { Prng } from "../../core/Prng.js"
import * as Prngs from "../../core/Prng.js"

/** What a client was told. `Fail` is a promise that it had no effect; `Info` promises nothing. */
export type Outcome =
  | { readonly _tag: "Ok"; readonly value: Value }
  | { readonly _tag: "Fail" }
  | { readonly _tag: "Info" }

/** A way to the store: a node. Ends by a deadline of its own, and turns every failure into an outcome. */
export type Execute = (input: KeyValueInput) => Effect.Effect<Outcome>

/** The shape of the load. */
export interface Options {
  readonly clients: number
  /** Keys that all clients share. */
  readonly keys: number
  readonly seed: number
  readonly doors: ReadonlyArray<Execute>
  /** Operations recorded at most; then the clients rest. */
  readonly capacity: number
  /** A client's rest after an operation that was answered. */
  readonly thinkMillis?: number
  /** A client's rest after one that was not, so that it does not spin. Default 20. */
  readonly backoffMillis?: number
}

/** An own key whose last acknowledged write, or a newer one, was not there at the end. */
export interface LostWrite {
  readonly key: string
  readonly acknowledged: number
  readonly found: Value
}

/** What the clients did. */
export interface Result {
  readonly history: History<KeyValueInput, Value>
  readonly operations: number
  readonly acknowledged: number
  readonly failed: number
  readonly unknown: number
  /** Milliseconds of the operations that were acknowledged before the reads at the end, ascending. */
  readonly latencies: ReadonlyArray<number>
  /** Those operations a second, from the first invocation to the last completion. */
  readonly throughput: number
  readonly lost: ReadonlyArray<LostWrite>
}

/** Clients at work. */
export interface Workload {
  /** What was acknowledged so far: progress, for an observer. */
  readonly acknowledged: () => number
  /** Runs the clients until `stop`; each ends with the operation that it is at. */
  readonly run: Effect.Effect<void>
  readonly stop: () => void
  /** After `run`: reads every key at every door, `attempts` times each until it is answered, and sums up. */
  readonly audit: (attempts: number) => Effect.Effect<Result>
}

/** Clients that wait for `run`. */
export const make = (options: Options): Workload => {
  const recorder = makeRecorder<KeyValueInput, Value>({ capacity: options.capacity })
  const keys = Array.from({ length: options.keys }, (_, i) => `k${i + 1}`)
  const owners = Array.from({ length: options.clients }, (_, i): Owner => ({
    key: `own${i + 1}`,
    attempted: 0,
    acknowledged: 0,
    unknown: new Set()
  }))
  const counts = { operations: 0, acknowledged: 0, failed: 0, unknown: 0 }
  const latencies: Array<number> = []
  const control = { stopping: false }
  let processes = options.clients
  let started = 0
  let throughput = 0

  /** One recorded operation; `undefined` when the recorder is full. */
  const operate = (process: number, execute: Execute, input: KeyValueInput) =>
    Effect.gen(function*() {
      const clock = yield* Effect.clock
      const millis = () => Math.round(Number(clock.unsafeCurrentTimeNanos()) / 1e3) / 1e3 - started
      const from = millis()
      if (!recorder.invoke(process, input, from)) return undefined
      counts.operations++
      const outcome = yield* execute(input).pipe(Effect.onInterrupt(() => Effect.sync(() => recorder.info(process))))
      const to = millis()
      if (outcome._tag === "Ok") {
        recorder.ok(process, outcome.value, to)
        counts.acknowledged++
        latencies.push(to - from)
      } else if (outcome._tag === "Fail") {
        recorder.fail(process, to)
        counts.failed++
      } else {
        recorder.info(process, to)
        counts.unknown++
      }
      return outcome
    })

  const client = (index: number) =>
    Effect.gen(function*() {
      const random = Prngs.make(options.seed, `client ${index}`)
      const owner = owners[index]!
      const seen = new Map<string, Value>()
      let process = index
      let door = index
      for (let turn = 1; !control.stopping; turn++) {
        const input = draw(random, keys, seen, owner, `${index}.${turn}`)
        const outcome = yield* operate(process, options.doors[door % options.doors.length]!, input)
        if (outcome === undefined) return
        remember(seen, owner, input, outcome)
        if (outcome._tag === "Ok") {
          if (options.thinkMillis !== undefined) yield* Effect.sleep(options.thinkMillis)
        } else {
          if (outcome._tag === "Info") process = processes++
          door++
          yield* Effect.sleep(options.backoffMillis ?? 20)
        }
      }
    })

  const audit = (attempts: number) =>
    Effect.gen(function*() {
      const measured = latencies.slice()
      const lost: Array<LostWrite> = []
      for (const execute of options.doors) {
        for (const key of [...keys, ...owners.map((owner) => owner.key)]) {
          const outcome = yield* Effect.suspend(() => operate(processes++, execute, { _tag: "Get", key })).pipe(
            Effect.repeat({
              until: (outcome) => outcome === undefined || outcome._tag === "Ok",
              times: attempts - 1
            })
          )
          const owner = owners.find((owner) => owner.key === key)
          if (outcome?._tag !== "Ok" || owner === undefined) continue
          const found = Number(outcome.value ?? 0)
          if (found < owner.acknowledged && !owner.unknown.has(found)) {
            lost.push({ key, acknowledged: owner.acknowledged, found: outcome.value })
          }
        }
      }
      return {
        ...counts,
        history: recorder.history(),
        latencies: measured.sort((a, b) => a - b),
        throughput,
        lost
      }
    })

  return {
    acknowledged: () => counts.acknowledged,
    run: Effect.gen(function*() {
      started = yield* Clock.currentTimeNanos.pipe(Effect.map((nanos) => Math.round(Number(nanos) / 1e3) / 1e3))
      yield* Effect.forEach(owners, (_, index) => client(index), { concurrency: "unbounded", discard: true })
      const elapsedMillis = Number(yield* Clock.currentTimeNanos) / 1e6 - started
      throughput = Math.round(counts.acknowledged / Math.max(elapsedMillis, 1) * 1000)
    }),
    stop: () => {
      control.stopping = true
    },
    audit
  }
}

/** A key with one writer, and what it wrote. */
interface Owner {
  readonly key: string
  attempted: number
  acknowledged: number
  /** Writes of unknown outcome: any of them may be the last one to take effect. */
  readonly unknown: Set<number>
}

const draw = (
  random: Prng,
  keys: ReadonlyArray<string>,
  seen: ReadonlyMap<string, Value>,
  owner: Owner,
  value: string
): KeyValueInput => {
  const key = keys[random.below(keys.length)]!
  const lot = random.below(100)
  if (lot < 40) return { _tag: "Get", key }
  if (lot < 65) return { _tag: "Put", key, value }
  if (lot < 85) return { _tag: "Cas", key, from: seen.get(key) ?? null, to: value }
  if (lot < 90) return { _tag: "Delete", key }
  return { _tag: "Put", key: owner.key, value: String(++owner.attempted) }
}

/** What a client believes a key to hold, so that some of its comparisons succeed. */
const remember = (seen: Map<string, Value>, owner: Owner, input: KeyValueInput, outcome: Outcome): void => {
  if (input.key === owner.key) {
    if (outcome._tag === "Ok") owner.acknowledged = owner.attempted
    if (outcome._tag === "Info") owner.unknown.add(owner.attempted)
    return
  }
  if (outcome._tag !== "Ok") return
  if (input._tag === "Get") seen.set(input.key, outcome.value)
  else if (input._tag === "Put") seen.set(input.key, input.value)
  else if (input._tag === "Delete") seen.set(input.key, null)
  else if (input._tag === "Cas" && outcome.value === true) seen.set(input.key, input.to)
}

/** The value below which the share `p` of ascending values lies, in milliseconds with two decimals; 0 of none. */
export const percentile = (ascending: ReadonlyArray<number>, p: number): number => {
  const at = Math.min(ascending.length - 1, Math.floor(ascending.length * p))
  return Math.round((ascending[at] ?? 0) * 100) / 100
}
