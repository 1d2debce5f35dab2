/**
 * What one event at one node makes of the whole plain system: messages on their way, clients answered, history told.
 */
import type { Vocabulary } from "../../core/Protocol.js"
import { blocks } from "../Partition.js"
import type { Envelope, Local, System, SystemModel } from "../SystemModel.js"
import * as Flight from "./Flight.js"
import type { Outcome } from "./Steps.js"

export const follow = <P extends Vocabulary, H>(
  model: SystemModel<P, H>,
  system: System<P, H>,
  slot: number,
  outcome: Outcome<P>
): System<P, H> => {
  const id = model.nodes[slot]!
  const told = model.history
  const { cut } = system
  const isLost = (envelope: Envelope<P["message"]>) =>
    cut !== undefined && model.partitions.blocked === "drop" && blocks(cut, envelope.from, envelope.to)
  let { clients, history, network } = system
  for (const leaving of outcome.leaves) {
    if (leaving._tag === "Emit") {
      history = told.onEmit?.(history, id, leaving.event) ?? history
      continue
    }
    const envelope = envelopeOf(model, id, leaving.to, leaving.message)
    history = told.onSendFrom?.(history, envelope, outcome.local.durable) ?? told.onSend(history, envelope)
    if (!isLost(envelope)) network = Flight.put(model, network, envelope)
  }
  for (const { id, reply } of outcome.replies) {
    const client = clients.findIndex(({ open }) => open?.id === id)
    const waiting = clients[client]
    if (waiting?.open === undefined) continue // nobody waits for it any more
    const { open } = waiting
    history = told.onReply?.(history, client, reply, open.request, outcome.local.state) ?? history
    const state = model.clients[client]!.onReply(waiting.state, reply, open)
    clients = clients.with(client, { ...waiting, state, open: undefined })
  }
  return { ...system, nodes: system.nodes.with(slot, outcome.local), network, clients, history }
}

export const envelopeOf = <P extends Vocabulary, H>(
  model: SystemModel<P, H>,
  from: Envelope<P["message"]>["from"],
  to: Envelope<P["message"]>["to"],
  message: P["message"]
): Envelope<P["message"]> =>
  model.time.kind === "partiallySynchronous"
    ? { from, to, message, left: model.time.delta }
    : { from, to, message }

/** A node stops: what it said to itself goes with it, and who asked it will never know. */
export const crash = <P extends Vocabulary, H>(
  model: SystemModel<P, H>,
  system: System<P, H>,
  slot: number,
  down: Local<P>
): System<P, H> => {
  const id = model.nodes[slot]!
  let { history } = system
  const clients = system.clients.map((local, client) => {
    const { open } = local
    if (open?.node !== id) return local
    history = model.history.onLost?.(history, client, open.request) ?? history
    return { ...local, state: model.clients[client]!.onLost(local.state, open), open: undefined }
  })
  const network = system.network.filter(({ from, to }) => from !== id || to !== id)
  return { ...system, nodes: system.nodes.with(slot, down), network, clients, history }
}
