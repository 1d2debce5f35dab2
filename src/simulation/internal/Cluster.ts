/**
 * The simulated cluster: a discrete-event loop over nodes, disks, links and clients, on virtual time in integer microseconds.
 *
 * @internal
 */
import { Digest } from "../../core/Canonical.js"
import type { Choice } from "../../core/Choice.js"
import { chance, TapeMismatch } from "../../core/Choice.js"
import type { NodeId } from "../../core/NodeId.js"
import type { Vocabulary } from "../../core/Protocol.js"
import { requestId } from "../../core/Protocol.js"
import type { FaultPlan } from "../Faults.js"
import type { Client, ClientApi, Member, Scenario, Session } from "../Scenario.js"

import { Heap } from "../../core/Heap.js"
import { Nemesis } from "./Nemesis.js"
import type { Host } from "./Node.js"
import { SimulatedNode } from "./Node.js"

interface Scheduled {
  readonly time: number
  readonly sequence: number
  readonly run: () => void
}

/** @internal */
export interface Violation {
  readonly property: string
  readonly detail: string
  readonly atMillis: number
}

/** @internal */
export class Cluster<P extends Vocabulary> implements Host<P> {
  readonly nodes: ReadonlyArray<SimulatedNode<P>>
  readonly digest = new Digest()
  readonly counters = { delivered: 0, dropped: 0, duplicated: 0, crashes: 0, restarts: 0, partitions: 0, pauses: 0 }
  now = 0
  events = 0
  violation: Violation | undefined
  /** Faults end here. */
  healed = false
  closing = false
  private sequence = 0
  private readonly queue = new Heap<Scheduled>((a, b) =>
    a.time < b.time || (a.time === b.time && a.sequence < b.sequence)
  )
  /** The latest arrival on the link from i to j, at i * n + j. */
  private readonly links: Float64Array
  private readonly byId: ReadonlyMap<NodeId, SimulatedNode<P>>
  private readonly session: Session<P>
  private readonly link: Choice
  private readonly nemesis: Nemesis<P>
  private members: ReadonlyArray<Member<P>>

  constructor(readonly scenario: Scenario<P>, choice: Choice, readonly plan: FaultPlan) {
    this.session = scenario.session()
    this.link = choice.fork("link")
    const skew = choice.fork("skew")
    this.nodes = scenario.nodes.map((id, i) => {
      const percent = plan.skew === 0 ? 100 : [100, 80, 90, 110, 120][skew.below(5, "clock")]!
      return new SimulatedNode<P>(this, id, i, scenario.protocol(id), choice.fork(`node-${id}`), percent)
    })
    this.links = new Float64Array(this.nodes.length * this.nodes.length)
    this.byId = new Map(this.nodes.map((node) => [node.id, node]))
    this.members = this.nodes.map((node) => node.member())
    this.nemesis = new Nemesis(this, choice.fork("nemesis"))
    for (const node of this.nodes) node.boot()
    this.session.clients.forEach((make, i) => this.addClient(make, choice.fork(`client-${i}`)))
    this.at(Nemesis.beat, () => this.nemesis.act())
  }

  at(delay: number, run: () => void): void {
    this.queue.push({ time: this.now + delay, sequence: this.sequence++, run })
  }

  /** Runs every event up to a time, or to the first violation. */
  runUntil(time: number): void {
    for (;;) {
      if (this.violation !== undefined) return
      const next = this.queue.pop()
      if (next === undefined) return
      if (next.time > time) {
        this.queue.push(next)
        this.now = time
        return
      }
      this.now = next.time
      this.events++
      try {
        next.run()
      } catch (error) {
        if (error instanceof TapeMismatch) throw error
        const detail = error instanceof Error ? error.message : String(error)
        this.violation ??= { property: "HandlersAreTotal", detail, atMillis: Math.floor(this.now / 1000) }
      }
    }
  }

  /** What a node asks of the network. */
  send(from: SimulatedNode<P>, to: NodeId, message: P["message"]): void {
    if (to === from.id) {
      const { life } = from
      this.at(1, () => {
        if (from.life === life) from.receive(from.id, message)
      })
      return
    }
    const target = this.byId.get(to)
    this.digest.int(1).int(from.index).int(target?.index ?? -1).number(this.now).int(this.scenario.digest(message))
    if (target === undefined || this.nemesis.cuts(from.id, to) || this.fault("drop")) {
      this.counters.dropped++
      return
    }
    this.deliver(from, target, message)
    if (this.fault("duplicate")) {
      this.counters.duplicated++
      this.deliver(from, target, message)
    }
  }

  private fault(label: keyof FaultPlan): boolean {
    return !this.healed && this.plan[label] > 0 && chance(this.link.fork(label), label)
  }

  private deliver(from: SimulatedNode<P>, target: SimulatedNode<P>, message: P["message"]): void {
    const link = from.index * this.nodes.length + target.index
    const slow = this.fault("slowLink") ? this.link.below(300_000, "slow") : 0
    const arrival = this.now + 200 + this.link.below(5_000, "delay") + slow
    const last = this.links[link]!
    const time = arrival > last || this.fault("reorder") ? arrival : last + 1
    if (time > last) this.links[link] = time
    this.at(time - this.now, () => {
      if (this.nemesis.cuts(from.id, target.id)) {
        this.counters.dropped++
        return
      }
      this.counters.delivered++
      this.digest.int(2).int(target.index).number(this.now).int(this.scenario.digest(message))
      target.receive(from.id, message)
    })
  }

  emit(node: SimulatedNode<P>, event: P["event"]): void {
    this.session.onEvent?.(node.id, event)
  }

  reply(node: SimulatedNode<P>, id: number, reply: P["reply"]): void {
    this.pendingReplies.get(`${node.id}/${id}`)?.(reply, node.member().state)
  }

  private readonly pendingReplies = new Map<
    string,
    (reply: P["reply"] | undefined, state: P["state"] | undefined) => void
  >()

  /** After every step of a node: the properties. */
  stepped(node: SimulatedNode<P>): void {
    const member = node.member()
    const before = this.members
    const old = before[node.index]!
    if (member.state === old.state && member.durable === old.durable) return
    const after = before.slice()
    after[node.index] = member
    this.members = after
    const found = this.session.always(before, after)
    if (found !== undefined && this.violation === undefined) {
      this.violation = { ...found, atMillis: Math.floor(this.now / 1000) }
    }
  }

  heal(): void {
    this.healed = true
    this.nemesis.heal()
  }

  finish(): ReadonlyArray<Violation> {
    if (this.violation !== undefined) return [this.violation]
    const atMillis = Math.floor(this.now / 1000)
    return this.session.atEnd(this.members).map((found) => ({ ...found, atMillis }))
  }

  get operations(): number {
    return this.session.operations()
  }

  private addClient(make: (api: ClientApi<P>) => Client<P>, choice: Choice): void {
    // `waiting` is the request whose answer it waits for; an answer to any other is late
    const slot: { client: Client<P> | undefined; waiting: string | undefined } = {
      client: undefined,
      waiting: undefined
    }
    const settle = (key: string, reply: P["reply"] | undefined, state?: P["state"]) => {
      if (slot.waiting !== key) return
      slot.waiting = undefined
      this.pendingReplies.delete(key)
      slot.client?.onReply(reply, state)
    }
    const api: ClientApi<P> = {
      nodes: this.scenario.nodes,
      ask: (to, request, timeout) => {
        const node = this.nodes.find((n) => n.id === to)!
        const id = requestId(0, this.requests++)
        const key = `${to}/${id}`
        slot.waiting = key
        this.pendingReplies.set(key, (reply, state) => this.at(100, () => settle(key, reply, state)))
        this.at(timeout * 1000, () => settle(key, undefined))
        this.at(50 + choice.below(500, "ask"), () => node.request(id, request))
      },
      sleep: (millis) => this.at(Math.max(1, millis) * 1000, () => slot.client?.onWake()),
      choose: (n, label) => choice.below(n, label),
      isClosing: () => this.closing
    }
    slot.client = make(api)
    this.at(1 + choice.below(1000, "first"), () => slot.client?.onWake())
  }

  private requests = 1
}
