/**
 * Traces as logs with vector clocks, which ShiViz (bestchai.bitbucket.io/shiviz) draws.
 *
 * A file begins with the expression that parses its lines and an empty line, as ShiViz's uploads do. Each node is a host whose clock grows by one at each of its events; a
 * delivery merges the clock that the sender had after the step that sent the message. What happens to all or to none of the nodes is an event of the host `world`.
 *
 * @since 0.1.0
 */
import type { Trace } from "./Trace.js"

/**
 * The expression that parses a line.
 *
 * @since 0.1.0
 * @category constants
 */
export const parser = "(?<host>\\S*) (?<clock>{.*}) (?<event>.*)"

type Clock = ReadonlyMap<string, number>

/**
 * The log.
 *
 * @since 0.1.0
 * @category rendering
 */
export const toShiViz = (trace: Trace): string => {
  const hosts = hostsOf(trace.lanes)
  const clocks = new Map<string, Clock>()
  /** By step and lane, the clock after it. */
  const after: Array<Map<string, Clock>> = []
  const lines: Array<string> = []
  for (const [i, step] of trace.steps.entries()) {
    const heard = trace.messages.filter(({ ended, fate }) => ended === i && fate === "delivered")
    const lanes = step.lane !== undefined
      ? [step.lane]
      : heard.length > 0 || i === 0
      ? trace.lanes.filter((lane) =>
        i === 0 || heard.some(({ to }) => to === lane) ||
        trace.messages.some(({ from, sent }) => sent === i && from === lane)
      )
      : []
    const now = new Map<string, Clock>()
    for (const lane of lanes.length === 0 ? [undefined] : lanes) {
      const host = lane === undefined ? hosts.world : hosts.of(lane)
      const clock = new Map(clocks.get(host))
      for (const message of heard) if (message.to === lane) merge(clock, after[message.origin]?.get(message.from))
      clock.set(host, (clocks.get(host)?.get(host) ?? 0) + 1)
      clocks.set(host, clock)
      if (lane !== undefined) now.set(lane, clock)
      lines.push(`${host} ${JSON.stringify(Object.fromEntries(clock))} ${JSON.stringify(step.label).slice(1, -1)}`)
    }
    after.push(now)
  }
  return `${parser}\n\n${lines.join("\n")}\n`
}

const merge = (clock: Map<string, number>, other: Clock | undefined): void => {
  for (const [host, time] of other ?? []) clock.set(host, Math.max(time, clock.get(host) ?? 0))
}

/** Hosts are words without spaces, each another. */
const hostsOf = (lanes: ReadonlyArray<string>): { readonly world: string; readonly of: (lane: string) => string } => {
  const taken = new Set<string>()
  const free = (name: string): string => {
    let host = name
    for (let i = 2; taken.has(host); i++) host = `${name}_${i}`
    taken.add(host)
    return host
  }
  const byLane = new Map(lanes.map((lane) => [lane, free(lane.replace(/[\s{}]+/g, "_"))]))
  const world = free("world")
  return { world, of: (lane) => byLane.get(lane) ?? world }
}
