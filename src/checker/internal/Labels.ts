/**
 * What kind of step an edge of a system is, as a number, and to which fair class it belongs.
 *
 * Two events have one label when they differ in the outcome of their choices only.
 */
import { encode } from "../../core/Canonical.js"
import type { Vocabulary } from "../../core/Protocol.js"
import type { Event } from "../../model/Event.js"
import { describe } from "../../model/Event.js"
import type { Strength, SystemFairness } from "../../model/Fairness.js"
import type { Envelope } from "../../model/SystemModel.js"

export class Labels<P extends Vocabulary> {
  private readonly names: Array<string> = []
  private readonly classes: Array<ReadonlyArray<number>> = []
  private readonly strong: Array<boolean> = []
  /** By what makes an event of a kind what it is; envelopes are interned, so each is one object. */
  private readonly delivered = new Map<Envelope<P["message"]>, number>()
  private readonly others = new Map<string, number>()
  private readonly classNumbers = new Map<string, number>()

  constructor(private readonly fairness: SystemFairness, private readonly isOrdered: boolean) {}

  of(event: Event<P>): number {
    if (event._tag !== "Deliver") return this.other(event)
    const known = this.delivered.get(event.envelope)
    if (known !== undefined) return known
    const label = this.add(event)
    this.delivered.set(event.envelope, label)
    return label
  }

  nameOf(label: number): string {
    return this.names[label]!
  }

  classesOf(label: number): ReadonlyArray<number> {
    return this.classes[label]!
  }

  isStrong(fairClass: number): boolean {
    return this.strong[fairClass]!
  }

  private other(event: Event<P>): number {
    const key = keyOf(event)
    const known = this.others.get(key)
    if (known !== undefined) return known
    const label = this.add(event)
    this.others.set(key, label)
    return label
  }

  private add(event: Event<P>): number {
    const name = event._tag === "Round" ? "round" : describe("outcome" in event ? { ...event, outcome: 0 } : event)
    const [strength, fairClass] = this.owed(event)
    this.classes.push(strength === "none" ? [] : [this.fairClass(strength, fairClass)])
    return this.names.push(name) - 1
  }

  private fairClass(strength: Strength, name: string): number {
    let number = this.classNumbers.get(name)
    if (number === undefined) {
      number = this.strong.push(strength === "strong") - 1
      this.classNumbers.set(name, number)
    }
    return number
  }

  /** What is owed to the event, and the name of its class. */
  private owed(event: Event<P>): readonly [strength: Strength | "none", fairClass: string] {
    const { deliveries, heals, requests, restarts, timers, writes } = this.fairness
    switch (event._tag) {
      case "Deliver":
      case "Ignore": {
        const { from, to } = event.envelope
        return [deliveries, this.isOrdered ? `channel ${from} ${to}` : `message ${encode(event.envelope)}`]
      }
      case "Request":
        return [requests, `request ${event.client}`]
      case "Fire":
        return [timers, `timer ${event.node} ${encode(event.timer)}`]
      case "Durable":
        return [writes, `write ${event.node}`]
      case "Restart":
        return [restarts, `restart ${event.node}`]
      case "Heal":
        return [heals, "heal"]
      case "Round":
      case "Stabilise":
      case "Tick":
        return ["weak", "time"]
      case "Drop":
      case "Duplicate":
      case "Crash":
      case "Partition":
        return ["none", ""]
    }
  }
}

/** Short for the kinds that are common. */
const keyOf = <P extends Vocabulary>(event: Event<P>): string => {
  switch (event._tag) {
    case "Fire":
      return `t${event.node}/${typeof event.timer === "string" ? event.timer : encode(event.timer)}`
    case "Durable":
      return `d${event.node}/${event.frames}`
    case "Round":
      return "round"
    default:
      return describe("outcome" in event ? { ...event, outcome: 0 } : event)
  }
}
