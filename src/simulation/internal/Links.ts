/**
 * The simulated network: a link for every ordered pair of nodes, FIFO unless a message is reordered. What is cut when it is sent or when it arrives is lost.
 *
 * @internal
 */
import type { Choice } from "../../core/Choice.js"
import { chance } from "../../core/Choice.js"
import type { FaultPlan } from "../Faults.js"

/** What the faults of a run make of one message. */
export class Links {
  /** The latest arrival on the link from i to j, at i * n + j. */
  private readonly latest: Array<number> // small integers: a Float64Array would make every time in the queue a boxed double
  private readonly delay: Choice
  private readonly dropping: Choice
  private readonly duplicating: Choice
  private readonly reordering: Choice
  private readonly slow: Choice

  constructor(private readonly size: number, private readonly plan: FaultPlan, choice: Choice) {
    this.latest = Array.from({ length: size * size }, () => 0)
    this.delay = choice.fork("delay")
    this.dropping = choice.fork("drop")
    this.duplicating = choice.fork("duplicate")
    this.reordering = choice.fork("reorder")
    this.slow = choice.fork("slowLink")
  }

  drops(): boolean {
    return this.plan.drop > 0 && chance(this.dropping, "drop")
  }

  duplicates(): boolean {
    return this.plan.duplicate > 0 && chance(this.duplicating, "duplicate")
  }

  /** When a message that is sent now arrives, in microseconds from now. */
  latency(from: number, to: number, now: number, isCalm: boolean): number {
    const link = from * this.size + to
    const { plan } = this
    let arrival = now + 200 + this.delay.below(5_000, "delay")
    if (!isCalm && plan.slowLink > 0 && chance(this.slow, "slowLink")) arrival += this.slow.below(1_000_000, "slow")
    const last = this.latest[link]!
    if (arrival <= last) {
      if (!isCalm && plan.reorder > 0 && chance(this.reordering, "reorder")) return arrival - now
      arrival = last + 1
    }
    this.latest[link] = arrival
    return arrival - now
  }
}
