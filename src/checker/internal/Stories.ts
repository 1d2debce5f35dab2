/**
 * What a model's history is told, memoised: a history hook runs once for each pair of history and sequence of notes.
 */
import { encode } from "../../core/Canonical.js"
import type { NodeId } from "../../core/NodeId.js"
import type { Vocabulary } from "../../core/Protocol.js"
import type { Envelope, SystemModel } from "../../model/SystemModel.js"
import { Interner } from "./Interner.js"
import { PairTable } from "./PairTable.js"
import type { Purity } from "./Purity.js"

/** One thing that a history may remember. */
export type Note<P extends Vocabulary> =
  | { readonly _tag: "Deliver"; readonly envelope: number }
  | { readonly _tag: "Send"; readonly envelope: number; readonly durable: P["durable"] | undefined }
  | { readonly _tag: "Emit"; readonly node: NodeId; readonly event: P["event"] }
  | { readonly _tag: "Request"; readonly client: number; readonly request: P["request"]; readonly node: NodeId }
  | {
    readonly _tag: "Reply"
    readonly client: number
    readonly reply: P["reply"]
    readonly request: P["request"]
    readonly state: P["state"]
  }
  | { readonly _tag: "Lost"; readonly client: number; readonly request: P["request"] }

export class Stories<P extends Vocabulary, H> {
  readonly histories: Interner<H>
  /** Whether a note of a send says what is on the sender's disk. */
  readonly seesDisks: boolean
  private readonly hooks = new Map<string, number>()
  private readonly sequences: Array<ReadonlyArray<Note<P>>> = []
  private readonly moves = new PairTable()

  constructor(
    private readonly model: SystemModel<P, H>,
    private readonly envelopes: Interner<Envelope<P["message"]>>,
    private readonly purity: Purity
  ) {
    this.histories = new Interner(purity.isOn)
    this.seesDisks = model.history.onSendFrom !== undefined
    this.hook([])
  }

  /** The number of a sequence of notes; 0 is the empty one. */
  hook(notes: ReadonlyArray<Note<P>>): number {
    const key = notes.map(keyOf).join()
    const known = this.hooks.get(key)
    if (known !== undefined) return known
    const hook = this.sequences.push(notes) - 1
    this.hooks.set(key, hook)
    return hook
  }

  after(history: number, hook: number): number {
    if (hook === 0) return history
    const known = this.moves.get(history, hook)
    if (known >= 0) {
      if (this.purity.isOn && this.purity.isDue()) this.purity.compare(this.place, known, this.told(history, hook))
      return known
    }
    const next = this.told(history, hook)
    this.moves.set(history, hook, next)
    return next
  }

  private readonly place = (): string => `history of ${this.model.name}`

  private told(history: number, hook: number): number {
    let value = this.histories.values[history] as H
    for (const note of this.sequences[hook]!) {
      const before = value
      value = this.purity.call(this.place, before, () => this.tell(before, note))
    }
    return this.histories.intern(value)
  }

  private tell(history: H, note: Note<P>): H {
    const told = this.model.history
    switch (note._tag) {
      case "Deliver":
        return told.onDeliver(history, this.envelopes.values[note.envelope]!)
      case "Send": {
        const envelope = this.envelopes.values[note.envelope]!
        return told.onSendFrom?.(history, envelope, note.durable) ?? told.onSend(history, envelope)
      }
      case "Emit":
        return told.onEmit?.(history, note.node, note.event) ?? history
      case "Request":
        return told.onRequest?.(history, note.client, note.request, note.node) ?? history
      case "Reply":
        return told.onReply?.(history, note.client, note.reply, note.request, note.state) ?? history
      case "Lost":
        return told.onLost?.(history, note.client, note.request) ?? history
    }
  }
}

/** Most notes are of messages, and most say no more than which. */
const keyOf = <P extends Vocabulary>(note: Note<P>): string =>
  note._tag === "Deliver"
    ? `<${note.envelope}`
    : note._tag === "Send" && note.durable === undefined
    ? `>${note.envelope}`
    : encode(note)
