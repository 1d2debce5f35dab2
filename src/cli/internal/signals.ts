/**
 * Signals that ask a process to stop.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import process from "node:process"

/** Waits for SIGTERM or SIGINT; a second one while the first is answered kills the process as usual. */
export const stopSignal: Effect.Effect<"SIGTERM" | "SIGINT"> = Effect.async((resume) => {
  const forget = () => {
    process.off("SIGTERM", terminate)
    process.off("SIGINT", interrupt)
  }
  const terminate = () => {
    forget()
    resume(Effect.succeed("SIGTERM" as const))
  }
  const interrupt = () => {
    forget()
    resume(Effect.succeed("SIGINT" as const))
  }
  process.on("SIGTERM", terminate)
  process.on("SIGINT", interrupt)
  return Effect.sync(forget)
})
