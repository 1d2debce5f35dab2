/**
 * A replicated key-value store: strings to strings, linearizable, on any algorithm that provides `ReplicatedStateMachine.Consensus`.
 *
 * @example
 * ```ts
 * const program = Effect.gen(function*() {
 *   const store = yield* KeyValue
 *   yield* store.put("colour", "blue")
 *   return yield* store.get("colour") // Option.some("blue")
 * })
 * program.pipe(Effect.provide(KeyValue.layer), Effect.provide(Raft.layer({ ... })))
 * ```
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Semantics from "../protocols/key-value/KeyValue.js"
import { definition } from "./internal/keyValue.js"
import type {
  OutcomeUnknown,
  ProposeOptions,
  ReadOptions,
  Replica,
  StartError,
  Unavailable
} from "./ReplicatedStateMachine.js"
import { Consensus, machine } from "./ReplicatedStateMachine.js"

/**
 * A comparison's outcome: whether the value was written, and the one that was found.
 *
 * @since 0.1.0
 * @category models
 */
export interface Comparison {
  readonly written: boolean
  readonly found: Option.Option<string>
}

/**
 * The store at this node.
 *
 * @since 0.1.0
 * @category models
 */
export interface KeyValueService {
  readonly get: (key: string, options?: ReadOptions) => Effect.Effect<Option.Option<string>, Unavailable>
  readonly put: (
    key: string,
    value: string,
    options?: ProposeOptions
  ) => Effect.Effect<void, Unavailable | OutcomeUnknown>
  /** Whether there was something to delete. */
  readonly delete: (key: string, options?: ProposeOptions) => Effect.Effect<boolean, Unavailable | OutcomeUnknown>
  /** Writes `value` where the present one is `expected`; `null` expects an absent key. */
  readonly compareAndSet: (
    key: string,
    expected: string | null,
    value: string,
    options?: ProposeOptions
  ) => Effect.Effect<Comparison, Unavailable | OutcomeUnknown>
  /** The machine below: status, statistics, watching, and the synchronous doors `unsafePropose` and `unsafeRead`. */
  readonly replica: Replica<Semantics.Store, Semantics.Command, Semantics.Result>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class KeyValue extends Context.Tag("synod/KeyValue")<KeyValue, KeyValueService>() {
  /** The store over an algorithm. */
  static readonly layer: Layer.Layer<KeyValue, StartError, Consensus> = Layer.scoped(
    KeyValue,
    Effect.gen(function*() {
      const consensus = yield* Consensus
      return make(yield* consensus.replicate(machine("key-value", definition)))
    })
  )
}

const make = (replica: KeyValueService["replica"]): KeyValueService => ({
  get: (key, options) => replica.read((store) => Option.fromNullable(store.get(key)), options),
  put: (key, value, options) => Effect.asVoid(replica.propose({ _tag: "Put", key, value }, options)),
  delete: (key, options) => Effect.map(replica.propose({ _tag: "Delete", key }, options), (result) => result.applied),
  compareAndSet: (key, expected, value, options) =>
    Effect.map(
      replica.propose({ _tag: "CompareAndSet", key, from: expected ?? undefined, to: value }, options),
      (result) => ({ written: result.applied, found: Option.fromNullable(result.previous) })
    ),
  replica
})
