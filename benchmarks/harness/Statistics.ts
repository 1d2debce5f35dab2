/**
 * Medians and spreads.
 */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** The value at a fraction of the sorted sample, interpolated between neighbours. The sample must not be empty. */
export const quantile = (sample: ReadonlyArray<number>, fraction: number): number => {
  if (sample.length === 0) throw new RangeError("the quantile of nothing")
  const sorted = Float64Array.from(sample).sort()
  const at = (sorted.length - 1) * fraction
  const below = Math.floor(at)
  const low = sorted[below]!
  return low + (sorted[Math.min(below + 1, sorted.length - 1)]! - low) * (at - below)
}

export const spread = (sample: ReadonlyArray<number>): Spread => ({
  median: quantile(sample, 0.5),
  min: quantile(sample, 0),
  max: quantile(sample, 1)
})

/** The spread of `ours[i] / peer[i]`: rounds that stood next to each other are compared, so a machine that drifts drifts out. */
export const pairedRatio = (ours: ReadonlyArray<number>, peer: ReadonlyArray<number>): Spread => {
  if (ours.length !== peer.length) throw new RangeError("rounds without a partner")
  return spread(ours.map((value, round) => value / peer[round]!))
}
