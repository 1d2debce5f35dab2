/**
 * What an event does, seen while the model's own semantics applies it: a plain state does not say who sent what, or what a client was answered.
 */
import { encode } from "../../core/Canonical.js"
import type { Vocabulary } from "../../core/Protocol.js"
import type { Event } from "../../model/Event.js"
import type { Envelope, System, SystemModel } from "../../model/SystemModel.js"
import type { Operation } from "../Trace.js"
import * as Value from "../Value.js"
import type { Messages } from "./messages.js"

/** What one event made nodes and clients do. */
export class Witness<P extends Vocabulary> {
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
export const watch = <P extends Vocabulary, H>(
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

/** Tells the messages what an event did to them. */
export const follow = <P extends Vocabulary, H>(
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
