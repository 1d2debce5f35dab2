/**
 * The HTTP side of `synod explore`: a page for each place, at the path that names it.
 *
 * @since 0.1.0
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import type * as Net from "node:net"
import type { Explorer } from "../../explorer/Explorer.js"
import { longestPath } from "../../explorer/Explorer.js"
import { placeToHtml } from "../../explorer/Html.js"
import type { Address } from "../../network/Network.js"
import { BadInput } from "../Errors.js"
import { printNote } from "../Output.js"
import { cannotListen, formatAddress, isLoopback, parseAddress } from "./address.js"
import { stopSignal } from "./signals.js"

const host = "127.0.0.1"

/** Serves until a signal stops it, and says on standard error where. */
export const serve = (explorer: Explorer, port: number): Effect.Effect<void, BadInput, Scope.Scope> =>
  Effect.gen(function*() {
    const address = yield* make(explorer, port)
    printNote(`synod: ${explorer.name} at http://${formatAddress(address)}/`)
    yield* stopSignal
  })

/** Listens until the Scope closes. */
export const make = (explorer: Explorer, port: number): Effect.Effect<Address, BadInput, Scope.Scope> =>
  Effect.gen(function*() {
    const server = Http.createServer({ requestTimeout: 60_000, headersTimeout: 10_000, keepAliveTimeout: 30_000 })
    server.maxConnections = 64
    yield* Layer.build(
      HttpServer.serve(app(explorer)).pipe(Layer.provide(NodeHttpServer.layer(() => server, { host, port })))
    ).pipe(
      Effect.mapError(({ cause }) => {
        const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause)
        return new BadInput({ message: cannotListen("port", { host, port }, code) })
      })
    )
    yield* Effect.addFinalizer(() => Effect.sync(() => server.closeAllConnections()))
    const bound = server.address() as Net.AddressInfo // a TCP server that listens has one
    return { host, port: bound.port }
  })

/** A page of another site whose name was made to mean this machine must not read the model. */
const isForeign = (authority: string | undefined): boolean => {
  const address = parseAddress(authority === undefined || authority.includes(":") ? authority ?? "" : `${authority}:80`)
  return address === undefined || !isLoopback(address)
}

const app = (explorer: Explorer): HttpApp.Default =>
  Effect.map(HttpServerRequest.HttpServerRequest, ({ headers, method, url }) => {
    if (isForeign(headers["host"])) return refusal(403, "only this machine may ask")
    if (method !== "GET" && method !== "HEAD") return refusal(405, `${method} is not supported: a page is read by GET`)
    const path = url.split("?")[0]!
    if (path === "/") return HttpServerResponse.empty({ status: 302, headers: { location: "/0" } })
    if (path.length > 16 * longestPath || !/^(\/\d{1,9})+$/.test(path)) {
      return refusal(404, "a place is named by numbers: of an initial state, and then of events, such as /0/3/1")
    }
    try {
      const place = explorer.visit(path.slice(1).split("/").map(Number))
      return typeof place === "string" ? refusal(404, place) : HttpServerResponse.html(placeToHtml(place))
    } catch (error) {
      return refusal(500, `the model threw: ${error instanceof Error ? error.message : String(error)}`)
    }
  })

const refusal = (status: number, reason: string): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(`${reason}\n`, { status })
