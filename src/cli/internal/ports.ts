/**
 * Ports of loopback that are free now. Another process may take one before it is used: who uses them must be ready to ask again.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Net from "node:net"

/** Different ports, free when they were asked for. */
export const freePorts = (count: number): Effect.Effect<ReadonlyArray<number>> =>
  Effect.scoped(
    Effect.forEach(
      Array.from({ length: count }),
      () =>
        Effect.acquireRelease(
          listen,
          (server) => Effect.async<void>((resume) => void server.close(() => resume(Effect.void)))
        )
    ).pipe(
      // all are open at once, so that no port comes twice
      Effect.map((servers) => servers.map((server) => (server.address() as Net.AddressInfo).port)) // a TCP server has one
    )
  )

const listen: Effect.Effect<Net.Server> = Effect.async((resume) => {
  const server = Net.createServer()
  server.on("error", (error) => resume(Effect.die(error)))
  server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
})
