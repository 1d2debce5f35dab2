/**
 * Which message of a run is which: from what is sent and taken at each step, the arrows between the steps.
 */
import { encode } from "../../core/Canonical.js"
import type { Envelope } from "../../model/SystemModel.js"
import type { Message } from "../Trace.js"
import * as Value from "../Value.js"

type Open = { -readonly [K in keyof Message]: Message[K] }
type Fate = Exclude<Message["fate"], "inFlight">

/** Of equal messages the first that was sent is the first that arrives: they cannot be told apart. */
export class Messages {
  private readonly all: Array<Open> = []
  private readonly flying = new Map<string, Array<Open>>()

  /** `isSet`: the network keeps a message when it delivers it, and holds equal ones once. */
  constructor(private readonly isSet: boolean) {}

  send(envelope: Envelope<unknown>, step: number): void {
    const waiting = this.waiting(envelope)
    if (this.isSet && envelope.from !== envelope.to && waiting.length > 0) return
    waiting.push(this.add(envelope, step, step, false))
  }

  /** A second one of a message in flight, made now. */
  copy(envelope: Envelope<unknown>, step: number): void {
    const waiting = this.waiting(envelope)
    waiting.push(this.add(envelope, waiting[0]?.origin ?? step, step, true))
  }

  take(envelope: Envelope<unknown>, step: number, fate: Fate): void {
    const waiting = this.waiting(envelope)
    const keeps = this.isSet && fate === "delivered" && envelope.from !== envelope.to
    if (keeps && waiting[0]?.ended !== undefined) {
      end(this.add(envelope, waiting[0].origin, waiting[0].sent, true), step, fate)
      return
    }
    const first = keeps ? waiting[0] : waiting.shift()
    // one that a set has delivered before is no loss for its receiver
    if (first !== undefined && first.ended === undefined) end(first, step, fate)
  }

  /** What is expected in flight and is not there is gone. */
  reconcile(network: ReadonlyArray<Envelope<unknown>>, step: number, fate: Fate): void {
    const present = new Map<string, number>()
    for (const envelope of network) present.set(keyOf(envelope), (present.get(keyOf(envelope)) ?? 0) + 1)
    for (const [key, waiting] of this.flying) {
      for (let surplus = waiting.length - (present.get(key) ?? 0); surplus > 0; surplus--) {
        const gone = waiting.pop()!
        if (gone.ended === undefined) end(gone, step, fate)
      }
    }
  }

  list(): ReadonlyArray<Message> {
    return this.all
  }

  private waiting(envelope: Envelope<unknown>): Array<Open> {
    const key = keyOf(envelope)
    const found = this.flying.get(key) ?? []
    this.flying.set(key, found)
    return found
  }

  private add({ from, message, to }: Envelope<unknown>, origin: number, sent: number, isCopy: boolean): Open {
    const content = Value.of(message)
    const made: Open = { from, to, content, origin, sent, ended: undefined, fate: "inFlight", isCopy }
    this.all.push(made)
    return made
  }
}

const end = (message: Open, step: number, fate: Fate): void => {
  message.ended = step
  message.fate = fate
}

/** Without `left`, which the clock changes. */
const keyOf = ({ from, message, to }: Envelope<unknown>): string => encode([from, to, message])
