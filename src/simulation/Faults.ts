/**
 * Fault plans as data: which kinds of fault may happen, and how likely each is. A rate is the probability that the choice of that label leaves 0.
 * All faults of a run are drawn through `Choice`, each kind from its own stream, so that adding one never reshuffles another.
 *
 * @since 0.1.0
 */
import type { Choice, Weights } from "../core/Choice.js"

/**
 * What a run may suffer.
 *
 * @since 0.1.0
 * @category models
 */
export interface FaultPlan {
  /** A message is lost. */
  readonly drop: number
  /** A message arrives twice. */
  readonly duplicate: number
  /** A message is overtaken by later ones of its link. */
  readonly reorder: number
  /** A message takes up to 1 s longer, and all behind it on its link with it. */
  readonly slowLink: number
  /** At each beat (every 250 to 750 ms, each kind at its own): a new partition, or the end of one. */
  readonly partition: number
  /** At each beat: one node does not hear one other, for up to 3 s. */
  readonly cutLink: number
  /** At each beat: one link loses every other message one way, for up to 3 s. */
  readonly lossyLink: number
  /** At each beat: a node crashes, losing what is not durable; it restarts after up to 50 ms or up to 3 s. */
  readonly crash: number
  /** At each beat: whoever says that it leads crashes. */
  readonly killLeader: number
  /** At each flush: its node crashes before it ends; a prefix of what is being written survives. */
  readonly tornFlush: number
  /** At each flush: it is said to be done, and is forgotten in a crash unless a later one was honest. No protocol survives it, so it is in no named plan. */
  readonly lostFlush: number
  /** At each crash: the disk is damaged. The node finds that at its start and stays down until the faults end, when the disk is mended. */
  readonly damagedDisk: number
  /** At each beat: a node stands still for up to 1.5 s, then goes on with stale beliefs and everything that arrived meanwhile. */
  readonly pause: number
  /** At each beat: a node works 10 to 1,000 times slower for up to 3 s. */
  readonly slowNode: number
  /** A batch takes up to 5 ms; what arrives meanwhile is the next one. */
  readonly stall: number
  /** A write takes up to 100 ms longer. */
  readonly slowDisk: number
  /** Each node's timers run up to 20 % slow or fast: 0 or 1. */
  readonly skew: number
  /** At each beat: a node's clock jumps ahead up to 1 s, and its timers come early. */
  readonly clockJump: number
}

/**
 * A clean run.
 *
 * @since 0.1.0
 * @category constants
 */
export const none: FaultPlan = {
  drop: 0,
  duplicate: 0,
  reorder: 0,
  slowLink: 0,
  partition: 0,
  cutLink: 0,
  lossyLink: 0,
  crash: 0,
  killLeader: 0,
  tornFlush: 0,
  lostFlush: 0,
  damagedDisk: 0,
  pause: 0,
  slowNode: 0,
  stall: 0,
  slowDisk: 0,
  skew: 0,
  clockJump: 0
}

/**
 * The names of `synod simulate --faults`.
 *
 * @since 0.1.0
 * @category models
 */
export type FaultKind = (typeof names)[number]

/**
 * The names themselves.
 *
 * @since 0.1.0
 * @category constants
 */
export const names = ["none", "crash", "network", "gray", "all"] as const

const network: FaultPlan = {
  ...none,
  drop: 0.05,
  duplicate: 0.03,
  reorder: 0.05,
  slowLink: 0.005,
  partition: 0.3,
  cutLink: 0.1
}
const crash: FaultPlan = {
  ...none,
  crash: 0.2,
  killLeader: 0.1,
  tornFlush: 0.001,
  damagedDisk: 0.05,
  pause: 0.1,
  stall: 0.02,
  slowDisk: 0.1
}
/** Nothing is down, and nothing works as it should. */
const gray: FaultPlan = {
  ...none,
  slowLink: 0.005,
  cutLink: 0.1,
  lossyLink: 0.1,
  pause: 0.1,
  slowNode: 0.1,
  stall: 0.02,
  slowDisk: 0.1,
  skew: 1,
  clockJump: 0.1
}

/**
 * The plan that a name stands for, before a seed's swarm draw.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ofKind = (kind: FaultKind): FaultPlan => {
  switch (kind) {
    case "none":
      return none
    case "crash":
      return crash
    case "network":
      return network
    case "gray":
      return gray
    case "all":
      return union(network, crash, gray)
  }
}

/** Every kind that any of them has. */
const union = (...plans: ReadonlyArray<FaultPlan>): FaultPlan => {
  const all: { -readonly [K in keyof FaultPlan]: number } = { ...none }
  for (const plan of plans) for (const kind of kinds) all[kind] = Math.max(all[kind], plan[kind])
  return all
}

/**
 * A swarm's plan for one seed: whole kinds are left out with probability one third, and the rates of the others are halved, kept or doubled. Leaving out finds what
 * "everything on" masks. Each kind draws from its own stream, so what becomes of one does not depend on which others there are.
 *
 * @since 0.1.0
 * @category combinators
 */
export const redraw = (plan: FaultPlan, choice: Choice): FaultPlan => {
  const drawn: { -readonly [K in keyof FaultPlan]: number } = { ...none }
  for (const kind of kinds) {
    const own = choice.fork(kind)
    if (plan[kind] === 0 || own.below(3, "omit") === 2) continue
    drawn[kind] = Math.min(1, plan[kind] * [1, 0.5, 2][own.below(3, "rate")]!)
  }
  return drawn
}

/**
 * Every kind of fault.
 *
 * @since 0.1.0
 * @category constants
 */
export const kinds = Object.keys(none) as ReadonlyArray<keyof FaultPlan> // a literal's own keys

/**
 * The plan as weights of a random choice.
 *
 * @since 0.1.0
 * @category conversions
 */
export const weights = (plan: FaultPlan): Weights => ({ ...plan })
