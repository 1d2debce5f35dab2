/**
 * Runs of systems of nodes as documents: each event is found again by the model's own semantics, and watched while it happens.
 *
 * @since 0.1.0
 */
import { encode } from "../core/Canonical.js"
import type { NodeId } from "../core/NodeId.js"
import type { Vocabulary } from "../core/Protocol.js"
import type { Event } from "../model/Event.js"
import { describe } from "../model/Event.js"
import { between } from "../model/Partition.js"
import type { Envelope, System, SystemModel } from "../model/SystemModel.js"
import * as Transitions from "../model/Transitions.js"
import { claimsOf } from "./internal/claims.js"
import { Messages } from "./internal/messages.js"
import { registerOperations } from "./internal/register.js"
import { follow, watch, Witness } from "./internal/witness.js"
import type { Band, Found, Kind, Part, Step, Trace } from "./Trace.js"
import * as Value from "./Value.js"

/**
 * The document of a run. Throws a `RangeError` that names the first step which is none of the model's.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <P extends Vocabulary, H>(
  model: SystemModel<P, H>,
  { finding, loop, steps }: Found<System<P, H>, Event<P>>
): Trace => {
  const states = steps.map(({ state }) => state)
  const witness = new Witness<P>()
  const watched = watch(model, witness)
  const messages = new Messages(model.network.kind === "set")
  for (const envelope of states[0]?.network ?? []) messages.send(envelope, 0)
  const events = steps.slice(1).map((step, i) => {
    const before = states[i]!
    const event = eventOf(model, before, step, i + 1)
    witness.forget()
    Transitions.apply(watched, before, event)
    follow(messages, witness, event, before, step.state, i + 1)
    witness.operate(event, i + 1)
    return event
  })
  return {
    title: model.name,
    finding,
    lanes: model.nodes,
    steps: states.map((state, i): Step => ({
      ...(i === 0 ? { kind: "start", label: "start", headline: "start" } : heading(events[i - 1]!, states[i]!)),
      state: partsOf(model, state),
      claims: claimsOf(model.properties, states[i - 1], { event: i === 0 ? "" : describe(events[i - 1]!), state })
    })),
    messages: messages.list(),
    bands: bandsOf(model.nodes, states),
    operations: [...witness.operations, ...registerOperations(states.map(({ history }) => history))],
    loop
  }
}

/** The event that is called so and leads there. */
const eventOf = <P extends Vocabulary, H>(
  model: SystemModel<P, H>,
  before: System<P, H>,
  { event, state }: { readonly event: string | Event<P> | undefined; readonly state: System<P, H> },
  step: number
): Event<P> => {
  if (typeof event === "object") return event
  const candidates = Transitions.successors(model, before).filter((next) => describe(next.event) === event)
  const wanted = keyOf(model, state)
  const found = candidates.find(({ after }) => keyOf(model, after) === wanted)
  if (found !== undefined) return found.event
  throw new RangeError(`${model.name}: step ${step} is none of the model's: ${event ?? "an event without a name"}`)
}

/** Without the order of what is in flight, where it means nothing. */
const keyOf = <P extends Vocabulary, H>({ network }: SystemModel<P, H>, system: System<P, H>): string => {
  const channel = ({ from, to }: Envelope<unknown>) => encode([from, to])
  const sortKey = network.kind === "ordered" ? channel : encode
  const keyed = system.network.map((envelope) => [sortKey(envelope), envelope] as const)
  const inOrder = keyed.sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0).map(([, envelope]) => envelope)
  return encode({ ...system, network: inOrder })
}

// ---- showing it

const kinds: { readonly [tag in Event<Vocabulary>["_tag"]]: Kind } = {
  Deliver: "deliver",
  Ignore: "ignore",
  Drop: "drop",
  Duplicate: "duplicate",
  Request: "request",
  Fire: "timer",
  Durable: "durable",
  Crash: "crash",
  Restart: "restart",
  Partition: "partition",
  Heal: "heal",
  Stabilise: "stabilise",
  Tick: "tick",
  Round: "round"
}

const heading = <P extends Vocabulary, H>(
  event: Event<P>,
  state: System<P, H>
): Pick<Step, "kind" | "lane" | "label" | "headline"> => ({
  kind: kinds[event._tag],
  lane: laneOf(event),
  label: labelOf(event, state, Value.text),
  headline: labelOf(event, state, Value.gist)
})

const laneOf = <P extends Vocabulary>(event: Event<P>): string | undefined => {
  switch (event._tag) {
    case "Deliver":
    case "Ignore":
      return event.envelope.to
    case "Request":
    case "Fire":
    case "Durable":
    case "Crash":
    case "Restart":
      return event.node
    default:
      return undefined
  }
}

/**
 * What an event that led to this system is called in a document.
 *
 * @since 0.1.0
 * @category rendering
 */
export const label = <P extends Vocabulary, H>(event: Event<P>, after: System<P, H>): string =>
  labelOf(event, after, Value.text)

const labelOf = <P extends Vocabulary, H>(
  event: Event<P>,
  { cut }: System<P, H>,
  render: (value: Value.Value) => string
): string => {
  const shown = (value: unknown): string => typeof value === "string" ? value : render(Value.of(value))
  const passage = ({ from, message, to }: Envelope<unknown>): string => `${from} -> ${to} ${shown(message)}`
  switch (event._tag) {
    case "Deliver":
      return `deliver ${passage(event.envelope)}${choice(event.outcome)}`
    case "Ignore":
    case "Drop":
    case "Duplicate":
      return `${kinds[event._tag]} ${passage(event.envelope)}`
    case "Request":
      return `request of client ${event.client} at ${event.node}: ${shown(event.request)}${choice(event.outcome)}`
    case "Fire":
      return `timer ${shown(event.timer)} of ${event.node}${choice(event.outcome)}`
    case "Partition":
      return cut === undefined ? describe(event) : `partition ${describeCut(cut)}`
    default:
      return describe(event)
  }
}

const choice = (outcome: number): string => outcome === 0 ? "" : ` (choice ${outcome})`

/** The sides of a cut; where it is not symmetric, who does not hear whom. */
const describeCut = (cut: NonNullable<System<Vocabulary, unknown>["cut"]>): string => {
  const [first] = cut
  const right: ReadonlyArray<NodeId> = first === undefined ? [] : [...first[1]]
  const left = [...cut].flatMap(([node, unheard]) => encode(unheard) === encode(new Set(right)) ? [node] : [])
  if (encode(between(left, right)) === encode(cut)) {
    return [left, right].map((side) => side.toSorted().join(" ")).sort().join(" | ")
  }
  return [...cut].filter(([, unheard]) => unheard.size > 0)
    .map(([node, unheard]) => `${node} does not hear ${[...unheard].join(" ")}`).join(", ")
}

const partsOf = <P extends Vocabulary, H>(
  { clients, nodes }: SystemModel<P, H>,
  { clients: asking, cut, history, isStable, network, nodes: locals, used }: System<P, H>
): ReadonlyArray<Part> => [
  ...nodes.map((name, i): Part => ({ name, kind: "node", value: Value.of(locals[i]) })),
  implied("network", network),
  ...(clients.length === 0 ? [] : [variable("clients", asking)]),
  ...(history === undefined ? [] : [variable("history", history)]),
  implied("faults", used),
  implied("partition", cut === undefined ? "none" : describeCut(cut)),
  implied("isStable", isStable)
]

const variable = (name: string, value: unknown): Part => ({ name, kind: "variable", value: Value.of(value) })

const implied = (name: string, value: unknown): Part => ({ name, kind: "implied", value: Value.of(value) })

const bandsOf = <P extends Vocabulary, H>(
  nodes: ReadonlyArray<NodeId>,
  states: ReadonlyArray<System<P, H>>
): ReadonlyArray<Band> => [
  ...nodes.flatMap((lane, slot) =>
    spans(states, ({ nodes }) => nodes[slot]!.up ? undefined : `${lane} is down`)
      .map((span): Band => ({ ...span, kind: "crash", lane }))
  ),
  ...spans(states, ({ cut }) => cut === undefined ? undefined : `partition ${describeCut(cut)}`)
    .map((span): Band => ({ ...span, kind: "partition" }))
]

/** The stretches of a run in which something has a label. */
const spans = <S>(
  states: ReadonlyArray<S>,
  labelOf: (state: S) => string | undefined
): ReadonlyArray<{ readonly label: string; readonly from: number; readonly until: number | undefined }> => {
  const labels = states.map(labelOf)
  return labels.flatMap((label, from) => {
    if (label === undefined || labels[from - 1] === label) return []
    const end = labels.findIndex((other, i) => i > from && other !== label)
    return [{ label, from, until: end < 0 ? undefined : end }]
  })
}
