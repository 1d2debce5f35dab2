/**
 * The slow twin of liveness: runs are enumerated one by one, as a path and a cycle, and judged by the definitions of fairness and of each property.
 */
import type { Report, Step } from "synod/checker/Checker"
import type { ActionModel, Property } from "synod/model/ActionModel"
import * as Model from "synod/model/ActionModel"
import type { FairActions } from "synod/model/Fairness"
import type { Formula } from "synod/model/Formula"

export type Place = { readonly at: number }

export interface Edge {
  readonly from: number
  readonly action: string
  readonly to: number
}

export interface Graph {
  readonly initial: ReadonlyArray<number>
  readonly edges: ReadonlyArray<Edge>
  readonly fairness: ReadonlyArray<FairActions> | undefined
}

/** The graph as a model: an action for each name. */
export const modelOf = (
  { edges, fairness, initial }: Graph,
  properties: ReadonlyArray<Property<Place>>
): ActionModel<Place> =>
  Model.make<Place>({
    name: "graph",
    initial: initial.map((at) => ({ at })),
    actions: [...new Set(edges.map(({ action }) => action))].map((name) => ({
      name,
      reads: ["at"],
      step: ({ at }) => edges.filter(({ action, from }) => action === name && from === at).map(({ to }) => ({ at: to }))
    })),
    properties,
    fairness
  })

/** States one after the other, the step out of each, and where the last one leads; a run that ends leads from its last state to itself without a step. */
export interface Lasso {
  readonly states: ReadonlyArray<number>
  readonly steps: ReadonlyArray<string | undefined>
  readonly loop: number
}

/** Every run whose path and cycle have no more steps than that, together. */
function* lassos({ edges, initial }: Graph, most: number): Generator<Lasso> {
  const changes = edges.filter(({ from, to }) => from !== to)
  function* extend(states: ReadonlyArray<number>, steps: ReadonlyArray<string>): Generator<Lasso> {
    const last = states.at(-1)!
    yield { states, steps: [...steps, undefined], loop: states.length - 1 }
    for (const { action, to } of changes.filter(({ from }) => from === last)) {
      for (const [loop, state] of states.entries()) {
        if (state === to) yield { states, steps: [...steps, action], loop }
      }
      if (steps.length + 1 < most) yield* extend([...states, to], [...steps, action])
    }
  }
  for (const at of initial) yield* extend([at], [])
}

/** The classes that the graph owes something, by the words of the model room. */
const classes = ({ edges, fairness }: Graph): ReadonlyArray<FairActions> =>
  fairness ?? [{ kind: "weak", actions: edges.map(({ action }) => action) }]

const isFair = (graph: Graph, { loop, states, steps }: Lasso): boolean =>
  classes(graph).every(({ actions, kind }) => {
    const isPossible = (at: number) =>
      graph.edges.some(({ action, from, to }) => from === at && to !== at && actions.includes(action))
    const round = states.slice(loop)
    const isTaken = steps.slice(loop).some((step) => step !== undefined && actions.includes(step))
    return isTaken || !(kind === "weak" ? round.every(isPossible) : round.some(isPossible))
  })

/** Whether there is such a run at all. */
const isRun = ({ edges, initial }: Graph, { loop, states, steps }: Lasso): boolean =>
  initial.includes(states[0]!) && states.every((from, i) => {
    const to = states[i + 1] ?? states[loop]
    return steps[i] === undefined
      ? i === states.length - 1 && loop === i
      : edges.some((edge) => edge.from === from && edge.to === to && edge.action === steps[i] && from !== to)
  })

/** Where a formula is true, by position. */
const evaluate = (formula: Formula<Place>, lasso: Lasso): ReadonlyArray<boolean> => {
  const { loop, states, steps } = lasso
  const after = (i: number) => i + 1 < states.length ? i + 1 : loop
  const fixpoint = (start: boolean, next: (now: ReadonlyArray<boolean>, i: number) => boolean) => {
    let now: ReadonlyArray<boolean> = states.map(() => start)
    for (let round = 0; round <= 2 * states.length; round++) now = states.map((_, i) => next(now, i))
    return now
  }
  switch (formula._tag) {
    case "Constant":
      return states.map(() => formula.value)
    case "State":
      return states.map((at) => formula.holds({ at }))
    case "Step":
      return states.map((at, i) => {
        const event = steps[i]
        return event !== undefined && formula.holds({ before: { at }, event, after: { at: states[after(i)]! } })
      })
    case "Not":
      return evaluate(formula.of, lasso).map((value) => !value)
    case "Next": {
      const of = evaluate(formula.of, lasso)
      return states.map((_, i) => of[after(i)]!)
    }
    default: {
      const left = evaluate(formula.left, lasso)
      const right = evaluate(formula.right, lasso)
      switch (formula._tag) {
        case "And":
          return left.map((value, i) => value && right[i]!)
        case "Or":
          return left.map((value, i) => value || right[i]!)
        case "Until":
          return fixpoint(false, (now, i) => right[i]! || (left[i]! && now[after(i)]!))
        case "Release":
          return fixpoint(true, (now, i) => right[i]! && (left[i]! || now[after(i)]!))
      }
    }
  }
}

/** Whether the run is as the property says. */
const satisfies = (property: Property<Place>, lasso: Lasso): boolean => {
  const places = lasso.states.map((at) => ({ at }))
  switch (property.kind) {
    case "eventually":
      return places.some(property.holds)
    case "infinitelyOften":
      return places.slice(lasso.loop).some(property.holds)
    case "eventuallyAlways":
      return places.slice(lasso.loop).every(property.holds)
    case "leadsTo":
      return places.every((place, i) =>
        !property.from(place) ||
        places.slice(Math.min(i, lasso.loop)).some((later, j) =>
          property.to(later) && (Math.min(i, lasso.loop) + j >= i || Math.min(i, lasso.loop) + j >= lasso.loop)
        )
      )
    case "ltl":
      return evaluate(property.formula, lasso)[0]!
    default:
      throw new Error(`${property.kind} is not about runs`)
  }
}

/** The run that a trace tells. */
export const lassoOf = (trace: ReadonlyArray<Step<Place>>, loop: number): Lasso => {
  const states = trace.map(({ state }) => state.at)
  const steps = trace.slice(1).map(({ event }) => event!.replace(/ #\d+$/, ""))
  return loop === states.length - 1
    ? { states, steps: [...steps, undefined], loop }
    : { states: states.slice(0, -1), steps, loop }
}

/** What is wrong with a report on a graph, by the twin; undefined where they agree. Runs with more steps than `most` are not looked at. */
export const disagreement = (
  graph: Graph,
  properties: ReadonlyArray<Property<Place>>,
  report: Report<Place>,
  most: number
): string | undefined => {
  for (const [index, property] of properties.entries()) {
    const { loop, trace, verdict } = report.properties[index]!
    if (verdict === "violated") {
      if (trace === undefined || loop === undefined) return `${property.name}: no run is shown`
      const lasso = lassoOf(trace, loop)
      const text = `${property.name}: ${JSON.stringify(lasso)}`
      if (!isRun(graph, lasso)) return `${text} is no run`
      if (!isFair(graph, lasso)) return `${text} is not fair`
      if (satisfies(property, lasso)) return `${text} is as the property says`
      continue
    }
    if (verdict === "unknown") return `${property.name} is unknown`
    for (const lasso of lassos(graph, most)) {
      if (isFair(graph, lasso) && !satisfies(property, lasso)) return `${property.name}: ${JSON.stringify(lasso)}`
    }
  }
  return undefined
}
