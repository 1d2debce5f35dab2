import { assert, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { afterAll } from "vitest"
import { buildFirst, main, refusal, run, synod } from "./support.js"

buildFirst()

const folder = mkdtempSync(join(tmpdir(), "synod-tapes-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const bug = ["simulate", "raft", "--nodes", "5", "--bug", "R5-own-undurable", "--seeds", "2..3", "--tapes", folder]

/** One seed that fails: what was said of it, and its tape. */
const failing = async () => {
  const { status, stderr, stdout } = await synod([...bug, "--json"])
  const report = JSON.parse(stdout)
  return { status, stderr, report, violation: report.violations[0], tape: String(report.violations[0].tape) }
}

describe.sequential("a planted bug, from the seed to the test", () => {
  it("simulate names the property, writes the tape and prints the line that replays it", async () => {
    const { report, status, stderr, tape, violation } = await failing()
    assert.strictEqual(status, 1)
    assert.isAbove(report.failedSeeds, 0)
    assert.deepInclude(violation, { seed: 2, property: "CommittedIsDurableInv", replay: `synod replay ${tape}` })
    assert.include(stderr, `again: synod replay ${tape}`)
    const human = await synod(bug)
    assert.include(human.stdout, `  synod replay ${tape}\n`)
  })

  it("replay gives the same violation and the same trace, and ends with 1", async () => {
    const { tape, violation } = await failing()
    const { status, stdout } = await synod(["replay", tape, "--json"])
    const { isSameRun, traceHash, violations } = JSON.parse(stdout)
    assert.strictEqual(status, 1)
    assert.isTrue(isSameRun)
    const { atMillis, detail, property } = violation
    assert.deepStrictEqual(violations, [{ property, detail, atMillis }])
    assert.include(tape, traceHash)
  })

  it("shrink writes a smaller one that fails the same way", async () => {
    const { tape } = await failing()
    const out = join(folder, "small", "tape.json")
    const { status, stdout } = await synod(["shrink", tape, "--out", out, "--runs", "300", "--json"])
    const { after, before, property, runs } = JSON.parse(stdout)
    assert.strictEqual(status, 0)
    assert.isAtMost(runs, 300)
    assert.isBelow(after.decisions, before.decisions / 2)
    const again = await synod(["replay", out, "--json"])
    assert.strictEqual(again.status, 1)
    assert.strictEqual(JSON.parse(again.stdout).violations[0].property, property)
    assert.isTrue(JSON.parse(again.stdout).isSameRun)
  })

  it("a test is written that passes while the bug is there, and one that passes when it is gone", async () => {
    const { tape } = await failing()
    const tests = mkdtempSync(join(tmpdir(), "synod-cases-"))
    try {
      for (const expectation of ["fails", "holds"]) {
        const file = join(tests, `${expectation}.test.ts`)
        await synod(["replay", tape, "--test", file, "--expect", expectation])
        assert.include(readFileSync(file, "utf8"), `CommittedIsDurableInv ${expectation}`)
      }
      const root = fileURLToPath(new URL("../..", import.meta.url))
      const vitest = join(root, "node_modules/vitest/vitest.mjs")
      writeFileSync(
        join(tests, "vitest.config.mjs"),
        `export default { resolve: { alias: [
          { find: /^synod\\/(.*)$/, replacement: ${JSON.stringify(join(root, "src"))} + "/$1.ts" },
          { find: "vitest", replacement: ${JSON.stringify(join(root, "node_modules/vitest/dist/index.js"))} }
        ] } }`
      )
      const ended = await run(process.execPath, [vitest, "run", "--root", tests, "--reporter", "json"])
      const { testResults } = JSON.parse(ended.stdout)
      const outcomes = testResults.flatMap((result: { assertionResults: ReadonlyArray<object> }) =>
        result.assertionResults
      )
      const statuses = Object.fromEntries(
        outcomes.map(({ status, title }: { status: string; title: string }) => [title.split(" ").at(-1), status])
      )
      assert.deepStrictEqual(statuses, { fails: "passed", holds: "failed" })
    } finally {
      rmSync(tests, { recursive: true, force: true })
    }
  })
})

interface TapeFile {
  readonly parameters: { readonly [name: string]: unknown }
  readonly streams: { readonly [path: string]: { readonly asked: ReadonlyArray<readonly [string, number, number]> } }
}

describe.sequential("a tape that is none", () => {
  const replayed = async (edit: (tape: TapeFile) => unknown) => {
    const { tape } = await failing()
    const file = join(folder, "edited.json")
    writeFileSync(file, JSON.stringify(edit(JSON.parse(readFileSync(tape, "utf8")))))
    return refusal(await synod(["replay", file]))
  }

  it("is refused in one line that names the file and the place", async () => {
    assert.include(refusal(await synod(["replay", join(folder, "absent.json")])), "absent.json: no such file")
    assert.include(await replayed((tape) => ({ ...tape, version: 7 })), "edited.json: version: is 7")
    assert.include(await replayed((tape) => ({ ...tape, parameters: { nodes: 5, bug: "none" } })), "bug: there is none")
    assert.include(await replayed((tape) => ({ ...tape, scenario: "paxos" })), "there is none called \"paxos\"")
  })

  it("is refused with stream, place and both labels where the program asks for something else", async () => {
    assert.match(
      await replayed((tape) => ({ ...tape, parameters: { ...tape.parameters, nodes: 3 } })),
      /edited\.json: the tape holds .+ at .+\[\d+\], the run asked .+/
    )
    const line = await replayed((tape) => {
      const stream = tape.streams["/link/delay"]!
      return {
        ...tape,
        streams: { ...tape.streams, "/link/delay": { ...stream, asked: [["later", 5_000, stream.asked[0]![2]]] } }
      }
    })
    assert.include(line, "the tape holds later(5000) at /link/delay[0], the run asked delay(5000)")
  })

  it("that fails nothing cannot be shrunk", async () => {
    const { tape } = await failing()
    const file = join(folder, "clean.json")
    const json = JSON.parse(readFileSync(tape, "utf8"))
    writeFileSync(file, JSON.stringify({ ...json, eventBudget: 1e9, parameters: { nodes: 5 } }))
    assert.match(refusal(await synod(["shrink", file, "--out", join(folder, "x.json")])), /clean\.json: /)
  })
})

describe.sequential("a long run that is interrupted", () => {
  it.each([["1"], ["2"]])("tells what was done, with %s workers, and ends with 1", async (workers) => {
    const args = ["simulate", "raft", "--seeds", "1..1000000", "--duration", "1 second", "--calm", "1 second"]
    const child = spawn(process.execPath, [main, ...args, "--workers", workers, "--json"], {
      stdio: ["ignore", "pipe", "pipe"]
    })
    const ended = new Promise<{ readonly status: number | null; readonly stdout: string }>((resolve) => {
      let stdout = ""
      child.stdout.setEncoding("utf8").on("data", (text: string) => stdout += text)
      child.on("close", (status) => resolve({ status, stdout }))
    })
    const interrupting = setInterval(() => child.kill("SIGINT"), 4_000) // the first may come before the command listens
    try {
      const { status, stdout } = await ended
      const report = JSON.parse(stdout)
      assert.strictEqual(status, 1)
      assert.isTrue(report.interrupted)
      assert.strictEqual(report.requested, 1_000_000)
      assert.isTrue(report.seeds > 0 && report.seeds < 1_000_000)
      const again = await synod([...args.with(3, `1..${report.seeds}`), "--json"])
      assert.strictEqual(JSON.parse(again.stdout).traceHash, report.traceHash)
    } finally {
      clearInterval(interrupting)
      child.kill("SIGKILL")
    }
  })
})
