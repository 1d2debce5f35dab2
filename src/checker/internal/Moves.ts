/**
 * What steps make of nodes, memoised: a handler runs once for each pair of local state and event; after that only integers move.
 */
import type { NodeId } from "../../core/NodeId.js"
import type { NodeContext, Protocol, Vocabulary } from "../../core/Protocol.js"
import type { Outcome } from "../../model/internal/Steps.js"
import { disarm, outcomes } from "../../model/internal/Steps.js"
import type { Envelope, Local, SystemModel } from "../../model/SystemModel.js"
import { Interner, SlotKeys } from "./Interner.js"
import { PairTable } from "./PairTable.js"

/** One outcome of a memoised step. */
export interface Move {
  readonly local: number
  readonly sends: ReadonlyArray<number>
  /** Which sequence of history hooks it runs: a number for (delivered envelope, sends). */
  readonly hook: number
}

/** The memo of one node: by local state. */
export interface NodeMemo<P extends Vocabulary> {
  readonly id: NodeId
  readonly protocol: Protocol<P>
  readonly context: NodeContext
  readonly locals: Interner<Local<P>>
  readonly keys: SlotKeys
  readonly deliveries: PairTable
  readonly timers: Array<ReadonlyArray<{ readonly timer: unknown; readonly moves: ReadonlyArray<Move> }> | undefined>
  readonly crashed: Array<number | undefined>
  readonly restarted: Array<ReadonlyArray<Move> | undefined>
}

/** No component, no position. */
export const none = -1

/** The step of a message that nobody minds. */
export const ignored: ReadonlyArray<Move> = []

export class Moves<P extends Vocabulary, H> {
  readonly nodes: ReadonlyArray<NodeMemo<P>>
  /** The position of each node. */
  readonly index = new Map<NodeId, number>()
  readonly envelopes = new Interner<Envelope<P["message"]>>()
  /** By envelope: the receiver's position, or none. */
  readonly receivers: Array<number> = []
  readonly histories = new Interner<H>()
  private readonly historyMoves = new PairTable()
  private readonly hooks = new Map<string, number>()
  private readonly hookSequences: Array<{ readonly delivered: number; readonly sends: ReadonlyArray<number> }> = []
  private readonly lists: Array<ReadonlyArray<Move>> = []

  constructor(private readonly model: SystemModel<P, H>) {
    this.nodes = model.nodes.map((id, slot) => {
      this.index.set(id, slot)
      const locals = new Interner<Local<P>>()
      return {
        id,
        protocol: typeof model.protocol === "function" ? model.protocol(id) : model.protocol,
        context: { id, nodes: model.nodes },
        locals,
        keys: new SlotKeys(locals, slot),
        deliveries: new PairTable(),
        timers: [],
        crashed: [],
        restarted: []
      }
    })
  }

  envelope(envelope: Envelope<P["message"]>): number {
    const number = this.envelopes.intern(envelope)
    this.receivers[number] ??= this.index.get(envelope.to) ?? none
    return number
  }

  move(node: NodeMemo<P>, delivered: number, { local, sends }: Outcome<P>): Move {
    const numbers = sends.map(({ message, to }) => this.envelope({ from: node.id, to, message }))
    const key = `${delivered}:${numbers.join()}`
    let hook = this.hooks.get(key)
    if (hook === undefined) {
      hook = this.hookSequences.push({ delivered, sends: numbers }) - 1
      this.hooks.set(key, hook)
    }
    return { local: node.locals.intern(local), sends: numbers, hook }
  }

  deliveryOf(node: NodeMemo<P>, local: number, envelope: number): ReadonlyArray<Move> {
    const known = node.deliveries.get(local, envelope)
    if (known >= 0) return this.lists[known]!
    const { from, message } = this.envelopes.values[envelope]!
    const before = node.locals.values[local]!
    if (!before.up) return ignored // it waits for the node
    const made = outcomes(node.protocol, before, (out) => node.protocol.onMessage(before.state, from, message, out))
      .filter((outcome) => !outcome.isIgnored)
      .map((outcome) => this.move(node, envelope, outcome))
    node.deliveries.set(local, envelope, this.lists.push(made.length === 0 ? ignored : made) - 1)
    return made.length === 0 ? ignored : made
  }

  timersOf(node: NodeMemo<P>, local: number) {
    const known = node.timers[local]
    if (known !== undefined) return known
    const before = node.locals.values[local]!
    return node.timers[local] = before.timers.map((timer) => {
      const disarmed: Local<P> = { ...before, timers: disarm(before.timers, timer) }
      const moves = outcomes(
        node.protocol,
        disarmed,
        (out) => node.protocol.onTimer?.(before.state, timer, out) ?? before.state
      )
        .map((outcome) => this.move(node, none, outcome))
        // an unchanged node whose timer is armed again and that says nothing: nothing happened
        .filter((move) => move.local !== local || move.sends.length > 0)
      return { timer, moves }
    })
  }

  crashOf(node: NodeMemo<P>, local: number): number {
    return node.crashed[local] ??= node.locals.intern({
      up: false,
      state: undefined,
      timers: [],
      durable: node.locals.values[local]!.durable
    })
  }

  restartOf(node: NodeMemo<P>, local: number): ReadonlyArray<Move> {
    return node.restarted[local] ??= this.starts(node, node.locals.values[local]!)
  }

  starts(node: NodeMemo<P>, before: Local<P>): ReadonlyArray<Move> {
    return outcomes(node.protocol, before, (out) => node.protocol.start(node.context, before.durable, out))
      .map((outcome) => this.move(node, none, outcome))
  }

  historyAfter(history: number, hook: number): number {
    const known = this.historyMoves.get(history, hook)
    if (known >= 0) return known
    const { delivered, sends } = this.hookSequences[hook]!
    const { onDeliver, onSend } = this.model.history
    let value = this.histories.values[history] as H
    if (delivered !== none) value = onDeliver(value, this.envelopes.values[delivered]!)
    for (const send of sends) value = onSend(value, this.envelopes.values[send]!)
    const next = this.histories.intern(value)
    this.historyMoves.set(history, hook, next)
    return next
  }
}
