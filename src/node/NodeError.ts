/**
 * The errors of `ProtocolNode`.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import type { NodeId } from "../core/NodeId.js"

/**
 * The storage holds records that the node's codecs cannot read: another protocol's, or another version's. Nothing was overwritten.
 *
 * @since 0.1.0
 * @category errors
 */
export class RecoveryFailed extends Data.TaggedError("RecoveryFailed")<{
  readonly node: NodeId
  readonly detail: string
}> {
  override get message(): string {
    return `the records of node ${JSON.stringify(this.node)} cannot be read: ${this.detail}`
  }
}

/**
 * The request was not taken: the node has ended, or as many requests as it may hold are under way. Nothing of it happened.
 *
 * @since 0.1.0
 * @category errors
 */
export class RequestRefused extends Data.TaggedError("RequestRefused")<{ readonly reason: "overloaded" | "stopped" }> {
  override get message(): string {
    return this.reason === "stopped" ? "the node has stopped" : "too many requests wait at this node"
  }
}

/**
 * The life that took the request ended before it answered. Whether it had effects is unknown.
 *
 * @since 0.1.0
 * @category errors
 */
export class RequestLost extends Data.TaggedError("RequestLost")<{ readonly node: NodeId }> {
  override get message(): string {
    return `node ${JSON.stringify(this.node)} crashed before it answered`
  }
}
