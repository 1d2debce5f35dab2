/**
 * One step of a node, with every outcome that its choices allow: what the checker and the slow twin both run.
 */
import { encode } from "../../core/Canonical.js"
import type { NodeId } from "../../core/NodeId.js"
import type { Outbox, Protocol, Vocabulary } from "../../core/Protocol.js"
import { Recorder } from "../../core/Recorder.js"
import type { Local } from "../SystemModel.js"

/** What one step made of a node, and what it sent, in order. */
export interface Outcome<P extends Vocabulary> {
  readonly local: Local<P>
  readonly sends: ReadonlyArray<{ readonly to: NodeId; readonly message: P["message"] }>
  /** The same state and an untouched outbox. */
  readonly isIgnored: boolean
}

/** Outcomes that one step may have by its choices. */
const maxOutcomes = 10_000

/** Runs a handler once for every combination of its choices, in the order of the choices. */
export const outcomes = <P extends Vocabulary>(
  protocol: Protocol<P>,
  local: Local<P>,
  call: (out: Outbox<P>) => P["state"]
): ReadonlyArray<Outcome<P>> => {
  const results: Array<Outcome<P>> = []
  const tape: Array<number> = []
  for (;;) {
    const widths: Array<number> = []
    const recorder = new Recorder<P>((n) => {
      const at = widths.push(n) - 1
      return tape[at] ?? 0
    })
    const state = call(recorder)
    results.push(outcome(protocol, local, state, recorder))
    if (results.length > maxOutcomes) {
      throw new RangeError(`a step of ${protocol.name} has more than ${maxOutcomes} outcomes`)
    }
    // the next combination: the last choice that can go up does, those behind it begin again
    tape.length = widths.length
    let at = widths.length - 1
    while (at >= 0 && (tape[at] ?? 0) + 1 >= widths[at]!) at--
    if (at < 0) return results
    tape[at] = (tape[at] ?? 0) + 1
    tape.length = at + 1
  }
}

const outcome = <P extends Vocabulary>(
  protocol: Protocol<P>,
  before: Local<P>,
  state: P["state"],
  recorder: Recorder<P>
): Outcome<P> => {
  let durable = before.durable
  for (const record of recorder.records) durable = protocol.durable?.fold(durable, record)
  let { timers } = before
  const sends: Array<{ readonly to: NodeId; readonly message: P["message"] }> = []
  for (const effect of recorder.effects) {
    if (effect._tag === "Send") sends.push(effect)
    else if (effect._tag === "SetTimer") timers = arm(timers, effect.timer)
    else if (effect._tag === "CancelTimer") timers = disarm(timers, effect.timer)
  }
  return {
    local: { up: true, state, timers, durable },
    sends,
    isIgnored: state === before.state && recorder.isEmpty
  }
}

const arm = <T>(timers: ReadonlyArray<T>, timer: T): ReadonlyArray<T> => {
  const key = encode(timer)
  if (timers.some((other) => encode(other) === key)) return timers
  return [...timers, timer].toSorted((a, b) => encode(a) < encode(b) ? -1 : 1)
}

/** Without that timer; the same array where it was not armed. */
export const disarm = <T>(timers: ReadonlyArray<T>, timer: T): ReadonlyArray<T> => {
  const key = encode(timer)
  const left = timers.filter((other) => encode(other) !== key)
  return left.length === timers.length ? timers : left
}
