/**
 * Runs suites and writes what they gave: the body of `synod bench`.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { root } from "./harness/Checkout.js"
import { fdatasyncMillis, load, machine } from "./harness/Machine.js"
import { measure, type Outcome } from "./harness/Measure.js"
import { lines, table } from "./harness/Report.js"
import { open, type Session } from "./harness/Session.js"
import type { Group, Implementation, Suite } from "./harness/Suite.js"
import { suites } from "./suites/index.js"

/** The options of the command. */
export interface Options {
  /** Names; all when empty. */
  readonly suites: ReadonlyArray<string>
  /** Only these peers beside the floors; all that npm brings when empty. */
  readonly against: ReadonlyArray<string>
  /** Only groups whose names contain one of these; all when empty. */
  readonly cases: ReadonlyArray<string>
  readonly rounds: number
  readonly quick: boolean
  readonly json: boolean
}

/** A name that is none: bad usage. */
export class UnknownName extends Error {
  override readonly name = "UnknownName"
}

const note = (line: string): boolean => process.stderr.write(`${line}\n`)

const choose = (options: Options): ReadonlyArray<Suite> => {
  for (const name of options.suites) {
    if (!suites.some((suite) => suite.name === name)) {
      throw new UnknownName(`no suite ${name}; there are ${suites.map((suite) => suite.name).join(", ")}`)
    }
  }
  const chosen = options.suites.length === 0 ? suites : suites.filter(({ name }) => options.suites.includes(name))
  const groups = chosen.flatMap((suite) => suite.groups)
  const peers = new Set(groups.flatMap((group) => group.implementations.flatMap(({ peer }) => peer ?? [])))
  for (const name of options.against) {
    if (!peers.has(name)) {
      throw new UnknownName(`--against ${name}: these suites know ${[...peers].sort().join(", ") || "no peer"}`)
    }
  }
  for (const text of options.cases) {
    if (!groups.some(({ name }) => name.includes(text))) {
      throw new UnknownName(
        `--case ${text}: no group of these suites; there are ${groups.map(({ name }) => name).join("; ")}`
      )
    }
  }
  const wanted = (group: Group): boolean =>
    (options.cases.length === 0 || options.cases.some((text) => group.name.includes(text))) &&
    (options.against.length === 0 || group.implementations.some(({ peer }) => isIn(options.against, peer)))
  return chosen.map((suite) => ({ ...suite, groups: suite.groups.filter(wanted) })).filter(({ groups }) =>
    groups.length > 0
  )
}

const isIn = (names: ReadonlyArray<string>, name: string | undefined): boolean =>
  name !== undefined && names.includes(name)

/** Ours and the floors always; a peer when it is asked for, or when nothing is asked for and npm brings it. */
const isChosen = ({ peer, role }: Implementation, against: ReadonlyArray<string>): boolean =>
  role === "ours" || role === "floor" ||
  (against.length === 0 ? role === "peer" : isIn(against, peer))

const present = (group: Group, options: Options, said: Set<string>): ReadonlyArray<Implementation> =>
  group.implementations.filter((implementation) => {
    if (!isChosen(implementation, options.against)) return false
    const { requires } = implementation
    if (requires === undefined || requires.installed()) return true
    if (!said.has(requires.hint)) note(`synod bench: ${implementation.peer} is not measured: ${requires.hint}`)
    said.add(requires.hint)
    return false
  })

const worker = fileURLToPath(new URL("harness/worker.js", import.meta.url))

const openWorker = (suite: Suite, group: Group) => (implementation: Implementation): Promise<Session> => {
  const own = [process.execPath, "--expose-gc", worker, suite.name, group.name, implementation.name]
  return open(`${group.name}, ${implementation.name}`, implementation.command?.() ?? own)
}

/** Measures, prints, writes `benchmarks/results`. Throws `UnknownName`, `Mismatch` or `WorkerFailed`. */
export const main = async (options: Options): Promise<void> => {
  const chosen = choose(options)
  const plan = { warmups: options.quick ? 1 : 2, rounds: options.rounds, quick: options.quick }
  const about = machine()
  const said = new Set<string>()
  note(Object.entries(about).map(([name, value]) => `${name} ${value}`).join(", "))
  for (const suite of chosen) {
    const before = { load: load(), ...(suite.usesDisk ? { fdatasyncMillis: await fdatasyncMillis() } : {}) }
    note(`${suite.name}: ${plan.warmups} warm-ups and ${plan.rounds} rounds; before: ${describe(before)}`)
    const results: Array<unknown> = []
    for (const group of suite.groups) {
      const implementations = present(group, options, said)
      if (!implementations.some(({ role }) => role === "ours")) continue
      const tick = (round: number): boolean => note(`${suite.name}, ${group.name}: ${roundName(round)} done`)
      const outcomes = await measure(
        group,
        implementations,
        plan,
        openWorker(suite, group),
        process.stderr.isTTY ? tick : undefined
      )
      print(suite, group, outcomes, options.json)
      results.push({
        group: group.name,
        settings: group.settings,
        lines: lines(suite.name, group, outcomes),
        rounds: raw(outcomes)
      })
    }
    const after = { load: load(), ...(suite.usesDisk ? { fdatasyncMillis: await fdatasyncMillis() } : {}) }
    note(`${suite.name}: after: ${describe(after)}`)
    write(suite, options, { suite: suite.name, machine: about, ...plan, before, after, results })
  }
}

const describe = (what: object): string => Object.entries(what).map(([name, value]) => `${name} ${value}`).join(", ")

const roundName = (round: number): string => round < 0 ? "a warm-up" : `round ${round + 1}`

const print = (suite: Suite, group: Group, outcomes: ReadonlyArray<Outcome>, json: boolean): void => {
  if (json) { for (const line of lines(suite.name, group, outcomes)) process.stdout.write(`${JSON.stringify(line)}\n`) }
  else process.stdout.write(`${table(group, outcomes)}\n`)
}

const raw = (outcomes: ReadonlyArray<Outcome>): ReadonlyArray<unknown> =>
  outcomes.map(({ implementation, rounds, values }) => ({ name: implementation.name, values, rounds }))

/** A whole run is kept under the suite's name; a part of it or a quick one beside it, out of version control. */
const write = (suite: Suite, options: Options, content: unknown): void => {
  const folder = join(root, "benchmarks", "results")
  const against = options.against.length === 0 ? "" : `.against-${options.against.join("-")}`
  const part = options.quick ? ".quick" : options.cases.length > 0 ? ".part" : ""
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${suite.name}${against}${part}.json`), `${JSON.stringify(content, undefined, 1)}\n`)
}
