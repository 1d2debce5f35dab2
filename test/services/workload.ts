/** Clients of a key-value cluster whose history is recorded as it is seen, and judged. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as History from "synod/consistency/History"
import * as Linearizability from "synod/consistency/Linearizability"
import * as Specification from "synod/consistency/Specification"
import type { Choice } from "synod/core/Choice"
import type { OutcomeUnknown, Unavailable } from "synod/services/ReplicatedStateMachine"
import type { Cluster } from "./support.js"
import { names } from "./support.js"

interface Tally {
  ok: number
  unavailable: number
  unknown: number
}

export interface Workload {
  readonly recorder: History.Recorder<Specification.KeyValueInput, Specification.Value>
  readonly tally: Tally
  /** A client at node `client mod 3`, until `isOver`. */
  readonly client: (client: number, isOver: () => boolean) => Effect.Effect<void>
  readonly verdict: () => Linearizability.Result
}

/** Clients think up to `think` milliseconds between operations. */
export const workload = (cluster: Cluster, choice: Choice, think: number, keys = 3): Workload => {
  const recorder = History.makeRecorder<Specification.KeyValueInput, Specification.Value>()
  const tally: Tally = { ok: 0, unavailable: 0, unknown: 0 }
  const last = new Map<string, string>()

  const client = (number: number, isOver: () => boolean): Effect.Effect<void> =>
    Effect.gen(function*() {
      const own = choice.fork(`client ${number}`)
      let life = 0
      let count = 0
      while (!isOver()) {
        const store = cluster.stores[names[number % names.length]!]
        const process = `${number}.${life}`
        const key = `k${own.below(keys, "key")}`
        const value = `${process}.${++count}`
        const from = last.get(key) ?? null
        const kind = own.below(4, "kind")
        const [input, run] = kind === 0
          ? get(store, key)
          : kind === 1
          ? put(store, key, value)
          : kind === 2
          ? compareAndSet(store, key, from, value)
          : remove(store, key)
        if (kind === 1 || kind === 2) last.set(key, value)
        recorder.invoke(process, input)
        const exit = yield* Effect.exit(run)
        if (Exit.isSuccess(exit)) {
          recorder.ok(process, exit.value)
          tally.ok++
        } else if (exit.cause._tag === "Fail" && exit.cause.error._tag === "Unavailable") {
          recorder.fail(process)
          tally.unavailable++
        } else if (exit.cause._tag === "Fail") {
          recorder.info(process)
          tally.unknown++
          life++
        } else return yield* Effect.die(exit.cause)
        yield* Effect.sleep(own.below(think, "think"))
      }
    })

  return {
    recorder,
    tally,
    client,
    verdict: () => Linearizability.check(Specification.keyValue(), recorder.history())
  }
}

type Store = Cluster["stores"]["a"]
type Run = readonly [
  Specification.KeyValueInput,
  Effect.Effect<Specification.Value, Unavailable | OutcomeUnknown>
]

const get = (store: Store, key: string): Run => [{ _tag: "Get", key }, Effect.map(store.get(key), Option.getOrNull)]
const put = (store: Store, key: string, value: string): Run => [
  { _tag: "Put", key, value },
  Effect.as(store.put(key, value), null)
]
const compareAndSet = (store: Store, key: string, from: string | null, to: string): Run => [
  { _tag: "Cas", key, from, to },
  Effect.map(store.compareAndSet(key, from, to), ({ written }) => written)
]
const remove = (store: Store, key: string): Run => [{ _tag: "Delete", key }, store.delete(key)]
