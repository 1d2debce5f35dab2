/**
 * The production driver of a protocol, without Effect, clock or I/O: inputs are synchronous calls, effects go to sinks.
 *
 * ```
 * batch:  due timers -> inputs, a step each -> end-of-batch timers -> one frame of all records -> (durable) gated effects -> onDurable
 * ```
 * A batch begins with its first input and ends with `endBatch`. What its own steps cause, a message to oneself or a timer of 0 that an end-of-batch timer armed, is
 * an input of a later batch, `tick`, so that others get their turn. The records of all its steps are one frame, so that a crash takes all of them or none; a batch that
 * outgrows `frameBytes` is cut between steps. A throw of a handler leaves the driver unusable: its life is over.
 *
 * @internal
 */
import { Gate } from "../../core/Gate.js"
import type { NodeId } from "../../core/NodeId.js"
import type { NodeContext, Protocol, RequestId, Vocabulary } from "../../core/Protocol.js"
import type { Effect } from "../../core/Recorder.js"
import { Recorder } from "../../core/Recorder.js"
import type { Codec } from "../../network/Codec.js"
import { Writer } from "../../network/Codec.js"
import { timerKey, TimerQueue } from "./TimerQueue.js"

/** @internal */
export interface Sinks<P extends Vocabulary> {
  readonly send: (to: NodeId, message: P["message"]) => void
  readonly reply: (id: RequestId, reply: P["reply"]) => void
  readonly emit: (event: P["event"]) => void
  /**
   * Takes the bytes of frame `position`, which are valid during the call only, and answers later by `durable(position)`. False: no room, `retryWrites` comes when there is.
   */
  readonly write: (position: number, bytes: Uint8Array) => boolean
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
  readonly draw: (n: number, label: string) => number
}

/** @internal */
export interface Options<P extends Vocabulary> {
  readonly protocol: Protocol<P>
  readonly self: NodeContext
  /** What was recovered. */
  readonly durable: P["durable"]
  readonly record: Codec<P["record"]>
  readonly sinks: Sinks<P>
  /** A frame is closed at the end of the step that takes it over this size. Default 1 MiB. */
  readonly frameBytes?: number
}

interface Unfolded<P extends Vocabulary> {
  readonly position: number
  readonly records: ReadonlyArray<P["record"]>
}

/** @internal */
export class Driver<P extends Vocabulary> {
  readonly counters = { steps: 0, batches: 0, frames: 0 }
  private current: P["state"] | undefined
  /** The fold of the frames up to `durablePosition`. */
  private folded: P["durable"]
  private foldedPosition = 0
  private unfolded: Array<Unfolded<P>> = []
  private readonly gate = new Gate<Effect<P>>()
  private readonly recorder: Recorder<P>
  private readonly timers = new TimerQueue<P["timer"]>()
  /** Timers of 0, by key, in the order of their first arming. */
  private readonly ending = new Map<unknown, { readonly timer: P["timer"]; isArmed: boolean }>()
  private own: Array<P["message"]> = []
  private readonly writer = new Writer(4_096)
  private forming: Array<P["record"]> = []
  private refused: Array<{ readonly position: number; readonly bytes: Uint8Array }> = []
  private time: number | undefined

  constructor(private readonly options: Options<P>) {
    this.folded = options.durable
    this.recorder = new Recorder<P>(options.sinks.draw)
  }

  get state(): P["state"] {
    return this.current
  }

  /** What is on disk: the fold, and the number of the newest frame in it. */
  get durableState(): { readonly durable: P["durable"]; readonly position: number } {
    return { durable: this.folded, position: this.foldedPosition }
  }

  /** Frames were refused: no input should come before `retryWrites` succeeds. */
  get isBlocked(): boolean {
    return this.refused.length > 0
  }

  /** Whether own messages or timers of 0 are left over: `tick` is due at once. */
  get hasOwnWork(): boolean {
    return this.own.length > 0 || this.ending.size > 0
  }

  /** When the next timer may be due. */
  get nextTimer(): number | undefined {
    return this.timers.next()
  }

  start(): void {
    this.time = this.options.sinks.now()
    const { durable, protocol, self } = this.options
    this.run(() => protocol.start(self, durable, this.recorder))
  }

  message(from: NodeId, message: P["message"]): void {
    this.begin()
    this.run(() => this.options.protocol.onMessage(this.current, from, message, this.recorder))
  }

  request(id: RequestId, request: P["request"]): void {
    this.begin()
    this.run(() => this.options.protocol.onRequest?.(this.current, id, request, this.recorder) ?? this.current)
  }

  /** Runs the timers that are due, as every input does first, and what own steps have caused. */
  tick(): void {
    this.begin()
    const { protocol, self } = this.options
    const { own } = this
    this.own = []
    this.endTimers()
    for (const message of own) this.run(() => protocol.onMessage(this.current, self.id, message, this.recorder))
  }

  /** Every frame up to `position` is durable. */
  durable(position: number): void {
    if (position <= this.foldedPosition) return
    this.begin()
    const { protocol } = this.options
    let done = 0
    for (; done < this.unfolded.length && this.unfolded[done]!.position <= position; done++) {
      for (const record of this.unfolded[done]!.records) this.folded = protocol.durable?.fold(this.folded, record)
    }
    this.unfolded.splice(0, done)
    this.foldedPosition = position
    this.gate.release(position, (effect) => this.leave(effect))
    if (protocol.onDurable !== undefined) {
      this.run(() => protocol.onDurable?.(this.current, this.folded, this.recorder) ?? this.current)
    }
  }

  /** Ends the batch: its timers of 0, then its frame. */
  endBatch(): void {
    if (this.time === undefined) return
    this.endTimers()
    this.close()
    this.time = undefined
    this.counters.batches++
  }

  /** Gives the refused frames to the disk again; whether all were taken. */
  retryWrites(): boolean {
    while (this.refused.length > 0) {
      const { bytes, position } = this.refused[0]!
      if (!this.options.sinks.write(position, bytes)) return false
      this.refused.shift()
    }
    return true
  }

  /** Fires the timers of 0 that are armed now, in the order of their first arming, unless one of them cancels another. */
  private endTimers(): void {
    if (this.ending.size === 0) return
    for (const [key, slot] of Array.from(this.ending)) {
      this.ending.delete(key)
      if (slot.isArmed) this.fire(slot.timer)
    }
  }

  private begin(): void {
    if (this.time !== undefined) return
    const now = this.time = this.options.sinks.now()
    for (let due = this.timers.due(now); due !== undefined; due = this.timers.due(now)) this.fire(due.timer)
  }

  private fire(timer: P["timer"]): void {
    const { protocol } = this.options
    this.run(() => protocol.onTimer?.(this.current, timer, this.recorder) ?? this.current)
  }

  private run(handle: () => P["state"]): void {
    const { recorder } = this
    recorder.clear()
    this.current = handle()
    this.counters.steps++
    if (!recorder.isEmpty) this.interpret()
  }

  /** Effects in call order; those behind a record of this step wait for the frame that it goes into. */
  private interpret(): void {
    const { afterRecord, effects, records } = this.recorder
    let isTaken = records.length === 0
    for (let i = 0; i < effects.length; i++) {
      if (!isTaken && afterRecord[i]!) {
        this.take(records)
        isTaken = true
      }
      this.perform(effects[i]!)
    }
    if (!isTaken) this.take(records)
    if (this.writer.length >= (this.options.frameBytes ?? 1_048_576)) this.close()
  }

  private take(records: ReadonlyArray<P["record"]>): void {
    if (this.forming.length === 0) this.gate.write()
    for (const record of records) {
      this.forming.push(record)
      this.options.record.encode(record, this.writer)
    }
  }

  /** Hands the forming frame to the disk. */
  private close(): void {
    if (this.forming.length === 0) return
    const { position } = this.gate
    const bytes = this.writer.bytes.subarray(0, this.writer.length)
    this.unfolded.push({ position, records: this.forming })
    this.forming = []
    this.counters.frames++
    if (this.refused.length > 0 || !this.options.sinks.write(position, bytes)) {
      this.refused.push({ position, bytes: bytes.slice() })
    }
    this.writer.reset()
  }

  private perform(effect: Effect<P>): void {
    if (effect._tag === "SetTimer") this.arm(effect.timer, effect.min, effect.max)
    else if (effect._tag === "CancelTimer") {
      this.timers.cancel(effect.timer)
      this.disarmEnding(effect.timer)
    } else if (!this.gate.isOpen && (effect.gated || (effect._tag === "Send" && effect.to === this.options.self.id))) {
      this.gate.hold(effect)
    } else this.leave(effect)
  }

  private leave(effect: Effect<P>): void {
    switch (effect._tag) {
      case "Send":
        if (effect.to === this.options.self.id) this.own.push(effect.message)
        else this.options.sinks.send(effect.to, effect.message)
        return
      case "Reply":
        return this.options.sinks.reply(effect.id, effect.reply)
      case "Emit":
        return this.options.sinks.emit(effect.event)
    }
  }

  private arm(timer: P["timer"], min: number, max: number): void {
    if (max <= 0) {
      this.timers.cancel(timer)
      const key = timerKey(timer)
      const slot = this.ending.get(key)
      if (slot === undefined) this.ending.set(key, { timer, isArmed: true })
      else slot.isArmed = true
    } else {
      this.disarmEnding(timer)
      const delay = max > min ? min + this.options.sinks.draw(Math.floor(max - min) + 1, "timer") : min
      this.timers.arm(timer, this.time! + delay) // within a batch, which has a time
    }
  }

  /** A timer of 0 keeps its place, should it be armed again within the batch. */
  private disarmEnding(timer: P["timer"]): void {
    const slot = this.ending.size === 0 ? undefined : this.ending.get(timerKey(timer))
    if (slot !== undefined) slot.isArmed = false
  }
}
