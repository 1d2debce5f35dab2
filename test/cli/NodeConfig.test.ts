import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { formatAddress, isLoopback, parseAddress } from "synod/cli/internal/address"
import type { Given } from "synod/cli/internal/nodeConfig"
import { complete, parseFile } from "synod/cli/internal/nodeConfig"
import * as NodeId from "synod/core/NodeId"

const given: Given = {
  id: "a",
  listen: "127.0.0.1:7101",
  peers: "a=127.0.0.1:7101,b=127.0.0.1:7102",
  http: "127.0.0.1:8101",
  data: "folder"
}

/** The line that refuses, or "accepted". */
const refusal = (
  change: Given,
  file?: string,
  environment: { readonly [name: string]: string } = {}
): Effect.Effect<string> =>
  Effect.gen(function*() {
    const content = file === undefined ? undefined : { name: "node.json", content: yield* parseFile("node.json", file) }
    return yield* complete({ ...given, ...change }, content, environment)
  }).pipe(
    Effect.either,
    Effect.map(Either.match({ onLeft: (error) => error.message, onRight: () => "accepted" }))
  )

describe("addresses", () => {
  it("are host:port, with brackets around IPv6", () => {
    for (const text of ["127.0.0.1:0", "[::1]:65535", "node-1.example:7101", "localhost:1"]) {
      assert.strictEqual(formatAddress(parseAddress(text)!), text)
    }
    for (
      const text of [
        "",
        ":1",
        "a",
        "a:",
        "a:b",
        "a:65536",
        "a:123456",
        "::1:7",
        "[::1]",
        "a b:1",
        "a:1:2",
        "http://a:1"
      ]
    ) {
      assert.isUndefined(parseAddress(text), text)
    }
  })
  it("of loopback are only those that no other machine reaches", () => {
    assert.deepStrictEqual(
      ["127.0.0.1:1", "127.1.2.3:1", "localhost:1", "[::1]:1", "0.0.0.0:1", "10.0.0.1:1", "127.evil.example:1"]
        .map((text) => isLoopback(parseAddress(text)!)),
      [true, true, true, true, false, false, false]
    )
  })
})

describe("the configuration of a node", () => {
  it.effect("is taken from the command line, from the file, and from defaults, in this order", () =>
    Effect.gen(function*() {
      const text = JSON.stringify({
        id: "b",
        cluster: "orders",
        peers: { a: "127.0.0.1:1", b: "127.0.0.1:2" },
        secret: "from the file",
        electionTimeoutMillis: 500
      })
      const content = yield* parseFile("node.json", text)
      const { peers: _peers, ...rest } = given
      const config = yield* complete(rest, { name: "node.json", content }, { SYNOD_SECRET: "from the environment" })
      assert.deepInclude(config, {
        id: NodeId.make("a"),
        cluster: "orders",
        algorithm: "raft",
        secret: "from the environment",
        electionTimeoutMillis: 500,
        heartbeatMillis: 60
      })
      assert.deepStrictEqual(config.peers, { a: { host: "127.0.0.1", port: 1 }, b: { host: "127.0.0.1", port: 2 } })
      assert.strictEqual((yield* complete(rest, { name: "node.json", content }, {})).secret, "from the file")
    }))

  it.effect("is refused in one line that names the option", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* refusal({}), "accepted")
      const cases: ReadonlyArray<readonly [Given, RegExp]> = [
        [{ id: undefined }, /^--id is missing$/],
        [{ id: "a\nb" }, /^--id has 1 to 255 printable characters/],
        [{ listen: "7101" }, /^--listen takes host:port, got "7101"$/],
        [{ listen: "127.0.0.1:0" }, /^--listen: /],
        [{ http: undefined }, /^--http is missing$/],
        [{ data: "" }, /^--data is missing$/],
        [{ peers: undefined }, /^--peers is missing$/],
        [{ peers: "b=127.0.0.1:7102" }, /^--peers does not name the node itself: "a" is not among b$/],
        [{ peers: "a=127.0.0.1:7101,b" }, /^--peers takes id=host:port,.* got "b="$/],
        [{ peers: "a=127.0.0.1:7101,a=127.0.0.1:7102" }, /^--peers names "a" twice$/],
        [{ peers: "a=127.0.0.1:7101,b=127.0.0.1:7101" }, /^--peers gives a and b the same address/],
        [{ algorithm: "paxos" }, /^--algorithm is one of raft; got "paxos"$/],
        [{ listen: "0.0.0.0:7101" }, /^SYNOD_SECRET /],
        [{ peers: "a=127.0.0.1:7101,b=10.0.0.2:7102" }, /^SYNOD_SECRET /]
      ]
      for (const [change, expected] of cases) assert.match(yield* refusal(change), expected)
      const secret = { SYNOD_SECRET: "s" }
      assert.strictEqual(yield* refusal({ listen: "0.0.0.0:7101" }, undefined, secret), "accepted")
    }))

  it.effect("is refused in one line that names the file and the field, or the line", () =>
    Effect.gen(function*() {
      const cases: ReadonlyArray<readonly [string, RegExp]> = [
        ["{\n  \"id\": \"a\",\n  oops\n}", /^node\.json: line 3: not JSON: /],
        ["", /^node\.json: line 1: not JSON: /],
        ["[]", /^node\.json: Expected /],
        ["{\"listne\":\"x\"}", /^node\.json: listne: is unexpected/],
        ["{\"timeoutMillis\":\"5\"}", /^node\.json: timeoutMillis: Expected number/],
        ["{\"maxInFlight\":0}", /^node\.json: maxInFlight: /],
        ["{\"peers\":{\"b\":1}}", /^node\.json: peers\.b: Expected string/],
        [
          "{\"electionTimeoutMillis\":100}",
          /^node\.json: heartbeatMillis: 60 is over a third of electionTimeoutMillis, 100$/
        ]
      ]
      for (const [text, expected] of cases) assert.match(yield* refusal({}, text), expected)
      assert.match(
        yield* refusal({ algorithm: undefined }, "{\"algorithm\":\"zab\"}"),
        /^node\.json: algorithm is one of/
      )
    }))
})
