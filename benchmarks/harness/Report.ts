/**
 * What is printed: one JSON object a comparison, or a table a group.
 */
import type { Outcome } from "./Measure.js"
import { pairedRatio, quantile, type Spread, spread } from "./Statistics.js"
import type { Group, Latency } from "./Suite.js"

/** The promised fields of `synod bench --json`, and what makes them comparable. */
export interface Line {
  readonly suite: string
  readonly case: string
  readonly unit: string
  readonly ours: Spread & Details
  readonly peer?: { readonly name: string; readonly version: string } & Spread & Details
  /** ours / peer, the median over rounds that stood next to each other. */
  readonly ratio?: number
  readonly ratioMin?: number
  readonly ratioMax?: number
  readonly rounds: number
}

interface Details {
  readonly operations: number
  /** Medians of a round. */
  readonly cpuSeconds: number
  readonly wallSeconds: number
  readonly latency?: Latency
}

const round = (value: number): number => Number(value.toPrecision(4))

const roundSpread = ({ max, median, min }: Spread): Spread => ({
  median: round(median),
  min: round(min),
  max: round(max)
})

const median = (sample: ReadonlyArray<number>): number => round(quantile(sample, 0.5))

const latencyOf = (outcome: Outcome): { readonly latency?: Latency } => {
  const latencies = outcome.rounds.flatMap((round) => round.latency === undefined ? [] : [round.latency])
  if (latencies.length === 0) return {}
  return { latency: { p50: median(latencies.map(({ p50 }) => p50)), p99: median(latencies.map(({ p99 }) => p99)) } }
}

const figures = (outcome: Outcome): Spread & Details => ({
  ...roundSpread(spread(outcome.values)),
  operations: outcome.operations,
  cpuSeconds: median(outcome.rounds.map((round) => round.cpuSeconds)),
  wallSeconds: median(outcome.rounds.map((round) => round.wallSeconds)),
  ...latencyOf(outcome)
})

/** The first of ours carries the group's own name, a variant its own name behind it. */
const caseOf = (group: Group, ours: ReadonlyArray<Outcome>, outcome: Outcome): string =>
  outcome === ours[0] ? group.name : `${group.name}, ${outcome.implementation.name}`

/** A line for each of ours and each of the others; for ours alone where there is no other. */
export const lines = (suite: string, group: Group, outcomes: ReadonlyArray<Outcome>): ReadonlyArray<Line> => {
  const ours = outcomes.filter(({ implementation }) => implementation.role === "ours")
  const others = outcomes.filter(({ implementation }) => implementation.role !== "ours")
  return ours.flatMap((own) => {
    const head = {
      suite,
      case: caseOf(group, ours, own),
      unit: group.unit,
      ours: figures(own),
      rounds: own.rounds.length
    }
    if (others.length === 0) return [head]
    return others.map((other) => {
      const ratio = pairedRatio(own.values, other.values)
      const { name, version } = other.implementation
      return {
        ...head,
        peer: { name, version, ...figures(other) },
        ratio: round(ratio.median),
        ratioMin: round(ratio.min),
        ratioMax: round(ratio.max)
      }
    })
  })
}

/** 12,345,678 as 12.3 M: three digits are what such a measurement is worth. */
export const short = (value: number): string => {
  const scales = [[1e9, " G"], [1e6, " M"], [1e3, " k"]] as const
  const [scale, letter] = scales.find(([scale]) => value >= scale) ?? [1, ""]
  const scaled = value / scale
  return `${scaled.toFixed(scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2)}${letter}`
}

const range = ({ max, min }: Spread): string => `${short(min)} .. ${short(max)}`

/** A Markdown table of one group: a row an implementation, and ours divided by it. */
export const table = (group: Group, outcomes: ReadonlyArray<Outcome>): string => {
  const ours = outcomes.filter(({ implementation }) => implementation.role === "ours")
  const ratioHeads = ours.map((own, i) => i === 0 ? "ratio to ours" : `ratio to ${own.implementation.name}`)
  const hasLatency = outcomes.some((outcome) => latencyOf(outcome).latency !== undefined)
  const head = ["implementation", group.unit, "min .. max", ...ratioHeads, "operations a round"]
  if (hasLatency) head.push("p50 / p99 ms")
  const rows = outcomes.map((outcome) => {
    const { implementation } = outcome
    const all = figures(outcome)
    const name = implementation.role === "ours"
      ? `**${implementation.name}**`
      : `${implementation.name} ${implementation.version}${implementation.role === "floor" ? " (floor)" : ""}`
    const ratios = ours.map((own) => {
      if (own === outcome) return "1"
      const ratio = pairedRatio(own.values, outcome.values)
      return `${round2(ratio.median)} (${round2(ratio.min)} .. ${round2(ratio.max)})`
    })
    const cells = [name, short(all.median), range(all), ...ratios, outcome.operations.toLocaleString("en")]
    if (hasLatency) {
      cells.push(all.latency === undefined ? "" : `${round2(all.latency.p50)} / ${round2(all.latency.p99)}`)
    }
    return cells
  })
  const settings = Object.entries(group.settings).map(([name, value]) => `${name} ${value}`).join(", ")
  return [
    `### ${group.name}${settings === "" ? "" : ` (${settings})`}`,
    "",
    ...[head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`),
    ""
  ].join("\n")
}

const round2 = (value: number): string => value >= 100 ? value.toFixed(0) : value.toPrecision(2)
