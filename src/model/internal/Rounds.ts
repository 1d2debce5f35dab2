/**
 * Synchronous time on plain systems: one event is a round of all nodes.
 */
import { encode } from "../../core/Canonical.js"
import type { Vocabulary } from "../../core/Protocol.js"
import type { Event, Part } from "../Event.js"
import type { Envelope, Local, System, SystemModel } from "../SystemModel.js"
import { crash, follow } from "./Follow.js"
import type { Leaving, Outcome } from "./Steps.js"
import * as Steps from "./Steps.js"

/** Messages of a node that crashes while it sends them; each subset of them is a branch. */
export const maxReached = 12

/** What a node may do in a round. */
export interface Option<P extends Vocabulary> {
  readonly part: Part
  /** None: it stays down. */
  readonly outcome: Outcome<P> | undefined
  /** What it is after it crashed. */
  readonly down: Local<P> | undefined
}

/** The order in which a node takes in what was sent to it: by sender, then by encoding. */
export const inboxOf = <P extends Vocabulary>(
  nodes: ReadonlyArray<Envelope<unknown>["from"]>,
  network: ReadonlyArray<Envelope<P["message"]>>,
  to: Envelope<unknown>["to"]
): ReadonlyArray<Envelope<P["message"]>> =>
  network.filter((envelope) => envelope.to === to).toSorted((a, b) =>
    nodes.indexOf(a.from) - nodes.indexOf(b.from) || (encode(a) < encode(b) ? -1 : 1)
  )

/** What a node may do in a round with this inbox; faults as far as the model knows them at all. */
export const options = <P extends Vocabulary>(
  of: Steps.Stepping<P>,
  local: Local<P>,
  inbox: ReadonlyArray<Envelope<P["message"]>>,
  mayCrash: boolean,
  mayRestart: boolean
): ReadonlyArray<Option<P>> => {
  const node = of.context.id
  if (!local.up) {
    const stays: Option<P> = { part: { _tag: "Step", node, outcome: 0 }, outcome: undefined, down: undefined }
    if (!mayRestart) return [stays]
    return [
      stays,
      ...Steps.starts(of, local).map((outcome, i): Option<P> => ({
        part: { _tag: "Restart", node, outcome: i },
        outcome,
        down: undefined
      }))
    ]
  }
  const found: Array<Option<P>> = []
  for (const [i, outcome] of Steps.rounds(of, local, inbox).entries()) {
    found.push({ part: { _tag: "Step", node, outcome: i }, outcome, down: undefined })
    if (!mayCrash) continue
    const sends = [...outcome.leaves.entries()].flatMap(([at, { _tag }]) => _tag === "Send" ? [at] : [])
    if (sends.length > maxReached) {
      throw new RangeError(`${node} sends ${sends.length} messages in a round: too many subsets`)
    }
    const [down] = Steps.crashes(of, outcome.local)
    for (let subset = 0; subset < 2 ** sends.length; subset++) {
      const reached = sends.filter((_, bit) => (subset >> bit & 1) === 1)
      const leaves = outcome.leaves.filter((leaving: Leaving<P>, at) => leaving._tag === "Emit" || reached.includes(at))
      found.push({
        part: { _tag: "Crash", node, outcome: i, reached },
        outcome: { ...outcome, leaves },
        down
      })
    }
  }
  if (mayCrash && of.protocol.durable !== undefined) {
    const [down] = Steps.crashes(of, local)
    found.push({
      part: { _tag: "CrashBefore", node },
      outcome: { local, leaves: [], replies: [], isIgnored: false },
      down
    })
  }
  return found
}

/** Whether a round has anything to do. */
const isDue = <P extends Vocabulary, H>(model: SystemModel<P, H>, { network, nodes, used }: System<P, H>): boolean =>
  network.some(({ to }) => nodes[model.nodes.indexOf(to)]?.up === true) ||
  nodes.some(({ endOfBatch, timers, up }) =>
    up ? timers.length + (endOfBatch?.length ?? 0) > 0 : used.restarts < model.faults.restarts
  )

/** Every round that may be next: each combination of what the nodes may do, as far as the budgets go. */
export const roundsOf = <P extends Vocabulary, H>(
  model: SystemModel<P, H>,
  system: System<P, H>
): ReadonlyArray<{ readonly event: Event<P>; readonly after: () => System<P, H> }> => {
  if (!isDue(model, system)) return []
  const { faults } = model
  const choices = model.nodes.map((id, slot) =>
    options(
      Steps.steppingOf(model, id),
      system.nodes[slot]!,
      inboxOf(model.nodes, system.network, id),
      system.used.crashes < faults.crashes,
      system.used.restarts < faults.restarts
    )
  )
  let combinations: ReadonlyArray<ReadonlyArray<Option<P>>> = [[]]
  for (const choice of choices) combinations = combinations.flatMap((chosen) => choice.map((one) => [...chosen, one]))
  return combinations.flatMap((chosen) => {
    const used = {
      ...system.used,
      crashes: system.used.crashes + chosen.filter(({ down }) => down !== undefined).length,
      restarts: system.used.restarts + chosen.filter(({ part }) => part._tag === "Restart").length
    }
    if (used.crashes > faults.crashes || used.restarts > faults.restarts) return []
    return [{
      event: { _tag: "Round", parts: chosen.map(({ part }) => part) },
      after: () => round(model, { ...system, used }, chosen)
    }]
  })
}

const round = <P extends Vocabulary, H>(
  model: SystemModel<P, H>,
  system: System<P, H>,
  chosen: ReadonlyArray<Option<P>>
): System<P, H> => {
  let next: System<P, H> = { ...system, network: [] }
  for (const [slot, { down, outcome }] of chosen.entries()) {
    if (outcome === undefined) continue
    let { history } = next
    if (system.nodes[slot]!.up && outcome.local !== system.nodes[slot]) {
      for (const envelope of inboxOf<P>(model.nodes, system.network, model.nodes[slot]!)) {
        history = model.history.onDeliver(history, envelope)
      }
    }
    next = follow(model, { ...next, history }, slot, outcome)
    if (down !== undefined) next = crash(model, next, slot, down)
  }
  return next
}
