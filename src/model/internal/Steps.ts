/**
 * What one event makes of one node, with every outcome that its choices allow: the checker memoises it, and the plain transitions call it.
 */
import { encode } from "../../core/Canonical.js"
import { Gate } from "../../core/Gate.js"
import type { NodeId } from "../../core/NodeId.js"
import type { NodeContext, Outbox, Protocol, RequestId, Vocabulary } from "../../core/Protocol.js"
import { emptyDurable } from "../../core/Protocol.js"
import type { Effect } from "../../core/Recorder.js"
import { Recorder } from "../../core/Recorder.js"
import type { Local, SystemModel, Unfinished } from "../SystemModel.js"
import { protocolOf } from "../SystemModel.js"
import * as Armed from "./Armed.js"

/** How the steps of one node are taken. */
export interface Stepping<P extends Vocabulary> {
  readonly protocol: Protocol<P>
  readonly context: NodeContext
  readonly isDelayed: boolean
  readonly isForgetful: boolean
  /** An equal gated send waits once, since a set holds it once. */
  readonly isSet: boolean
  /** Milliseconds, where timers have deadlines. */
  readonly tick: number | undefined
}

/** What leaves a node for the network or the world. */
export type Leaving<P extends Vocabulary> =
  | { readonly _tag: "Send"; readonly to: NodeId; readonly message: P["message"] }
  | { readonly _tag: "Emit"; readonly event: P["event"] }

/** What one event made of a node, and what left it, in order. */
export interface Outcome<P extends Vocabulary> {
  readonly local: Local<P>
  readonly leaves: ReadonlyArray<Leaving<P>>
  readonly replies: ReadonlyArray<{ readonly id: RequestId; readonly reply: P["reply"] }>
  /** The same state and an untouched outbox. */
  readonly isIgnored: boolean
}

/** Outcomes that one event may have by its choices. */
const maxOutcomes = 10_000

/** Steps that one event may lead to at one node: writes of `onDurable` with atomic durability, timers of 0 ms in a round. */
const maxSteps = 1_000

export const steppingOf = <P extends Vocabulary, H>(model: SystemModel<P, H>, id: NodeId): Stepping<P> => ({
  protocol: protocolOf(model, id),
  context: { id, nodes: model.nodes },
  isDelayed: model.durability === "delayed",
  isForgetful: model.forgetful.includes(id),
  isSet: model.network.kind === "set",
  tick: model.time.kind === "partiallySynchronous" ? model.time.tick : undefined
})

/** A node that was never up. */
export const unborn = <P extends Vocabulary>({ isForgetful, protocol }: Stepping<P>): Local<P> => ({
  up: false,
  state: undefined,
  timers: [],
  durable: emptyDurable(protocol),
  written: isForgetful ? [] : undefined
})

// ---- events of a node

export const starts = <P extends Vocabulary>(of: Stepping<P>, before: Local<P>): ReadonlyArray<Outcome<P>> => {
  const booting: Local<P> = {
    up: true,
    state: undefined,
    timers: [],
    durable: before.durable,
    written: before.written,
    deadlines: of.tick === undefined ? undefined : []
  }
  return outcomes(of, booting, [], (life) => life.step((_, out) => of.protocol.start(of.context, before.durable, out)))
}

export const deliveries = <P extends Vocabulary>(
  of: Stepping<P>,
  before: Local<P>,
  from: NodeId,
  message: P["message"]
): ReadonlyArray<Outcome<P>> =>
  outcomes(of, before, [], (life) => life.step((state, out) => of.protocol.onMessage(state, from, message, out)))

export const requests = <P extends Vocabulary>(
  of: Stepping<P>,
  before: Local<P>,
  id: RequestId,
  request: P["request"]
): ReadonlyArray<Outcome<P>> =>
  outcomes(
    of,
    before,
    [],
    (life) => life.step((state, out) => of.protocol.onRequest?.(state, id, request, out) ?? state)
  )

export const firings = <P extends Vocabulary>(
  of: Stepping<P>,
  before: Local<P>,
  timer: P["timer"]
): ReadonlyArray<Outcome<P>> => outcomes(of, before, [], (life) => life.fire(timer))

/** How many frames are written and not reported. */
export const frames = <P extends Vocabulary>({ unfinished }: Local<P>): number =>
  unfinished?.filter(({ _tag }) => _tag === "Frame").length ?? 0

/** The first `count` frames are on the disk: what waited for them leaves, then the protocol is told. */
export const flushes = <P extends Vocabulary>(
  of: Stepping<P>,
  before: Local<P>,
  count: number
): ReadonlyArray<Outcome<P>> => {
  const released: Array<Effect<P>> = []
  gateOf(before).release(count, (effect) => released.push(effect))
  const { local, rest } = synced(of, before, count)
  const after: Local<P> = { ...local, unfinished: rest.length === 0 ? undefined : rest }
  return outcomes(
    of,
    after,
    released,
    (life) => life.step((state, out) => of.protocol.onDurable?.(state, after.durable, out) ?? state)
  )
}

/** What a crash may leave: the disk with any prefix of the frames that were being written; of a node that forgets, any prefix of all that it ever wrote. */
export const crashes = <P extends Vocabulary>(of: Stepping<P>, before: Local<P>): ReadonlyArray<Local<P>> => {
  const down = { up: false, state: undefined, timers: [] }
  if (!of.isForgetful) {
    return Array.from({ length: frames(before) + 1 }, (_, count) => ({
      ...down,
      durable: synced(of, before, count).local.durable
    }))
  }
  const { written = [] } = synced(of, before, frames(before)).local
  return Array.from({ length: written.length + 1 }, (_, count) => {
    const kept = written.slice(0, count)
    return { ...down, durable: fold(of, emptyDurable(of.protocol), kept.flat()), written: kept }
  })
}

/** A round of synchronous time: every message, in order, then every timer that was armed before and still is, then those of 0 ms. */
export const rounds = <P extends Vocabulary>(
  of: Stepping<P>,
  before: Local<P>,
  inbox: ReadonlyArray<{ readonly from: NodeId; readonly message: P["message"] }>
): ReadonlyArray<Outcome<P>> =>
  outcomes(of, before, [], (life) => {
    for (const { from, message } of inbox) {
      life.step((state, out) => of.protocol.onMessage(state, from, message, out))
    }
    for (const timer of before.timers) {
      if (!life.hasArmed(timer) && Armed.has(life.local.timers, timer)) life.fire(timer)
    }
    for (;;) {
      const [timer] = life.local.endOfBatch ?? []
      if (timer === undefined) return
      life.fire(timer)
    }
  })

// ---- steps

/** Runs a script once for every combination of its choices, in the order of the choices. */
const outcomes = <P extends Vocabulary>(
  of: Stepping<P>,
  before: Local<P>,
  released: ReadonlyArray<Effect<P>>,
  script: (life: Life<P>) => void
): ReadonlyArray<Outcome<P>> => {
  const results: Array<Outcome<P>> = []
  const tape: Array<number> = []
  for (;;) {
    const widths: Array<number> = []
    const life = new Life(of, before, (n) => {
      const at = widths.push(n) - 1
      return tape[at] ?? 0
    })
    for (const effect of released) life.leave(effect)
    script(life)
    results.push(life.outcome(before))
    if (results.length > maxOutcomes) {
      throw new RangeError(`a step of ${of.protocol.name} has more than ${maxOutcomes} outcomes`)
    }
    // the next combination: the last choice that can go up does, those behind it begin again
    tape.length = widths.length
    let at = widths.length - 1
    while (at >= 0 && (tape[at] ?? 0) + 1 >= widths[at]!) at--
    if (at < 0) return results
    tape[at] = (tape[at] ?? 0) + 1
    tape.length = at + 1
  }
}

/** A node while it takes steps. */
class Life<P extends Vocabulary> {
  private readonly recorder: Recorder<P>
  private readonly leaves: Array<Leaving<P>> = []
  private readonly replies: Array<{ readonly id: RequestId; readonly reply: P["reply"] }> = []
  private readonly armed = new Set<string>()
  private isTouched = false
  private taken = 0

  constructor(private readonly of: Stepping<P>, public local: Local<P>, draw: (n: number) => number) {
    this.recorder = new Recorder<P>(draw)
  }

  hasArmed(timer: P["timer"]): boolean {
    return this.armed.has(encode(timer))
  }

  fire(timer: P["timer"]): void {
    this.local = Armed.disarm(this.local, timer)
    this.step((state, out) => this.of.protocol.onTimer?.(state, timer, out) ?? state)
  }

  step(call: (state: P["state"], out: Outbox<P>) => P["state"]): void {
    const { of, recorder } = this
    this.take(call)
    // what a step persists is durable with it, and so on until nothing more is written
    for (let isWritten = recorder.records.length > 0; isWritten && !of.isDelayed;) {
      const { onDurable } = of.protocol
      if (onDurable === undefined) return
      const { durable } = this.local
      this.take((state, out) => onDurable(state, durable, out))
      isWritten = recorder.records.length > 0
    }
  }

  private take(call: (state: P["state"], out: Outbox<P>) => P["state"]): void {
    if (++this.taken > maxSteps) throw new RangeError(`${this.of.protocol.name}: an event leads to ${maxSteps} steps`)
    const { recorder } = this
    recorder.clear()
    const state = call(this.local.state, recorder)
    this.local = { ...this.local, state }
    this.isTouched ||= !recorder.isEmpty
    this.interpret()
  }

  /** Effects in call order; those behind a record of this step wait for its frame. */
  private interpret(): void {
    const { afterRecord, effects, records } = this.recorder
    const gate = gateOf(this.local)
    let isFramed = records.length === 0
    for (const [i, effect] of effects.entries()) {
      if (!isFramed && afterRecord[i]!) {
        this.write(gate, records.slice())
        isFramed = true
      }
      if (effect._tag === "SetTimer") {
        this.armed.add(encode(effect.timer))
        this.local = Armed.arm(this.local, effect.timer, effect.min, effect.max, this.of.tick)
      } else if (effect._tag === "CancelTimer") this.local = Armed.disarm(this.local, effect.timer)
      else if (effect.gated && !gate.isOpen) this.hold(gate, effect)
      else this.leave(effect)
    }
    if (!isFramed) this.write(gate, records.slice())
  }

  private write(gate: Gate<Effect<P>>, records: ReadonlyArray<P["record"]>): void {
    const { local, of } = this
    if (of.isDelayed) {
      gate.write()
      this.local = { ...local, unfinished: [...local.unfinished ?? [], { _tag: "Frame", records }] }
    } else this.local = report(of, local, [records])
  }

  private hold(gate: Gate<Effect<P>>, effect: Effect<P>): void {
    const held: Unfinished<P> = { _tag: "Held", effect }
    const { unfinished = [] } = this.local
    if (this.of.isSet && effect._tag === "Send") {
      const key = encode(held)
      if (unfinished.some((other) => encode(other) === key)) return
    }
    gate.hold(effect)
    this.local = { ...this.local, unfinished: [...unfinished, held] }
  }

  leave(effect: Effect<P>): void {
    if (effect._tag === "Send") this.leaves.push({ _tag: "Send", to: effect.to, message: effect.message })
    else if (effect._tag === "Emit") this.leaves.push({ _tag: "Emit", event: effect.event })
    else if (effect._tag === "Reply") this.replies.push({ id: effect.id, reply: effect.reply })
  }

  outcome(before: Local<P>): Outcome<P> {
    return {
      local: this.local,
      leaves: this.leaves,
      replies: this.replies,
      isIgnored: this.local.state === before.state && !this.isTouched
    }
  }
}

/** The gate behind what a node has not finished. */
const gateOf = <P extends Vocabulary>({ unfinished }: Local<P>): Gate<Effect<P>> => {
  const gate = new Gate<Effect<P>>()
  for (const one of unfinished ?? []) {
    if (one._tag === "Frame") gate.write()
    else gate.hold(one.effect)
  }
  return gate
}

/** The node when its first `count` frames are on the disk, and what is behind them: the held effects between are the gate's to release. */
const synced = <P extends Vocabulary>(
  of: Stepping<P>,
  before: Local<P>,
  count: number
): { readonly local: Local<P>; readonly rest: ReadonlyArray<Unfinished<P>> } => {
  const { unfinished = [] } = before
  const done: Array<ReadonlyArray<P["record"]>> = []
  let at = 0
  while (at < unfinished.length) {
    const one = unfinished[at]!
    if (one._tag === "Frame") {
      if (done.length === count) break
      done.push(one.records)
    }
    at++
  }
  return { local: report(of, before, done), rest: unfinished.slice(at) }
}

const report = <P extends Vocabulary>(
  of: Stepping<P>,
  local: Local<P>,
  written: ReadonlyArray<ReadonlyArray<P["record"]>>
): Local<P> => ({
  ...local,
  durable: fold(of, local.durable, written.flat()),
  written: of.isForgetful ? [...local.written ?? [], ...written] : undefined
})

const fold = <P extends Vocabulary>(
  { protocol }: Stepping<P>,
  durable: P["durable"],
  records: ReadonlyArray<P["record"]>
): P["durable"] =>
  protocol.durable === undefined
    ? durable
    : records.reduce<P["durable"]>((before, record) => protocol.durable?.fold(before, record), durable)
