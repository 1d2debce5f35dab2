/**
 * A decorator of `Network` that loses, delays, duplicates, reorders, corrupts and cuts, over memory and over real sockets alike. It gives the same tag back, and
 * `FaultInjection`, which changes the faults at run time.
 *
 * Faults act at the sender; cuts act when a message is sent and when it arrives, so that messages in flight are lost when a cut appears. Without reordering a link
 * keeps its order however its delays vary. Delays run on the Clock. Each link and kind of fault draws from its own stream of the `Choice`, where 0 is benign.
 * Messages to oneself are not touched. Non-goals: crashes and pauses of nodes, which need a handle on the node.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Choice from "../core/Choice.js"
import type { NodeId } from "../core/NodeId.js"
import * as Codec from "./Codec.js"
import * as Grudge from "./Grudge.js"
import * as DelayQueue from "./internal/delayQueue.js"
import * as Links from "./internal/links.js"
import { type JoinOptions, Network, type NetworkService } from "./Network.js"

/**
 * How long a message takes, in milliseconds. `exponential` follows an integer table of 16 quantiles, so that every engine draws the same.
 *
 * @since 0.1.0
 * @category models
 */
export type Delay =
  | { readonly _tag: "Constant"; readonly millis: number }
  | { readonly _tag: "Uniform"; readonly min: number; readonly max: number }
  | { readonly _tag: "Exponential"; readonly min: number; readonly mean: number }
  | {
    readonly _tag: "LongTail"
    readonly min: number
    readonly typical: number
    readonly tail: number
    readonly probability: number
  }

/**
 * What a link does to its messages. Probabilities are in [0, 1]; absent = never.
 *
 * @since 0.1.0
 * @category models
 */
export interface LinkFaults {
  readonly loss?: number | undefined
  readonly duplication?: number | undefined
  /** The message is held up to `within` milliseconds (default 50) and later ones may overtake it. */
  readonly reordering?: { readonly probability: number; readonly within?: number | undefined } | undefined
  /**
   * Bits of the encoded message flip. "checked" is what a checksum makes of it, a counted loss; "unchecked" delivers whatever still decodes.
   */
  readonly corruption?: { readonly probability: number; readonly mode: "checked" | "unchecked" } | undefined
  readonly delay?: Delay | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Plan {
  /** The source of every decision. Default `Choice.benign`: nothing but cuts, constant and smallest delays happen. */
  readonly choice?: Choice.Choice | undefined
  /** Every link without faults of its own. */
  readonly faults?: LinkFaults | undefined
  readonly grudge?: Grudge.Grudge | undefined
  /** Messages that may be held back at once; beyond it they are lost and counted. Default 65,536. */
  readonly maxInFlight?: number | undefined
}

/**
 * What was done to messages since the layer was built.
 *
 * @since 0.1.0
 * @category models
 */
export interface FaultStats {
  readonly passed: number
  readonly lost: number
  readonly cut: number
  readonly duplicated: number
  readonly reordered: number
  readonly corrupted: number
  readonly delayed: number
  readonly overflowed: number
}

/**
 * The faults of the running network. Every change holds from the next message, and cuts also for messages in flight.
 *
 * @since 0.1.0
 * @category models
 */
export interface FaultControl {
  /** Replaces the grudge. */
  readonly partition: (grudge: Grudge.Grudge) => Effect.Effect<void>
  /** Cuts all links of a node, both ways, beside the grudge. */
  readonly isolate: (node: NodeId) => Effect.Effect<void>
  /** Ends every cut. The faults of links stay. */
  readonly heal: Effect.Effect<void>
  readonly setFaults: (faults: LinkFaults) => Effect.Effect<void>
  /** Replaces the faults of one direction of one link. */
  readonly setLink: (from: NodeId, to: NodeId, faults: LinkFaults) => Effect.Effect<void>
  readonly stats: Effect.Effect<FaultStats>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class FaultInjection extends Context.Tag("synod/FaultInjection")<FaultInjection, FaultControl>() {}

/**
 * Decorates the network below.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (plan: Plan = {}): Layer.Layer<Network | FaultInjection, never, Network> =>
  Layer.scopedContext(Effect.gen(function*() {
    const network = yield* Network
    const { control, decorated } = yield* make(network, plan)
    return Context.make(Network, decorated).pipe(Context.add(FaultInjection, control))
  }))

/**
 * The decorator behind `layer`. Messages that are held back are lost when the Scope closes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  network: NetworkService,
  plan: Plan = {}
): Effect.Effect<{ readonly decorated: NetworkService; readonly control: FaultControl }, never, Scope.Scope> =>
  Effect.map(DelayQueue.make(plan.maxInFlight ?? 65_536), (held) => {
    const state = new Links.State(plan.choice ?? Choice.benign, plan.faults ?? {}, plan.grudge ?? Grudge.empty)
    return { decorated: { ...network, join: decorate(network, state, held) }, control: controlOf(state) }
  })

const decorate =
  (network: NetworkService, state: Links.State, held: DelayQueue.DelayQueue): NetworkService["join"] =>
  <M>(options: JoinOptions<M>) => {
    const { codec, node, receive } = options
    const arriving = (from: NodeId, message: M): void => {
      if (state.isCut(from, node)) state.stats.cut++
      else receive(from, message)
    }
    return Effect.map(network.join({ ...options, receive: arriving }), (endpoint) => {
      const send = (to: NodeId, message: M): void => {
        if (to === node) return endpoint.send(to, message)
        if (state.isCut(node, to)) {
          state.stats.cut++
          return
        }
        const link = state.link(node, to)
        if (link.isLost(state)) return
        const copies = link.copies(state)
        for (let i = 0; i < copies; i++) {
          const sent = corrupted(link, state, codec, message)
          if (sent === undefined) continue
          const due = link.dueAt(state, held.now())
          if (due <= held.now()) {
            held.flush()
            state.stats.passed++
            endpoint.send(to, sent.message)
          } else if (held.add(due, () => release(to, sent.message))) {
            state.stats.delayed++
          } else {
            state.stats.overflowed++
          }
        }
      }
      const release = (to: NodeId, message: M): void => {
        if (state.isCut(node, to)) {
          state.stats.cut++
        } else {
          state.stats.passed++
          endpoint.send(to, message)
        }
      }
      return { ...endpoint, send, reachable: (to: NodeId) => !state.isCut(node, to) && endpoint.reachable(to) }
    })
  }

/** Undefined = the damage was noticed, and the message is lost. */
const corrupted = <M>(
  link: Links.Link,
  state: Links.State,
  codec: Codec.Codec<M>,
  message: M
): { readonly message: M } | undefined => {
  const mode = link.corruption(state)
  if (mode === undefined) return { message }
  state.stats.corrupted++
  if (mode === "checked") return undefined
  try {
    return { message: Codec.decodeSync(codec, link.flip(Codec.encodeSync(codec, message))) }
  } catch {
    return undefined
  }
}

const controlOf = (state: Links.State): FaultControl => ({
  partition: (grudge) =>
    Effect.sync(() => {
      state.grudge = grudge
    }),
  isolate: (node) => Effect.sync(() => void state.isolated.add(node)),
  heal: Effect.sync(() => {
    state.grudge = Grudge.empty
    state.isolated.clear()
  }),
  setFaults: (faults) =>
    Effect.sync(() => {
      state.faults = faults
    }),
  setLink: (from, to, faults) =>
    Effect.sync(() => {
      state.link(from, to).faults = faults
    }),
  stats: Effect.sync(() => ({ ...state.stats }))
})
