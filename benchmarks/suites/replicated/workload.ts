/**
 * Closed loops of `inFlight` callers over 1,024 keys and values of 256 bytes.
 */
import { quantile } from "../../harness/Statistics.js"
import type { Latency, Round, Started } from "../../harness/Suite.js"
import type { Client } from "./Client.js"

export const keyCount = 1024
export const valueBytes = 256
export const keyOf = (i: number): string => `key-${String(i % keyCount).padStart(6, "0")}`

/** Carries its round and number, so that a value of an earlier round cannot pass for a present one. */
export const valueOf = (round: number, i: number): string => `${round}:${i}:`.padEnd(valueBytes, "synod")

const numberOf = (value: string | undefined, round: number): number => {
  const [writtenIn, i] = (value ?? "").split(":")
  if (writtenIn !== String(round) || value?.length !== valueBytes) {
    throw new Error(`round ${round} found ${value?.slice(0, 24) ?? "nothing"}`)
  }
  return Number(i)
}

const fold = (hash: number, n: number): number => (Math.imul(hash, 31) + n) | 0

/** The last number that was written to a key by puts 0 .. n - 1, or undefined. */
const lastOf = (key: number, n: number): number | undefined =>
  key >= n ? undefined : key + Math.floor((n - 1 - key) / keyCount) * keyCount

/** What all keys hold after puts 0 .. n - 1. */
export const expectedPuts = (n: number): string => {
  let hash = 0
  for (let key = 0; key < Math.min(n, keyCount); key++) hash = fold(hash, lastOf(key, n)!)
  return String(hash)
}

/** The sum of what n gets find, the keys being preloaded with their own numbers. */
export const expectedGets = (n: number): string => {
  let sum = 0
  for (let i = 0; i < n; i++) sum += i % keyCount
  return String(sum)
}

/** Starts operations 0 .. n - 1, at most `inFlight` unfinished at a time. */
export const closedLoop = (
  n: number,
  inFlight: number,
  operation: (i: number, done: (error?: Error) => void) => void
): Promise<{ readonly wallSeconds: number; readonly latency: Latency }> =>
  new Promise((resolve, reject) => {
    const millis = new Float64Array(n)
    const started = performance.now()
    let sent = 0
    let finished = 0
    const next = (): void => {
      const i = sent++
      const at = performance.now()
      operation(i, (error) => {
        if (error !== undefined) return reject(error)
        millis[i] = performance.now() - at
        finished++
        if (sent < n) return next()
        if (finished < n) return
        const wallSeconds = (performance.now() - started) / 1000
        const sample = [...millis]
        resolve({ wallSeconds, latency: { p50: quantile(sample, 0.5), p99: quantile(sample, 0.99) } })
      })
    }
    for (let i = 0; i < Math.min(n, inFlight); i++) next()
  })

const readBack = async (client: Client, n: number, round: number): Promise<string> => {
  const found = new Float64Array(Math.min(n, keyCount))
  await closedLoop(found.length, 64, (i, done) =>
    client.get(keyOf(i), (error, value) => {
      if (error === undefined) found[i] = numberOf(value, round)
      done(error)
    }))
  return String(found.reduce((hash, i) => fold(hash, i), 0))
}

/** Puts; afterwards every key is read back. */
export const puts = (connect: () => Promise<Client>, inFlight: number) => async (): Promise<Started> => {
  const client = await connect()
  let round = 0
  return {
    run: async (n): Promise<Round> => {
      round++
      const measured = await closedLoop(n, inFlight, (i, done) => client.put(keyOf(i), valueOf(round, i), done))
      return { operations: n, checksum: await readBack(client, n, round), ...measured }
    },
    stop: client.stop
  }
}

/** Gets of preloaded keys. */
export const gets = (connect: () => Promise<Client>, inFlight: number) => async (): Promise<Started> => {
  const client = await connect()
  await closedLoop(keyCount, 16, (i, done) => client.put(keyOf(i), valueOf(0, i), done))
  return {
    run: async (n): Promise<Round> => {
      let sum = 0
      const measured = await closedLoop(n, inFlight, (i, done) =>
        client.get(keyOf(i), (error, value) => {
          if (error === undefined) sum += numberOf(value, 0)
          done(error)
        }))
      return { operations: n, checksum: String(sum), ...measured }
    },
    stop: client.stop
  }
}

/** Puts by the leader's own process; the client reads them back. */
export const embeddedPuts = (connect: () => Promise<Client>, inFlight: number) => async (): Promise<Started> => {
  const client = await connect()
  let round = 0
  return {
    run: async (n): Promise<Round> => {
      round++
      if (client.embedded === undefined) throw new Error("this store cannot be embedded")
      const { p50, p99, seconds } = await client.embedded(n, inFlight, round)
      const checksum = await readBack(client, n, round)
      return { operations: n, checksum, wallSeconds: seconds, latency: { p50, p99 } }
    },
    stop: client.stop
  }
}
