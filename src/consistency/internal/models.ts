/** The shipped objects by the names that `--model` knows, with the operations that each has. */
import * as Collections from "../Collections.js"
import type { Input } from "../importers/Source.js"
import * as Locks from "../Locks.js"
import * as Specifications from "../Specification.js"
import type { Specification, Value } from "../Specification.js"

export interface Shipped<S, I extends Input> {
  /** The object, given the value that the format starts its objects with; containers, counters and locks start empty whatever the format. */
  readonly specification: (initial: Value) => Specification<S, I, Value>
  readonly accepts: (input: Input) => input is I
  /** What an input that is not accepted should have been. */
  readonly expected: string
}

type PlainInput = Exclude<Specifications.RegisterInput, { readonly _tag: "Cas" }>

const register: Shipped<Value, PlainInput> = {
  specification: (initial) => Specifications.register({ initial }),
  accepts: (input): input is PlainInput => input._tag === "Read" || input._tag === "Write",
  expected: "read or write (model register)"
}

const casRegister: Shipped<Value, Specifications.RegisterInput> = {
  specification: (initial) => Specifications.casRegister({ initial }),
  accepts: (input): input is Specifications.RegisterInput => !("key" in input),
  expected: "read, write or cas without a key (model cas-register)"
}

const kv: Shipped<Value, Specifications.KeyValueInput> = {
  specification: (initial) => Specifications.keyValue({ initial }),
  accepts: (input): input is Specifications.KeyValueInput => {
    switch (input._tag) {
      case "Get":
      case "Put":
      case "Delete":
        return true
      case "Append":
        return typeof input.value === "string"
      case "Cas":
        return "key" in input
      default:
        return false
    }
  },
  expected: "get, put, append of a string, delete or cas with a key (model kv)"
}

const queue: Shipped<ReadonlyArray<Collections.Item>, Collections.QueueInput> = {
  specification: () => Collections.queue(),
  accepts: (input): input is Collections.QueueInput => input._tag === "Enqueue" || input._tag === "Dequeue",
  expected: "enqueue or dequeue (model queue)"
}

const stack: Shipped<ReadonlyArray<Collections.Item>, Collections.StackInput> = {
  specification: () => Collections.stack(),
  accepts: (input): input is Collections.StackInput => input._tag === "Push" || input._tag === "Pop",
  expected: "push or pop (model stack)"
}

const set: Shipped<boolean, Collections.SetInput> = {
  specification: () => Collections.set(),
  accepts: (input): input is Collections.SetInput =>
    input._tag === "Add" || input._tag === "Remove" || input._tag === "Contains",
  expected: "add, remove or contains (model set)"
}

const counter: Shipped<number, Collections.CounterInput> = {
  specification: () => Collections.counter(),
  accepts: (input): input is Collections.CounterInput => input._tag === "Increment" || input._tag === "Count",
  expected: "increment or count (model counter)"
}

const log: Shipped<ReadonlyArray<Value>, Collections.LogInput> = {
  specification: () => Collections.log(),
  accepts: (input): input is Collections.LogInput =>
    input._tag === "Append" || input._tag === "Entry" || input._tag === "Length" || input._tag === "Entries",
  expected: "append, entry, length or entries (model log)"
}

const locks = (
  name: string,
  specification: () => Specification<Locks.LockState, Locks.LockInput, Value>
): Shipped<Locks.LockState, Locks.LockInput> => ({
  specification,
  accepts: (input): input is Locks.LockInput => input._tag === "Acquire" || input._tag === "Release",
  expected: `acquire or release (model ${name})`
})

const lock = locks("lock", Locks.lock)
const reentrantLock = locks("reentrant-lock", Locks.reentrantLock)
const fencedLock = locks("fenced-lock", Locks.fencedLock)

export const models = [
  "register",
  "cas-register",
  "kv",
  "queue",
  "stack",
  "set",
  "counter",
  "log",
  "lock",
  "reentrant-lock",
  "fenced-lock"
] as const

export type ModelName = typeof models[number]

/** Opens the box: each model has states and inputs of its own types. */
export const withModel = <A>(name: ModelName, use: <S, I extends Input>(object: Shipped<S, I>) => A): A => {
  switch (name) {
    case "register":
      return use(register)
    case "cas-register":
      return use(casRegister)
    case "kv":
      return use(kv)
    case "queue":
      return use(queue)
    case "stack":
      return use(stack)
    case "set":
      return use(set)
    case "counter":
      return use(counter)
    case "log":
      return use(log)
    case "lock":
      return use(lock)
    case "reentrant-lock":
      return use(reentrantLock)
    case "fenced-lock":
      return use(fencedLock)
  }
}
