/**
 * What may happen next to a system, as data: an event names everything that was open, so that a list of events is a run.
 *
 * @since 0.1.0
 */
import { encode } from "../core/Canonical.js"
import type { NodeId } from "../core/NodeId.js"
import type { Vocabulary } from "../core/Protocol.js"
import type { Envelope } from "./SystemModel.js"

/**
 * What a node does in a round. `outcome` counts the combinations of its choices; `reached`: it crashed, and its messages at these positions left before.
 *
 * @since 0.1.0
 * @category models
 */
export type Part =
  | { readonly _tag: "Step"; readonly node: NodeId; readonly outcome: number }
  | { readonly _tag: "Crash"; readonly node: NodeId; readonly outcome: number; readonly reached: ReadonlyArray<number> }
  /** Before it took anything in. */
  | { readonly _tag: "CrashBefore"; readonly node: NodeId }
  | { readonly _tag: "Restart"; readonly node: NodeId; readonly outcome: number }

/**
 * - `Ignore`: the head of an ordered channel is consumed by a node that does not mind it.
 * - `Durable`: the first `frames` writes of a node are reported.
 * - `Crash`: the node crashes, and its disk is the one numbered `left`: with so many of the frames that were being written.
 * - `Stabilise`: GST. `Tick`: the clock goes on.
 *
 * @since 0.1.0
 * @category models
 */
export type Event<P extends Vocabulary> =
  | { readonly _tag: "Deliver"; readonly envelope: Envelope<P["message"]>; readonly outcome: number }
  | { readonly _tag: "Ignore" | "Drop" | "Duplicate"; readonly envelope: Envelope<P["message"]> }
  | {
    readonly _tag: "Request"
    readonly client: number
    readonly node: NodeId
    readonly request: P["request"]
    readonly outcome: number
  }
  | { readonly _tag: "Fire"; readonly node: NodeId; readonly timer: P["timer"]; readonly outcome: number }
  | { readonly _tag: "Durable"; readonly node: NodeId; readonly frames: number; readonly outcome: number }
  | { readonly _tag: "Crash"; readonly node: NodeId; readonly left: number }
  | { readonly _tag: "Restart"; readonly node: NodeId; readonly outcome: number }
  | { readonly _tag: "Partition"; readonly cut: number }
  | { readonly _tag: "Heal" | "Stabilise" | "Tick" }
  | { readonly _tag: "Round"; readonly parts: ReadonlyArray<Part> }

/**
 * What an event is called in a trace.
 *
 * @since 0.1.0
 * @category rendering
 */
export const describe = <P extends Vocabulary>(event: Event<P>): string => {
  switch (event._tag) {
    case "Deliver":
      return `deliver ${envelope(event.envelope)}${choice(event.outcome)}`
    case "Ignore":
    case "Drop":
    case "Duplicate":
      return `${event._tag.toLowerCase()} ${envelope(event.envelope)}`
    case "Request":
      return `request of client ${event.client} at ${event.node} ${encode(event.request)}${choice(event.outcome)}`
    case "Fire":
      return `timer ${encode(event.timer)} of ${event.node}${choice(event.outcome)}`
    case "Durable":
      return `durable ${event.node}${event.frames === 1 ? "" : ` ${event.frames} frames`}${choice(event.outcome)}`
    case "Crash":
      return `crash ${event.node}${event.left === 0 ? "" : ` with ${event.left} frames`}`
    case "Restart":
      return `restart ${event.node}${choice(event.outcome)}`
    case "Partition":
      return `partition ${event.cut}`
    case "Heal":
    case "Stabilise":
    case "Tick":
      return event._tag.toLowerCase()
    case "Round":
      return `round${event.parts.map(part).join("")}`
  }
}

const envelope = <M>({ from, message, to }: Envelope<M>): string => `${from} -> ${to} ${encode(message)}`

const choice = (outcome: number): string => outcome === 0 ? "" : ` (choice ${outcome})`

const part = (of: Part): string => {
  switch (of._tag) {
    case "Step":
      return of.outcome === 0 ? "" : `, ${of.node}${choice(of.outcome)}`
    case "Crash":
      return `, crash ${of.node} after messages ${encode(of.reached)}${choice(of.outcome)}`
    case "CrashBefore":
      return `, crash ${of.node}`
    case "Restart":
      return `, restart ${of.node}${choice(of.outcome)}`
  }
}
