/** The slow twins of the linearizability checker, and small random histories for them. */
import * as FastCheck from "effect/FastCheck"
import { type Event, fromEvents, type History, MalformedHistory, type Operation } from "synod/consistency/History"
import type { Specification, Value } from "synod/consistency/Specification"

/**
 * Every order of every choice of open operations, over the whole object with all its keys. Operations called before the event `cut` and not
 * returned by then are open, with the output that they were to have.
 */
export const canExplain = <S, I>(
  specification: Specification<S, I, Value>,
  operations: ReadonlyArray<Operation<I, Value>>,
  cut = Number.POSITIVE_INFINITY
): boolean => {
  const keyOf = (input: I) => specification.partition?.(input) ?? ""
  const known = operations.filter((operation) => operation.outcome !== "fail" && operation.call < cut)
  const isDue = (operation: Operation<I, Value>) => operation.outcome === "ok" && operation.return < cut
  const place = (left: ReadonlyArray<Operation<I, Value>>, states: ReadonlyMap<string, S>): boolean => {
    if (!left.some(isDue)) return true
    return left.some((operation) => {
      if (left.some((other) => other.outcome === "ok" && other.return < operation.call)) return false
      const key = keyOf(operation.input)
      const state = states.has(key) ? states.get(key)! : specification.initial
      const output = operation.outcome === "ok" ? operation.output : undefined
      const next = specification.step(state, operation.input, output)
      return next !== undefined && place(left.filter((other) => other !== operation), new Map(states).set(key, next))
    })
  }
  return place(known, new Map())
}

/** A linearization is evidence: it is legal, keeps real time, and holds every operation completed before `cut`. */
export const verify = <S, I>(
  specification: Specification<S, I, Value>,
  history: History<I, Value>,
  order: ReadonlyArray<number>,
  cut = Number.POSITIVE_INFINITY
): boolean => {
  const states = new Map<string, S>()
  let latestCall = -1
  for (const id of order) {
    const operation = history.operations[id]!
    if (operation.outcome === "fail" || operation.call >= cut) return false
    latestCall = Math.max(latestCall, operation.call)
    if (operation.outcome === "ok" && operation.return < Math.min(cut, latestCall)) return false
    const key = specification.partition?.(operation.input) ?? ""
    const output = operation.outcome === "ok" ? operation.output : undefined
    const state = states.has(key) ? states.get(key)! : specification.initial
    const next = specification.step(state, operation.input, output)
    if (next === undefined) return false
    states.set(key, next)
  }
  return new Set(order).size === order.length
    && history.operations.every((operation) =>
      operation.outcome !== "ok" || operation.return >= cut || order.includes(operation.id)
    )
}

/** The operations of one partition. */
export const partOf = <S, I>(
  specification: Specification<S, I, Value>,
  history: History<I, Value>,
  partition: string | undefined
): ReadonlyArray<Operation<I, Value>> =>
  history.operations.filter((operation) => specification.partition?.(operation.input) === partition)

/** Up to `size` operations of 3 clients, interleaved at random. Outputs are random too, so that both verdicts are common. */
export const historyOf = <I>(
  input: FastCheck.Arbitrary<I>,
  outputsOf: (input: I) => ReadonlyArray<Value>,
  size = 7
): FastCheck.Arbitrary<History<I, Value>> =>
  FastCheck.tuple(
    FastCheck.array(FastCheck.tuple(input, FastCheck.nat(11), FastCheck.nat(9)), { maxLength: size }),
    FastCheck.array(FastCheck.nat(2), { minLength: 24, maxLength: 24 })
  ).map(([operations, turns]): History<I, Value> => {
    const events: Array<Event<I, Value>> = []
    const clients = [0, 1, 2].map((id) => ({
      process: id,
      lives: 0,
      open: undefined as [I, number, number] | undefined
    }))
    const queue = operations.slice()
    for (const turn of turns) {
      const client = clients[turn]!
      const process = client.process + 10 * client.lives
      if (client.open === undefined) {
        client.open = queue.shift()
        if (client.open !== undefined) events.push({ type: "invoke", process, input: client.open[0] })
        continue
      }
      const [op, drawn, fate] = client.open
      client.open = undefined
      const outputs = outputsOf(op)
      if (fate <= 6) events.push({ type: "ok", process, output: outputs[drawn % outputs.length]! })
      else if (fate === 7) events.push({ type: "fail", process })
      else {
        events.push({ type: "info", process })
        client.lives++
      }
    }
    const history = fromEvents(events)
    if (history instanceof MalformedHistory) throw history
    return history
  })
