import { afterAll, assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { buildFirst, refusal, synod } from "../cli/support.js"

buildFirst()

const root = fileURLToPath(new URL("../..", import.meta.url))
const folder = mkdtempSync(join(tmpdir(), "synod-bench-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.sequential("synod bench", () => {
  it.each([
    [["nosuch"], "no suite nosuch; there are actor, tcp, log, replicated"],
    [["log", "--against", "nobody"], "--against nobody"],
    [["log", "--case", "nothing"], "--case nothing"],
    [["--rounds", "0"], "--rounds must be at least 1, got 0"]
  ])("%j is bad usage", async (args, expected) => {
    assert.include(refusal(await synod(["bench", ...args])), expected)
  })

  it("prints one JSON object a comparison, with the promised fields, and nothing else", async () => {
    const { status, stderr, stdout } = await synod([
      "bench",
      "log",
      "--case",
      "batch 16",
      "--quick",
      "--rounds",
      "1",
      "--json"
    ])
    assert.strictEqual(status, 0, stderr)
    const lines = stdout.trim().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>)
    assert.strictEqual(lines.length, 1)
    assert.containsAllKeys(lines[0], ["suite", "case", "unit", "ours", "peer", "ratio"])
    assert.containsAllKeys(lines[0]?.["ours"], ["median", "min", "max"])
    assert.containsAllKeys(lines[0]?.["peer"], ["name", "version", "median", "min", "max"])
    assert.match(stderr, /node v\d+.*\n.*fdatasyncMillis/)
  })

  it("says that a peer is not installed, and measures the rest", async () => {
    const args = [
      "bench",
      "actor",
      "--against",
      "erlang",
      "--case",
      "idle memory",
      "--quick",
      "--rounds",
      "1",
      "--json"
    ]
    const { status, stderr, stdout } = await synod(args, { env: { PATH: folder } })
    assert.strictEqual(status, 0, stderr)
    assert.include(stderr, "erlang is not measured: erl is not installed (Debian: erlang-base)")
    assert.notProperty(JSON.parse(stdout), "peer")
  })

  it("a package without benchmarks/ says so in one line", () => {
    cpSync(join(root, "dist"), join(folder, "dist"), { recursive: true })
    cpSync(join(root, "package.json"), join(folder, "package.json"))
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"))
    const { status, stderr, stdout } = spawnSync(process.execPath, [join(folder, "dist", "cli", "main.js"), "bench"], {
      encoding: "utf8"
    })
    assert.strictEqual(status, 2)
    assert.strictEqual(stdout, "")
    assert.match(stderr, /^synod: bench runs from a checkout of the repository: [^\n]*\n$/)
  })
})
