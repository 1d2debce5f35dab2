/**
 * The key-value state machine that demo, node, simulator and benchmarks replicate: strings to strings.
 *
 * @since 0.1.0
 */
import { type Draft, PersistentMap } from "../../core/PersistentMap.js"
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
 * Whether a command changed the key, and the value that a comparison found; only comparisons tell it, so that no old value travels with each put.
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
export type Store = PersistentMap<string>

/**
 * The store without keys.
 *
 * @since 0.1.0
 * @category constructors
 */
export const initial: Store = PersistentMap.empty()

const done: Result = { previous: undefined, applied: true }
const nothing: Result = { previous: undefined, applied: false }

/**
 * One command. Total: a comparison that fails is a result.
 *
 * @since 0.1.0
 * @category semantics
 */
export const apply = (store: Store, command: Command): readonly [Store, Result] => {
  const draft = PersistentMap.draft(store)
  const result = execute(draft, command)
  return [draft.finish(), result]
}

/**
 * Several commands, one after the other.
 *
 * @since 0.1.0
 * @category semantics
 */
export const applyAll = (
  store: Store,
  commands: ReadonlyArray<Command>
): readonly [Store, ReadonlyArray<Result>] => {
  const draft = PersistentMap.draft(store)
  const results = commands.map((command) => execute(draft, command))
  return [draft.finish(), results]
}

const execute = (store: Draft<string>, command: Command): Result => {
  switch (command._tag) {
    case "Put":
      store.set(command.key, command.value)
      return done
    case "Delete":
      return store.delete(command.key) ? done : nothing
    case "CompareAndSet": {
      const previous = store.get(command.key)
      if (previous !== command.from) return { previous, applied: false }
      store.set(command.key, command.to)
      return { previous, applied: true }
    }
  }
}

interface Image {
  readonly state: Store
  readonly sessions: Sessions<Result>
}

const encode = (image: Image): Uint8Array =>
  Utf8.encode(JSON.stringify({
    entries: image.state.toJSON(),
    // in the order of opening, which is the same at every replica
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
    state: PersistentMap.from(image.entries),
    sessions: new Map(
      image.sessions.map(([id, lowest, used, results]) => [id, { lowest, used, results: new Map(results) }])
    )
  }
}

/**
 * The state machine as Raft takes it, for the simulator: its images are JSON.
 *
 * @since 0.1.0
 * @category constructors
 */
export const machine: StateMachine<Store, Command, Result> = {
  initial,
  apply: (store, command) => {
    const [state, result] = apply(store, command)
    return { state, result }
  },
  encode,
  decode
}
