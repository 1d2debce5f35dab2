import { assert, describe, it } from "@effect/vitest"
import { readFileSync, rmSync } from "node:fs"
import { dirname } from "node:path"
import { buildFirst, refusal, synod } from "./support.js"

buildFirst()

describe.sequential("synod demo", { timeout: 120_000 }, () => {
  it("crashes a leader and cuts a node off under load, and the history that it leaves is linearizable", async () => {
    const { status, stderr, stdout } = await synod(["demo", "--json"])
    assert.strictEqual(status, 0, stderr)
    const report = JSON.parse(stdout)
    try {
      assert.deepInclude(report, { nodes: 3, partitions: 1, linearizable: true, lostWrites: 0 })
      assert.isAtLeast(report.crashes, 1)
      assert.strictEqual(report.restarts, report.crashes, "every crash was answered by supervision")
      assert.isAtLeast(report.elections, 2, "the crash, the partition or both brought another leader")
      assert.isAbove(report.acknowledged, 300)
      assert.strictEqual(report.operations, report.acknowledged + report.failed + report.unknown)
      assert.isAbove(report.throughput, 0)
      assert.isAbove(report.latency.p50, 0)
      assert.isAtLeast(report.latency.p99, report.latency.p50)
      assert.isBelow(report.elapsedMillis, 30_000)
      const lines = readFileSync(report.history, "utf8").trimEnd().split("\n")
      assert.strictEqual(lines.filter((line) => line.includes("\"invoke\"")).length, report.operations)
      const judged = await synod(["check-history", report.history, "--format", "synod", "--model", "kv", "--json"])
      assert.strictEqual(judged.status, 0)
      assert.deepInclude(JSON.parse(judged.stdout), { verdict: "consistent", operations: report.operations })
    } finally {
      rmSync(dirname(report.history), { recursive: true, force: true })
    }
  })

  it("says in one line where it cannot write the history", async () => {
    assert.match(refusal(await synod(["demo", "--json", "--history", "/nowhere/at/all.jsonl"])), /^synod: --history: /)
  })
})
