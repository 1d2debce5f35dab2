/**
 * A store as a client of the workload sees it: every failure is an outcome.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { KeyValueInput, Value } from "../../consistency/Specification.js"
import type { KeyValueService } from "../../services/KeyValue.js"
import type { OutcomeUnknown, Unavailable } from "../../services/ReplicatedStateMachine.js"
import type { Execute, Outcome } from "./workload.js"

/** `Unavailable` promises that nothing was executed, which is `fail`; `OutcomeUnknown` promises nothing, which is `info`. */
export const storeDoor = (store: KeyValueService, timeoutMillis: number): Execute => {
  const options = { timeout: timeoutMillis }
  const execute = (input: KeyValueInput): Effect.Effect<Value, Unavailable | OutcomeUnknown> => {
    switch (input._tag) {
      case "Get":
        return Effect.map(store.get(input.key, options), Option.getOrNull)
      case "Put":
        return Effect.as(store.put(input.key, String(input.value), options), null)
      case "Delete":
        return store.delete(input.key, options)
      case "Cas":
        return Effect.map(
          store.compareAndSet(input.key, input.from === null ? null : String(input.from), String(input.to), options),
          ({ written }) => written
        )
      case "Append":
        return Effect.die(new TypeError("a key-value store has no append"))
    }
  }
  return (input) =>
    execute(input).pipe(
      Effect.map((value): Outcome => ({ _tag: "Ok", value })),
      Effect.catchTags({
        Unavailable: () => Effect.succeed<Outcome>({ _tag: "Fail" }),
        OutcomeUnknown: () => Effect.succeed<Outcome>({ _tag: "Info" })
      })
    )
}
