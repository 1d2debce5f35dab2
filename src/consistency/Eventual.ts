/**
 * Eventual consistency: once updates have stopped, do all clients get answers of one state, and does that state have every acknowledged update?
 *
 * Guarantee: `consistent` and `inconsistent` are exact for this question; a bound may end it as `unknown`, and so may a history in which
 * nothing was read after the last update: it says nothing.
 * Model: object by object. Updates take effect in some order that keeps each session's own; what they answered is not looked at; one of
 * unknown outcome may be missing. `quiescence` is the event from which the system is said to be drained: all reads called after it count.
 * Without it, the last read of each session and object after the last update counts, and earlier ones only say how long convergence took.
 * Non-goals: liveness beyond the end of the history.
 * Source: Vogels, Eventually consistent (CACM 2009); strong eventual consistency: Shapiro, Preguica, Baquero and Zawirski, CRDTs (SSS 2011).
 *
 * @since 0.1.0
 */
import type { History, Operation } from "./History.js"
import { interleave, type Unit } from "./internal/interleaving.js"
import { spendingOf } from "./internal/judge.js"
import { Exhausted, type Spending } from "./internal/precedence.js"
import { type Meter, Transitions } from "./internal/transitions.js"
import { same } from "./internal/values.js"
import type { Specification, Value } from "./Specification.js"
import type { Budget, Reason, Verdict, Violation } from "./Verdict.js"

/**
 * `quiescence`: the position in `History.events` from which the system is drained.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends Budget {
  readonly quiescence?: number
}

/**
 * When the answers had become those of the final state: the event that ended the last operation that saw anything else, or the last update; in
 * milliseconds after the last update where the events have times.
 *
 * @since 0.1.0
 * @category models
 */
export interface Convergence {
  readonly position: number
  readonly millis?: number
}

/**
 * The verdict, with the convergence where there is one.
 *
 * @since 0.1.0
 * @category models
 */
export type Result = Verdict & { readonly convergence?: Convergence }

/**
 * Checks a history.
 *
 * @since 0.1.0
 * @category checking
 */
export const check = <S, I>(
  specification: Specification<S, I, Value>,
  history: History<I, Value>,
  options: Options = {}
): Result => {
  const operations = history.operations.length
  const spending = spendingOf(options)
  const meter: Meter = { bytes: 0, limit: options.memory ?? 512 * 1024 * 1024 }
  const unknown = (reason: Reason): Result => ({ verdict: "unknown", operations, steps: spending.steps, reason })
  const drained = options.quiescence ?? lastUpdate(specification, history)
  const objects = objectsOf(specification, history, drained, options.quiescence !== undefined)
  if (history.operations.length > 0 && objects.every(({ finals }) => finals.length === 0)) return unknown("quiescence")
  let position = drained
  try {
    for (const object of objects) {
      const state = finalState(specification, object, spending, meter)
      if (state === undefined) {
        return { verdict: "inconsistent", operations, steps: spending.steps, violation: violationOf(object) }
      }
      for (const read of object.reads) {
        if (read.return > position && specification.step(state.value, read.input, read.output) === undefined) {
          position = read.return
        }
      }
    }
  } catch (error) {
    if (!(error instanceof Exhausted)) throw error
    return unknown(error.reason)
  }
  const from = history.events[drained]?.time
  const to = history.events[position]?.time
  const millis = from === undefined || to === undefined ? {} : { millis: to - from }
  return { verdict: "consistent", operations, steps: spending.steps, convergence: { position, ...millis } }
}

type Answer<I> = Extract<Operation<I, Value>, { readonly outcome: "ok" }>

/** One partition: its updates, and what was read after the last of them. */
interface Quiet<I> {
  readonly updates: Array<Operation<I, Value>>
  readonly reads: Array<Answer<I>>
  finals: Array<Answer<I>>
}

const isQuery = <S, I>(specification: Specification<S, I, Value>, operation: Operation<I, Value>): boolean =>
  operation.outcome === "ok"
    ? specification.isPure(operation.input, operation.output)
    : specification.access?.(operation.input)?._tag === "Read"

const lastUpdate = <S, I>(specification: Specification<S, I, Value>, history: History<I, Value>): number => {
  let latest = -1
  for (const operation of history.operations) {
    if (operation.outcome === "fail" || isQuery(specification, operation)) continue
    latest = Math.max(latest, operation.outcome === "ok" ? operation.return : operation.call)
  }
  return latest
}

const objectsOf = <S, I>(
  specification: Specification<S, I, Value>,
  history: History<I, Value>,
  drained: number,
  isDeclared: boolean
): ReadonlyArray<Quiet<I>> => {
  const objects = new Map<string, Quiet<I>>()
  for (const operation of history.operations) {
    if (operation.outcome === "fail") continue
    const key = specification.partition?.(operation.input) ?? ""
    let object = objects.get(key)
    if (object === undefined) objects.set(key, object = { updates: [], reads: [], finals: [] })
    if (!isQuery(specification, operation)) object.updates.push(operation)
    else if (operation.outcome === "ok" && operation.call > drained) object.reads.push(operation)
  }
  for (const object of objects.values()) {
    object.finals = isDeclared ? object.reads : [...new Map(object.reads.map((read) => [read.process, read])).values()]
  }
  return [...objects.values()]
}

/** A state that has every acknowledged update and gives every final answer; undefined when there is none. */
const finalState = <S, I>(
  specification: Specification<S, I, Value>,
  { finals, updates }: Quiet<I>,
  spending: Spending,
  meter: Meter
): { readonly value: S } | undefined => {
  const all = [...updates, ...finals]
  const transitions = new Transitions(
    specification,
    all.map(({ input }) => input),
    [...updates.map(() => undefined), ...finals.map(({ output }) => output)],
    meter
  )
  const step = (i: number) => ({ object: 0, operationClass: transitions.classOf[i]! })
  const units = updates.map((update, i): Unit => ({
    steps: [step(i)],
    isPure: false,
    isOptional: update.outcome !== "ok"
  }))
  // All final answers are one unit: nothing takes effect between them.
  units.push({ steps: finals.map((_, i) => step(updates.length + i)), isPure: false, isOptional: false })
  const sessions = new Map<unknown, Array<number>>()
  updates.forEach(({ process }, unit) => {
    const session = sessions.get(process)
    if (session === undefined) sessions.set(process, [unit])
    else session.push(unit)
  })
  const bySession = [...sessions.values(), [updates.length]]
  const acknowledged = bySession.map((session) => session.filter((unit) => units[unit]!.isOptional === false).length)
  const before = (unit: number, session: number) =>
    unit === updates.length && session < sessions.size ? acknowledged[session]! : 0
  const order = interleave({ units, sessions: bySession, objects: [transitions], before }, spending, meter)
  if (order === undefined) return undefined
  let value = specification.initial
  for (const unit of order) {
    if (unit < updates.length) value = specification.step(value, updates[unit]!.input, undefined) ?? value
  }
  return { value }
}

const violationOf = <I>({ finals }: Quiet<I>): Violation => {
  for (const a of finals) {
    for (const b of finals) {
      if (a.id < b.id && JSON.stringify(a.input) === JSON.stringify(b.input) && !same(a.output, b.output)) {
        return { pattern: "Diverged", operations: [a.id, b.id], path: [] }
      }
    }
  }
  return { pattern: "Lost", operations: finals.map(({ id }) => id), path: [] }
}

/**
 * What a replica has delivered, and the state that it is in.
 *
 * @since 0.1.0
 * @category models
 */
export interface Replica {
  readonly name: string
  readonly updates: ReadonlyArray<string>
  readonly state: Value
}

/**
 * Strong eventual consistency: two replicas that have delivered the same updates, in whatever order, are in equal states. Undefined, or the first
 * two that are not.
 *
 * @since 0.1.0
 * @category checking
 */
export const diverged = (replicas: ReadonlyArray<Replica>): readonly [Replica, Replica] | undefined => {
  const first = new Map<string, Replica>()
  for (const replica of replicas) {
    const delivered = JSON.stringify([...new Set(replica.updates)].sort())
    const other = first.get(delivered)
    if (other === undefined) first.set(delivered, replica)
    else if (!same(other.state, replica.state)) return [other, replica]
  }
  return undefined
}
