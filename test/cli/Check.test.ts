import { assert, describe, it } from "@effect/vitest"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { buildFirst, refusal, synod } from "./support.js"

buildFirst()

const reportOf = (stdout: string) => JSON.parse(stdout)

describe.sequential("synod check", { timeout: 60_000 }, () => {
  it("visits every state and says what holds", async () => {
    const { status, stdout } = await synod(["check", "two-phase-commit", "--resource-managers", "3", "--json"])
    assert.strictEqual(status, 0)
    const report = reportOf(stdout)
    assert.deepInclude(report, {
      model: "two-phase-commit",
      parameters: { "resource-managers": 3 },
      distinctStates: 288,
      generatedStates: 1_146,
      depth: 11,
      complete: true
    })
    assert.deepInclude(report.properties, { name: "consistent", kind: "always", verdict: "holds" })
    assert.isAbove(report.bytesPerState, 0)
    assert.isAbove(report.cpuMillis, 0)
  })

  it("counts orbits with --symmetry", async () => {
    const { stdout } = await synod(["check", "two-phase-commit", "--resource-managers", "5", "--symmetry", "--json"])
    assert.deepInclude(reportOf(stdout), { distinctStates: 314, complete: true })
  })

  it("says unknown, not holds, of what a limit left undecided", async () => {
    const { status, stderr, stdout } = await synod(["check", "two-phase-commit", "--max-states", "20", "--json"])
    assert.strictEqual(status, 1)
    const report = reportOf(stdout)
    assert.isFalse(report.complete)
    assert.deepInclude(report.properties, { name: "consistent", kind: "always", verdict: "unknown" })
    assert.match(stderr, /^synod: consistent: unknown/)
  })

  it("finds a planted bug, shows the shortest way to it and writes it down", async () => {
    const folder = mkdtempSync(join(tmpdir(), "synod-check-"))
    const file = join(folder, "trace.json")
    const mutant = ["check", "two-phase-commit", "--resource-managers", "3", "--mutant", "commit-at-first"]
    const { status, stdout } = await synod([...mutant, "--trace", file])
    assert.strictEqual(status, 1)
    assert.match(stdout, /always consistent: violated\n0\. start\n/)
    assert.match(stdout, /\n5\. RMChooseToAbort\(r2\)\n {5}rm\.r2: "working" -> "aborted"\n/)
    const { mutant: name, traces } = JSON.parse(readFileSync(file, "utf8"))
    assert.strictEqual(name, "commit-at-first")
    assert.deepInclude(traces[0].steps.at(-1), { event: "RMChooseToAbort(r2)" })
    assert.strictEqual(traces[0].steps.length, 6)
    const page = join(folder, "trace.html")
    await synod([...mutant, "--trace", page])
    assert.match(readFileSync(page, "utf8"), /^<!DOCTYPE html>[^]*always consistent: violated[^]*RMChooseToAbort\(r2\)/)
    rmSync(folder, { recursive: true })
  })

  it("lists the planted bugs of a model", async () => {
    const { status, stdout } = await synod(["check", "two-phase-commit", "--list-mutants"])
    assert.strictEqual(status, 0)
    assert.match(stdout, /^commit-at-first: .+\nabort-when-prepared: .+\n$/)
  })

  it("refuses what it cannot do in one line", async () => {
    const refused = async (...args: ReadonlyArray<string>) => refusal(await synod(["check", ...args, "--json"]))
    assert.match(await refused("two-phase"), /^synod: no model "two-phase"; the models: two-phase-commit, /)
    assert.strictEqual(
      await refused("two-phase-commit", "--clients", "2"),
      "synod: --clients: two-phase-commit has no such option; its options: --resource-managers"
    )
    assert.match(
      await refused("two-phase-commit", "--resource-managers", "0"),
      /^synod: --resource-managers: expected /
    )
    assert.match(
      await refused("two-phase-commit", "--max-states", "0"),
      /^synod: --max-states must be an integer from 1 /
    )
    assert.match(
      await refused("two-phase-commit", "--mutant", "none"),
      /^synod: --mutant: two-phase-commit has no mutant "none"; its mutants: commit-at-first, abort-when-prepared$/
    )
    assert.match(await refused("peterson", "--symmetry"), /^synod: peterson declares no symmetry$/)
    assert.match(
      await refused("peterson", "--trace", "/dev/null/none", "--max-states", "3"),
      /^synod: --trace: \/dev\/null\/none: /
    )
  })
})
