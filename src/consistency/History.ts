/**
 * What clients saw: the history of a concurrent object, and its recorder.
 *
 * Guarantee: a `History` is well formed by construction: a process has one open operation, an operation completes once, and a process whose
 * operation ended with an unknown outcome is never heard of again (the same client goes on under a new process id).
 * Model: real time is the order of the events, never a clock value. `ok`: it happened, with this output. `fail`: it certainly had no effect.
 * `info`, or no completion at all: unknown; it may take effect at any later point, or never. An outcome that is unknown must be recorded as
 * `info`: recorded as `fail`, it is the classic way to a false alarm.
 * Source: Herlihy and Wing, Linearizability (TOPLAS 1990); the event kinds are Jepsen's.
 *
 * @since 0.1.0
 */

/**
 * Who invokes: one sequential thread of operations.
 *
 * @since 0.1.0
 * @category models
 */
export type ProcessId = number | string

/**
 * One event. `time` is in milliseconds, for people only: no verdict looks at it.
 *
 * @since 0.1.0
 * @category models
 */
export type Event<I, O> =
  | { readonly type: "invoke"; readonly process: ProcessId; readonly input: I; readonly time?: number }
  | { readonly type: "ok"; readonly process: ProcessId; readonly output: O; readonly time?: number }
  | { readonly type: "fail"; readonly process: ProcessId; readonly time?: number }
  | { readonly type: "info"; readonly process: ProcessId; readonly time?: number }

/**
 * An operation, paired from its events. `id` is its rank by invocation, `call` and `return` are positions in `History.events`. An operation of
 * unknown outcome has no `return`, even where an `info` event closed it: it may take effect after that.
 *
 * @since 0.1.0
 * @category models
 */
export type Operation<I, O> =
  | {
    readonly outcome: "ok"
    readonly id: number
    readonly process: ProcessId
    readonly input: I
    readonly output: O
    readonly call: number
    readonly return: number
  }
  | {
    readonly outcome: "fail" | "unknown"
    readonly id: number
    readonly process: ProcessId
    readonly input: I
    readonly call: number
  }

/**
 * An immutable, well-formed history: its events in real-time order, and the operations that they make.
 *
 * @since 0.1.0
 * @category models
 */
export interface History<I, O> {
  readonly events: ReadonlyArray<Event<I, O>>
  readonly operations: ReadonlyArray<Operation<I, O>>
}

/**
 * These events are no history. `position` is the index of the first event that breaks a rule.
 *
 * @since 0.1.0
 * @category errors
 */
export class MalformedHistory extends Error {
  readonly _tag = "MalformedHistory"
  constructor(readonly position: number, readonly process: ProcessId, readonly reason: string) {
    super(`event ${position} (process ${process}): ${reason}`)
    this.name = "MalformedHistory"
  }
}

/**
 * Pairs events into a history, or says which event cannot be part of one. Linear in the number of events.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromEvents = <I, O>(events: ReadonlyArray<Event<I, O>>): History<I, O> | MalformedHistory => {
  const operations: Array<Operation<I, O>> = []
  const open = new Map<ProcessId, number>()
  const lost = new Set<ProcessId>()
  for (let position = 0; position < events.length; position++) {
    const event = events[position]!
    const process = event.process
    if (event.type === "invoke") {
      const problem = open.has(process) ?
        "invokes while its previous operation is open" :
        lost.has(process)
        ? "invokes after an unknown outcome, where a new process id is due"
        : undefined
      if (problem !== undefined) return new MalformedHistory(position, process, problem)
      open.set(process, operations.length)
      operations.push({ outcome: "unknown", id: operations.length, process, input: event.input, call: position })
      continue
    }
    const id = open.get(process)
    if (id === undefined) {
      return new MalformedHistory(position, process, `completes (${event.type}) without an open operation`)
    }
    open.delete(process)
    const { call, input } = operations[id]!
    if (event.type === "ok") {
      operations[id] = { outcome: "ok", id, process, input, output: event.output, call, return: position }
    } else if (event.type === "fail") operations[id] = { outcome: "fail", id, process, input, call }
    else lost.add(process)
  }
  return { events: events.slice(), operations }
}

/**
 * Collects events as they happen. A call out of order (see `MalformedHistory`) is a bug of the caller and throws at once, where it can be found.
 *
 * @since 0.1.0
 * @category models
 */
export interface Recorder<I, O> {
  /** Returns false, and records nothing, when the recorder is full: the operation must then stay out of the workload or go unrecorded as a whole. */
  invoke(process: ProcessId, input: I, time?: number): boolean
  /** The operation happened, and this is its output. */
  ok(process: ProcessId, output: O, time?: number): void
  /** The operation certainly had no effect, and never will. */
  fail(process: ProcessId, time?: number): void
  /** Nobody knows: a timeout, a lost connection, an `OutcomeUnknown`. The process must go on under a new id. */
  info(process: ProcessId, time?: number): void
  /** The history so far, as a value: later events do not change it. */
  history(): History<I, O>
  readonly size: number
}

/**
 * An empty recorder for at most `capacity` operations (default 1,000,000); completions of recorded operations always fit.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeRecorder = <I, O>(options: { readonly capacity?: number } = {}): Recorder<I, O> => {
  const capacity = options.capacity ?? 1_000_000
  const events: Array<Event<I, O>> = []
  const status = new Map<ProcessId, "open" | "lost">()
  let operations = 0
  const stamp = (time: number | undefined) => time === undefined ? {} : { time }
  const refuse = (process: ProcessId, reason: string): never => {
    throw new MalformedHistory(events.length, process, reason)
  }
  const close = (process: ProcessId, lost: boolean) => {
    if (status.get(process) !== "open") refuse(process, "completes without an open operation")
    if (lost) status.set(process, "lost")
    else status.delete(process)
  }
  return {
    invoke: (process, input, time) => {
      const now = status.get(process)
      if (now === "open") refuse(process, "invokes while its previous operation is open")
      if (now === "lost") refuse(process, "invokes after an unknown outcome, where a new process id is due")
      if (operations >= capacity) return false
      operations++
      status.set(process, "open")
      events.push({ type: "invoke", process, input, ...stamp(time) })
      return true
    },
    ok: (process, output, time) => {
      close(process, false)
      events.push({ type: "ok", process, output, ...stamp(time) })
    },
    fail: (process, time) => {
      close(process, false)
      events.push({ type: "fail", process, ...stamp(time) })
    },
    info: (process, time) => {
      close(process, true)
      events.push({ type: "info", process, ...stamp(time) })
    },
    history: () => {
      const history = fromEvents(events)
      if (history instanceof MalformedHistory) throw history // the guards above are the same rules: unreachable
      return history
    },
    get size() {
      return events.length
    }
  }
}
