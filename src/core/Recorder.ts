/**
 * The outbox of every driver: a buffer that a handler fills and the driver drains in call order. Reused from step to step.
 *
 * @since 0.1.0
 */
import type { NodeId } from "./NodeId.js"
import type { Immediate, Millis, Outbox, RequestId, Vocabulary } from "./Protocol.js"

/**
 * What a handler asked for. `gated` effects pass the durability gate.
 *
 * @since 0.1.0
 * @category models
 */
export type Effect<P extends Vocabulary> =
  | { readonly _tag: "Send"; readonly to: NodeId; readonly message: P["message"]; readonly gated: boolean }
  | { readonly _tag: "Reply"; readonly id: RequestId; readonly reply: P["reply"]; readonly gated: boolean }
  | { readonly _tag: "Emit"; readonly event: P["event"]; readonly gated: boolean }
  | { readonly _tag: "SetTimer"; readonly timer: P["timer"]; readonly min: Millis; readonly max: Millis }
  | { readonly _tag: "CancelTimer"; readonly timer: P["timer"]; readonly min: 0; readonly max: 0 } // of the same shape, since drivers read millions of tags

/**
 * Records the effects of one step. An effect after a `persist` of the same step waits for it; one before it does not: `persistedAt[i]` tells how many records
 * preceded effect i.
 *
 * @since 0.1.0
 * @category models
 */
export class Recorder<P extends Vocabulary> implements Outbox<P> {
  readonly effects: Array<Effect<P>> = []
  readonly records: Array<P["record"]> = []
  /** For each effect, whether a record of this step was persisted before it. */
  readonly afterRecord: Array<boolean> = []
  readonly now: Immediate<P>

  constructor(private readonly draw: (n: number, label: string) => number) {
    this.now = {
      send: (to, message) => this.push({ _tag: "Send", to, message, gated: false }),
      reply: (id, reply) => this.push({ _tag: "Reply", id, reply, gated: false }),
      emit: (event) => this.push({ _tag: "Emit", event, gated: false })
    }
  }

  private push(effect: Effect<P>): void {
    this.effects.push(effect)
    this.afterRecord.push(this.records.length > 0)
  }

  send(to: NodeId, message: P["message"]): void {
    this.push({ _tag: "Send", to, message, gated: true })
  }

  persist(record: P["record"]): void {
    this.records.push(record)
  }

  setTimer(timer: P["timer"], min: Millis, max: Millis = min): void {
    this.push({ _tag: "SetTimer", timer, min, max: max < min ? min : max })
  }

  cancelTimer(timer: P["timer"]): void {
    this.push({ _tag: "CancelTimer", timer, min: 0, max: 0 })
  }

  reply(id: RequestId, reply: P["reply"]): void {
    this.push({ _tag: "Reply", id, reply, gated: true })
  }

  emit(event: P["event"]): void {
    this.push({ _tag: "Emit", event, gated: true })
  }

  choose(n: number, label: string): number {
    return n <= 1 ? 0 : this.draw(n, label)
  }

  /** Whether the step asked for nothing. */
  get isEmpty(): boolean {
    return this.effects.length === 0 && this.records.length === 0
  }

  /**
   * Forgets the step. By popping: a step has few effects, and to set an array's length is a call into the runtime that gives its memory away (a tenth of a
   * simulation, measured).
   */
  clear(): void {
    while (this.effects.length > 0) {
      this.effects.pop()
      this.afterRecord.pop()
    }
    while (this.records.length > 0) this.records.pop()
  }
}
