/** Zones of an unambiguous register: see `unambiguous.ts`. Typed arrays, because a history may have a million operations. */
import type { Accessed, Problem } from "./unambiguous.js"

const OPEN = Number.POSITIVE_INFINITY

export const makeRegisterProblem = (operations: ReadonlyArray<Accessed>, initial: unknown): Problem | undefined => {
  const n = operations.length
  // Cluster 0 is that of the initial value, written before all; the others are those of the writes, in order.
  const clusterOf = new Int32Array(n)
  const writerOf = [-1]
  const byValue = new Map<unknown, number>([[initial, 0]])
  for (let i = 0; i < n; i++) {
    const { kind, value } = operations[i]!
    if (kind !== "write" && kind !== "read") return undefined
    if (kind === "read") continue
    clusterOf[i] = writerOf.push(i) - 1
    byValue.set(value, byValue.has(value) ? -2 : clusterOf[i]!)
  }
  const calls = new Float64Array(n)
  const returns = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    const { call, kind, return: end, value } = operations[i]!
    calls[i] = call
    returns[i] = end
    if (kind === "write") continue
    const cluster = end === OPEN ? 0 : byValue.get(value) ?? -1
    if (cluster === -2) return undefined
    clusterOf[i] = cluster
  }
  return registerProblem(calls, returns, clusterOf, Int32Array.from(writerOf))
}

/** Of each cluster: its zone from the earliest return to the latest call, and how many operations of it are there. */
interface Zones {
  readonly start: Float64Array
  readonly end: Float64Array
  readonly size: Int32Array
}

const registerProblem = (
  calls: Float64Array,
  returns: Float64Array,
  clusterOf: Int32Array,
  writerOf: Int32Array
): Problem => {
  const n = calls.length
  const clusters = writerOf.length
  /** Undefined: some read came before its write, or from nowhere. */
  const zonesBefore = (cut: number): Zones | undefined => {
    const start = new Float64Array(clusters).fill(OPEN)
    const end = new Float64Array(clusters).fill(-1)
    const size = new Int32Array(clusters)
    start[0] = -1
    for (let i = 0; i < n; i++) {
      if (calls[i]! >= cut) continue
      const cluster = clusterOf[i]!
      const isWrite = cluster > 0 && writerOf[cluster] === i
      const returned = returns[i]! < cut ? returns[i]! : OPEN
      if (returned === OPEN && !isWrite) continue
      if (cluster < 0) return undefined
      if (!isWrite && cluster > 0 && calls[writerOf[cluster]!]! > returned) return undefined
      if (returned < start[cluster]!) start[cluster] = returned
      if (calls[i]! > end[cluster]!) end[cluster] = calls[i]!
      size[cluster]!++
    }
    return { start, end, size }
  }
  // A write that is open and that nobody read has no zone: it need not take effect.
  const isPresent = ({ size, start }: Zones, cluster: number) => size[cluster]! > 0 && start[cluster] !== OPEN

  /** Forward zones by start; undefined when two overlap. */
  const forwardZones = (zones: Zones): Int32Array | undefined => {
    const keys = new Float64Array(clusters)
    let count = 0
    for (let cluster = 0; cluster < clusters; cluster++) {
      if (!isPresent(zones, cluster) || zones.start[cluster]! > zones.end[cluster]!) continue
      keys[count++] = (zones.start[cluster]! + 1) * clusters + cluster
    }
    const sorted = keys.subarray(0, count).sort()
    const order = Int32Array.from(sorted, (key) => key % clusters)
    for (let i = 1; i < count; i++) if (zones.start[order[i]!]! < zones.end[order[i - 1]!]!) return undefined
    return order
  }
  /** The last forward zone that starts before a position, or -1. */
  const lastBefore = (zones: Zones, forward: Int32Array, position: number): number => {
    let low = 0
    let high = forward.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (zones.start[forward[middle]!]! < position) low = middle + 1
      else high = middle
    }
    return low === 0 ? -1 : forward[low - 1]!
  }

  const isExplained = (cut: number): boolean => {
    const zones = zonesBefore(cut)
    if (zones === undefined) return false
    const forward = forwardZones(zones)
    if (forward === undefined) return false
    for (let cluster = 0; cluster < clusters; cluster++) {
      if (!isPresent(zones, cluster) || zones.start[cluster]! <= zones.end[cluster]!) continue
      const around = lastBefore(zones, forward, zones.end[cluster]!)
      if (around >= 0 && zones.start[cluster]! < zones.end[around]!) return false
    }
    return true
  }

  /**
   * A forward zone stands where it starts, and a backward one just after its latest call. Where a forward zone covers that point, the
   * backward one stands after all of it: it ends later, or it would be covered.
   */
  const order = (cut: number): ReadonlyArray<number> => {
    const zones = zonesBefore(cut)!
    const placed: Array<readonly [point: number, rank: number, cluster: number]> = []
    for (let cluster = 0; cluster < clusters; cluster++) {
      if (!isPresent(zones, cluster)) continue
      const [start, end] = [zones.start[cluster]!, zones.end[cluster]!]
      if (start <= end || cluster === 0) {
        placed.push([start - 0.5, 1, cluster])
        continue
      }
      placed.push([end + 0.5, 0, cluster])
    }
    placed.sort((a, b) => a[0] - b[0] || a[1] - b[1])
    const members: Array<Array<number>> = Array.from({ length: clusters }, () => [])
    for (let i = 0; i < n; i++) {
      const cluster = clusterOf[i]!
      if (cluster < 0 || calls[i]! >= cut || writerOf[cluster] === i || returns[i]! >= cut) continue
      members[cluster]!.push(i)
    }
    const result: Array<number> = []
    for (const [, , cluster] of placed) {
      if (cluster > 0) result.push(writerOf[cluster]!)
      for (const read of members[cluster]!) result.push(read)
    }
    return result
  }
  return { isExplained, order }
}
