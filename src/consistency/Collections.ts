/**
 * Sequential specifications of containers: queue, stack, set, counter, append-only log. Each operation names its object by `key`.
 *
 * Guarantee: as for every `Specification`. Partitions: a queue, stack, counter or log is one by its key; a set is one by key *and* element,
 * because its elements are independent of each other: no operation reads two of them.
 * Non-goals: a read of a whole set (it would join all elements into one partition); bounded capacity.
 *
 * @since 0.1.0
 */
import { acknowledged, answers, valueKey } from "./internal/values.js"
import type { Specification, Value } from "./Specification.js"

/**
 * What a queue or stack holds. Null is left to the answer "empty", which is so an answer that changed nothing, whatever the state.
 *
 * @since 0.1.0
 * @category models
 */
export type Item = Exclude<Value, null>

/**
 * Enqueue answers null, dequeue the oldest value, or null where the queue is empty.
 *
 * @since 0.1.0
 * @category models
 */
export type QueueInput =
  | { readonly _tag: "Enqueue"; readonly key: string; readonly value: Item }
  | { readonly _tag: "Dequeue"; readonly key: string }

/**
 * Push answers null, pop the newest value, or null where the stack is empty.
 *
 * @since 0.1.0
 * @category models
 */
export type StackInput =
  | { readonly _tag: "Push"; readonly key: string; readonly value: Item }
  | { readonly _tag: "Pop"; readonly key: string }

/**
 * Add and remove answer whether they changed the set, or null where the store only acknowledges; contains answers a boolean.
 *
 * @since 0.1.0
 * @category models
 */
export type SetInput =
  | { readonly _tag: "Add"; readonly key: string; readonly value: Value }
  | { readonly _tag: "Remove"; readonly key: string; readonly value: Value }
  | { readonly _tag: "Contains"; readonly key: string; readonly value: Value }

/**
 * Increment (by a safe integer, negative ones included) answers the count after it, or null where the store only acknowledges; count
 * answers the count.
 *
 * @since 0.1.0
 * @category models
 */
export type CounterInput =
  | { readonly _tag: "Increment"; readonly key: string; readonly by: number }
  | { readonly _tag: "Count"; readonly key: string }

/**
 * Append answers the index that the entry got, from 0, or null where the store only acknowledges. Entry answers the entry at an index, or null
 * beyond the end; length the number of entries; entries all of them, as the text of a JSON array.
 *
 * @since 0.1.0
 * @category models
 */
export type LogInput =
  | { readonly _tag: "Append"; readonly key: string; readonly value: Value }
  | { readonly _tag: "Entry"; readonly key: string; readonly index: number }
  | { readonly _tag: "Length"; readonly key: string }
  | { readonly _tag: "Entries"; readonly key: string }

const entriesKey = (entries: ReadonlyArray<Value>): string => entries.map(valueKey).join()

const byKey = (input: { readonly key: string }): string => input.key

/**
 * A first-in first-out queue. It starts empty.
 *
 * @since 0.1.0
 * @category constructors
 */
export const queue = (): Specification<ReadonlyArray<Item>, QueueInput, Value> => ({
  name: "queue",
  initial: [],
  step: (items, input, output) => {
    if (input._tag === "Enqueue") return acknowledged(output) ? [...items, input.value] : undefined
    if (items.length === 0) return answers(output, null) ? items : undefined
    return answers(output, items[0]!) ? items.slice(1) : undefined
  },
  stateKey: entriesKey,
  operationKey: (input, output) =>
    input._tag === "Enqueue" ? `enqueue ${valueKey(input.value)} ${valueKey(output)}` : `dequeue ${valueKey(output)}`,
  isPure: (input, output) => input._tag === "Dequeue" && output === null,
  partition: byKey,
  access: (input) => input
})

/**
 * A last-in first-out stack. It starts empty.
 *
 * @since 0.1.0
 * @category constructors
 */
export const stack = (): Specification<ReadonlyArray<Item>, StackInput, Value> => ({
  name: "stack",
  initial: [],
  step: (items, input, output) => {
    if (input._tag === "Push") return acknowledged(output) ? [...items, input.value] : undefined
    if (items.length === 0) return answers(output, null) ? items : undefined
    return answers(output, items[items.length - 1]!) ? items.slice(0, -1) : undefined
  },
  stateKey: entriesKey,
  operationKey: (input, output) =>
    input._tag === "Push" ? `push ${valueKey(input.value)} ${valueKey(output)}` : `pop ${valueKey(output)}`,
  isPure: (input, output) => input._tag === "Pop" && output === null,
  partition: byKey
})

/**
 * A set, element by element: the state is whether the element is there. It starts empty.
 *
 * @since 0.1.0
 * @category constructors
 */
export const set = (): Specification<boolean, SetInput, Value> => ({
  name: "set",
  initial: false,
  step: (isThere, input, output) => {
    switch (input._tag) {
      case "Add":
        return acknowledged(output) || output === !isThere ? true : undefined
      case "Remove":
        return acknowledged(output) || output === isThere ? false : undefined
      case "Contains":
        return answers(output, isThere) ? isThere : undefined
    }
  },
  stateKey: (isThere) => isThere,
  operationKey: (input, output) => `${input._tag} ${valueKey(output)}`,
  isPure: (input, output) => input._tag === "Contains" || output === false,
  partition: (input) => `${JSON.stringify(input.key)} ${valueKey(input.value)}`
})

/**
 * A counter. It starts at 0.
 *
 * @since 0.1.0
 * @category constructors
 */
export const counter = (): Specification<number, CounterInput, Value> => ({
  name: "counter",
  initial: 0,
  step: (count, input, output) => {
    if (input._tag === "Count") return answers(output, count) ? count : undefined
    const after = count + input.by
    return acknowledged(output) || output === after ? after : undefined
  },
  stateKey: (count) => count,
  operationKey: (input, output) =>
    input._tag === "Count" ? `count ${valueKey(output)}` : `increment ${input.by} ${valueKey(output)}`,
  isPure: (input) => input._tag === "Count" || input.by === 0,
  partition: byKey
})

/**
 * An append-only log. It starts empty.
 *
 * @since 0.1.0
 * @category constructors
 */
export const log = (): Specification<ReadonlyArray<Value>, LogInput, Value> => ({
  name: "log",
  initial: [],
  step: (entries, input, output) => {
    switch (input._tag) {
      case "Append":
        return acknowledged(output) || output === entries.length ? [...entries, input.value] : undefined
      case "Entry":
        return answers(output, entries[input.index] ?? null) ? entries : undefined
      case "Length":
        return answers(output, entries.length) ? entries : undefined
      case "Entries":
        return output === undefined || output === JSON.stringify(entries) ? entries : undefined
    }
  },
  stateKey: entriesKey,
  operationKey: (input, output) => {
    switch (input._tag) {
      case "Append":
        return `append ${valueKey(input.value)} ${valueKey(output)}`
      case "Entry":
        return `entry ${input.index} ${valueKey(output)}`
      default:
        return `${input._tag} ${valueKey(output)}`
    }
  },
  isPure: (input) => input._tag !== "Append",
  partition: byKey
})
