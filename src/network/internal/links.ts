/** The links of a faulty network: what each does now, and the streams from which it decides. */
import type { Choice } from "../../core/Choice.js"
import { happens } from "../../core/Choice.js"
import type { NodeId } from "../../core/NodeId.js"
import type { Delay, FaultStats, LinkFaults } from "../FaultInjection.js"
import * as Grudge from "../Grudge.js"

/** Quantiles of the exponential distribution in thousandths of its mean, at (i + 1/2) / 16. */
const exponential = [32, 98, 170, 247, 330, 421, 521, 633, 758, 901, 1_068, 1_269, 1_520, 1_856, 2_367, 3_466]

export class State {
  readonly isolated = new Set<NodeId>()
  readonly stats: { -readonly [K in keyof FaultStats]: number } = {
    passed: 0,
    lost: 0,
    cut: 0,
    duplicated: 0,
    reordered: 0,
    corrupted: 0,
    delayed: 0,
    overflowed: 0
  }
  private readonly links = new Map<string, Link>()

  constructor(private readonly choice: Choice, public faults: LinkFaults, public grudge: Grudge.Grudge) {}

  isCut(from: NodeId, to: NodeId): boolean {
    return from !== to && (this.isolated.has(from) || this.isolated.has(to) || Grudge.cuts(this.grudge, to, from))
  }

  link(from: NodeId, to: NodeId): Link {
    const key = `${from}\n${to}`
    let link = this.links.get(key)
    if (link === undefined) {
      link = new Link(this.choice.fork("net").fork(from).fork(to))
      this.links.set(key, link)
    }
    return link
  }
}

export class Link {
  faults: LinkFaults | undefined
  /** The latest moment at which an in-order message of this link is due. */
  private lastDue = 0
  private readonly loss: Choice
  private readonly duplication: Choice
  private readonly reordering: Choice
  private readonly damage: Choice
  private readonly delay: Choice

  constructor(choice: Choice) {
    this.loss = choice.fork("loss")
    this.duplication = choice.fork("duplication")
    this.reordering = choice.fork("reordering")
    this.damage = choice.fork("corruption")
    this.delay = choice.fork("delay")
  }

  isLost(state: State): boolean {
    const lost = happens(this.loss, (this.faults ?? state.faults).loss, "lose")
    if (lost) state.stats.lost++
    return lost
  }

  copies(state: State): number {
    if (!happens(this.duplication, (this.faults ?? state.faults).duplication, "duplicate")) return 1
    state.stats.duplicated++
    return 2
  }

  corruption(state: State): "checked" | "unchecked" | undefined {
    const { corruption } = this.faults ?? state.faults
    return happens(this.damage, corruption?.probability, "corrupt") ? corruption?.mode : undefined
  }

  /** Flips one to three bits. */
  flip(bytes: Uint8Array): Uint8Array {
    for (let n = this.damage.below(3, "bits"); n >= 0 && bytes.length > 0; n--) {
      const bit = this.damage.below(bytes.length * 8, "bit")
      bytes[bit >> 3]! ^= 1 << (bit & 7)
    }
    return bytes
  }

  /** When a message sent now arrives: in order, unless reordering strikes. */
  dueAt(state: State, now: number): number {
    const { delay, reordering } = this.faults ?? state.faults
    const due = now + (delay === undefined ? 0 : draw(this.delay, delay))
    if (happens(this.reordering, reordering?.probability, "reorder")) {
      state.stats.reordered++
      return due + 1 + this.reordering.below(reordering?.within ?? 50, "hold")
    }
    this.lastDue = Math.max(due, this.lastDue)
    return this.lastDue
  }
}

const between = (choice: Choice, min: number, max: number): number =>
  max <= min ? min : min + choice.below(Math.floor(max - min) + 1, "millis")

const draw = (choice: Choice, delay: Delay): number => {
  switch (delay._tag) {
    case "Constant":
      return delay.millis
    case "Uniform":
      return between(choice, delay.min, delay.max)
    case "Exponential":
      return delay.min + Math.round((delay.mean - delay.min) * exponential[choice.below(16, "quantile")]! / 1_000)
    case "LongTail":
      return happens(choice, delay.probability, "tail")
        ? between(choice, delay.typical, delay.tail)
        : between(choice, delay.min, delay.typical)
  }
}
