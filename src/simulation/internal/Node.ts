/**
 * A simulated node: a protocol, its timers, its durability gate and its disk. A crash loses the state and every frame that is not durable.
 *
 * @internal
 */
import type { Choice } from "../../core/Choice.js"
import { chance } from "../../core/Choice.js"
import { Gate } from "../../core/Gate.js"
import type { NodeId } from "../../core/NodeId.js"
import type { Protocol, RequestId, Vocabulary } from "../../core/Protocol.js"
import { emptyDurable } from "../../core/Protocol.js"
import type { Effect } from "../../core/Recorder.js"
import { Recorder } from "../../core/Recorder.js"
import type { FaultPlan } from "../Faults.js"
import type { Member } from "../Scenario.js"

/** What a node needs of its cluster. */
export interface Host<P extends Vocabulary> {
  readonly scenario: { readonly nodes: ReadonlyArray<NodeId> }
  readonly plan: FaultPlan
  readonly healed: boolean
  readonly now: number
  readonly digest: { int(x: number): { number(x: number): unknown } }
  at(delay: number, run: () => void): void
  send(from: SimulatedNode<P>, to: NodeId, message: P["message"]): void
  emit(node: SimulatedNode<P>, event: P["event"]): void
  reply(node: SimulatedNode<P>, id: RequestId, reply: P["reply"]): void
  stepped(node: SimulatedNode<P>): void
}

/** @internal */
export class SimulatedNode<P extends Vocabulary> {
  /** Counts boots; what was scheduled in another life does nothing. */
  life = 0
  private state: P["state"] | undefined
  private up = false
  private durable: P["durable"]
  private gate = new Gate<Effect<P>>()
  private frames: Array<{ readonly position: number; readonly records: ReadonlyArray<P["record"]> }> = []
  private writing = false
  private pausedUntil = 0
  private epochs = new Map<string, number>()
  private epoch = 0
  private readonly recorder: Recorder<P>

  constructor(
    private readonly host: Host<P>,
    readonly id: NodeId,
    readonly index: number,
    private readonly protocol: Protocol<P>,
    private readonly choice: Choice,
    private readonly clockPercent: number
  ) {
    this.durable = emptyDurable(protocol)
    this.recorder = new Recorder<P>((n, label) => choice.below(n, label))
  }

  get isUp(): boolean {
    return this.up
  }

  member(): Member<P> {
    return { id: this.id, state: this.up ? this.state : undefined, durable: this.durable }
  }

  boot(): void {
    this.life++
    this.up = true
    this.gate = new Gate()
    this.frames = []
    this.writing = false
    this.epochs = new Map()
    this.step(() => this.protocol.start({ id: this.id, nodes: this.host.scenario.nodes }, this.durable, this.recorder))
  }

  /** Stops at once. Of the frames that are being written a prefix may have reached the disk. */
  crash(): void {
    const survivors = this.choice.below(this.frames.length + 1, "survivors")
    for (const frame of this.frames.slice(0, survivors)) this.fold(frame.records)
    this.life++
    this.up = false
    this.state = undefined
    this.host.stepped(this)
  }

  /** Stands still for a while: everything that reaches it waits. */
  pause(micros: number): void {
    this.pausedUntil = this.host.now + micros
  }

  receive(from: NodeId, message: P["message"]): void {
    this.alive((state) => this.protocol.onMessage(state, from, message, this.recorder))
  }

  request(id: RequestId, request: P["request"]): void {
    this.alive((state) => this.protocol.onRequest?.(state, id, request, this.recorder) ?? state)
  }

  private alive(handle: (state: P["state"]) => P["state"]): void {
    if (!this.up) return
    if (this.host.now < this.pausedUntil) {
      const { life } = this
      this.host.at(this.pausedUntil - this.host.now, () => {
        if (this.life === life) this.alive(handle)
      })
      return
    }
    this.step(() => handle(this.state))
  }

  private step(handle: () => P["state"]): void {
    const { recorder } = this
    if (!recorder.isEmpty) recorder.clear() // emptying three arrays at every step costs a tenth of a run
    this.state = handle()
    if (!recorder.isEmpty) this.interpret()
    this.host.stepped(this)
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
      else if (effect._tag === "CancelTimer") this.epochs.delete(timerKey(effect.timer))
      else if (effect.gated && !this.gate.isOpen) this.gate.hold(effect)
      else this.leave(effect)
    }
    if (!framed) this.write(records.slice())
  }

  private leave(effect: Effect<P>): void {
    switch (effect._tag) {
      case "Send":
        return this.host.send(this, effect.to, effect.message)
      case "Reply":
        return this.host.reply(this, effect.id, effect.reply)
      case "Emit":
        return this.host.emit(this, effect.event)
    }
  }

  private arm(timer: P["timer"], min: number, max: number): void {
    const key = timerKey(timer)
    const epoch = ++this.epoch
    this.epochs.set(key, epoch)
    const millis = max > min ? min + this.choice.below(Math.floor(max - min) + 1, "timer") : min
    // 0 is the end of the batch: of what arrives within the next few steps
    const delay = millis === 0 ? 1 + this.choice.below(20, "batch") : Math.round(millis * 10 * this.clockPercent)
    const { life } = this
    this.host.at(delay, () => {
      if (this.life !== life || this.epochs.get(key) !== epoch) return
      this.alive((state) => {
        if (this.epochs.get(key) !== epoch) return state // re-armed or cancelled while it stood still
        this.epochs.delete(key)
        this.host.digest.int(3).number(this.host.now)
        return this.protocol.onTimer?.(state, timer, this.recorder) ?? state
      })
    })
  }

  private write(records: ReadonlyArray<P["record"]>): void {
    this.frames.push({ position: this.gate.write(), records })
    this.startWriting()
  }

  /** One write in flight; what queues meanwhile is the next one. */
  private startWriting(): void {
    if (this.writing || this.frames.length === 0) return
    this.writing = true
    const { life } = this
    const count = this.frames.length
    const slow = !this.host.healed && this.host.plan.slowDisk > 0 && chance(this.choice, "slowDisk")
    this.host.at(100 + this.choice.below(slow ? 100_000 : 2_000, "write"), () => {
      if (this.life === life) this.written(count)
    })
  }

  private written(count: number): void {
    const done = this.frames.splice(0, count)
    for (const frame of done) this.fold(frame.records)
    const position = done[done.length - 1]!.position
    this.writing = false
    this.host.digest.int(4).number(position)
    this.gate.release(position, (effect) => this.leave(effect))
    this.startWriting()
    this.alive((state) => this.protocol.onDurable?.(state, this.durable, this.recorder) ?? state)
    this.host.stepped(this)
  }

  private fold(records: ReadonlyArray<P["record"]>): void {
    for (const record of records) this.durable = this.protocol.durable?.fold(this.durable, record)
  }
}

const timerKey = (timer: unknown): string => typeof timer === "string" ? timer : JSON.stringify(timer)
