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

/** @internal */
export class Nemesis<P extends Vocabulary> {
  private grudge: Grudge | undefined

  constructor(private readonly cluster: Cluster<P>, private readonly choice: Choice) {
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
  }

  cuts(from: number, to: number): boolean {
    return this.grudge !== undefined && this.grudge[to * this.cluster.nodes.length + from] === 1
  }

  /** Stops a node now; it restarts soon, or late. */
  crash(node: SimulatedNode<P>, choice: Choice): void {
    if (!node.isUp) return
    const { cluster } = this
    cluster.counters.crashes++
    node.crash()
    const { life } = node
    const down = choice.below(2, "long") === 0 ? 50_000 : 3_000_000
    cluster.at(1 + choice.below(down, "down"), () => {
      if (node.life === life) this.restart(node)
    })
  }

  /** Ends every fault: the network is whole, and everybody runs. */
  heal(): void {
    this.grudge = undefined
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
    cluster.digest.int(stamp(Mark.partition, cluster.now))
    if (this.grudge === undefined) return
    cluster.counters.partitions++
    cluster.digest.bytes(this.grudge)
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
