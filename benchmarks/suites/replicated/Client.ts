/**
 * What the workloads ask of a replicated key-value store, seen from a client process.
 */
export interface Client {
  /** `done` when the write is durable at a majority. */
  readonly put: (key: string, value: string, done: (error?: Error) => void) => void
  /** A linearizable read, unless the implementation's sentence says otherwise. */
  readonly get: (key: string, done: (error: Error | undefined, value: string | undefined) => void) => void
  /** Lets the leader's own process put `n` values with `inFlight` under way, where a client can ask for that. */
  readonly embedded?: (n: number, inFlight: number, round: number) => Promise<Embedded>
  readonly stop: () => Promise<void>
}

export interface Embedded {
  readonly seconds: number
  readonly p50: number
  readonly p99: number
}
