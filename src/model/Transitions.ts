/**
 * The semantics of a system model as two pure functions of plain values: what may happen, and what it makes of the system.
 *
 * Slow and simple: every value is looked at again at every event. The checker does the same on interned integers, and a test requires that they agree.
 *
 * @since 0.1.0
 */
import { encode } from "../core/Canonical.js"
import type { Vocabulary } from "../core/Protocol.js"
import { requestId } from "../core/Protocol.js"
import type { Event } from "./Event.js"
import { describe } from "./Event.js"
import * as Armed from "./internal/Armed.js"
import * as Flight from "./internal/Flight.js"
import { crash, follow } from "./internal/Follow.js"
import { roundsOf } from "./internal/Rounds.js"
import type { Outcome } from "./internal/Steps.js"
import * as Steps from "./internal/Steps.js"
import { blocks } from "./Partition.js"
import type { Envelope, System, SystemModel, Used } from "./SystemModel.js"
import { noFaults } from "./SystemModel.js"

/** An event, and what it makes of the system. */
interface Transition<P extends Vocabulary, H> {
  readonly event: Event<P>
  readonly after: () => System<P, H>
}

/**
 * An event, and the system after it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Successor<P extends Vocabulary, H> {
  readonly event: Event<P>
  readonly after: System<P, H>
}

/**
 * The systems that a model may begin with: each combination of the choices of its nodes' starts, in the order of the nodes.
 *
 * @since 0.1.0
 * @category semantics
 */
export const initial = <P extends Vocabulary, H>(model: SystemModel<P, H>): ReadonlyArray<System<P, H>> => {
  const steppings = model.nodes.map((id) => Steps.steppingOf(model, id))
  let systems: ReadonlyArray<System<P, H>> = [{
    nodes: steppings.map(Steps.unborn),
    network: [],
    clients: model.clients.map((client) => ({ state: client.initial, asked: 0, open: undefined })),
    history: model.history.initial,
    used: noFaults,
    cut: undefined,
    isStable: false,
    last: undefined
  }]
  for (const [slot, stepping] of steppings.entries()) {
    systems = systems.flatMap((system) =>
      Steps.starts(stepping, system.nodes[slot]!).map((outcome) => follow(model, system, slot, outcome))
    )
  }
  return systems.filter((system) => isInside(model, system))
}

/**
 * Whether a system is inside the model's boundaries.
 *
 * @since 0.1.0
 * @category semantics
 */
export const isInside = <P extends Vocabulary, H>(model: SystemModel<P, H>, system: System<P, H>): boolean =>
  (model.boundary === undefined || model.boundary(system)) &&
  system.nodes.every((node, slot) => model.nodeBoundary?.(node, model.nodes[slot]!) ?? true)

/**
 * Every event that may be next. Those that lead beyond the boundaries are among them.
 *
 * @since 0.1.0
 * @category semantics
 */
export const enabled = <P extends Vocabulary, H>(
  model: SystemModel<P, H>,
  system: System<P, H>
): ReadonlyArray<Event<P>> => transitions(model, system).map(({ event }) => event)

/**
 * The system after an event. Throws a `RangeError` where the event is not enabled.
 *
 * @since 0.1.0
 * @category semantics
 */
export const apply = <P extends Vocabulary, H>(
  model: SystemModel<P, H>,
  system: System<P, H>,
  event: Event<P>
): System<P, H> => {
  const key = encode(event)
  const found = transitions(model, system).find((transition) => encode(transition.event) === key)
  if (found === undefined) throw new RangeError(`${model.name}: not enabled here: ${describe(event)}`)
  return found.after()
}

/**
 * Every event that may be next, with what it makes of the system.
 *
 * @since 0.1.0
 * @category semantics
 */
export const successors = <P extends Vocabulary, H>(
  model: SystemModel<P, H>,
  system: System<P, H>
): ReadonlyArray<Successor<P, H>> => transitions(model, system).map(({ after, event }) => ({ event, after: after() }))

const transitions = <P extends Vocabulary, H>(
  model: SystemModel<P, H>,
  system: System<P, H>
): ReadonlyArray<Transition<P, H>> =>
  model.time.kind === "synchronous"
    ? [...ofClients(model, system), ...roundsOf(model, system)]
    : [
      ...ofNetwork(model, system),
      ...ofClients(model, system),
      ...ofNodes(model, system),
      ...ofWorld(model, system)
    ]

const spend = (used: Used, fault: keyof Used): Used => ({ ...used, [fault]: used[fault] + 1 })

// ---- messages

const ofNetwork = <P extends Vocabulary, H>(
  model: SystemModel<P, H>,
  system: System<P, H>
): ReadonlyArray<Transition<P, H>> => {
  const { faults, network: { kind, lossy } } = model
  const { network, used } = system
  const found: Array<Transition<P, H>> = []
  for (const [at, envelope] of Flight.ready(model, network)) {
    const without = { ...system, network: network.toSpliced(at, 1) }
    const isOwn = envelope.from === envelope.to
    const slot = model.nodes.indexOf(envelope.to)
    const outcomes = deliveriesOf(model, system, envelope)
    for (const [outcome, made] of outcomes.entries()) {
      if (made.isIgnored) {
        if (kind === "ordered") found.push({ event: { _tag: "Ignore", envelope }, after: () => without })
        continue
      }
      const taken = kind === "set" && !isOwn ? system : without
      const last = model.network.remembersLast ? envelope : undefined
      found.push({
        event: { _tag: "Deliver", envelope, outcome },
        after: () =>
          follow(
            model,
            { ...taken, last, history: model.history.onDeliver(system.history, envelope) },
            slot,
            made
          )
      })
    }
    if (isOwn || system.isStable) continue
    if (lossy && (faults.drops === 0 || used.drops < faults.drops)) {
      const after = faults.drops === 0 ? used : spend(used, "drops")
      found.push({ event: { _tag: "Drop", envelope }, after: () => ({ ...without, used: after }) })
    }
    if (used.duplicates < faults.duplicates) {
      const after = () => ({
        ...system,
        network: network.toSpliced(at, 0, envelope), // beside the first
        used: spend(used, "duplicates")
      })
      found.push({ event: { _tag: "Duplicate", envelope }, after })
    }
  }
  return found
}

/** Nothing where the receiver is no node, down, or on the other side of a cut. */
const deliveriesOf = <P extends Vocabulary, H>(
  model: SystemModel<P, H>,
  { cut, nodes }: System<P, H>,
  envelope: Envelope<P["message"]>
): ReadonlyArray<Outcome<P>> => {
  const local = nodes[model.nodes.indexOf(envelope.to)]
  if (local?.up !== true || (cut !== undefined && blocks(cut, envelope.from, envelope.to))) return []
  return Steps.deliveries(Steps.steppingOf(model, envelope.to), local, envelope.from, envelope.message)
}

// ---- clients

const ofClients = <P extends Vocabulary, H>(
  model: SystemModel<P, H>,
  system: System<P, H>
): ReadonlyArray<Transition<P, H>> =>
  model.clients.flatMap((of, client) => {
    const { asked, open, state } = system.clients[client]!
    if (open !== undefined) return []
    return of.asks(state).flatMap((ask): ReadonlyArray<Transition<P, H>> => {
      const { node, request } = ask
      const slot = model.nodes.indexOf(node)
      const local = system.nodes[slot]
      if (local?.up !== true) return []
      const id = requestId(client, asked)
      return Steps.requests(Steps.steppingOf(model, node), local, id, request).map((made, outcome) => ({
        event: { _tag: "Request", client, node, request, outcome },
        after: () => {
          const history = model.history.onRequest?.(system.history, client, request, node) ?? system.history
          const clients = system.clients.with(client, { state, asked: asked + 1, open: { node, request, id } })
          return follow(model, { ...system, clients, history }, slot, made)
        }
      }))
    })
  })

// ---- nodes

const ofNodes = <P extends Vocabulary, H>(
  model: SystemModel<P, H>,
  system: System<P, H>
): ReadonlyArray<Transition<P, H>> =>
  model.nodes.flatMap((node, slot) => {
    const { faults } = model
    const { used } = system
    const local = system.nodes[slot]!
    const stepping = Steps.steppingOf(model, node)
    const found: Array<Transition<P, H>> = []
    if (!local.up) {
      if (used.restarts >= faults.restarts) return []
      const back = { ...system, used: spend(used, "restarts") }
      return Steps.starts(stepping, local).map((made, outcome) => ({
        event: { _tag: "Restart", node, outcome },
        after: () => follow(model, back, slot, made)
      }))
    }
    const before = encode(local)
    const fire = (timer: P["timer"], after: Used) => {
      for (const [outcome, made] of Steps.firings(stepping, local, timer).entries()) {
        // an unchanged node whose timer is armed again and that says nothing: nothing happened
        if (made.leaves.length + made.replies.length === 0 && encode(made.local) === before) continue
        found.push({
          event: { _tag: "Fire", node, timer, outcome },
          after: () => follow(model, { ...system, used: after }, slot, made)
        })
      }
    }
    const isCounted = Number.isFinite(faults.timers)
    for (const [at, timer] of local.timers.entries()) {
      if (isCounted && used.timers >= faults.timers) continue
      if (system.isStable && local.deadlines![at]![0] > 0) continue
      fire(timer, isCounted ? spend(used, "timers") : used)
    }
    for (const timer of local.endOfBatch ?? []) fire(timer, used)
    for (let frames = 1; frames <= Steps.frames(local); frames++) {
      for (const [outcome, made] of Steps.flushes(stepping, local, frames).entries()) {
        found.push({
          event: { _tag: "Durable", node, frames, outcome },
          after: () => follow(model, system, slot, made)
        })
      }
    }
    if (used.crashes < faults.crashes) {
      const crashing = { ...system, used: spend(used, "crashes") }
      for (const [left, down] of Steps.crashes(stepping, local).entries()) {
        found.push({ event: { _tag: "Crash", node, left }, after: () => crash(model, crashing, slot, down) })
      }
    }
    return found
  })

// ---- the world between the nodes

const ofWorld = <P extends Vocabulary, H>(
  model: SystemModel<P, H>,
  system: System<P, H>
): ReadonlyArray<Transition<P, H>> => {
  const { faults, partitions } = model
  const { cut, isStable, used } = system
  const found: Array<Transition<P, H>> = []
  if (cut !== undefined && used.heals < faults.heals) {
    found.push({ event: { _tag: "Heal" }, after: () => ({ ...system, cut: undefined, used: spend(used, "heals") }) })
  }
  if (cut === undefined && !isStable && used.partitions < faults.partitions) {
    for (const [number, next] of partitions.cuts.entries()) {
      const crosses = ({ from, to }: Envelope<P["message"]>) => blocks(next, from, to)
      const network = partitions.blocked === "drop" ? system.network.filter((e) => !crosses(e)) : system.network
      found.push({
        event: { _tag: "Partition", cut: number },
        after: () => ({ ...system, network, cut: next, used: spend(used, "partitions") })
      })
    }
  }
  if (model.time.kind !== "partiallySynchronous") return found
  if (!isStable) {
    if (cut === undefined) {
      found.push({
        event: { _tag: "Stabilise" },
        after: () => ({ ...system, isStable: true, nodes: system.nodes.map(Armed.stabilised) })
      })
    }
    return found
  }
  const ticked = tick(model, system)
  if (ticked !== undefined) found.push({ event: { _tag: "Tick" }, after: () => ticked })
  return found
}

/** None where something is due now. A message that is due and that nobody minds is gone with the tick. */
const tick = <P extends Vocabulary, H>(
  model: SystemModel<P, H>,
  system: System<P, H>
): System<P, H> | undefined => {
  const nodes = system.nodes.map(Armed.ticked)
  if (nodes.some((node) => node === undefined)) return undefined
  const isDue = ({ left }: Envelope<P["message"]>) => left === 0
  const isMinded = (e: Envelope<P["message"]>) => deliveriesOf(model, system, e).some(({ isIgnored }) => !isIgnored)
  if (system.network.some((e) => isDue(e) && isMinded(e))) return undefined
  const rest = system.network.filter((e) => !isDue(e)).map((e) => ({ ...e, left: e.left! - 1 }))
  if (nodes.every((node, slot) => encode(node) === encode(system.nodes[slot])) && rest.length === 0) return undefined
  return { ...system, nodes: nodes.map((node) => node!), network: rest }
}
