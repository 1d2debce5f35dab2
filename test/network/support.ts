import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Net from "node:net"
import * as NodeId from "../../src/core/NodeId.js"
import * as Codec from "../../src/network/Codec.js"
import * as Network from "../../src/network/Network.js"

export const [a, b, c] = [NodeId.make("a"), NodeId.make("b"), NodeId.make("c")]
export const text = Codec.fromSchema(Schema.String)

/** Lets the event loop turn until the condition holds; a live test that never gets there ends by the test's own time limit. */
export const until = (condition: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() =>
    condition() ? Effect.void : Effect.flatMap(
      Effect.async<void>((resume) => {
        setImmediate(() => resume(Effect.void))
      }),
      () => until(condition)
    )
  )

/** One turn of the event loop, for deliveries by microtask. */
export const turn: Effect.Effect<void> = Effect.async((resume) => {
  setImmediate(() => resume(Effect.void))
})

export const freePort: Effect.Effect<number> = Effect.async((resume) => {
  const server = Net.createServer()
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = address !== null && typeof address === "object" ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})

export const serviceOf = <E>(
  layer: Layer.Layer<Network.Network, E>
): Effect.Effect<Network.NetworkService, E, Scope.Scope> =>
  Effect.map(Layer.build(layer), (context) => context.unsafeMap.get(Network.Network.key) as Network.NetworkService)

export const at = (port: number): Network.Address => ({ host: "127.0.0.1", port })

export const tcp = (
  node: NodeId.NodeId,
  ports: { readonly [node: string]: number },
  options: Partial<Network.TcpOptions> = {}
): Layer.Layer<Network.Network, Network.NetworkListenError> =>
  Network.layerTcp({
    cluster: "test",
    secret: "secret",
    node,
    listen: at(ports[node]!),
    peers: Object.fromEntries(Object.entries(ports).map(([id, port]) => [id, at(port)])),
    ...options
  })
