import { afterAll, assert, describe, it } from "@effect/vitest"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { buildFirst, refusal, synod } from "./support.js"

buildFirst()

const folder = mkdtempSync(join(tmpdir(), "synod-cli-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const file = (name: string, lines: ReadonlyArray<string>): string => {
  const path = join(folder, name)
  writeFileSync(path, `${lines.join("\n")}\n`)
  return path
}

const judge = async (path: string, ...args: ReadonlyArray<string>) => {
  const ended = await synod(["check-history", path, ...args, "--json"])
  const { cpuMillis: _cpu, elapsedMillis: _elapsed, file: _file, ...report } = JSON.parse(ended.stdout)
  return { status: ended.status, ...report }
}

const isovista = ["--format", "isovista", "--model", "kv"]

describe.sequential("synod check-history --consistency", () => {
  const fractured = ["w(1,1,1,1)", "w(2,1,1,1)", "r(1,1,2,2)", "r(2,0,2,2)"]

  it("judges whole transactions where the format has them, and single operations on request", async () => {
    const path = file("fractured.txt", fractured)
    assert.deepStrictEqual(await judge(path, ...isovista, "--consistency", "causal"), {
      status: 1,
      verdict: "inconsistent",
      operations: 2,
      over: "transactions",
      violation: {
        pattern: "WriteCOInitRead",
        operations: [1, 2],
        path: [{ because: "reads-from", from: 1, to: 2, key: "1" }]
      }
    })
    const split = await judge(path, ...isovista, "--consistency", "writes-follow-reads", "--over", "operations")
    assert.deepStrictEqual(split, { status: 0, verdict: "consistent", operations: 4 })
  })

  it("says in words what a verdict rests on", async () => {
    const path = file("fractured.txt", fractured)
    const { status, stdout } = await synod(["check-history", path, ...isovista, "--consistency", "causal"])
    assert.strictEqual(status, 1)
    assert.match(stdout, /fractured\.txt: inconsistent \(WriteCOInitRead: 1, 2\), 2 transactions, /)
  })

  it("refuses a level that the format cannot answer, a level that there is not, and a line that is no access", async () => {
    const path = file("fractured.txt", fractured)
    assert.strictEqual(
      refusal(await synod(["check-history", path, ...isovista])),
      `synod: ${path}: line 1: expected a format with real time, for linearizable, found isovista, which has none`
    )
    assert.include(
      refusal(await synod(["check-history", path, ...isovista, "--consistency", "strong"])),
      "--consistency"
    )
    const broken = file("broken.txt", [...fractured, "r(1,1,2)"])
    assert.include(
      refusal(await synod(["check-history", broken, ...isovista, "--consistency", "pram"])),
      `${broken}: line 5: expected r(KEY,VALUE,SESSION,TXN)`
    )
  })

  it("judges a queue, and names the smallest part of a history that is not linearizable", async () => {
    const event = (fields: object) => JSON.stringify(fields)
    const queue = [
      ...[1, 2, 3].flatMap((value) => [
        event({ type: "invoke", process: 1, f: "enqueue", key: "q", value }),
        event({ type: "ok", process: 1, value: null })
      ]),
      event({ type: "invoke", process: 2, f: "dequeue", key: "q" }),
      event({ type: "ok", process: 2, value: 2 }),
      event({ type: "invoke", process: 2, f: "dequeue", key: "q" }),
      event({ type: "ok", process: 2, value: 1 })
    ]
    const path = file("queue.jsonl", queue)
    const { stdout } = await synod(["check-history", path, "--format", "synod", "--model", "queue", "--core"])
    assert.include(stdout, "inconsistent (operations 0, 3, whether or not 1), 5 operations")
    assert.deepStrictEqual(await judge(path, "--format", "synod", "--model", "queue", "--core"), {
      status: 1,
      verdict: "inconsistent",
      operations: 5,
      longestPrefix: 7,
      core: { operations: [0, 3], optional: [1], isMinimal: true }
    })
  })
})
