/**
 * The key-value state machine that demo, node, simulator and benchmarks replicate: strings to strings.
 *
 * @since 0.1.0
 */
import * as Utf8 from "../../core/Utf8.js"
import type { Sessions } from "../raft/Sessions.js"
import type { StateMachine } from "../raft/Types.js"

/**
 * @since 0.1.0
 * @category models
 */
export type Command =
  | { readonly _tag: "Put"; readonly key: string; readonly value: string }
  | { readonly _tag: "Delete"; readonly key: string }
  /** Writes `to` where the value is `from`; `undefined` is an absent key. */
  | { readonly _tag: "CompareAndSet"; readonly key: string; readonly from: string | undefined; readonly to: string }

/**
 * What a command found: the value before it, and whether it changed the key.
 *
 * @since 0.1.0
 * @category models
 */
export interface Result {
  readonly previous: string | undefined
  readonly applied: boolean
}

/**
 * @since 0.1.0
 * @category models
 */
export type Store = ReadonlyMap<string, string>

/**
 * One command. Total: a comparison that fails is a result.
 *
 * @since 0.1.0
 * @category semantics
 */
export const apply = (store: Store, command: Command): { readonly state: Store; readonly result: Result } => {
  const previous = store.get(command.key)
  switch (command._tag) {
    case "Put":
      return { state: new Map(store).set(command.key, command.value), result: { previous, applied: true } }
    case "Delete": {
      if (previous === undefined) return { state: store, result: { previous, applied: false } }
      const state = new Map(store)
      state.delete(command.key)
      return { state, result: { previous, applied: true } }
    }
    case "CompareAndSet":
      return previous === command.from
        ? { state: new Map(store).set(command.key, command.to), result: { previous, applied: true } }
        : { state: store, result: { previous, applied: false } }
  }
}

interface Image {
  readonly state: Store
  readonly sessions: Sessions<Result>
}

const encode = (image: Image): Uint8Array =>
  Utf8.encode(JSON.stringify({
    entries: [...image.state].sort(([a], [b]) => a < b ? -1 : 1),
    // in the order of use, which is the same at every replica and decides who is evicted
    sessions: [...image.sessions].map(([id, s]) => [id, s.lowest, s.used, [...s.results]])
  }))

const decode = (bytes: Uint8Array): Image => {
  const image = JSON.parse(Utf8.decode(bytes)) as { // made by `encode`, and checked by the snapshot's digest
    readonly entries: ReadonlyArray<readonly [string, string]>
    readonly sessions: ReadonlyArray<
      readonly [number, number, number, ReadonlyArray<readonly [number, { index: number; result: Result }]>]
    >
  }
  return {
    state: new Map(image.entries),
    sessions: new Map(
      image.sessions.map(([id, lowest, used, results]) => [id, { lowest, used, results: new Map(results) }])
    )
  }
}

/**
 * The state machine.
 *
 * @since 0.1.0
 * @category constructors
 */
export const machine: StateMachine<Store, Command, Result> = { initial: new Map(), apply, encode, decode }
