/**
 * The simulated cluster: a discrete-event loop over nodes, disks, links and clients, on virtual time in integer microseconds.
 *
 * @internal
 */
import { Digest } from "../../core/Canonical.js"
import type { Choice } from "../../core/Choice.js"
import { chance } from "../../core/Choice.js"
import { Heap } from "../../core/Heap.js"
import type { NodeId } from "../../core/NodeId.js"
import type { RequestId, Vocabulary } from "../../core/Protocol.js"
import { TapeMismatch } from "../../core/Tape.js"
import type { FaultPlan } from "../Faults.js"
import type { Member, Scenario, Session, Violation } from "../Scenario.js"
import { Clients } from "./Clients.js"
import { Links } from "./Links.js"
import { Mark, stamp } from "./marks.js"
import { Nemesis } from "./Nemesis.js"
import type { Host } from "./Node.js"
import { SimulatedNode } from "./Node.js"

/** An event: a function to run, or a message to deliver, which is most of them and has no closure. One shape, for the queue's sake. */
interface Scheduled<P extends Vocabulary> {
  readonly time: number
  readonly sequence: number
  readonly run: (() => void) | undefined
  readonly from: SimulatedNode<P> | undefined
  readonly to: SimulatedNode<P> | undefined
  readonly message: P["message"] | undefined
}

/** What happened in a run, in numbers. */
export const noCounters = () => ({
  delivered: 0,
  dropped: 0,
  duplicated: 0,
  crashes: 0,
  restarts: 0,
  partitions: 0,
  pauses: 0,
  grayFailures: 0,
  damagedDisks: 0,
  flushes: 0,
  tornFlushes: 0,
  lateReplies: 0
})

/** @internal */
export class Cluster<P extends Vocabulary> implements Host<P> {
  readonly nodes: ReadonlyArray<SimulatedNode<P>>
  readonly digest = new Digest()
  readonly counters = noCounters()
  now = 0
  events = 0
  violation: Violation | undefined
  /** Faults end here. */
  healed = false
  closing = false
  private sequence = 0
  private readonly queue = new Heap<Scheduled<P>>((a, b) =>
    a.time < b.time || (a.time === b.time && a.sequence < b.sequence)
  )
  private readonly byId: ReadonlyMap<NodeId, SimulatedNode<P>>
  private readonly session: Session<P>
  private readonly links: Links
  private readonly clients: Clients<P>
  private readonly nemesis: Nemesis<P>
  private readonly tearing: ReadonlyArray<Choice>
  private readonly members: Array<Member<P>>

  constructor(
    readonly scenario: Scenario<P>,
    choice: Choice,
    readonly plan: FaultPlan,
    private readonly eventBudget: number
  ) {
    this.session = scenario.session()
    const skew = choice.fork("skew")
    const ofNode = (id: NodeId): Choice => choice.fork(`node-${id}`)
    this.nodes = scenario.nodes.map((id, i) => {
      const percent = plan.skew === 0 ? 100 : [100, 80, 90, 110, 120][skew.below(5, "clock")]!
      return new SimulatedNode<P>(this, id, i, scenario.protocol(id), ofNode(id), percent)
    })
    this.tearing = scenario.nodes.map((id) => ofNode(id).fork("tornFlush"))
    this.byId = new Map(this.nodes.map((node) => [node.id, node]))
    this.members = this.nodes.map(({ durable, id }) => ({ id, state: undefined, durable }))
    this.links = new Links(this.nodes.length, plan, choice.fork("link"))
    this.nemesis = new Nemesis(this, choice.fork("nemesis"))
    for (const node of this.nodes) node.boot()
    this.clients = new Clients(this, this.session, choice)
  }

  at(delay: number, run: () => void): void {
    const { now, sequence } = this
    this.sequence = sequence + 1
    this.queue.push({ time: now + delay, sequence, run, from: undefined, to: undefined, message: undefined })
  }

  /** Runs every event up to a time, or to the first violation. */
  runUntil(time: number): void {
    try {
      this.runEvents(time)
    } catch (error) {
      if (error instanceof TapeMismatch) throw error
      this.violate("HandlersAreTotal", error instanceof Error ? error.message : String(error))
    }
  }

  private runEvents(time: number): void {
    const { eventBudget, queue } = this
    while (this.violation === undefined) {
      const next = queue.peek()
      if (next === undefined || next.time > time) {
        this.now = time
        return
      }
      if (this.events >= eventBudget) {
        return this.violate("EventBudget", `${this.events} events, and the run has not ended: something never rests`)
      }
      queue.pop()
      this.now = next.time
      this.events++
      if (next.run === undefined) this.deliver(next)
      else next.run()
    }
  }

  /** What a node asks of the network. */
  send(from: SimulatedNode<P>, to: NodeId, message: P["message"]): void {
    const target = this.byId.get(to)
    const { digest, healed, links, now } = this
    this.session.onSend?.(this.members[from.index]!, to, message)
    digest.int(stamp(Mark.send | from.index << 12 | (target?.index ?? 0xfff), now, this.scenario.digest(message)))
    if (
      target === undefined || (now < this.nemesis.spoiledUntil && this.nemesis.loses(from.index, target.index)) ||
      (!healed && links.drops())
    ) {
      digest.int(Mark.lost)
      this.counters.dropped++
      return
    }
    const copies = !healed && links.duplicates() ? 2 : 1
    if (copies === 2) this.counters.duplicated++
    for (let i = 0; i < copies; i++) {
      const time = now + links.latency(from.index, target.index, now, healed)
      this.queue.push({ time, sequence: this.sequence++, run: undefined, from, to: target, message })
    }
  }

  private deliver({ from, message, to }: Scheduled<P>): void {
    if (from === undefined || to === undefined) return
    if (this.now < this.nemesis.spoiledUntil && this.nemesis.cuts(from.index, to.index)) {
      this.digest.int(Mark.lost)
      this.counters.dropped++
      return
    }
    this.counters.delivered++
    this.digest.int(stamp(Mark.deliver | to.index << 12 | from.index, this.now))
    to.receive(from.id, message)
  }

  emit(node: SimulatedNode<P>, event: P["event"]): void {
    this.digest.int(Mark.emit | node.index << 12)
    this.session.onEvent?.(node.id, event)
  }

  reply(node: SimulatedNode<P>, id: RequestId, reply: P["reply"]): void {
    this.clients.reply(node, id, reply)
  }

  flushing(node: SimulatedNode<P>, micros: number): void {
    this.counters.flushes++
    const choice = this.tearing[node.index]!
    if (this.healed || this.plan.tornFlush === 0 || !chance(choice, "tornFlush")) return
    const { life } = node
    this.at(choice.below(micros, "moment"), () => {
      if (node.life !== life || this.healed) return
      this.counters.tornFlushes++
      this.nemesis.crash(node, choice)
    })
  }

  /** After every step of a node, and whatever else changes it: the properties. */
  stepped(node: SimulatedNode<P>): void {
    const { current, durable, index } = node
    const before = this.members[index]!
    if (current === before.state && durable === before.durable) return
    this.members[index] = { id: node.id, state: current, durable }
    const found = this.session.always(this.members, index, before)
    if (found !== undefined) this.violate(found.property, found.detail)
  }

  private violate(property: string, detail: string): void {
    this.violation ??= { property, detail, atMillis: Math.floor(this.now / 1000) }
  }

  heal(): void {
    this.healed = true
    this.session.onHeal?.()
    this.nemesis.heal()
  }

  /** Runs up to a time, and asks on the way whether what must come to hold has come to hold. */
  converge(end: number): void {
    const start = this.now
    let due = (this.session.eventually ?? []).filter(({ within }) => start + within * 1000 <= end)
    while (due.length > 0 && this.violation === undefined && this.now < end) {
      this.runUntil(Math.min(end, this.now + 20_000))
      due = due.filter(({ missing, property, within }) => {
        const detail = missing(this.members)
        if (detail !== undefined && this.now >= start + within * 1000) {
          this.violate(property, `${within} ms after the faults ended: ${detail}`)
        }
        return detail !== undefined
      })
    }
    this.runUntil(end)
  }

  finish(): ReadonlyArray<Violation> {
    if (this.violation !== undefined) return [this.violation]
    const atMillis = Math.floor(this.now / 1000)
    return this.session.atEnd(this.members).map((found) => ({ ...found, atMillis }))
  }

  get operations(): number {
    return this.session.operations()
  }
}
