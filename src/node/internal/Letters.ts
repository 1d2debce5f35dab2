/**
 * What a node's actor is told. Plain classes: one is made for every message of the network.
 *
 * @internal
 */
import type { NodeId } from "../../core/NodeId.js"
import type { Vocabulary } from "../../core/Protocol.js"
import type { Life } from "./Life.js"

/** A message of the network. */
export class Deliver<P extends Vocabulary> {
  readonly _tag = "Deliver"
  constructor(readonly from: NodeId, readonly message: P["message"]) {}
}

/** A request of a local client. It survives a crash while it waits. */
export class Question<P extends Vocabulary> {
  readonly _tag = "Question"
  constructor(readonly request: P["request"], readonly onReply: (reply: P["reply"] | undefined) => void) {}
}

/** The disk has news for this life. */
export class Durable<P extends Vocabulary> {
  readonly _tag = "Durable"
  constructor(readonly life: Life<P>) {}
}

/** A timer or own work of this life is due, or its journal has grown. */
export class Tick<P extends Vocabulary> {
  readonly _tag = "Tick"
  constructor(readonly life: Life<P>, readonly duty: "timer" | "checkpoint") {}
}

/** The life shall end by this defect. */
export class Crash {
  readonly _tag = "Crash"
  constructor(readonly defect: unknown) {}
}

/** @internal */
export type Letter<P extends Vocabulary> = Deliver<P> | Question<P> | Durable<P> | Tick<P> | Crash
