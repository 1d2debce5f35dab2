/**
 * The gate in front of the HTTP routes: bounds what is in flight, counts what was answered, and drains.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Http from "node:http"
import { NotExecuted } from "./api.js"
import type { Family } from "./prometheus.js"

/** Requests in flight, and what became of the others. */
export class Door {
  isDraining = false
  private inFlight = 0
  private readonly answered = new Map<string, { readonly method: string; readonly status: string; count: number }>()
  private whenIdle: (() => void) | undefined

  constructor(private readonly server: Http.Server, private readonly maxInFlight: number) {}

  /** Around the routes. `maxBodyBytes` bounds every body that is read. */
  readonly middleware = (maxBodyBytes: number) => (app: HttpApp.Default): HttpApp.Default =>
    Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers, method }) => {
      const refused = this.isDraining
        ? refusal("Stopped")
        : this.inFlight >= this.maxInFlight
        ? refusal("Overloaded")
        : isForeign(headers)
        ? foreign
        : undefined
      if (refused !== undefined) {
        this.count(method, refused.status)
        return Effect.succeed(refused)
      }
      this.inFlight++
      return app.pipe(
        Effect.provideService(HttpIncomingMessage.MaxBodySize, Option.some(FileSystem.Size(maxBodyBytes))),
        Effect.onExit((exit) => Effect.sync(() => this.leave(method, statusOf(exit))))
      )
    })

  /** Takes no more requests, and waits, at most `millis`, until those in flight are answered; then every connection is closed. */
  drain(millis: number): Effect.Effect<void> {
    return Effect.async<void>((resume) => {
      this.isDraining = true
      this.server.close()
      this.whenIdle = () => resume(Effect.void)
      if (this.inFlight === 0) this.whenIdle()
    }).pipe(
      Effect.timeoutOption(millis),
      // an answer that was just written leaves with the next turns of the event loop
      Effect.zipRight(Effect.sleep(20)),
      Effect.zipRight(Effect.sync(() => this.server.closeAllConnections()))
    )
  }

  /** What Prometheus asks. */
  families(): ReadonlyArray<Family> {
    const samples = [...this.answered.values()].map(({ count, method, status }) => ({
      labels: { method, status },
      value: count
    }))
    return [
      { name: "synod_http_requests_total", help: "HTTP requests that were answered.", type: "counter", samples },
      {
        name: "synod_http_in_flight",
        help: "HTTP requests in flight, this one included.",
        type: "gauge",
        samples: [{ value: this.inFlight }]
      }
    ]
  }

  private leave(method: string, status: number): void {
    this.count(method, status)
    this.inFlight--
    if (this.inFlight === 0) this.whenIdle?.()
  }

  private count(method: string, status: number): void {
    const key = `${method} ${status}`
    const counter = this.answered.get(key)
    if (counter === undefined) this.answered.set(key, { method, status: String(status), count: 1 })
    else counter.count++
  }
}

/** A page of another site asks through the browser of somebody who can reach the node: that is not that somebody's wish. */
const isForeign = ({ host, origin }: { readonly [name: string]: string | undefined }): boolean =>
  origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`

const foreign = HttpServerResponse.unsafeJson({
  _tag: "Forbidden",
  executed: false,
  message: "requests of pages of other sites are not taken; nothing was executed"
}, { status: 403 })

/** A client that went away before the answer counts as 499. */
const statusOf = (exit: Exit.Exit<HttpServerResponse.HttpServerResponse, unknown>): number =>
  Exit.isSuccess(exit) ? exit.value.status : Cause.isInterruptedOnly(exit.cause) ? 499 : 500

const refusal = (reason: "Stopped" | "Overloaded"): HttpServerResponse.HttpServerResponse => {
  const message = reason === "Stopped"
    ? "this node is stopping; nothing was executed"
    : "too many requests are in flight; nothing was executed"
  const body = { _tag: "Unavailable", executed: false, reason, message } satisfies typeof NotExecuted.Encoded
  return HttpServerResponse.unsafeJson(body, {
    status: 503,
    headers: reason === "Stopped" ? { connection: "close" } : { "retry-after": "1" }
  })
}
