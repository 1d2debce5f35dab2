/**
 * Who breaks things: at each beat it may cut the network, heal it, crash a node, or make one stand still.
 * A partition is a grudge, as in Jepsen: a map from a receiver to the senders that it does not hear.
 *
 * @internal
 */
import type { Choice } from "../../core/Choice.js"
import { chance } from "../../core/Choice.js"
import type { NodeId } from "../../core/NodeId.js"
import type { Vocabulary } from "../../core/Protocol.js"
import type { Cluster } from "./Cluster.js"

type Grudge = ReadonlyMap<NodeId, ReadonlySet<NodeId>>

const open: Grudge = new Map()

/** @internal */
export class Nemesis<P extends Vocabulary> {
  /** Microseconds between two acts. */
  static readonly beat = 500_000
  private grudge: Grudge = open
  private readonly partition: Choice
  private readonly crash: Choice
  private readonly pause: Choice

  constructor(private readonly cluster: Cluster<P>, choice: Choice) {
    this.partition = choice.fork("partition")
    this.crash = choice.fork("crash")
    this.pause = choice.fork("pause")
  }

  cuts(from: NodeId, to: NodeId): boolean {
    return this.grudge !== open && this.grudge.get(to)?.has(from) === true
  }

  act(): void {
    const { cluster } = this
    if (cluster.healed) return
    const { plan } = cluster
    cluster.at(Nemesis.beat, () => this.act())
    if (plan.partition > 0 && chance(this.partition, "partition")) {
      if (this.grudge === open) {
        this.grudge = this.drawGrudge()
        cluster.counters.partitions++
      } else this.grudge = open
    }
    if (plan.crash > 0 && chance(this.crash, "crash")) this.crashOne()
    if (plan.pause > 0 && chance(this.pause, "pause")) {
      cluster.counters.pauses++
      this.pick(this.pause).pause(1 + this.pause.below(1_500_000, "length"))
    }
  }

  /** Ends every fault: the network is whole and everybody runs. */
  heal(): void {
    this.grudge = open
    for (const node of this.cluster.nodes) {
      if (!node.isUp) this.restart(node)
    }
  }

  private pick(choice: Choice) {
    const { nodes } = this.cluster
    return nodes[choice.below(nodes.length, "who")]!
  }

  private crashOne(): void {
    const node = this.pick(this.crash)
    if (!node.isUp) return
    this.cluster.counters.crashes++
    node.crash()
    const { life } = node
    this.cluster.at(1 + this.crash.below(3_000_000, "down"), () => {
      if (node.life === life) this.restart(node)
    })
  }

  private restart(node: Cluster<P>["nodes"][number]): void {
    this.cluster.counters.restarts++
    node.boot()
  }

  private drawGrudge(): Grudge {
    const ids = this.cluster.nodes.map((node) => node.id)
    const { partition } = this
    const one = ids[partition.below(ids.length, "one")]!
    const rest = ids.filter((id) => id !== one)
    switch (partition.below(4, "shape")) {
      case 0: // one node against the rest, both ways
        return between([one], rest, true)
      case 1: { // two halves
        const half = new Set(ids.filter(() => partition.below(2, "side") === 1))
        return between(ids.filter((id) => half.has(id)), ids.filter((id) => !half.has(id)), true)
      }
      case 2: // one node is heard but hears nobody
        return between(rest, [one], false)
      default: // one node hears but is not heard
        return between([one], rest, false)
    }
  }
}

/** `receivers` do not hear `senders`; nor the other way round where it is symmetric. */
const between = (senders: ReadonlyArray<NodeId>, receivers: ReadonlyArray<NodeId>, symmetric: boolean): Grudge => {
  const grudge = new Map<NodeId, ReadonlySet<NodeId>>()
  for (const id of receivers) grudge.set(id, new Set(senders))
  if (symmetric) { for (const id of senders) grudge.set(id, new Set(receivers)) }
  return grudge
}
