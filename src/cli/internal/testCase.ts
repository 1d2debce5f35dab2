/**
 * A recorded failure as a test of vitest, whole in one file.
 *
 * @since 0.1.0
 */
import * as Recording from "../../simulation/Recording.js"

/** What the test asserts: that the property still fails on exactly this run, or that it holds on what the run has become. */
export type Expectation = "fails" | "holds"

/** The text of the test. */
export const testCase = (recording: Recording.Recording, property: string, expectation: Expectation): string => {
  const name = `${recording.scenario}, seed ${recording.seed}: ${property} ${expectation}`
  const inline = Recording.encode(recording).replace(/[\\`$]/g, "\\$&")
  return `import * as Recording from "synod/simulation/Recording"
import * as RaftKeyValue from "synod/simulation/scenarios/RaftKeyValue"
import * as Simulation from "synod/simulation/Simulation"
import { expect, it } from "vitest"

const text = \`${inline}\`

it(${JSON.stringify(name)}, () => {
  const recording = Recording.decode(text)
  if (recording instanceof Error) throw recording
  const scenario = RaftKeyValue.fromParameters(recording.parameters)
  if (typeof scenario === "string") throw new Error(scenario)
  ${body[expectation](JSON.stringify(property))}
})
`
}

const body: { readonly [E in Expectation]: (property: string) => string } = {
  fails: (property) =>
    `// throws TapeMismatch when the program asks for other choices than the tape holds
  const { traceHash, violations } = Simulation.replay(scenario, recording)
  expect(violations.map((violation) => violation.property)).toContain(${property})
  expect(traceHash).toBe(recording.outcome.traceHash)`,
  holds: (property) =>
    `// the program was mended since, so its choices may differ: what no longer fits the tape is benign
  const { report } = Simulation.bend(scenario, recording)
  expect(report.violations.map((violation) => violation.property)).not.toContain(${property})`
}
