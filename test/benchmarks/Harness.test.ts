import { assert, describe, it } from "@effect/vitest"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { measure, Mismatch } from "../../benchmarks/harness/Measure.js"
import { parseStat, treeCpuSeconds, treeTicks } from "../../benchmarks/harness/ProcessTree.js"
import { lines, short, table } from "../../benchmarks/harness/Report.js"
import { type Measured, open, type Session } from "../../benchmarks/harness/Session.js"
import { pairedRatio, quantile, spread } from "../../benchmarks/harness/Statistics.js"
import type { Group, Implementation, Role } from "../../benchmarks/harness/Suite.js"

const implementation = (name: string, role: Role, share = 1): Implementation => ({
  name,
  role,
  share,
  version: "1",
  start: () => Promise.reject(new Error("this test opens its own sessions"))
})

const group = (implementations: ReadonlyArray<Implementation>): Group => ({
  name: "adding",
  unit: "additions per second",
  basis: "wall",
  operations: 100,
  quickOperations: 10,
  expected: (n) => `sum of ${n}`,
  implementations,
  settings: { bound: 7 }
})

const plan = { warmups: 2, rounds: 3, quick: false }

/** A session whose rounds take the seconds that the test says; it writes down what is asked of it. */
const scripted = (
  log: Array<string>,
  change: (round: Measured, call: number) => Measured = (round) => round
) =>
async ({ name }: Implementation): Promise<Session> => {
  let call = 0
  log.push(`open ${name}`)
  return {
    run: async (n) => {
      log.push(name)
      return change({ operations: n, checksum: `sum of ${n}`, wallSeconds: 2, cpuSeconds: 1 }, call++)
    },
    stop: async () => void log.push(`stop ${name}`)
  }
}

const failureOf = async (promise: Promise<unknown>): Promise<Error> => {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error("it succeeded")
}

describe("statistics", () => {
  it("the median is the middle, or the mean of the two middles; the spread has the ends", () => {
    assert.strictEqual(quantile([9, 1, 5], 0.5), 5)
    assert.strictEqual(quantile([4, 1, 3, 2], 0.5), 2.5)
    assert.deepStrictEqual(spread([30, 10, 20]), { median: 20, min: 10, max: 30 })
    assert.throws(() => quantile([], 0.5))
  })

  it("a ratio pairs rounds that stood next to each other, so a slower machine cancels out", () => {
    assert.deepStrictEqual(pairedRatio([100, 10, 50], [50, 5, 25]), { median: 2, min: 2, max: 2 })
    assert.throws(() => pairedRatio([1], [1, 2]))
  })
})

describe("CPU time of a process tree", () => {
  const stat = (name: string, parent: number, times: ReadonlyArray<number>) =>
    `12 (${name}) S ${parent} 1 1 0 -1 4194560 1 2 3 4 ${times.join(" ")} 20 0 1 0 99 1 1`

  it("user and system time, of waited-for children too, whatever the command is called", () => {
    assert.deepStrictEqual(parseStat(stat("node", 7, [1, 20, 300, 4000])), { parent: 7, ticks: 4321 })
    assert.deepStrictEqual(parseStat(stat("a) S 3 (b", 7, [5, 0, 0, 1])), { parent: 7, ticks: 6 })
  })

  it("sums the root and its descendants and nobody else, and ends on a circle of parents", () => {
    const processes = new Map([
      [1, { parent: 0, ticks: 1 }],
      [10, { parent: 1, ticks: 20 }],
      [11, { parent: 10, ticks: 300 }],
      [12, { parent: 11, ticks: 4000 }],
      [20, { parent: 1, ticks: 50_000 }],
      [30, { parent: 31, ticks: 600_000 }],
      [31, { parent: 30, ticks: 600_000 }]
    ])
    assert.strictEqual(treeTicks(processes, 10), 4320)
  })

  it("this very process has used some, where /proc tells", () => {
    const seconds = treeCpuSeconds(process.pid)
    if (process.platform === "linux") assert.isAbove(seconds ?? 0, 0)
    else assert.isUndefined(seconds)
    assert.isUndefined(treeCpuSeconds(2 ** 30))
  })
})

describe("rounds", () => {
  const both = [implementation("ours", "ours"), implementation("peer", "peer", 0.1)]

  it("are interleaved, warm-ups first, and the sessions end", async () => {
    const log: Array<string> = []
    const outcomes = await measure(group(both), both, plan, scripted(log))
    const turns = Array.from({ length: plan.warmups + plan.rounds }, () => ["ours", "peer"]).flat()
    assert.deepStrictEqual(log, ["open ours", "open peer", ...turns, "stop ours", "stop peer"])
    assert.deepStrictEqual(outcomes.map(({ rounds }) => rounds.length), [3, 3])
    assert.deepStrictEqual(outcomes.map(({ operations, values }) => [operations, ...values]), [[100, 50, 50, 50], [
      10,
      5,
      5,
      5
    ]])
  })

  it("warm-ups are not counted", async () => {
    const slowStart = (round: Measured, call: number): Measured =>
      call < plan.warmups ? { ...round, wallSeconds: 1000 } : round
    const [ours] = await measure(group(both), both, plan, scripted([], slowStart))
    assert.deepStrictEqual(ours?.values, [50, 50, 50])
  })

  it.each([
    ["another result", { checksum: "sum of 99" }, "the result is sum of 99, it must be sum of 100"],
    ["fewer operations", { operations: 99 }, "99 operations of 100"],
    ["no time at all", { wallSeconds: 0 }, "too short to measure"]
  ])("%s fails the bench, even in a warm-up, and still stops all", async (_, change, message) => {
    const log: Array<string> = []
    const spoil = (round: Measured, call: number): Measured => call === 1 ? { ...round, ...change } : round
    const error = await failureOf(measure(group(both), both, plan, scripted(log, spoil)))
    assert.instanceOf(error, Mismatch)
    assert.include(error.message, message)
    assert.deepStrictEqual(log.slice(-2), ["stop ours", "stop peer"])
  })
})

describe("reports", () => {
  const all = [
    implementation("ours", "ours"),
    implementation("kept", "ours"),
    implementation("peer", "peer"),
    implementation("floor", "floor")
  ]
  const speeds: { readonly [name: string]: number } = { ours: 2, kept: 1, peer: 4, floor: 0.5 }
  const outcomesOf = (some: ReadonlyArray<Implementation>) =>
    measure(
      group(some),
      some,
      plan,
      (one) => scripted([], (round) => ({ ...round, wallSeconds: speeds[one.name]! }))(one)
    )

  it("a line for each of ours against each of the others, with the promised fields", async () => {
    const [line, ...others] = lines("suite", group(all), await outcomesOf(all))
    assert.strictEqual(others.length, 3)
    assert.deepInclude(line, { suite: "suite", case: "adding", unit: "additions per second", ratio: 2, rounds: 3 })
    assert.deepInclude(line?.ours, { median: 50, min: 50, max: 50 })
    assert.deepInclude(line?.peer, { name: "peer", version: "1", median: 25, min: 25, max: 25 })
    assert.deepStrictEqual(others.map((line) => [line.case, line.peer?.name, line.ratio]), [
      ["adding", "floor", 0.25],
      ["adding, kept", "peer", 4],
      ["adding, kept", "floor", 0.5]
    ])
  })

  it("ours alone is a line without a peer and without a ratio", async () => {
    const alone = lines("suite", group([all[0]!]), await outcomesOf([all[0]!]))
    assert.strictEqual(alone.length, 1)
    assert.notProperty(alone[0], "peer")
    assert.notProperty(alone[0], "ratio")
  })

  it("the table names the settings, marks ours and the floor, and rounds to three digits", async () => {
    const text = table(group(all), await outcomesOf(all))
    assert.include(text, "### adding (bound 7)")
    assert.include(text, "| **ours** | 50.0 |")
    assert.include(text, "| floor 1 (floor) | 200 |")
    assert.deepStrictEqual([short(12_345_678), short(999), short(1_234), short(0.5)], [
      "12.3 M",
      "999",
      "1.23 k",
      "0.50"
    ])
  })
})

describe("worker processes", () => {
  const worker = fileURLToPath(new URL("worker.fixture.mjs", import.meta.url))
  const command = (behaviour: string): ReadonlyArray<string> => [process.execPath, worker, behaviour]

  it("answers rounds with what it measured, and ends when told", async () => {
    const session = await open("good", command("good"))
    const round = await session.run(5)
    assert.deepInclude(round, { operations: 5, checksum: "10" })
    assert.isAtLeast(round.cpuSeconds, 0)
    await session.stop()
    assert.include((await failureOf(session.run(1))).message, "good: the worker ended")
  })

  it.each([
    ["refuses", "no such implementation"],
    ["dies", "the worker ended (3)"],
    ["is killed", "the worker ended (SIGKILL)"]
  ])("one that %s fails the bench and says why", async (behaviour, message) => {
    const session = open(behaviour, command(behaviour))
    const error = await failureOf(behaviour === "refuses" ? session : session.then((opened) => opened.run(1)))
    assert.strictEqual(error.name, "WorkerFailed")
    assert.include(error.message, message)
  })

  it("a program that does not exist is a failure, not a crash", async () => {
    assert.include((await failureOf(open("absent", ["/nonexistent/program"]))).message, "ENOENT")
  })
})
