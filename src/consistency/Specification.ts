/**
 * Sequential specifications: what one client alone would see. A checker asks whether a concurrent history can be explained by one of these.
 *
 * Guarantee: `step` is a total, pure function of its arguments. Non-goals: nondeterministic objects; operations over several partitions.
 *
 * @since 0.1.0
 */
import { acknowledged, same, valueKey } from "./internal/values.js"

/**
 * A sequential object. States, inputs and outputs are immutable values, and none of them is `undefined`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Specification<S, I, O> {
  readonly name: string
  readonly initial: S
  /**
   * The state after `input`, or `undefined` when the object, in this state, would not have answered `output`.
   * An `undefined` output is an unknown one: then every state allows the operation.
   */
  readonly step: (state: S, input: I, output: O | undefined) => S | undefined
  /** Equal states, and only these, have equal keys (as a `Map` compares them: `"1"` is not `1`, NaN equals NaN). A state that is a value may be its own key. */
  readonly stateKey: (state: S) => Value
  /** Operations with equal keys must behave alike in every state; the output is `undefined` when unknown. */
  readonly operationKey: (input: I, output: O | undefined) => string
  /**
   * True only when the operation leaves *every* state that allows this output as it is. "It changes nothing in the present state" is not
   * enough: a write of the present value may be needed later.
   */
  readonly isPure: (input: I, output: O) => boolean
  /** Operations with different keys touch independent objects, each of which starts as `initial`. Absent: one object. */
  readonly partition?: (input: I) => string
  /**
   * What an operation is to a checker that follows values from writes to reads; undefined for an operation that is none of these. Absent: all are
   * none of these. The answers must be those of `register`, `casRegister` and `queue`.
   */
  readonly access?: (input: I) => Access | undefined
}

/**
 * Operations whose meaning a checker can follow from value to value, where each value is written once.
 *
 * @since 0.1.0
 * @category models
 */
export type Access =
  | { readonly _tag: "Read" }
  | { readonly _tag: "Write"; readonly value: Value }
  | { readonly _tag: "Cas"; readonly from: Value; readonly to: Value }
  | { readonly _tag: "Enqueue"; readonly value: Value }
  | { readonly _tag: "Dequeue" }

/**
 * What a register holds, and what a history can write down. Null is "nothing was ever written".
 *
 * @since 0.1.0
 * @category models
 */
export type Value = string | number | boolean | null

/**
 * A read answers the value, a write answers null, a compare-and-set answers whether it swapped.
 *
 * @since 0.1.0
 * @category models
 */
export type RegisterInput =
  | { readonly _tag: "Read" }
  | { readonly _tag: "Write"; readonly value: Value }
  | { readonly _tag: "Cas"; readonly from: Value; readonly to: Value }

/**
 * Get answers the value (null: absent), put and append answer null, cas answers whether it swapped (`from: null` = only when absent), delete
 * answers whether the key existed, or null where the store only acknowledges. Append to an absent key starts from the empty string.
 *
 * @since 0.1.0
 * @category models
 */
export type KeyValueInput =
  | { readonly _tag: "Get"; readonly key: string }
  | { readonly _tag: "Put"; readonly key: string; readonly value: Value }
  | { readonly _tag: "Append"; readonly key: string; readonly value: string }
  | { readonly _tag: "Delete"; readonly key: string }
  | { readonly _tag: "Cas"; readonly key: string; readonly from: Value; readonly to: Value }

/** The value itself: a copy of a string that appends made long would cost more than the search. */
const stateKey = (value: Value): Value => value

const stepCas = (state: Value, from: Value, to: Value, output: Value | undefined): Value | undefined => {
  const swapped = same(state, from)
  return output !== undefined && output !== swapped ? undefined : swapped ? to : state
}

/** A compare-and-set that failed, or that swapped a value for itself, changed nothing wherever it was legal. */
const isPureCas = (from: Value, to: Value, output: Value): boolean => output === false || same(from, to)

/**
 * A register with compare-and-set. `initial` defaults to null.
 *
 * @since 0.1.0
 * @category constructors
 */
export const casRegister = (
  options: { readonly initial?: Value } = {}
): Specification<Value, RegisterInput, Value> => ({
  name: "cas-register",
  initial: options.initial ?? null,
  step: (state, input, output) => {
    switch (input._tag) {
      case "Read":
        return output === undefined || same(output, state) ? state : undefined
      case "Write":
        return acknowledged(output) ? input.value : undefined
      case "Cas":
        return stepCas(state, input.from, input.to, output)
    }
  },
  stateKey,
  operationKey: (input, output) => {
    switch (input._tag) {
      case "Read":
        return `read ${valueKey(output)}`
      case "Write":
        return `write ${valueKey(input.value)} ${valueKey(output)}`
      case "Cas":
        return `cas ${valueKey(input.from)} ${valueKey(input.to)} ${valueKey(output)}`
    }
  },
  isPure: (input, output) => input._tag === "Read" || (input._tag === "Cas" && isPureCas(input.from, input.to, output)),
  access: (input) => input
})

/**
 * A plain register: the same object, for histories without compare-and-set.
 *
 * @since 0.1.0
 * @category constructors
 */
export const register = (
  options: { readonly initial?: Value } = {}
): Specification<Value, Exclude<RegisterInput, { readonly _tag: "Cas" }>, Value> => ({
  ...casRegister(options),
  name: "register"
})

/**
 * Independent keys, each a register with append, delete and compare-and-set. Every key starts as `initial`: null (absent) unless given.
 *
 * @since 0.1.0
 * @category constructors
 */
export const keyValue = (
  options: { readonly initial?: Value } = {}
): Specification<Value, KeyValueInput, Value> => ({
  name: "kv",
  initial: options.initial ?? null,
  step: (state, input, output) => {
    switch (input._tag) {
      case "Get":
        return output === undefined || same(output, state) ? state : undefined
      case "Put":
        return acknowledged(output) ? input.value : undefined
      case "Append":
        return acknowledged(output) ? (state === null ? input.value : String(state) + input.value) : undefined
      case "Delete":
        return acknowledged(output) || output === (state !== null) ? null : undefined
      case "Cas":
        return stepCas(state, input.from, input.to, output)
    }
  },
  stateKey,
  operationKey: (input, output) => {
    switch (input._tag) {
      case "Get":
        return `get ${valueKey(output)}`
      case "Put":
        return `put ${valueKey(input.value)} ${valueKey(output)}`
      case "Append":
        return `append ${valueKey(input.value)} ${valueKey(output)}`
      case "Delete":
        return `delete ${valueKey(output)}`
      case "Cas":
        return `cas ${valueKey(input.from)} ${valueKey(input.to)} ${valueKey(output)}`
    }
  },
  isPure: (input, output) =>
    input._tag === "Get" || (input._tag === "Delete" && output === false)
    || (input._tag === "Cas" && isPureCas(input.from, input.to, output)),
  partition: (input) => input.key,
  access: (input) => {
    switch (input._tag) {
      case "Get":
        return { _tag: "Read" }
      case "Put":
        return { _tag: "Write", value: input.value }
      case "Cas":
        return input
      default:
        return undefined
    }
  }
})
