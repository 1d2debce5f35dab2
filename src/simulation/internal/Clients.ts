/**
 * The simulated clients. Each does one thing at a time; an answer that comes after its client gave up is late, and dropped.
 *
 * @internal
 */
import type { Digest } from "../../core/Canonical.js"
import type { Choice } from "../../core/Choice.js"
import type { NodeId } from "../../core/NodeId.js"
import type { RequestId, Vocabulary } from "../../core/Protocol.js"
import { requestId } from "../../core/Protocol.js"
import type { Client, ClientApi, Session } from "../Scenario.js"
import { Mark } from "./marks.js"
import type { SimulatedNode } from "./Node.js"

type Answer<P extends Vocabulary> = (reply: P["reply"], state: P["state"] | undefined) => void

/** What clients need of their cluster. */
export interface Host<P extends Vocabulary> {
  readonly scenario: { readonly nodes: ReadonlyArray<NodeId> }
  readonly nodes: ReadonlyArray<SimulatedNode<P>>
  readonly now: number
  readonly closing: boolean
  readonly counters: { lateReplies: number }
  readonly digest: Digest
  at(delay: number, run: () => void): void
}

/** @internal */
export class Clients<P extends Vocabulary> {
  /** By node and request, who waits for its answer. Requests that a crash ended stay until their client gives up. */
  private readonly waiting: ReadonlyArray<Map<RequestId, Answer<P>>>
  private sequence = 0

  constructor(private readonly host: Host<P>, private readonly session: Session<P>, choice: Choice) {
    this.waiting = host.nodes.map(() => new Map())
    session.clients.forEach((make, i) => this.add(make, choice.fork(`client-${i}`)))
  }

  /** A node answers; what is unknown or finished is counted. */
  reply(node: SimulatedNode<P>, id: RequestId, reply: P["reply"]): void {
    const waiting = this.waiting[node.index]!
    const answer = waiting.get(id)
    if (answer === undefined) {
      this.host.counters.lateReplies++
      return
    }
    waiting.delete(id)
    this.host.digest.int(Mark.reply | node.index << 12).number(id)
    this.session.onReply?.(node.id, id, reply)
    answer(reply, node.current)
  }

  private add(make: (api: ClientApi<P>) => Client<P>, choice: Choice): void {
    const { host } = this
    const slot: { client: Client<P> | undefined } = { client: undefined } // it is made from the very functions that call it
    let asked = 0 // what it asked last; an answer to anything else is late
    let isWaiting = false
    const settle = (ask: number, reply: P["reply"] | undefined, state?: P["state"]): void => {
      if (!isWaiting || ask !== asked) return
      isWaiting = false
      slot.client?.onReply(reply, state)
    }
    const api: ClientApi<P> = {
      nodes: host.scenario.nodes,
      ask: (to, request, timeout) => {
        const ask = ++asked
        isWaiting = true
        const node = host.nodes.find(({ id }) => id === to)
        let forget = (): void => {}
        host.at(timeout * 1000, () => {
          forget()
          settle(ask, undefined)
        })
        host.at(50 + choice.below(500, "ask"), () => {
          if (node === undefined || !node.isUp || ask !== asked || !isWaiting) return
          const id = requestId(node.incarnation, this.sequence++)
          const waiting = this.waiting[node.index]!
          waiting.set(id, (reply, state) => host.at(100, () => settle(ask, reply, state)))
          forget = () => waiting.delete(id)
          host.digest.int(Mark.request | node.index << 12).number(id)
          this.session.onRequest?.(node.id, id, request)
          node.request(id, request)
        })
      },
      sleep: (millis) => host.at(Math.max(1, millis) * 1000, () => slot.client?.onWake()),
      choose: (n, label) => choice.below(n, label),
      isClosing: () => host.closing
    }
    slot.client = make(api)
    host.at(1 + choice.below(1000, "first"), () => slot.client?.onWake())
  }
}
