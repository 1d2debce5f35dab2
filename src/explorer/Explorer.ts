/**
 * A state space to walk through, step by step. A place is named by the numbers of the choices that lead there: first of an initial state, then of an event each; so the name of
 * a place is stable as long as the model is the same.
 *
 * @since 0.1.0
 */
import { encode } from "../core/Canonical.js"
import type { Vocabulary } from "../core/Protocol.js"
import type { ActionModel } from "../model/ActionModel.js"
import type { Event } from "../model/Event.js"
import { describe } from "../model/Event.js"
import type { System, SystemModel } from "../model/SystemModel.js"
import * as Transitions from "../model/Transitions.js"
import * as ActionTrace from "./ActionTrace.js"
import { describe as describeChange, difference } from "./Difference.js"
import { claimsOf } from "./internal/claims.js"
import * as SystemTrace from "./SystemTrace.js"
import type { Claim, Found, Trace } from "./Trace.js"
import * as Value from "./Value.js"

/**
 * An event that may be next. Its place among them all is its number.
 *
 * @since 0.1.0
 * @category models
 */
export interface Choice {
  readonly label: string
  /** Invariants that it breaks: true before, false after. */
  readonly breaks: ReadonlyArray<string>
  /** It changes nothing. */
  readonly isIdle: boolean
  /** It leads beyond the model's boundary, where a check does not go. */
  readonly isBeyond: boolean
}

/**
 * A place: the run that leads there, and how it may go on.
 *
 * @since 0.1.0
 * @category models
 */
export interface Place {
  readonly path: ReadonlyArray<number>
  readonly trace: Trace
  readonly next: ReadonlyArray<Choice>
  /** How many initial states there are. */
  readonly initials: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Explorer {
  readonly name: string
  /** The place, or why there is none. */
  readonly visit: (path: ReadonlyArray<number>) => Place | string
}

/**
 * The longest path, in events: to visit a place is to take each of its events again.
 *
 * @since 0.1.0
 * @category constants
 */
export const longestPath = 1_000

/** A state space of either kind of model. */
interface Space<S, E> {
  readonly name: string
  readonly initial: ReadonlyArray<S>
  readonly successors: (state: S) => ReadonlyArray<Successor<S, E>>
  readonly claims: (before: S | undefined, event: string, state: S) => ReadonlyArray<Claim>
  readonly trace: (found: Found<S, E>) => Trace
}

interface Successor<S, E> {
  readonly event: string | E
  readonly name: string
  readonly label: string
  readonly state: S
  readonly isBeyond: boolean
}

/**
 * The space of a system of nodes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ofSystem = <P extends Vocabulary, H>(model: SystemModel<P, H>): Explorer =>
  explorer<System<P, H>, Event<P>>({
    name: model.name,
    initial: Transitions.initial(model),
    successors: (state) =>
      Transitions.successors(model, state).map(({ after, event }) => ({
        event,
        name: describe(event),
        label: SystemTrace.label(event, after),
        state: after,
        isBeyond: !Transitions.isInside(model, after)
      })),
    claims: (before, event, state) => claimsOf(model.properties, before, { event, state }),
    trace: (found) => SystemTrace.make(model, found)
  })

/**
 * The space of a model of variables and guarded actions.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ofActions = <V extends { readonly [name: string]: unknown }>(model: ActionModel<V>): Explorer =>
  explorer<V, never>({
    name: model.name,
    initial: model.initial,
    successors: (state) =>
      model.actions.flatMap(({ name, step }) =>
        step(state).map((assignment) => {
          const after = { ...state, ...assignment }
          const changes = difference(Value.of(state), Value.of(after), "").map(describeChange)
          return {
            event: name,
            name,
            label: changes.length === 0 ? name : `${name}: ${changes.join(", ")}`,
            state: after,
            isBeyond: model.boundary?.(after) === false
          }
        })
      ),
    claims: (before, event, state) => claimsOf(model.properties, before, { event, state }),
    trace: (found) => ActionTrace.make(model, found)
  })

const explorer = <S, E>(space: Space<S, E>): Explorer => ({
  name: space.name,
  visit: (path) => {
    const [first, ...rest] = path
    const state = space.initial[first ?? -1]
    if (state === undefined) return `${first ?? "nothing"} is none of the ${space.initial.length} initial states`
    if (rest.length > longestPath) return `a path has at most ${longestPath} events, this one has ${rest.length}`
    const steps: Array<Found<S, E>["steps"][number]> = [{ event: undefined, state }]
    for (const [i, number] of rest.entries()) {
      const successors = space.successors(steps.at(-1)!.state)
      const next = successors[number]
      if (next === undefined) return `${number} is none of the ${successors.length} events that may be event ${i + 1}`
      steps.push(next)
    }
    const last = steps.at(-1)!.state
    return {
      path,
      trace: space.trace({ steps }),
      next: space.successors(last).map((successor) => choice(space, last, successor)),
      initials: space.initial.length
    }
  }
})

const choice = <S, E>(space: Space<S, E>, before: S, { isBeyond, label, name, state }: Successor<S, E>): Choice => {
  const held = new Map(space.claims(undefined, "", before).map(({ holds, name }) => [name, holds]))
  const broken = space.claims(before, name, state).filter((claim) =>
    claim.isInvariant && !claim.holds && held.get(claim.name) !== false
  )
  return {
    label,
    breaks: broken.map(({ name }) => name),
    isIdle: encode(before) === encode(state),
    isBeyond
  }
}
