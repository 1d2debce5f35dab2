import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Http from "node:http"
import { maxKeyBytes } from "synod/cli/internal/api"
import * as Server from "synod/cli/internal/server"
import { fakeNetwork, fakeStore } from "./fakeStore.js"

const maxValueBytes = 1000

const serve = (maxInFlight = 64) =>
  Effect.gen(function*() {
    const { control, store } = fakeStore()
    const server = yield* Server.make({
      listen: { host: "127.0.0.1", port: 0 },
      algorithm: "raft",
      store,
      network: fakeNetwork,
      maxValueBytes,
      maxInFlight
    })
    const { port } = server.address
    const ask = (method: string, path: string, body?: string | Uint8Array, headers: Record<string, string> = {}) =>
      Effect.promise(async () => {
        const response = await fetch(`http://127.0.0.1:${port}${path}`, {
          method,
          headers: { connection: "close", ...headers },
          ...(body === undefined ? {} : { body: body as string })
        })
        const text = await response.text()
        return { status: response.status, text, json: () => JSON.parse(text), headers: response.headers }
      })
    return { control, server, ask, port }
  })

describe("the HTTP side of a node", () => {
  it.scopedLive("puts, gets, compares and deletes", () =>
    Effect.gen(function*() {
      const { ask, control } = yield* serve()
      assert.strictEqual((yield* ask("GET", "/kv/colour")).status, 404)
      assert.strictEqual((yield* ask("PUT", "/kv/colour", "blue")).status, 200)
      assert.deepStrictEqual((yield* ask("GET", "/kv/colour")).json(), { key: "colour", value: "blue" })
      const json = { "content-type": "application/json" }
      const cas = (expected: string | null, value: string) =>
        ask("POST", "/kv/colour/cas", JSON.stringify({ expected, value }), json)
      assert.deepStrictEqual((yield* cas("red", "green")).json(), { key: "colour", written: false, found: "blue" })
      assert.deepStrictEqual((yield* cas("blue", "green")).json(), { key: "colour", written: true, found: "blue" })
      assert.deepStrictEqual((yield* ask("DELETE", "/kv/colour")).json(), { key: "colour", existed: true })
      assert.deepStrictEqual((yield* ask("DELETE", "/kv/colour")).json(), { key: "colour", existed: false })
      assert.deepStrictEqual((yield* cas(null, "new")).json(), { key: "colour", written: true, found: null })
      assert.deepStrictEqual([...control.entries], [["colour", "new"]])
    }))

  it.scopedLive("keeps a value byte for byte, whatever its content type, and a key with any character", () =>
    Effect.gen(function*() {
      const { ask, control } = yield* serve()
      const value = "\ufeff{\"a\": \u{1f600}\n\u0000}"
      for (const type of ["text/plain", "application/json", "application/x-www-form-urlencoded", "image/png"]) {
        yield* ask("PUT", `/kv/${encodeURIComponent("a/b ü?")}`, value, { "content-type": type })
        assert.strictEqual(control.entries.get("a/b ü?"), value, type)
        control.entries.clear()
      }
      yield* ask("PUT", "/kv/empty", "")
      assert.deepStrictEqual([...control.entries], [["empty", ""]])
    }))

  it.scopedLive("hands level and deadline to the store", () =>
    Effect.gen(function*() {
      const { ask, control } = yield* serve()
      yield* ask("GET", "/kv/a?level=stale")
      yield* ask("GET", "/kv/a")
      yield* ask("PUT", "/kv/a?timeout=250", "v")
      assert.deepStrictEqual(control.levels, ["stale", undefined])
      assert.deepStrictEqual(control.timeouts, [250])
      assert.strictEqual((yield* ask("GET", "/kv/a?level=wrong")).status, 400)
      assert.strictEqual((yield* ask("PUT", "/kv/a?timeout=0", "v")).status, 400)
    }))

  it.scopedLive("tells what was certainly not executed (503) from what nobody knows (504)", () =>
    Effect.gen(function*() {
      const { ask, control } = yield* serve()
      control.answer = "unavailable"
      for (const [method, path] of [["GET", "/kv/a"], ["PUT", "/kv/a"], ["DELETE", "/kv/a"]] as const) {
        const answer = yield* ask(method, path, method === "PUT" ? "v" : undefined)
        assert.strictEqual(answer.status, 503)
        assert.include(answer.json(), { _tag: "Unavailable", executed: false, reason: "NoLeader" })
      }
      control.answer = "unknown"
      const answer = yield* ask("PUT", "/kv/a", "v")
      assert.strictEqual(answer.status, 504)
      assert.include(answer.json(), { _tag: "OutcomeUnknown", executed: "unknown", reason: "Deadline" })
      control.answer = "die"
      assert.strictEqual((yield* ask("PUT", "/kv/a", "v")).status, 500)
    }))

  it.scopedLive("refuses what is no request, before the store sees it", () =>
    Effect.gen(function*() {
      const { ask, control } = yield* serve()
      const key = (length: number) => `/kv/${"k".repeat(length)}`
      assert.strictEqual((yield* ask("PUT", key(maxKeyBytes), "v")).status, 200)
      assert.strictEqual((yield* ask("PUT", key(maxKeyBytes + 1), "v")).status, 400)
      assert.strictEqual((yield* ask("PUT", "/kv/a", "v".repeat(maxValueBytes))).status, 200)
      assert.strictEqual((yield* ask("PUT", "/kv/a", "v".repeat(maxValueBytes + 1))).status, 413)
      assert.strictEqual((yield* ask("PUT", "/kv/b", Uint8Array.of(0xff))).status, 400)
      for (const body of ["", "{", "{\"value\":1}", "{\"value\":\"v\"}", "[]"]) {
        assert.strictEqual((yield* ask("POST", "/kv/c/cas", body)).status, 400, body)
      }
      const long = JSON.stringify({ expected: null, value: "v".repeat(maxValueBytes + 1) })
      assert.strictEqual((yield* ask("POST", "/kv/c/cas", long)).status, 413)
      for (const path of ["/nowhere", "/kv/a/b", "/kv/%ff"]) {
        const { status, text } = yield* ask("GET", path)
        assert.deepStrictEqual([status, text], [404, ""], "a route that is not there is no absent key")
      }
      assert.deepStrictEqual([...control.entries.keys()], ["k".repeat(maxKeyBytes), "a"])
    }))

  it.scopedLive("takes nothing from a page of another site, and anything from its own", () =>
    Effect.gen(function*() {
      const { ask, control, port } = yield* serve()
      for (const origin of ["http://evil.example", "null", `http://127.0.0.1:${port}.evil.example`]) {
        const answer = yield* ask("POST", "/kv/a/cas", "{\"expected\":null,\"value\":\"v\"}", { origin })
        assert.strictEqual(answer.status, 403)
        assert.include(answer.json(), { executed: false })
      }
      assert.strictEqual(control.entries.size, 0)
      assert.strictEqual((yield* ask("PUT", "/kv/a", "v", { origin: `http://127.0.0.1:${port}` })).status, 200)
    }))

  it.scopedLive("a body without a length is bounded too", () =>
    Effect.gen(function*() {
      const { control, port } = yield* serve()
      const status = yield* Effect.async<number | "reset">((resume) => {
        const request = Http.request({
          port,
          method: "PUT",
          path: "/kv/a",
          headers: { "transfer-encoding": "chunked" }
        })
        request.on("response", (response) => resume(Effect.succeed(response.statusCode ?? 0)))
        request.on("error", () => resume(Effect.succeed("reset" as const)))
        for (let i = 0; i < 100; i++) request.write("x".repeat(1000))
        request.end()
      })
      assert.include([400, 413, "reset"], status)
      assert.strictEqual(control.entries.size, 0)
    }))

  it.scopedLive("shows the member, its metrics, its health and its contract", () =>
    Effect.gen(function*() {
      const { ask, control } = yield* serve()
      const status = (yield* ask("GET", "/status")).json()
      assert.deepInclude(status, {
        node: "a",
        role: "leader",
        term: 3,
        leader: "a",
        commitIndex: 12,
        lag: 2,
        restarts: 1
      })
      assert.deepStrictEqual(status.members, [
        { node: "a" },
        { node: "b", match: 9, lag: 3, mode: "replicate" },
        { node: "c" }
      ])
      yield* ask("GET", "/kv/none")
      const metrics = yield* ask("GET", "/metrics")
      assert.match(metrics.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/)
      for (
        const line of [
          "synod_role{role=\"leader\"} 1",
          "synod_role{role=\"follower\"} 0",
          "synod_peer_lag_entries{peer=\"b\"} 3",
          "synod_network_dropped_total{reason=\"unreachable\"} 2",
          "synod_http_requests_total{method=\"GET\",status=\"404\"} 1"
        ]
      ) assert.include(metrics.text.split("\n"), line)
      assert.deepStrictEqual((yield* ask("GET", "/health")).json(), { status: "serving", node: "a", leader: "a" })
      control.status = { ...control.status, leader: undefined, role: "candidate" }
      const unhealthy = yield* ask("GET", "/health")
      assert.strictEqual(unhealthy.status, 503)
      assert.include(unhealthy.json(), { status: "no leader" })
      assert.strictEqual((yield* ask("GET", "/status")).json().leader, null)
      const { paths } = (yield* ask("GET", "/openapi.json")).json()
      assert.sameMembers(Object.keys(paths), ["/kv/{key}", "/kv/{key}/cas", "/status", "/metrics", "/health"])
      assert.sameMembers(Object.keys(paths["/kv/{key}"]), ["get", "put", "delete"])
      assert.includeMembers(Object.keys(paths["/kv/{key}"].put.responses), ["200", "400", "413", "503", "504"])
      assert.include((yield* ask("GET", "/docs")).text, "swagger")
    }))

  it.scopedLive("answers 503 at once to more requests than it may hold", () =>
    Effect.gen(function*() {
      const { ask, control, port } = yield* serve(2)
      control.answer = "never"
      yield* Effect.async<void>((resume) => {
        control.onWaiting = () => control.waiting === 2 && resume(Effect.void)
        for (const path of ["/kv/a", "/kv/b"]) {
          Http.request({ port, method: "PUT", path }).on("error", () => {}).end("v")
        }
      })
      const refused = yield* ask("GET", "/kv/a")
      assert.strictEqual(refused.status, 503)
      assert.include(refused.json(), { _tag: "Unavailable", executed: false, reason: "Overloaded" })
      assert.strictEqual(control.waiting, 2)
    }))

  it.scopedLive("drains: what is in flight is answered, what comes later is not taken", () =>
    Effect.gen(function*() {
      const { control, port, server } = yield* serve()
      control.answer = "slow"
      const inFlight = yield* Effect.async<Promise<number>>((resume) => {
        const answered = new Promise<number>((answer) => {
          Http.request({ port, method: "PUT", path: "/kv/a" }, (response) => answer(response.statusCode ?? 0)).end("v")
        })
        control.onWaiting = () => resume(Effect.succeed(answered))
      })
      const drained = yield* Effect.fork(server.drain)
      yield* Effect.yieldNow()
      control.release()
      assert.strictEqual(yield* Effect.promise(() => inFlight), 200)
      yield* drained
      const refused = yield* Effect.promise(() =>
        fetch(`http://127.0.0.1:${port}/status`).then(() => false, () => true)
      )
      assert.isTrue(refused, "the port is closed")
      assert.deepStrictEqual([...control.entries], [["a", "v"]])
    }))
})
