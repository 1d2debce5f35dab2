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
import type { Band, Found, Kind, Operation, Part, Step, Trace } from "./Trace.js"
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
      ...(i === 0 ? { kind: "start", label: "start" } : heading(events[i - 1]!, states[i]!)),
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

// ---- watching an event

/** What one event made nodes and clients do. */
class Witness<P extends Vocabulary> {
  readonly sent: Array<Envelope<P["message"]>> = []
  readonly delivered: Array<Envelope<P["message"]>> = []
  readonly replies: Array<{ readonly client: number; readonly reply: P["reply"] }> = []
  readonly lost: Array<number> = []
  readonly operations: Array<Operation> = []

  forget(): void {
    for (const list of [this.sent, this.delivered, this.replies, this.lost]) list.length = 0
  }

  /** Clients ask one thing at a time: what ends is the last that they asked. */
  operate(event: Event<P>, step: number): void {
    if (event._tag === "Request") {
      const { client, node, request } = event
      this.operations.push({
        client: `client ${client}`,
        request: `${Value.gist(Value.of(request))} at ${node}`,
        reply: undefined,
        invoked: step,
        returned: undefined,
        isViolation: false
      })
    }
    const close = (client: number, end: Partial<Operation>): void => {
      const at = this.operations.findLastIndex((operation) => operation.client === `client ${client}`)
      const open = this.operations[at]
      if (open !== undefined) this.operations[at] = { ...open, ...end }
    }
    for (const { client, reply } of this.replies) {
      close(client, { reply: Value.gist(Value.of(reply)), returned: step })
    }
    for (const client of this.lost) close(client, { reply: "unknown: the node crashed" })
  }
}

/** The same model, which tells the witness what happens. */
const watch = <P extends Vocabulary, H>(
  model: SystemModel<P, H>,
  { delivered, lost, replies, sent }: Witness<P>
): SystemModel<P, H> => ({
  ...model,
  history: {
    ...model.history,
    onDeliver: (history, envelope) => {
      delivered.push(envelope)
      return model.history.onDeliver(history, envelope)
    },
    onSendFrom: (history, envelope, durable) => {
      sent.push(envelope)
      return model.history.onSendFrom?.(history, envelope, durable) ?? model.history.onSend(history, envelope)
    }
  },
  clients: model.clients.map((of, client) => ({
    ...of,
    onReply: (state, reply, ask) => {
      replies.push({ client, reply })
      return of.onReply(state, reply, ask)
    },
    onLost: (state, ask) => {
      lost.push(client)
      return of.onLost(state, ask)
    }
  }))
})

const follow = <P extends Vocabulary, H>(
  messages: Messages,
  { delivered, sent }: Witness<P>,
  event: Event<P>,
  before: System<P, H>,
  after: System<P, H>,
  step: number
): void => {
  switch (event._tag) {
    case "Deliver":
      messages.take(event.envelope, step, "delivered")
      break
    case "Ignore":
      messages.take(event.envelope, step, "ignored")
      break
    case "Drop":
      messages.take(event.envelope, step, "lost")
      break
    case "Duplicate":
      messages.copy(event.envelope, step)
      break
    case "Round": {
      const taken = new Set(delivered.map((envelope) => encode(envelope)))
      for (const envelope of before.network) {
        const isTaken = taken.has(encode(envelope))
        const isUp = event.parts.some((part) => part._tag === "Step" && part.node === envelope.to)
        messages.take(envelope, step, isTaken ? "delivered" : isUp ? "ignored" : "lost")
      }
      break
    }
    default:
  }
  for (const envelope of sent) messages.send(envelope, step)
  messages.reconcile(after.network, step, event._tag === "Tick" ? "ignored" : "lost")
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
  { cut }: System<P, H>
): { readonly kind: Kind; readonly label: string; readonly lane?: string } => {
  const kind = kinds[event._tag]
  switch (event._tag) {
    case "Deliver":
      return { kind, lane: event.envelope.to, label: `${kind} ${passage(event.envelope)}${choice(event.outcome)}` }
    case "Ignore":
      return { kind, lane: event.envelope.to, label: `${kind} ${passage(event.envelope)}` }
    case "Drop":
    case "Duplicate":
      return { kind, label: `${kind} ${passage(event.envelope)}` }
    case "Request":
      return {
        kind,
        lane: event.node,
        label: `request of client ${event.client} at ${event.node}: ${shown(event.request)}${choice(event.outcome)}`
      }
    case "Fire":
      return { kind, lane: event.node, label: `timer ${shown(event.timer)} of ${event.node}${choice(event.outcome)}` }
    case "Partition":
      return { kind, label: cut === undefined ? describe(event) : `partition ${describeCut(cut)}` }
    case "Durable":
    case "Crash":
    case "Restart":
      return { kind, lane: event.node, label: describe(event) }
    default:
      return { kind, label: describe(event) }
  }
}

const shown = (value: unknown): string => typeof value === "string" ? value : Value.text(Value.of(value))

const passage = ({ from, message, to }: Envelope<unknown>): string => `${from} -> ${to} ${shown(message)}`

const choice = (outcome: number): string => outcome === 0 ? "" : ` (choice ${outcome})`

/** The sides of a cut; where it is not symmetric, who does not hear whom. */
const describeCut = (cut: NonNullable<System<Vocabulary, unknown>["cut"]>): string => {
  const [first] = cut
  const right: ReadonlyArray<NodeId> = first === undefined ? [] : [...first[1]]
  const left = [...cut].flatMap(([node, unheard]) => encode(unheard) === encode(new Set(right)) ? [node] : [])
  if (encode(between(left, right)) === encode(cut)) return `${left.join(" ")} | ${right.join(" ")}`
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
