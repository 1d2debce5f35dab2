/**
 * Traces of the checker as JSON, for programs.
 */
import type { Report } from "../../checker/Checker.js"

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
