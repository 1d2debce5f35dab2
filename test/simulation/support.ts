/** Clusters under exactly one plan, without the swarm's redraw. */
import * as Choices from "../../src/core/Choice.js"
import type { Vocabulary } from "../../src/core/Protocol.js"
import * as Tapes from "../../src/core/Tape.js"
import type { FaultPlan } from "../../src/simulation/Faults.js"
import * as Faults from "../../src/simulation/Faults.js"
import { Cluster } from "../../src/simulation/internal/Cluster.js"
import type { Scenario, Session } from "../../src/simulation/Scenario.js"
import type { Journal } from "./protocols.js"
import { journal } from "./protocols.js"

export const start = <P extends Vocabulary>(
  scenario: Scenario<P>,
  plan: Partial<FaultPlan> = {},
  choice = Choices.benign
) => new Cluster(scenario, choice, { ...Faults.none, ...plan }, 1_000_000)

export const under = <P extends Vocabulary>(
  scenario: Scenario<P>,
  plan: Partial<FaultPlan>,
  millis = 3_000,
  seed = 1
) => {
  const exact = { ...Faults.none, ...plan }
  const choice = Tapes.record(Choices.random(seed, Faults.weights(exact)))
  const cluster = start(scenario, exact, choice)
  cluster.runUntil(millis * 1000)
  return { cluster, tape: choice.tape() }
}

export const journals = (session: Partial<Session<Journal>> = {}, nodes = 1) => {
  const events: Array<Journal["event"]> = []
  const cluster = start(journal(nodes, { onEvent: (_, event) => events.push(event), ...session }))
  return { cluster, events, node: cluster.nodes[0]! }
}
