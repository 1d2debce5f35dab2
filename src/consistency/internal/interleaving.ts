/**
 * Searches an interleaving of sessions that a set of objects allows: depth first, remembering the configurations that lead nowhere.
 *
 * Units are tried by their numbers: numbered as they were called, an order near to that of the calls is often there. Two sound prunings: a
 * unit that is pure in every state and legal now is placed without a branch point; an optional unit that would not change anything is not
 * tried. The caller may name an order that every interleaving must keep.
 */
import { Exhausted, type Spending } from "./precedence.js"
import type { Meter } from "./transitions.js"

/** One step of a unit: an operation class of one object. */
export interface UnitStep {
  readonly object: number
  readonly operationClass: number
}

/** Steps that are taken together. */
export interface Unit {
  readonly steps: ReadonlyArray<UnitStep>
  readonly isPure: boolean
  readonly isOptional: boolean
}

/** An object compiled to integers; its initial state is 0, and an illegal step leads to -1. */
export interface CompiledObject {
  readonly next: (state: number, operationClass: number) => number
}

export interface Problem {
  readonly units: ReadonlyArray<Unit>
  /** The units of each session, in its order; an optional one stands last. */
  readonly sessions: ReadonlyArray<ReadonlyArray<number>>
  readonly objects: ReadonlyArray<CompiledObject>
  /** How many units of a session must stand before this one. */
  readonly before?: (unit: number, session: number) => number
  /** A reason of the caller's against placing a unit now; told of every unit placed and taken back. */
  readonly guard?: Guard
}

export interface Guard {
  readonly allows: (unit: number) => boolean
  readonly placed: (unit: number) => void
  readonly takenBack: (unit: number) => void
  /** The state that the caller keeps beside `objects`: equal texts, equal futures. */
  readonly configuration: () => string
}

/** The units in an order, or undefined when there is none. Throws `Exhausted`. */
export const interleave = (problem: Problem, spending: Spending, meter: Meter): ReadonlyArray<number> | undefined => {
  const { before, guard, objects, sessions, units } = problem
  const width = sessions.length
  const positions = new Int32Array(width)
  const states = new Int32Array(objects.length)
  const required = units.reduce((sum, { isOptional }) => sum + (isOptional ? 0 : 1), 0)
  const placed = { required: 0 }
  const dead = new Set<string>()
  const chosen: Array<number> = []
  const isCommitted: Array<boolean> = []
  const undoFrom: Array<number> = []
  const undoObject: Array<number> = []
  const undoState: Array<number> = []

  const revert = (length: number) => {
    while (undoObject.length > length) states[undoObject.pop()!] = undoState.pop()!
  }
  const configuration = () => {
    spending.step((width + states.length) >>> 4)
    return `${positions.join()}|${states.join()}|${guard?.configuration() ?? ""}`
  }
  const place = (session: number): boolean => {
    spending.step(1 + (width >>> 4))
    const unit = sessions[session]![positions[session]!]
    if (unit === undefined) return false
    if (before !== undefined) {
      for (let other = 0; other < width; other++) if (before(unit, other) > positions[other]!) return false
    }
    if (guard?.allows(unit) === false) return false
    const { isOptional, isPure, steps } = units[unit]!
    const mark = undoObject.length
    let isChanged = false
    for (const { object, operationClass } of steps) {
      const state = states[object]!
      const next = objects[object]!.next(state, operationClass)
      if (next < 0) {
        revert(mark)
        return false
      }
      if (next === state) continue
      isChanged = true
      undoObject.push(object)
      undoState.push(state)
      states[object] = next
    }
    if (isOptional && !isChanged) return false
    chosen.push(session)
    isCommitted.push(isPure)
    undoFrom.push(mark)
    positions[session]!++
    if (!isOptional) placed.required++
    guard?.placed(unit)
    return true
  }
  const takeBack = (): number => {
    const session = chosen.pop()!
    revert(undoFrom.pop()!)
    positions[session]!--
    const unit = sessions[session]![positions[session]!]!
    if (!units[unit]!.isOptional) placed.required--
    guard?.takenBack(unit)
    return unit
  }
  /** The session whose next unit has the smallest number of those from `from` on, or -1. */
  const candidate = (from: number): number => {
    let best = -1
    let smallest = units.length
    for (let session = 0; session < width; session++) {
      const unit = sessions[session]![positions[session]!]
      if (unit === undefined || unit < from || unit >= smallest) continue
      best = session
      smallest = unit
    }
    return best
  }

  let from = 0
  while (placed.required < required) {
    let session = candidate(from)
    while (session >= 0 && !place(session)) session = candidate(sessions[session]![positions[session]!]! + 1)
    const isPlaced = session >= 0
    if (isPlaced && (dead.size === 0 || !dead.has(configuration()))) {
      from = 0
      continue
    }
    if (!isPlaced) {
      const key = configuration()
      dead.add(key)
      meter.bytes += 2 * key.length + 64
      if (meter.bytes > meter.limit) throw new Exhausted("memory")
    }
    let wasCommitted = true
    while (wasCommitted) {
      if (chosen.length === 0) return undefined
      wasCommitted = isCommitted.pop()!
      from = takeBack() + 1
    }
  }
  const at = new Int32Array(width)
  return chosen.map((session) => sessions[session]![at[session]!++]!)
}
