/**
 * What events make of nodes and clients, memoised: a handler runs once for each pair of local state and event; after that only integers move.
 */
import type { NodeId } from "../../core/NodeId.js"
import type { RequestId, Vocabulary } from "../../core/Protocol.js"
import { requestId } from "../../core/Protocol.js"
import { envelopeOf } from "../../model/internal/Follow.js"
import type { Outcome, Stepping } from "../../model/internal/Steps.js"
import * as Steps from "../../model/internal/Steps.js"
import type { Envelope, Local, SystemModel } from "../../model/SystemModel.js"
import type { Ask, ClientLocal } from "../../model/Workload.js"
import { Interner, SlotKeys } from "./Interner.js"
import { PairTable } from "./PairTable.js"
import type { Purity } from "./Purity.js"
import type { Note } from "./Stories.js"
import { Stories } from "./Stories.js"
import { guarded } from "./Thrown.js"

/** One outcome of a memoised event at a node. */
export interface Move {
  readonly local: number
  /** The combination of its choices. */
  readonly outcome: number
  readonly sends: ReadonlyArray<number>
  readonly replies: ReadonlyArray<number>
  /** What the history is told. */
  readonly hook: number
}

/** The events of one kind at a local state: what tells them apart, and what they make of it. */
type Choices<A> = ReadonlyArray<A & { readonly moves: ReadonlyArray<Move> }>

/** The memo of one node: by local state. */
export interface NodeMemo<P extends Vocabulary> {
  readonly id: NodeId
  readonly stepping: Stepping<P>
  readonly locals: Interner<Local<P>>
  readonly keys: SlotKeys
  readonly deliveries: PairTable
  readonly requests: PairTable
  readonly timers: Array<Choices<TimerOf> | undefined>
  readonly flushes: Array<Choices<{ readonly frames: number }> | undefined>
  readonly crashed: Array<ReadonlyArray<number> | undefined>
  readonly restarted: Array<ReadonlyArray<Move> | undefined>
  readonly isInside: Array<boolean | undefined>
}

interface TimerOf {
  readonly timer: unknown
  /** Of 0 ms: no budget counts it. */
  readonly isEndOfBatch: boolean
  /** After GST: whether it may fire by now. */
  readonly isRipe: boolean
}

/** The memo of one client: by its state. */
interface ClientMemo<P extends Vocabulary> {
  readonly locals: Interner<ClientLocal<P>>
  readonly keys: SlotKeys
  readonly asks: Array<ReadonlyArray<Asking<P>> | undefined>
  readonly answers: PairTable
  readonly lost: Array<Answered | undefined>
}

/** A client's question: the client after it, and what identifies it to the node. */
export interface Asking<P extends Vocabulary> {
  readonly ask: Ask<P>
  readonly slot: number
  readonly question: number
  readonly client: number
}

/** A client after its answer, and what the history is told. */
interface Answered {
  readonly client: number
  readonly hook: number
}

/** An answer of a node, and the state that it was given in. */
interface Answer<P extends Vocabulary> {
  readonly id: RequestId
  readonly reply: P["reply"]
  readonly state: P["state"]
}

/** No component, no position. */
export const none = -1

/** The step of a message that nobody minds. */
export const ignored: ReadonlyArray<Move> = []

export class Moves<P extends Vocabulary, H> {
  readonly nodes: ReadonlyArray<NodeMemo<P>>
  /** The position of each node. */
  readonly index = new Map<NodeId, number>()
  readonly envelopes: Interner<Envelope<P["message"]>>
  /** By envelope: the receiver's position, or none. */
  readonly receivers: Array<number> = []
  /** By envelope: whether a node sent it to itself. */
  readonly isOwn: Array<boolean> = []
  /** Whether any node ever sent itself something. */
  hasOwn = false
  readonly clients: ReadonlyArray<ClientMemo<P>>
  readonly stories: Stories<P, H>
  private readonly questions = new Interner<{ readonly id: RequestId; readonly request: P["request"] }>()
  private readonly answers = new Interner<Answer<P>>()
  private readonly answered: Array<Answered> = []
  private readonly lists: Array<ReadonlyArray<Move>> = []

  constructor(readonly model: SystemModel<P, H>, private readonly purity: Purity) {
    this.envelopes = new Interner(purity.isOn)
    this.stories = new Stories(model, this.envelopes, purity)
    this.nodes = model.nodes.map((id, slot) => {
      this.index.set(id, slot)
      const locals = new Interner<Local<P>>(purity.isOn)
      return {
        id,
        stepping: Steps.steppingOf(model, id),
        locals,
        keys: new SlotKeys(locals, slot),
        deliveries: new PairTable(),
        requests: new PairTable(),
        timers: [],
        flushes: [],
        crashed: [],
        restarted: [],
        isInside: []
      }
    })
    this.clients = model.clients.map((_, client) => {
      const locals = new Interner<ClientLocal<P>>(purity.isOn)
      const slot = model.nodes.length + 3 + client
      return { locals, keys: new SlotKeys(locals, slot), asks: [], answers: new PairTable(), lost: [] }
    })
  }

  envelope(envelope: Envelope<P["message"]>): number {
    const number = this.envelopes.intern(envelope)
    if (this.receivers[number] === undefined) {
      this.receivers[number] = this.index.get(envelope.to) ?? none
      this.isOwn[number] = envelope.from === envelope.to
      this.hasOwn ||= envelope.from === envelope.to
    }
    return number
  }

  move(
    node: NodeMemo<P>,
    first: ReadonlyArray<Note<P>>,
    { leaves, local, replies }: Outcome<P>,
    outcome: number
  ): Move {
    const sends: Array<number> = []
    const notes = [...first]
    for (const leaving of leaves) {
      if (leaving._tag === "Emit") notes.push({ _tag: "Emit", node: node.id, event: leaving.event })
      else {
        const envelope = this.envelope(envelopeOf(this.model, node.id, leaving.to, leaving.message))
        sends.push(envelope)
        notes.push({ _tag: "Send", envelope, durable: this.stories.seesDisks ? local.durable : undefined })
      }
    }
    return {
      local: node.locals.intern(local),
      outcome,
      sends,
      replies: replies.map(({ id, reply }) => this.answers.intern({ id, reply, state: local.state })),
      hook: this.stories.hook(notes)
    }
  }

  // ---- nodes

  deliveryOf(node: NodeMemo<P>, local: number, envelope: number): ReadonlyArray<Move> {
    const known = node.deliveries.get(local, envelope)
    if (known >= 0) {
      const list = this.lists[known]!
      if (this.purity.isOn && this.purity.isDue()) {
        this.purity.compare(() => placeOf("onMessage", node), list, this.deliver(node, local, envelope))
      }
      return list
    }
    if (!node.locals.values[local]!.up) return ignored // it waits for the node
    const made = this.deliver(node, local, envelope)
    const list = made.length === 0 ? ignored : made
    node.deliveries.set(local, envelope, this.lists.push(list) - 1)
    return list
  }

  private deliver(node: NodeMemo<P>, local: number, envelope: number): ReadonlyArray<Move> {
    const { from, message } = this.envelopes.values[envelope]!
    const before = node.locals.values[local]!
    return this.purity
      .call(
        () => placeOf("onMessage", node),
        [before, message],
        () => Steps.deliveries(node.stepping, before, from, message)
      )
      .flatMap((outcome, i) => outcome.isIgnored ? [] : [this.move(node, [{ _tag: "Deliver", envelope }], outcome, i)])
  }

  /** What a handler of a node makes of its local state. */
  private call(
    handler: string,
    node: NodeMemo<P>,
    before: Local<P>,
    run: () => ReadonlyArray<Outcome<P>>
  ): ReadonlyArray<Outcome<P>> {
    return this.purity.call(() => placeOf(handler, node), before, run)
  }

  timersOf(node: NodeMemo<P>, local: number): Choices<TimerOf> {
    const known = node.timers[local]
    if (known === undefined) return node.timers[local] = this.fire(node, local)
    if (this.purity.isOn && this.purity.isDue()) {
      this.purity.compare(() => placeOf("onTimer", node), known, this.fire(node, local))
    }
    return known
  }

  private fire(node: NodeMemo<P>, local: number): Choices<TimerOf> {
    const before = node.locals.values[local]!
    const fire = (timer: P["timer"], isEndOfBatch: boolean, isRipe: boolean) => ({
      timer,
      isEndOfBatch,
      isRipe,
      moves: this.call("onTimer", node, before, () => Steps.firings(node.stepping, before, timer)).flatMap(
        (outcome, i) => {
          const move = this.move(node, [], outcome, i)
          // an unchanged node whose timer is armed again and that says nothing: nothing happened
          return move.local === local && outcome.leaves.length + outcome.replies.length === 0 ? [] : [move]
        }
      )
    })
    return [
      ...before.timers.map((timer, i) => fire(timer, false, (before.deadlines?.[i]?.[0] ?? 0) <= 0)),
      ...(before.endOfBatch ?? []).map((timer) => fire(timer, true, true))
    ]
  }

  flushesOf(node: NodeMemo<P>, local: number): Choices<{ readonly frames: number }> {
    const before = node.locals.values[local]!
    return node.flushes[local] ??= Array.from({ length: Steps.frames(before) }, (_, i) => ({
      frames: i + 1,
      moves: this.call("onDurable", node, before, () => Steps.flushes(node.stepping, before, i + 1))
        .map((outcome, o) => this.move(node, [], outcome, o))
    }))
  }

  crashOf(node: NodeMemo<P>, local: number): ReadonlyArray<number> {
    return node.crashed[local] ??= Steps.crashes(node.stepping, node.locals.values[local]!)
      .map((down) => node.locals.intern(down))
  }

  restartOf(node: NodeMemo<P>, local: number): ReadonlyArray<Move> {
    const before = node.locals.values[local]!
    return node.restarted[local] ??= this.call("start", node, before, () => Steps.starts(node.stepping, before))
      .map((outcome, i) => this.move(node, [], outcome, i))
  }

  /** Whether the model's boundary of nodes lets it be. */
  isInside(slot: number, local: number): boolean {
    const node = this.nodes[slot]!
    return node.isInside[local] ??= guarded(
      () => placeOf("nodeBoundary", node),
      () => this.model.nodeBoundary?.(node.locals.values[local]!, node.id) ?? true
    )
  }

  // ---- clients

  asksOf(client: number, local: number): ReadonlyArray<Asking<P>> {
    const memo = this.clients[client]!
    const known = memo.asks[local]
    if (known !== undefined) return known
    const before = memo.locals.values[local]!
    if (before.open !== undefined) return memo.asks[local] = []
    const { asked, state } = before
    const asks = this.purity.call(
      () => `asks of client ${client}`,
      state,
      () => this.model.clients[client]!.asks(state)
    )
    return memo.asks[local] = asks.flatMap((ask) => {
      const slot = this.index.get(ask.node)
      if (slot === undefined) return []
      const id = requestId(client, asked)
      const { node, request } = ask
      const after: ClientLocal<P> = { state, asked: asked + 1, open: { node, request, id } }
      return [{ ask, slot, question: this.questions.intern({ id, request }), client: memo.locals.intern(after) }]
    })
  }

  requestOf(node: NodeMemo<P>, local: number, client: number, { ask, question }: Asking<P>): ReadonlyArray<Move> {
    const known = node.requests.get(local, question)
    if (known >= 0) return this.lists[known]!
    const { id, request } = this.questions.values[question]!
    const note: Note<P> = { _tag: "Request", client, request, node: ask.node }
    const before = node.locals.values[local]!
    const made = this.call("onRequest", node, before, () => Steps.requests(node.stepping, before, id, request))
      .map((outcome, i) => this.move(node, [note], outcome, i))
    node.requests.set(local, question, this.lists.push(made) - 1)
    return made
  }

  /** Which client an answer is for. */
  clientOf(answer: number): number {
    return Math.floor(this.answers.values[answer]!.id / 0x100000000) // `requestId` puts the client there
  }

  /** The client after an answer; undefined where it does not wait for it. */
  answerOf(client: number, local: number, answer: number): Answered | undefined {
    const memo = this.clients[client]!
    const known = memo.answers.get(local, answer)
    if (known >= 0) return this.answered[known]
    const { id, reply, state } = this.answers.values[answer]!
    const { asked, open, state: before } = memo.locals.values[local]!
    if (open?.id !== id) return undefined
    const after = this.purity.call(
      () => `onReply of client ${client}`,
      [before, reply],
      () => this.model.clients[client]!.onReply(before, reply, open)
    )
    const made: Answered = {
      client: memo.locals.intern({ state: after, asked, open: undefined }),
      hook: this.stories.hook([{ _tag: "Reply", client, reply, request: open.request, state }])
    }
    memo.answers.set(local, answer, this.answered.push(made) - 1)
    return made
  }

  /** The client after the crash of a node; undefined where it did not wait for it. */
  lostOf(client: number, local: number, node: NodeId): Answered | undefined {
    const memo = this.clients[client]!
    const { asked, open, state } = memo.locals.values[local]!
    if (open?.node !== node) return undefined
    const after = () =>
      this.purity.call(() => `onLost of client ${client}`, state, () => this.model.clients[client]!.onLost(state, open))
    return memo.lost[local] ??= {
      client: memo.locals.intern({
        state: after(),
        asked,
        open: undefined
      }),
      hook: this.stories.hook([{ _tag: "Lost", client, request: open.request }])
    }
  }
}

const placeOf = <P extends Vocabulary>(handler: string, { id, stepping }: NodeMemo<P>): string =>
  `${handler} of ${stepping.protocol.name} at ${id}`
