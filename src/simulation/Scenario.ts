/**
 * What is simulated: nodes, their protocol, clients, and what must hold.
 *
 * @since 0.1.0
 */
import type { NodeId } from "../core/NodeId.js"
import type { Protocol, RequestId, Vocabulary } from "../core/Protocol.js"

/**
 * A node as properties see it. `durable` is the fold of what is on its simulated disk.
 *
 * @since 0.1.0
 * @category models
 */
export interface Member<P extends Vocabulary> {
  readonly id: NodeId
  /** `undefined` while the node is down. */
  readonly state: P["state"] | undefined
  readonly durable: P["durable"]
}

/**
 * What a client may do. It does one thing at a time: after `ask` comes one `onReply`, after `sleep` one `onWake`.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClientApi<P extends Vocabulary> {
  readonly nodes: ReadonlyArray<NodeId>
  /** Asks a node; a reply later than `timeout` ms comes as `undefined`, and so does none (the node is down, or crashed). */
  ask(node: NodeId, request: P["request"], timeout: number): void
  sleep(millis: number): void
  choose(n: number, label: string): number
  /** Whether the run is about to end: finish, and start nothing new. */
  isClosing(): boolean
}

/**
 * A simulated client.
 *
 * @since 0.1.0
 * @category models
 */
export interface Client<P extends Vocabulary> {
  onWake(): void
  /** `state` is the node's, at the step at which it answered: what a read that the reply permits would see. */
  onReply(reply: P["reply"] | undefined, state: P["state"] | undefined): void
}

/**
 * A liveness property: within so many virtual milliseconds after the faults ended it must hold once, or it is violated at that time. One whose time is longer
 * than the calm's first half, in which clients still begin operations, is not judged.
 *
 * @since 0.1.0
 * @category models
 */
export interface Obligation<P extends Vocabulary> {
  readonly property: string
  readonly within: number
  /** Names what is missing; `undefined` when it holds. Asked every 20 virtual milliseconds until then. */
  readonly missing: (members: ReadonlyArray<Member<P>>) => string | undefined
}

/**
 * One run's clients and judgements: made anew for each run, so that it may keep what it saw.
 *
 * @since 0.1.0
 * @category models
 */
export interface Session<P extends Vocabulary> {
  readonly clients: ReadonlyArray<(api: ClientApi<P>) => Client<P>>
  /**
   * After every step that changed a node: names what is violated. `members` are all nodes now, and `before` is what the one at `changed` was. The array is the
   * simulator's own and changes with the next step; its members are values.
   */
  readonly always: (
    members: ReadonlyArray<Member<P>>,
    changed: number,
    before: Member<P>
  ) => { readonly property: string; readonly detail: string } | undefined
  /** A node takes a request of a client. */
  readonly onRequest?: (node: NodeId, id: RequestId, request: P["request"]) => void
  /** A node answers one that it took, and that nobody answered before. */
  readonly onReply?: (node: NodeId, id: RequestId, reply: P["reply"]) => void
  /** A node's message leaves. */
  readonly onSend?: (from: Member<P>, to: NodeId, message: P["message"]) => void
  readonly onEvent?: (node: NodeId, event: P["event"]) => void
  /** At the end, after the faults were healed for a while. */
  readonly atEnd: (
    members: ReadonlyArray<Member<P>>
  ) => ReadonlyArray<{ readonly property: string; readonly detail: string }>
  /** What must come to hold when the faults have ended. */
  readonly eventually?: ReadonlyArray<Obligation<P>>
  /** The faults ended: what is due from here on begins to count. */
  readonly onHeal?: () => void
  /** How many operations its clients had answered. */
  readonly operations: () => number
}

/**
 * A property that a run violated, and when.
 *
 * @since 0.1.0
 * @category models
 */
export interface Violation {
  readonly property: string
  readonly detail: string
  readonly atMillis: number
}

/**
 * What a scenario was made of, as far as numbers and words say it: with its name, enough to make it again from a tape.
 *
 * @since 0.1.0
 * @category models
 */
export type Parameters = { readonly [name: string]: number | string }

/**
 * @since 0.1.0
 * @category models
 */
export interface Scenario<P extends Vocabulary> {
  readonly name: string
  readonly parameters?: Parameters
  readonly nodes: ReadonlyArray<NodeId>
  readonly protocol: (id: NodeId) => Protocol<P>
  readonly session: () => Session<P>
  /** Whether a node with this state says that it leads: faults that are aimed at leaders look for one. */
  readonly leads?: (state: P["state"]) => boolean
  /** A number that tells messages apart well enough for the trace hash; cheap, for it is asked at every send. */
  readonly digest: (message: P["message"]) => number
}
