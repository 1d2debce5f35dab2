/**
 * The worker process: one implementation of one group. usage: node worker.js SUITE GROUP IMPLEMENTATION
 */
import process from "node:process"
import { createInterface } from "node:readline"
import { suites } from "../suites/index.js"

const [suiteName, groupName, name] = process.argv.slice(2)
const say = (line: string): boolean => process.stdout.write(`${line}\n`)

const main = async (): Promise<void> => {
  const suite = suites.find((suite) => suite.name === suiteName)
  const group = suite?.groups.find((group) => group.name === groupName)
  const implementation = group?.implementations.find((implementation) => implementation.name === name)
  if (implementation === undefined) throw new Error(`no such implementation: ${suiteName} ${groupName} ${name}`)
  const started = await implementation.start()
  say("= {}")
  for await (const line of createInterface(process.stdin)) {
    const [word, n] = line.split(" ")
    if (word !== "run") break
    const cpuBefore = process.cpuUsage()
    const before = performance.now()
    const round = await started.run(Number(n))
    const wall = (performance.now() - before) / 1000
    const { system, user } = process.cpuUsage(cpuBefore)
    say(`= ${JSON.stringify({ ...round, wall, cpu: (user + system) / 1e6 })}`)
  }
  await started.stop?.()
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    say(`! ${(error instanceof Error ? error.stack ?? error.message : String(error)).replaceAll("\n", " | ")}`)
    process.exitCode = 1
    setImmediate(() => process.exit(1))
  }
)
