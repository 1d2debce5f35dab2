/**
 * Who breaks things: each kind of fault has its own beat and its own stream of choice, so that none ever moves another.
 *
 * @internal
 */
import type { Choice } from "../../core/Choice.js"
import { chance } from "../../core/Choice.js"
import type { Vocabulary } from "../../core/Protocol.js"
import type { FaultPlan } from "../Faults.js"
import type { Cluster } from "./Cluster.js"
import type { Grudge } from "./Grudge.js"
import * as Grudges from "./Grudge.js"
import { Mark, stamp } from "./marks.js"
import type { SimulatedNode } from "./Node.js"

/** Microseconds that a gray failure lasts at most. */
const longest = 3_000_000

/** @internal */
export class Nemesis<P extends Vocabulary> {
  /** Until when some link may be cut or lossy: Infinity in a partition. Asked for every message, so that whole links cost one comparison. */
  spoiledUntil = 0
  private grudge: Grudge | undefined
  /** Until when the link from i to j is cut, or loses every other message, at j * n + i. */
  private readonly cutUntil: Array<number>
  private readonly lossyUntil: Array<number>
  private spoiledLinksUntil = 0
  private readonly losing: Choice
  private readonly damaging: Choice

  constructor(private readonly cluster: Cluster<P>, private readonly choice: Choice) {
    const { length } = cluster.nodes
    this.cutUntil = Array.from({ length: length * length }, () => 0)
    this.lossyUntil = Array.from({ length: length * length }, () => 0)
    this.losing = choice.fork("lossyLink")
    this.damaging = choice.fork("damagedDisk")
    this.recur("partition", (own) => this.partition(own))
    this.recur("crash", (own) => this.crash(this.pick(own), own))
    this.recur("killLeader", (own) => {
      const leader = this.leader()
      if (leader !== undefined) this.crash(cluster.nodes[leader]!, own)
    })
    this.recur("pause", (own) => {
      cluster.counters.pauses++
      this.pick(own).pause(1 + own.below(1_500_000, "length"))
    })
    this.recur("slowNode", (own) => {
      cluster.counters.grayFailures++
      const factor = 10 * (1 + own.below(100, "factor"))
      this.pick(own).slow(factor, cluster.now + 1 + own.below(longest, "length"))
    })
    this.recur("clockJump", (own) => {
      cluster.counters.grayFailures++
      this.pick(own).jump(1 + own.below(1_000_000, "ahead"))
    })
    this.recur("cutLink", (own) => this.spoil(this.cutUntil, own))
    this.recur("lossyLink", (own) => this.spoil(this.lossyUntil, own))
  }

  /** Whether a message from one node to another is cut off. */
  cuts(from: number, to: number): boolean {
    const { cluster, cutUntil, grudge } = this
    const link = to * cluster.nodes.length + from
    return (grudge !== undefined && grudge[link] === 1) || cluster.now < cutUntil[link]!
  }

  /** Whether a message that leaves now is lost to a cut, or to a bad link. */
  loses(from: number, to: number): boolean {
    const { cluster, lossyUntil, losing } = this
    if (this.cuts(from, to)) return true
    return cluster.now < lossyUntil[to * cluster.nodes.length + from]! && losing.below(2, "lost") === 1
  }

  /** Stops a node now; it restarts soon, or late, or finds its disk damaged: then it stays down until the faults end and the disk is mended. */
  crash(node: SimulatedNode<P>, choice: Choice): void {
    if (!node.isUp) return
    const { cluster } = this
    cluster.counters.crashes++
    node.crash()
    const { life } = node
    if (cluster.plan.damagedDisk > 0 && !cluster.healed && chance(this.damaging, "damagedDisk")) {
      cluster.counters.damagedDisks++
      cluster.digest.int(stamp(Mark.damage | node.index << 12, cluster.now))
      return
    }
    const down = choice.below(2, "long") === 0 ? 50_000 : 3_000_000
    cluster.at(1 + choice.below(down, "down"), () => {
      if (node.life === life) this.restart(node)
    })
  }

  /** Ends every fault: the network is whole, and everybody runs. */
  heal(): void {
    this.grudge = undefined
    this.spoiledUntil = 0
    this.spoiledLinksUntil = 0
    this.cutUntil.fill(0)
    this.lossyUntil.fill(0)
    this.cluster.digest.int(stamp(Mark.heal, this.cluster.now))
    for (const node of this.cluster.nodes) {
      if (node.isUp) node.resume()
      else this.restart(node)
    }
  }

  /** Acts at each beat of a kind, if the dice say so. */
  private recur(kind: keyof FaultPlan, act: (own: Choice) => void): void {
    const { cluster } = this
    if (cluster.plan[kind] === 0) return
    const own = this.choice.fork(kind)
    const next = (): void =>
      cluster.at(250_000 + own.below(500_000, "beat"), () => {
        if (cluster.healed) return
        if (chance(own, kind)) act(own)
        next()
      })
    next()
  }

  private partition(own: Choice): void {
    const { cluster } = this
    const { nodes } = cluster
    this.grudge = this.grudge === undefined ? Grudges.draw(nodes.length, this.leader(), own) : undefined
    this.spoiledUntil = this.grudge === undefined ? this.spoiledLinksUntil : Infinity
    cluster.digest.int(stamp(Mark.partition, cluster.now))
    if (this.grudge === undefined) return
    cluster.counters.partitions++
    cluster.digest.bytes(this.grudge)
  }

  /** One link, one way, for a while. */
  private spoil(until: Array<number>, own: Choice): void {
    const { cluster } = this
    const { length } = cluster.nodes
    const from = own.below(length, "from")
    const to = (from + 1 + own.below(Math.max(1, length - 1), "to")) % length
    cluster.counters.grayFailures++
    cluster.digest.int(stamp(Mark.link | from << 12 | to, cluster.now))
    const end = cluster.now + 1 + own.below(longest, "length")
    until[to * length + from] = end
    this.spoiledLinksUntil = Math.max(this.spoiledLinksUntil, end)
    this.spoiledUntil = Math.max(this.spoiledUntil, end)
  }

  /** The place of a node that says it leads, if any does. */
  private leader(): number | undefined {
    const { nodes, scenario: { leads } } = this.cluster
    const i = leads === undefined ? -1 : nodes.findIndex(({ current }) => current !== undefined && leads(current))
    return i === -1 ? undefined : i
  }

  private pick(choice: Choice): SimulatedNode<P> {
    const { nodes } = this.cluster
    return nodes[choice.below(nodes.length, "who")]!
  }

  private restart(node: SimulatedNode<P>): void {
    this.cluster.counters.restarts++
    node.boot()
  }
}
