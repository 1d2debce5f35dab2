/**
 * Runs of models of variables and guarded actions as documents. A lane is a variable: it shows when it changes.
 *
 * @since 0.1.0
 */
import type { ActionModel } from "../model/ActionModel.js"
import { claimsOf } from "./internal/claims.js"
import type { Found, Trace } from "./Trace.js"
import * as Value from "./Value.js"

/**
 * The document of a run.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <V extends { readonly [name: string]: unknown }>(
  model: ActionModel<V>,
  found: Found<V>
): Trace => ({
  title: model.name,
  finding: found.finding,
  lanes: Object.keys(found.steps[0]?.state ?? {}),
  steps: found.steps.map(({ event, state }, i) => ({
    kind: i === 0 ? "start" : "action",
    label: event ?? "start",
    headline: event ?? "start",
    state: Object.entries(state).map(([name, value]) => ({ name, kind: "variable", value: Value.of(value) })),
    claims: claimsOf(model.properties, found.steps[i - 1]?.state, { event: event ?? "", state })
  })),
  messages: [],
  bands: [],
  operations: [],
  loop: found.loop
})
