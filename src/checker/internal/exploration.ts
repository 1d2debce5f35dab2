/**
 * A search with its claims, from limit to limit, and what it has to say at each.
 */
import type { Property } from "../../model/Property.js"
import { isLiveness } from "../../model/Property.js"
import type { Exploration, Limits, Settings } from "../Checker.js"
import { Claims } from "./Claims.js"
import { Runs } from "./liveness.js"
import { Purity } from "./Purity.js"
import { Refusal } from "./Refusal.js"
import type { Visit } from "./Replay.js"
import { along, pathTo } from "./Replay.js"
import type { Failure, Report, Step, Verdict } from "./Report.js"
import type { End } from "./Search.js"
import { Search } from "./Search.js"
import type { Readable, Space } from "./Space.js"
import { Thrown } from "./Thrown.js"

/** `states` knows the parts of what `space` visits. */
export const explorationOf = <S, R>(
  space: Space,
  states: Readable<S, R>,
  model: string,
  properties: ReadonlyArray<Property<S, R>>,
  { exact = false, exhaustive = true, order = "breadth", purity }: Settings
): Exploration<S> => {
  const claims = new Claims(
    model,
    properties,
    states,
    (label) => space.labelName?.(label) ?? "",
    exhaustive,
    new Purity(purity)
  )
  if (claims.asksLiveness || claims.step !== undefined) space.beginLabels?.()
  const search = new Search(space, claims, { order, isExact: exact, hasGraph: claims.asksLiveness })
  const traceOf = (visits: ReadonlyArray<Visit>): ReadonlyArray<Step<S>> =>
    visits.map(({ event, state }) => ({ event, state: states.decode(state.vector, state.length) }))
  const pathOf = (number: number, event?: number | undefined): ReadonlyArray<Step<S>> =>
    number < 0 ? [] : traceOf(pathTo(space, search, exact, number, event))
  const verdictOf = (property: Property<S, R>, at: number, end: End, runs: Runs | undefined): Verdict<S> => {
    const { kind, name } = property
    const undecided = { name, kind, trace: undefined, loop: undefined, reason: undefined }
    const found = claims.findings[at]
    if (found !== undefined) {
      return {
        ...undecided,
        verdict: kind === "sometimes" && found.thrown === undefined ? "holds" : "violated",
        trace: pathOf(found.number, found.event),
        reason: found.thrown?.message
      }
    }
    const run = runs !== undefined && isLiveness(property) ? runs.against(property, claims.atoms[at]!) : undefined
    if (run !== undefined) {
      const trace = traceOf(along(space, search, exact, run.start, run.edges))
      return { ...undecided, verdict: "violated", trace, loop: run.loop }
    }
    if (end !== "exhausted") return { ...undecided, verdict: "unknown" }
    return { ...undecided, verdict: kind === "sometimes" ? "violated" : "holds" }
  }
  const failureOf = (): Failure<S> | undefined => {
    if (search.failure === undefined) return undefined
    const { error, number } = search.failure
    const { cause, place } = error instanceof Thrown ? error : { cause: error, place: model }
    return { place, reason: String(cause), cause, trace: pathOf(number) }
  }
  return {
    run: (limits = {}): Report<S> => {
      const end = search.run(complete(limits, () => claims.bytes))
      const runs = claims.asksLiveness ? new Runs(search, space) : undefined
      return {
        model,
        distinctStates: search.distinct,
        generatedStates: search.generated,
        depth: search.depth,
        finishedDepth: search.finished,
        frontier: search.waiting,
        complete: end === "exhausted",
        end,
        properties: properties.map((property, at) => verdictOf(property, at, end, runs)),
        failure: failureOf(),
        bytesPerState: search.distinct === 0 ? 0 : (search.bytes + claims.bytes) / search.distinct,
        collisionProbability: exact ? 0 : search.distinct ** 2 / 2 ** 65
      }
    }
  }
}

const complete = (limits: Limits, besides: () => number) => {
  const { isInterrupted = () => false, maxBytes, maxDepth, maxStates } = limits
  for (const [name, limit] of Object.entries({ maxBytes, maxDepth, maxStates })) {
    if (limit === undefined || limit > 0) continue
    throw new Refusal("limit", name, `${name} must be positive, and is ${limit}`)
  }
  return {
    maxStates: maxStates ?? Number.POSITIVE_INFINITY,
    maxDepth: maxDepth ?? Number.POSITIVE_INFINITY,
    maxBytes: maxBytes === undefined ? Number.POSITIVE_INFINITY : maxBytes - besides(),
    isInterrupted
  }
}
