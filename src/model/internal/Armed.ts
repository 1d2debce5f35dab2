/**
 * The timers of a node: those that wait, those of 0 ms, and deadlines where there is a clock.
 */
import { encode } from "../../core/Canonical.js"
import type { Millis, Vocabulary } from "../../core/Protocol.js"
import type { Local } from "../SystemModel.js"

export const has = <T>(timers: ReadonlyArray<T> | undefined, timer: T): boolean => {
  const key = encode(timer)
  return timers?.some((other) => encode(other) === key) ?? false
}

/** Arms a timer anew. `tick` in milliseconds where it gets a deadline. */
export const arm = <P extends Vocabulary>(
  local: Local<P>,
  timer: P["timer"],
  min: Millis,
  max: Millis,
  tick: Millis | undefined
): Local<P> => {
  const before = disarm(local, timer)
  const { deadlines, endOfBatch = [], timers } = before
  const key = encode(timer)
  if (max <= 0) return { ...before, endOfBatch: endOfBatch.toSpliced(place(endOfBatch, key), 0, timer) }
  const at = place(timers, key)
  return {
    ...before,
    timers: timers.toSpliced(at, 0, timer),
    deadlines: tick === undefined ? undefined : deadlines?.toSpliced(at, 0, [
      Math.floor(min / tick),
      Math.ceil(max / tick)
    ])
  }
}

const place = (timers: ReadonlyArray<unknown>, key: string): number => {
  const at = timers.findIndex((other) => encode(other) > key)
  return at < 0 ? timers.length : at
}

/** Without that timer; the same where it was not armed. */
export const disarm = <P extends Vocabulary>(local: Local<P>, timer: P["timer"]): Local<P> => {
  const key = encode(timer)
  const at = local.timers.findIndex((other) => encode(other) === key)
  if (at >= 0) {
    return { ...local, timers: local.timers.toSpliced(at, 1), deadlines: local.deadlines?.toSpliced(at, 1) }
  }
  if (!has(local.endOfBatch, timer)) return local
  const left = local.endOfBatch!.filter((other) => encode(other) !== key)
  return { ...local, endOfBatch: left.length === 0 ? undefined : left }
}

/** At GST: every timer was armed some time ago. */
export const stabilised = <P extends Vocabulary>(local: Local<P>): Local<P> =>
  local.deadlines === undefined ? local : { ...local, deadlines: local.deadlines.map(([, latest]) => [0, latest]) }

/** The node a tick later; none where a timer has to fire first. */
export const ticked = <P extends Vocabulary>(local: Local<P>): Local<P> | undefined => {
  if ((local.endOfBatch?.length ?? 0) > 0) return undefined
  if (local.deadlines === undefined) return local
  if (local.deadlines.some(([, latest]) => latest <= 0)) return undefined
  return {
    ...local,
    deadlines: local.deadlines.map(([earliest, latest]) => [Math.max(0, earliest - 1), latest - 1])
  }
}
