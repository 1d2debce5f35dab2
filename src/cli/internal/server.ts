/**
 * The HTTP side of a node: the routes of `api.ts` over the store and its replica.
 *
 * @since 0.1.0
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpApiSwagger from "@effect/platform/HttpApiSwagger"
import * as HttpRouter from "@effect/platform/HttpRouter"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import type * as Net from "node:net"
import type { Address, NetworkService } from "../../network/Network.js"
import type { KeyValueService } from "../../services/KeyValue.js"
import type { OutcomeUnknown, Unavailable } from "../../services/ReplicatedStateMachine.js"
import { BadInput } from "../Errors.js"
import { cannotListen } from "./address.js"
import * as Api from "./api.js"
import { Door } from "./door.js"
import { nodeFamilies } from "./nodeMetrics.js"
import * as Prometheus from "./prometheus.js"

/** Where to listen, for whom to answer, and the bounds. */
export interface Options {
  readonly listen: Address
  readonly algorithm: string
  readonly store: KeyValueService
  readonly network: NetworkService
  readonly maxValueBytes: number
  /** Requests in flight; beyond them 503 at once. */
  readonly maxInFlight: number
}

/** A server that runs. */
export interface Server {
  readonly address: Address
  /** Answers what is in flight, refuses the rest, and closes. */
  readonly drain: Effect.Effect<void>
}

/** Comparisons carry two values and their JSON escapes. */
const bodyFactor = 4
const drainMillis = 5_000

/** Listens until the Scope closes. */
export const make = (options: Options): Effect.Effect<Server, BadInput, Scope.Scope> =>
  Effect.gen(function*() {
    const { host, port } = options.listen
    const server = Http.createServer({ requestTimeout: 60_000, headersTimeout: 10_000, keepAliveTimeout: 30_000 })
    server.maxConnections = 4_096
    const door = new Door(server, options.maxInFlight)
    const routes = HttpApiBuilder.api(Api.api).pipe(Layer.provide([storeRoutes(options), probeRoutes(options, door)]))
    const pages = Layer.merge(HttpApiBuilder.middlewareOpenApi(), HttpApiSwagger.layer())
    // a key that is too long must come to its schema and be refused there: for the router it would be a route that is not there, and 404 means an absent key
    const longKeys = HttpRouter.setRouterConfig({ maxParamLength: 1 << 20 })
    yield* Layer.build(
      HttpApiBuilder.serve(door.middleware(options.maxValueBytes * bodyFactor)).pipe(
        Layer.provide(pages),
        Layer.provide(routes),
        Layer.provide(longKeys),
        Layer.provide(NodeHttpServer.layer(() => server, { host, port }))
      )
    ).pipe(
      Effect.mapError(({ cause }) => new BadInput({ message: cannotListen("http", options.listen, systemCode(cause)) }))
    )
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        server.close()
        server.closeAllConnections()
      })
    )
    const bound = server.address() as Net.AddressInfo // a TCP server that listens has one
    return { address: { host, port: bound.port }, drain: door.drain(drainMillis) }
  })

const systemCode = (cause: unknown): string =>
  cause instanceof Error && "code" in cause ? String(cause.code) : String(cause)

const storeRoutes = ({ maxValueBytes, store }: Options) =>
  HttpApiBuilder.group(Api.api, "store", (handlers) =>
    handlers
      .handle("get", ({ path: { key }, urlParams }) =>
        store.get(key, urlParams).pipe(
          Effect.mapError(notExecuted),
          Effect.flatMap(Option.match({
            onNone: () => new Api.KeyNotFound({ key }),
            onSome: (value) => Effect.succeed(new Api.Found({ key, value }))
          }))
        ))
      .handleRaw("put", ({ path: { key }, request, urlParams }) =>
        Effect.gen(function*() {
          const value = yield* text(request, maxValueBytes, maxValueBytes)
          yield* Effect.mapError(store.put(key, value, urlParams), failure)
          return new Api.Written({ key })
        }))
      .handle("delete", ({ path: { key }, urlParams }) =>
        store.delete(key, urlParams).pipe(
          Effect.mapBoth({ onFailure: failure, onSuccess: (existed) => new Api.Deleted({ key, existed }) })
        ))
      .handleRaw("cas", ({ path: { key }, request, urlParams }) =>
        Effect.gen(function*() {
          const body = yield* text(request, maxValueBytes * bodyFactor, maxValueBytes)
          const { expected, value } = yield* Effect.mapError(decodeComparison(body), (error) =>
            badRequest(ParseResult.TreeFormatter.formatErrorSync(error)))
          if (Buffer.byteLength(value) > maxValueBytes) {
            return yield* tooLarge(maxValueBytes)
          }
          const { found, written } = yield* Effect.mapError(
            store.compareAndSet(key, expected, value, urlParams),
            failure
          )
          return new Api.Compared({ key, written, found: Option.getOrNull(found) })
        })))

const decodeComparison = Schema.decode(Schema.parseJson(Api.Comparison))

const probeRoutes = ({ algorithm, network, store: { replica } }: Options, door: Door) =>
  HttpApiBuilder.group(Api.api, "probes", (handlers) =>
    handlers
      .handle("status", () =>
        Effect.gen(function*() {
          const status = yield* replica.status
          const { restarts } = yield* replica.stats
          const peers = new Map(status.peers.map(({ lag, match, mode, node }) => [node, { lag, match, mode }]))
          return new Api.MemberStatus({
            ...status,
            algorithm,
            leader: status.leader ?? null,
            lag: status.commitIndex - status.applied,
            restarts,
            members: status.members.map((node) => ({ node, ...peers.get(node) }))
          })
        }))
      .handle("metrics", () =>
        Effect.gen(function*() {
          const families = nodeFamilies(yield* replica.status, yield* replica.stats, yield* network.stats)
          return Prometheus.render([...families, ...door.families()])
        }))
      .handle("health", () =>
        Effect.gen(function*() {
          const { leader, node, role } = yield* replica.status
          if (door.isDraining) return yield* new Api.Unhealthy({ status: "draining", node })
          if (role === "restarting" || role === "stopped") return yield* new Api.Unhealthy({ status: role, node })
          if (leader === undefined) return yield* new Api.Unhealthy({ status: "no leader", node })
          return new Api.Healthy({ status: "serving", node, leader })
        })))

/** The body as text: bounded, and UTF-8 or nothing. */
const text = (
  request: HttpServerRequest.HttpServerRequest,
  maxBytes: number,
  limit: number
): Effect.Effect<string, Api.BadRequest | Api.TooLarge> =>
  Effect.gen(function*() {
    if (Number(request.headers["content-length"] ?? 0) > maxBytes) return yield* tooLarge(limit)
    const body = yield* Effect.mapError(request.arrayBuffer, (error) => badRequest(`the body: ${error.message}`))
    if (body.byteLength > maxBytes) return yield* tooLarge(limit)
    return yield* Effect.try({
      try: () => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body),
      catch: () => badRequest("the body is not UTF-8")
    })
  })

const badRequest = (message: string): Api.BadRequest => new Api.BadRequest({ executed: false, message })

const tooLarge = (limit: number): Api.TooLarge =>
  new Api.TooLarge({ executed: false, limit, message: `a value has at most ${limit} bytes; nothing was executed` })

const notExecuted = ({ message, reason }: Unavailable): Api.NotExecuted =>
  new Api.NotExecuted({ executed: false, reason, message })

const failure = (error: Unavailable | OutcomeUnknown): Api.NotExecuted | Api.MaybeExecuted =>
  error._tag === "Unavailable"
    ? notExecuted(error)
    : new Api.MaybeExecuted({ executed: "unknown", reason: error.reason, message: error.message })
