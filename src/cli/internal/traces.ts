/**
 * Traces of the checker as text for people, one event a line with what it changed, and as JSON for programs.
 */
import type { Report, Step } from "../../checker/Checker.js"

/** A state as JSON has it: Sets are arrays, Maps are arrays of pairs, and what JSON has no word for is a string. */
const plainState = (value: unknown): unknown => {
  if (typeof value === "bigint") return `${value}n`
  if (value === undefined) return null
  if (typeof value !== "object" || value === null) return value
  if (value instanceof Uint8Array) return Array.from(value)
  if (value instanceof Map) return Array.from(value, ([key, item]) => [plainState(key), plainState(item)])
  if (value instanceof Set || Array.isArray(value)) return Array.from(value, plainState)
  if ("toJSON" in value && typeof value.toJSON === "function") return plainState(value.toJSON())
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainState(item)]))
}

/** A line an event; below it the parts of the state that it changed, by their paths. */
export const traceLines = (trace: ReadonlyArray<Step<unknown>>): ReadonlyArray<string> =>
  trace.flatMap(({ event, state }, i) => {
    const before = i === 0 ? new Map<string, string>() : leaves(trace[i - 1]!.state)
    const after = leaves(state)
    const changed = [...after].filter(([path, text]) => before.get(path) !== text).map(([path, text]) =>
      `    ${path} = ${text}`
    )
    const gone = [...before.keys()].filter((path) => !after.has(path)).map((path) => `    ${path} is gone`)
    return [`${i}. ${event ?? "at the start"}`, ...changed, ...gone]
  })

/** The parts of a state that have no parts of their own. */
const leaves = (state: unknown): ReadonlyMap<string, string> => {
  const found = new Map<string, string>()
  const visit = (path: string, value: unknown): void => {
    // a list is one part: shifted by one place, every item of it would count as changed
    if (typeof value !== "object" || value === null || Array.isArray(value) || Object.keys(value).length === 0) {
      found.set(path, JSON.stringify(value))
    } else for (const [key, item] of Object.entries(value)) visit(path === "" ? key : `${path}.${key}`, item)
  }
  visit("", plainState(state))
  return found
}

/** The traces of what was found, with what the command said of the run. */
export const traceJson = (summary: object, report: Report<unknown>): string =>
  `${
    JSON.stringify({
      ...summary,
      traces: report.properties.flatMap(({ loop, name, trace, verdict }) =>
        trace === undefined
          ? []
          : [{
            property: name,
            verdict,
            ...(loop === undefined ? {} : { loop }),
            steps: trace.map(({ event, state }) => ({ event: event ?? null, state: plainState(state) }))
          }]
      )
    })
  }\n`
