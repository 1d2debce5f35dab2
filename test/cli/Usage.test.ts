import { afterAll, assert, describe, it } from "@effect/vitest"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { buildFirst, refusal, synod } from "./support.js"

buildFirst()

const folder = mkdtempSync(join(tmpdir(), "synod-cli-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

describe.sequential("synod: bad usage is one line and status 2", () => {
  it.each([
    [["nosuch"], "nosuch|subcommand"],
    [["simulate"], "protocol"],
    [["simulate", "raft", "--nodes", "x"], "--nodes must be an integer from 1 to 9, got \"x\""],
    [["simulate", "raft", "--nodes", "10"], "--nodes must be an integer from 1 to 9, got \"10\""],
    [["simulate", "raft", "--workers", "0"], "--workers"],
    [["simulate", "raft", "--faults", "some"], "--faults is one of none, crash, network, gray, all; got \"some\""],
    [["simulate", "raft", "--seeds", "9..1"], "--seeds takes A..B"],
    [["simulate", "raft", "--duration", "long"], "--duration takes a time"],
    [["simulate", "raft", "--unknown"], "--unknown"],
    [["check-history", "x"], "--format"]
  ])("%j", async (args, expected) => {
    assert.match(refusal(await synod(args)), new RegExp(`^synod: .*(${expected})`))
  })

  it("an option's value cannot fake a second line or colour the terminal", async () => {
    const line = refusal(await synod(["simulate", "raft", "--faults", "a\nsynod: fine\u001b[31m"]))
    assert.notInclude(line, "\u001b")
  })
})

describe.sequential("synod check-history", () => {
  const history = ["{\"type\":\"invoke\",\"process\":1,\"f\":\"put\",\"key\":\"k\",\"value\":\"v\"}"]
  const check = (path: string) => synod(["check-history", path, "--format", "synod", "--model", "kv"])

  it("names the file and the line of a line that is no event", async () => {
    const path = file("nonsense.jsonl", [...history, "nonsense", ""].join("\n"))
    assert.strictEqual(
      refusal(await check(path)),
      `synod: ${path}: line 2: expected one JSON object, found "nonsense"`
    )
  })

  it("names the file and the line of bytes that are no UTF-8, instead of judging what replaced them", async () => {
    const bytes = Buffer.concat([Buffer.from(`${history[0]}\n{"type":"ok","process":1,"value":"`), Buffer.of(0xff)])
    const path = file("bytes.jsonl", Buffer.concat([bytes, Buffer.from("\"}\n")]))
    assert.strictEqual(refusal(await check(path)), `synod: ${path}: line 2: not UTF-8`)
  })

  it("names a file that is not there, and a folder", async () => {
    const absent = join(folder, "absent.jsonl")
    assert.strictEqual(refusal(await check(absent)), `synod: ${absent}: no such file`)
    assert.strictEqual(refusal(await check(folder)), `synod: ${folder}: is a directory, not a file`)
  })

  it("says 1 and where, when no order of the operations explains what a client read", async () => {
    const path = file(
      "stale.jsonl",
      [
        ...history,
        "{\"type\":\"ok\",\"process\":1,\"value\":null}",
        "{\"type\":\"invoke\",\"process\":2,\"f\":\"get\",\"key\":\"k\"}",
        "{\"type\":\"ok\",\"process\":2,\"value\":null}"
      ].join("\n")
    )
    const ended = await synod(["check-history", path, "--format", "synod", "--model", "kv", "--json"])
    const { verdict, longestPrefix, operations } = JSON.parse(ended.stdout)
    assert.deepStrictEqual({ status: ended.status, verdict, longestPrefix, operations }, {
      status: 1,
      verdict: "inconsistent",
      longestPrefix: 3,
      operations: 2
    })
  })
})

describe.sequential("synod simulate --workers", () => {
  it("changes nothing but the threads: same hash, same counts", async () => {
    const run = async (workers: string) => {
      const ended = await synod(["simulate", "raft", "--seeds", "1..7", "--workers", workers, "--json"])
      const { cpuMillis: _cpu, eventsPerCpuSecond: _rate, ...report } = JSON.parse(ended.stdout)
      return { status: ended.status, report }
    }
    const alone = await run("1")
    assert.strictEqual(alone.status, 0)
    assert.strictEqual(alone.report.seeds, 7)
    assert.deepStrictEqual(await run("3"), alone)
  })
})
