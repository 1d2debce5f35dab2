/**
 * A simulated node, which works as the production node does: what arrives while it is busy forms the next batch; the steps of a batch come one after the other,
 * then the timers of 0 ms, then one flush of all their frames. A crash loses the state and every frame that is not on the disk.
 *
 * @internal
 */
import type { Digest } from "../../core/Canonical.js"
import type { Choice } from "../../core/Choice.js"
import { chance } from "../../core/Choice.js"
import { Gate } from "../../core/Gate.js"
import type { NodeId } from "../../core/NodeId.js"
import type { Protocol, RequestId, Vocabulary } from "../../core/Protocol.js"
import type { Effect } from "../../core/Recorder.js"
import { Recorder } from "../../core/Recorder.js"
import type { FaultPlan } from "../Faults.js"
import { Disk } from "./Disk.js"
import { Mark, stamp } from "./marks.js"
import type { Clock, Slot } from "./Timers.js"
import { Timers } from "./Timers.js"

/** What a node needs of its cluster. */
export interface Host<P extends Vocabulary> extends Clock {
  readonly scenario: { readonly nodes: ReadonlyArray<NodeId> }
  readonly plan: FaultPlan
  readonly healed: boolean
  readonly digest: Digest
  send(from: SimulatedNode<P>, to: NodeId, message: P["message"]): void
  emit(node: SimulatedNode<P>, event: P["event"]): void
  reply(node: SimulatedNode<P>, id: RequestId, reply: P["reply"]): void
  /** The node's state or disk may have changed. */
  stepped(node: SimulatedNode<P>): void
  /** The node's flush has begun and ends after so many microseconds. */
  flushing(node: SimulatedNode<P>, micros: number): void
}

/** What reaches a node while it is busy. */
type Input<P extends Vocabulary> =
  | { readonly _tag: "Message"; readonly from: NodeId; readonly message: P["message"] }
  | { readonly _tag: "Request"; readonly id: RequestId; readonly request: P["request"] }
  | { readonly _tag: "Timer"; readonly slot: Slot<P["timer"]> }
  | { readonly _tag: "Flushed"; readonly frames: number }

/** Inputs in one batch. */
const maxBatch = 64
/** Microseconds that a batch and each of its inputs take. */
const batchCost = 10
const inputCost = 1

/** @internal */
export class SimulatedNode<P extends Vocabulary> {
  /** Counts boots and crashes; what was scheduled in another life does nothing. */
  life = 0
  /** Counts boots: the incarnation in request ids. */
  incarnation = 0
  private state: P["state"] | undefined
  private up = false
  private gate = new Gate<Effect<P>>()
  /** The position of the newest frame that is known here to be on the disk. */
  private flushed = 0
  private isFlushing = false
  private timers: Timers<P["timer"]>
  private inbox: Array<Input<P>> = []
  private atEndOfBatch: Array<Slot<P["timer"]>> = []
  private busyUntil = 0
  private slowness = 1
  private slowUntil = 0
  /** When the next look into the inbox is due; Infinity where none is. */
  private wakesAt = Infinity
  private readonly disk: Disk<P>
  private readonly recorder: Recorder<P>
  private readonly timing: Choice
  private readonly stalling: Choice

  constructor(
    private readonly host: Host<P>,
    readonly id: NodeId,
    readonly index: number,
    private readonly protocol: Protocol<P>,
    choice: Choice,
    private readonly clockPercent: number
  ) {
    this.disk = new Disk(protocol.durable, choice.fork("disk"))
    this.timing = choice.fork("timer")
    this.stalling = choice.fork("stall")
    const choosing = choice.fork("choose")
    this.recorder = new Recorder<P>((n, label) => {
      const chosen = choosing.below(n, label)
      host.digest.int(stamp(Mark.choice | index << 12, chosen))
      return chosen
    })
    this.timers = new Timers(host, this.onTimer)
  }

  get isUp(): boolean {
    return this.up
  }

  /** The state, unless it is down. */
  get current(): P["state"] | undefined {
    return this.state
  }

  get durable(): P["durable"] {
    return this.disk.contents
  }

  boot(): void {
    this.life++
    this.incarnation++
    this.up = true
    this.gate = new Gate()
    this.flushed = 0
    this.isFlushing = false
    this.timers = new Timers(this.host, this.onTimer)
    this.inbox = []
    this.atEndOfBatch = []
    this.slowUntil = 0
    this.host.digest.int(stamp(Mark.boot | this.index << 12, this.host.now))
    this.begin()
    this.after(this.protocol.start({ id: this.id, nodes: this.host.scenario.nodes }, this.disk.contents, this.recorder))
    this.end(1)
  }

  /** Stops at once. */
  crash(): void {
    const survived = this.disk.crash()
    this.life++
    this.up = false
    this.state = undefined
    this.timers.end()
    this.host.digest.int(stamp(Mark.crash | this.index << 12 | Math.min(survived, 0xfff), this.host.now))
    this.host.stepped(this)
  }

  /** Stands still for a while: everything that reaches it waits, its disk's completions too. */
  pause(micros: number): void {
    if (!this.up) return
    this.host.digest.int(stamp(Mark.pause | this.index << 12, this.host.now))
    this.busyUntil = Math.max(this.busyUntil, this.host.now + micros)
  }

  /** Takes so many times as long for everything, up to a time. */
  slow(factor: number, until: number): void {
    if (!this.up) return
    this.host.digest.int(stamp(Mark.slow | this.index << 12, this.host.now, factor))
    this.slowness = factor
    this.slowUntil = until
  }

  /** Its clock jumps ahead: its timers come so much earlier. */
  jump(micros: number): void {
    if (!this.up) return
    this.host.digest.int(stamp(Mark.jump | this.index << 12, this.host.now))
    this.timers.advance(micros)
  }

  /** Goes on, if it stood still or was slow. */
  resume(): void {
    if (this.busyUntil <= this.host.now && this.slowUntil <= this.host.now) return
    this.host.digest.int(stamp(Mark.resume | this.index << 12, this.host.now))
    this.slowUntil = 0
    this.busyUntil = Math.min(this.busyUntil, this.host.now)
    this.wakeLater()
  }

  receive(from: NodeId, message: P["message"]): void {
    if (!this.up) return
    if (!this.isFree) return this.enqueue({ _tag: "Message", from, message })
    this.begin()
    this.after(this.protocol.onMessage(this.state, from, message, this.recorder))
    this.end(1)
  }

  request(id: RequestId, request: P["request"]): void {
    this.input({ _tag: "Request", id, request })
  }

  private readonly onTimer = (slot: Slot<P["timer"]>): void => this.input({ _tag: "Timer", slot })

  private get isFree(): boolean {
    return this.inbox.length === 0 && this.host.now >= this.busyUntil
  }

  private input(input: Input<P>): void {
    if (!this.up) return
    if (!this.isFree) return this.enqueue(input)
    this.begin()
    this.handle(input)
    this.end(1)
  }

  private enqueue(input: Input<P>): void {
    this.inbox.push(input)
    this.wakeLater()
  }

  private wakeLater(): void {
    if (this.inbox.length === 0) return
    const time = Math.max(this.busyUntil, this.host.now + 1)
    if (time >= this.wakesAt) return
    this.wakesAt = time
    this.host.at(time - this.host.now, this.onWake)
  }

  private readonly onWake = (): void => {
    if (this.host.now !== this.wakesAt) return
    this.wakesAt = Infinity
    if (!this.up || this.inbox.length === 0) return
    if (this.host.now < this.busyUntil) return this.wakeLater()
    const batch = this.inbox.length <= maxBatch ? this.inbox : this.inbox.slice(0, maxBatch)
    this.inbox = this.inbox.slice(batch.length)
    this.begin()
    for (const input of batch) this.handle(input)
    this.end(batch.length)
  }

  /** From here on it is busy: nothing that its own steps cause is part of the batch. */
  private begin(): void {
    this.busyUntil = this.host.now + this.cost(0)
  }

  /** Microseconds that a batch takes. */
  private cost(inputs: number): number {
    const micros = batchCost + inputCost * inputs
    return this.host.now < this.slowUntil ? micros * this.slowness : micros
  }

  private end(inputs: number): void {
    if (this.atEndOfBatch.length > 0) {
      const due = this.atEndOfBatch
      this.atEndOfBatch = []
      for (const slot of due) this.fire(slot)
      for (const slot of this.atEndOfBatch) this.inbox.push({ _tag: "Timer", slot }) // armed by such a timer: the next batch
      this.atEndOfBatch = []
    }
    if (!this.isFlushing && this.disk.isReady) this.flush()
    const { healed, now, plan } = this.host
    const stalls = plan.stall > 0 && !healed && chance(this.stalling, "stall")
    this.busyUntil = now + this.cost(inputs) + (stalls ? this.stalling.below(5_000, "length") : 0)
    this.wakeLater()
  }

  private handle(input: Input<P>): void {
    const { protocol, recorder } = this
    switch (input._tag) {
      case "Message":
        return this.after(protocol.onMessage(this.state, input.from, input.message, recorder))
      case "Request":
        if (protocol.onRequest === undefined) return
        return this.after(protocol.onRequest(this.state, input.id, input.request, recorder))
      case "Timer":
        return this.fire(input.slot)
      case "Flushed":
        this.isFlushing = false
        this.flushed += input.frames
        this.gate.release(this.flushed, this.leave)
        if (protocol.onDurable === undefined) return
        return this.after(protocol.onDurable(this.state, this.disk.contents, recorder))
    }
  }

  /** It may have been cancelled or armed again while it waited for the node. */
  private fire(slot: Slot<P["timer"]>): void {
    if (!slot.isArmed || slot.deadline > this.host.now) return
    slot.isArmed = false
    this.host.digest.int(stamp(Mark.timer | this.index << 12, this.host.now))
    if (this.protocol.onTimer === undefined) return
    this.after(this.protocol.onTimer(this.state, slot.timer, this.recorder))
  }

  /** The end of a step: its state is judged before its effects leave. */
  private after(state: P["state"]): void {
    this.state = state
    this.host.stepped(this)
    if (this.recorder.isEmpty) return
    this.interpret()
    this.recorder.clear()
  }

  /** Effects in call order; those behind a record of this step wait for its frame. */
  private interpret(): void {
    const { afterRecord, effects, records } = this.recorder
    let framed = records.length === 0
    for (let i = 0; i < effects.length; i++) {
      if (!framed && afterRecord[i]!) {
        this.write(records.slice())
        framed = true
      }
      const effect = effects[i]!
      if (effect._tag === "SetTimer") this.arm(effect.timer, effect.min, effect.max)
      else if (effect._tag === "CancelTimer") this.timers.slot(effect.timer).isArmed = false
      else if (!this.gate.isOpen && (effect.gated || (effect._tag === "Send" && effect.to === this.id))) {
        this.gate.hold(effect) // what it sends to itself is gated, whatever it says
      } else this.leave(effect)
    }
    if (!framed) this.write(records.slice())
  }

  private readonly leave = (effect: Effect<P>): void => {
    switch (effect._tag) {
      case "Send":
        if (effect.to !== this.id) return this.host.send(this, effect.to, effect.message)
        this.host.digest.int(stamp(Mark.send | this.index << 12 | this.index, this.host.now))
        return this.enqueue({ _tag: "Message", from: this.id, message: effect.message })
      case "Reply":
        return this.host.reply(this, effect.id, effect.reply)
      case "Emit":
        return this.host.emit(this, effect.event)
    }
  }

  private arm(timer: P["timer"], min: number, max: number): void {
    const slot = this.timers.slot(timer)
    const { now } = this.host
    if (max <= 0) {
      slot.isArmed = true
      slot.deadline = now
      if (!this.atEndOfBatch.includes(slot)) this.atEndOfBatch.push(slot)
      return
    }
    this.timers.arm(slot, now + Math.max(1, Math.round(this.delay(min, max) * 10 * this.clockPercent)))
  }

  /**
   * A point of the range. The benign one is the node's own, since nodes that all draw the smallest would tie for ever: the clean run of an election would have
   * no leader.
   */
  private delay(min: number, max: number): number {
    if (max <= min) return min
    const width = Math.floor(max - min) + 1
    const own = Math.floor(width * this.index / this.host.scenario.nodes.length)
    return min + (own + this.timing.below(width, "timer")) % width
  }

  private write(frame: ReadonlyArray<P["record"]>): void {
    this.gate.write()
    this.disk.write(frame)
  }

  private flush(): void {
    this.isFlushing = true
    const { healed, plan } = this.host
    const micros = this.disk.begin(plan.slowDisk > 0 && !healed, plan.lostFlush > 0 && !healed)
    const { life } = this
    this.host.at(micros, () => {
      if (this.life !== life) return
      const frames = this.disk.end()
      this.host.digest.int(stamp(Mark.flush | this.index << 12 | Math.min(frames, 0xfff), this.host.now))
      this.host.stepped(this)
      this.input({ _tag: "Flushed", frames })
    })
    this.host.flushing(this, micros)
  }
}
