/**
 * What clients ask of a system. A client asks one thing at a time, of a node; it is part of the system's state.
 *
 * @since 0.1.0
 */
import type { NodeId } from "../core/NodeId.js"
import type { RequestId, Vocabulary } from "../core/Protocol.js"

/**
 * What a client may ask next, and of whom.
 *
 * @since 0.1.0
 * @category models
 */
export interface Ask<P extends Vocabulary> {
  readonly node: NodeId
  readonly request: P["request"]
}

/**
 * A client as a state machine. It must end: a client that asks for ever makes an infinite space.
 *
 * @since 0.1.0
 * @category models
 */
export interface Client<P extends Vocabulary> {
  readonly initial: unknown
  /** What it may ask now, each a branch; nothing where it is done. Of nodes that are down nothing is asked. */
  readonly asks: (state: unknown) => ReadonlyArray<Ask<P>>
  readonly onReply: (state: unknown, reply: P["reply"], ask: Ask<P>) => unknown
  /** The node that it asked crashed: the outcome is unknown. */
  readonly onLost: (state: unknown, ask: Ask<P>) => unknown
}

/**
 * A client between two events.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClientLocal<P extends Vocabulary> {
  readonly state: unknown
  /** How often it asked. */
  readonly asked: number
  readonly open: (Ask<P> & { readonly id: RequestId }) | undefined
}

/**
 * A client with states S.
 *
 * @since 0.1.0
 * @category constructors
 */
export const client = <P extends Vocabulary, S>(of: {
  readonly initial: S
  readonly asks: (state: S) => ReadonlyArray<Ask<P>>
  readonly onReply: (state: S, reply: P["reply"], ask: Ask<P>) => S
  readonly onLost?: (state: S, ask: Ask<P>) => S
}): Client<P> => ({
  initial: of.initial,
  // what a client hands out is what it gets back, so its states are S
  asks: (state) => of.asks(state as S),
  onReply: (state, reply, ask) => of.onReply(state as S, reply, ask),
  onLost: (state, ask) => of.onLost?.(state as S, ask) ?? state
})

/**
 * A client that asks a list of things, each of any of the nodes, whatever it is answered.
 *
 * @since 0.1.0
 * @category constructors
 */
export const script = <P extends Vocabulary>(
  nodes: ReadonlyArray<NodeId>,
  requests: ReadonlyArray<P["request"]>
): Client<P> =>
  client<P, number>({
    initial: 0,
    asks: (done) => done < requests.length ? nodes.map((node) => ({ node, request: requests[done]! })) : [],
    onReply: (done) => done + 1,
    onLost: (done) => done + 1
  })
