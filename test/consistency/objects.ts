/** The shipped objects with their operations and the answers worth trying, for property tests. */
import * as FastCheck from "effect/FastCheck"
import * as Collections from "synod/consistency/Collections"
import * as Locks from "synod/consistency/Locks"
import * as Specifications from "synod/consistency/Specification"
import type { KeyValueInput, RegisterInput, Specification, Value } from "synod/consistency/Specification"

export interface TestedObject<S, I> {
  readonly specification: Specification<S, I, Value>
  readonly input: FastCheck.Arbitrary<I>
  readonly outputsOf: (input: I) => ReadonlyArray<Value>
}

const tested = <S, I>(
  specification: Specification<S, I, Value>,
  input: FastCheck.Arbitrary<I>,
  outputsOf: (input: I) => ReadonlyArray<Value>
): TestedObject<S, I> => ({ specification, input, outputsOf })

const { constant, constantFrom, oneof, tuple } = FastCheck

const value = constantFrom<Value>(null, 1, 2)
type PlainInput = Exclude<RegisterInput, { readonly _tag: "Cas" }>
const plainInput = oneof(
  constant<PlainInput>({ _tag: "Read" }),
  value.map((written): PlainInput => ({ _tag: "Write", value: written }))
)
export const registerInput: FastCheck.Arbitrary<RegisterInput> = oneof(
  plainInput,
  tuple(value, value).map(([from, to]): RegisterInput => ({ _tag: "Cas", from, to }))
)
export const registerOutputs = (input: RegisterInput): ReadonlyArray<Value> =>
  input._tag === "Read" ? [null, 1, 2] : input._tag === "Cas" ? [true, false] : [null]

const key = constantFrom("a", "b")
const text = constantFrom<Value>(null, "x", "y", "xy")
const keyValueInput: FastCheck.Arbitrary<KeyValueInput> = oneof(
  key.map((k): KeyValueInput => ({ _tag: "Get", key: k })),
  tuple(key, text).map(([k, v]): KeyValueInput => ({ _tag: "Put", key: k, value: v })),
  tuple(key, constantFrom("x", "y")).map(([k, v]): KeyValueInput => ({ _tag: "Append", key: k, value: v })),
  key.map((k): KeyValueInput => ({ _tag: "Delete", key: k })),
  tuple(key, text, text).map(([k, from, to]): KeyValueInput => ({ _tag: "Cas", key: k, from, to }))
)
const keyValueOutputs = (input: KeyValueInput): ReadonlyArray<Value> => {
  switch (input._tag) {
    case "Get":
      return [null, "x", "y", "xy"]
    case "Cas":
      return [true, false]
    case "Delete":
      return [true, false, null]
    default:
      return [null]
  }
}

const item = constantFrom<Collections.Item>(1, 2)
const queueInput: FastCheck.Arbitrary<Collections.QueueInput> = oneof(
  tuple(key, item).map(([k, v]): Collections.QueueInput => ({ _tag: "Enqueue", key: k, value: v })),
  key.map((k): Collections.QueueInput => ({ _tag: "Dequeue", key: k }))
)
const stackInput: FastCheck.Arbitrary<Collections.StackInput> = oneof(
  item.map((v): Collections.StackInput => ({ _tag: "Push", key: "s", value: v })),
  constant<Collections.StackInput>({ _tag: "Pop", key: "s" })
)
const setInput: FastCheck.Arbitrary<Collections.SetInput> = tuple(
  constantFrom("Add" as const, "Remove" as const, "Contains" as const),
  constantFrom<Value>("1", 1)
).map(([_tag, v]) => ({ _tag, key: "s", value: v }))
const counterInput: FastCheck.Arbitrary<Collections.CounterInput> = oneof(
  constantFrom(0, 1, -1).map((by): Collections.CounterInput => ({ _tag: "Increment", key: "c", by })),
  constant<Collections.CounterInput>({ _tag: "Count", key: "c" })
)
const logInput: FastCheck.Arbitrary<Collections.LogInput> = oneof(
  item.map((v): Collections.LogInput => ({ _tag: "Append", key: "l", value: v })),
  constantFrom(0, 1).map((index): Collections.LogInput => ({ _tag: "Entry", key: "l", index })),
  constantFrom<Collections.LogInput>({ _tag: "Length", key: "l" }, { _tag: "Entries", key: "l" })
)
const logOutputs = (input: Collections.LogInput): ReadonlyArray<Value> => {
  switch (input._tag) {
    case "Append":
      return [null, null, 0, 1]
    case "Entry":
      return [null, 1, 2]
    case "Length":
      return [0, 1, 2]
    case "Entries":
      return ["[]", "[1]", "[2]", "[1,2]", "[2,1]"]
  }
}
const lockInput: FastCheck.Arbitrary<Locks.LockInput> = tuple(
  constantFrom("Acquire" as const, "Acquire" as const, "Release" as const),
  constantFrom("p", "q")
).map(([_tag, holder]) => ({ _tag, key: "m", holder }))
const lockOutputs = (input: Locks.LockInput): ReadonlyArray<Value> =>
  input._tag === "Acquire" ? [true, true, false] : [true, null, false]
const fencedOutputs = (input: Locks.LockInput): ReadonlyArray<Value> =>
  input._tag === "Acquire" ? [1, 1, 2, 3, false] : [true, null, false]

const register = tested(Specifications.register(), plainInput, registerOutputs)
const casRegister = tested(Specifications.casRegister(), registerInput, registerOutputs)
export const keyValue = tested(Specifications.keyValue(), keyValueInput, keyValueOutputs)
const queue = tested(
  Collections.queue(),
  queueInput,
  (input) => input._tag === "Enqueue" ? [null] : [null, 1, 2]
)
const stack = tested(Collections.stack(), stackInput, (input) => input._tag === "Push" ? [null] : [null, 1, 2])
const set = tested(
  Collections.set(),
  setInput,
  (input) => input._tag === "Contains" ? [true, false] : [true, false, null]
)
const counter = tested(
  Collections.counter(),
  counterInput,
  (input) => input._tag === "Count" ? [-1, 0, 1, 2] : [null, null, 1, 0]
)
const log = tested(Collections.log(), logInput, logOutputs)
const lock = tested(Locks.lock(), lockInput, lockOutputs)
const reentrantLock = tested(Locks.reentrantLock(), lockInput, lockOutputs)
const fencedLock = tested(Locks.fencedLock(), lockInput, fencedOutputs)

/** Calls `use` with each object, whatever its types. */
export const forEachObject = (use: <S, I>(object: TestedObject<S, I>) => void): void => {
  use(register)
  use(casRegister)
  use(keyValue)
  use(queue)
  use(stack)
  use(set)
  use(counter)
  use(log)
  use(lock)
  use(reentrantLock)
  use(fencedLock)
}
