/**
 * Traces in Apalache's Informal Trace Format (ADR 015), which Quint and the trace viewers of TLA+ read.
 *
 * @since 0.1.0
 */
import type { Trace } from "./Trace.js"
import type { Value } from "./Value.js"

/**
 * The trace as JSON text. A part of the state is a variable, and each state's `#meta` has the event that led to it.
 *
 * @since 0.1.0
 * @category rendering
 */
export const toItf = ({ finding, loop, steps, title }: Trace): string => {
  const document = {
    "#meta": {
      format: "ITF",
      "format-description": "https://apalache-mc.org/docs/adr/015adr-trace.html",
      source: title,
      ...(finding === undefined ? {} : { description: finding })
    },
    vars: steps[0]?.state.map(({ name }) => name) ?? [],
    states: steps.map(({ label, state }, index) => ({
      "#meta": { index, event: label },
      ...Object.fromEntries(state.map(({ name, value }): [string, Value] => [name, value]))
    })),
    ...(loop === undefined ? {} : { loop })
  }
  return `${JSON.stringify(document)}\n`
}
