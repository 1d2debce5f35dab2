import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Http from "node:http"
import { make } from "synod/cli/internal/explorerServer"
import { ofSystem } from "synod/explorer/Explorer"
import { networkOf } from "synod/model/published/RegisterClients"
import { singleDecreePaxos } from "synod/model/published/SingleDecreePaxos"

interface Answer {
  readonly status: number
  readonly location: string | undefined
  readonly body: string
}

const ask = (port: number, path: string, options: Http.RequestOptions = {}): Effect.Effect<Answer> =>
  Effect.async((resume) => {
    const request = Http.request({ host: "127.0.0.1", port, path, ...options }, (response) => {
      let body = ""
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text
      })
      response.on("end", () => {
        resume(Effect.succeed({ status: response.statusCode!, location: response.headers.location, body }))
      })
    })
    request.on("error", (error) => resume(Effect.die(error)))
    request.end()
    return Effect.sync(() => request.destroy())
  })

const explorer = ofSystem(singleDecreePaxos({ servers: 3, clients: 2, network: networkOf("unordered") }))

describe("synod explore", () => {
  it.scopedLive("serves a page for each place, at the numbers that name it", () =>
    Effect.gen(function*() {
      const { port } = yield* make(explorer, 0)
      expect(yield* ask(port, "/")).toEqual({ status: 302, location: "/0", body: "" })
      const first = yield* ask(port, "/0")
      expect(first.status).toBe(200)
      expect(first.body).toContain("<a href=\"/0/0\">deliver 3 -&gt; 0 Put{request: 3, value: &quot;A&quot;}</a>")
      const second = yield* ask(port, "/0/0?again")
      expect(second.body).toContain("What may happen after step 1")
      expect(yield* ask(port, "/0/0")).toEqual(second)
    }))

  it.scopedLive("says why there is no such place, and answers this machine alone, by GET alone", () =>
    Effect.gen(function*() {
      const { port } = yield* make(explorer, 0)
      const refusals = [
        [yield* ask(port, "/0/9"), 404, "9 is none of the 2 events"],
        [yield* ask(port, "/0/x"), 404, "a place is named by numbers"],
        [yield* ask(port, `/0${"/0".repeat(1_200)}`), 404, "a path has at most 1000 events"],
        [yield* ask(port, "/0", { headers: { host: "elsewhere.example" } }), 403, "only this machine"],
        [yield* ask(port, "/0", { method: "POST" }), 405, "POST is not supported"]
      ] as const
      for (const [{ body, status }, expected, reason] of refusals) {
        expect(status).toBe(expected)
        expect(body).toContain(reason)
      }
    }))

  it.scopedLive("names the option when the port is taken", () =>
    Effect.gen(function*() {
      const { port } = yield* make(explorer, 0)
      const { message } = yield* Effect.flip(make(explorer, port))
      expect(message).toBe(`--port: cannot listen on 127.0.0.1:${port}: the port is in use (EADDRINUSE)`)
    }))
})
