/**
 * How joining and listening fail.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import type { NodeId } from "../core/NodeId.js"

/**
 * A node cannot join.
 *
 * @since 0.1.0
 * @category errors
 */
export class NetworkJoinError extends Data.TaggedError("NetworkJoinError")<{
  readonly node: NodeId
  readonly channel: string
  readonly reason: "taken" | "not-hosted" | "bad-channel"
}> {
  override get message(): string {
    return `${this.node} cannot join channel ${JSON.stringify(this.channel)}: ${this.reason}`
  }
}

/**
 * The listener could not be opened: the port is in use, the host is not ours, or permission is missing.
 *
 * @since 0.1.0
 * @category errors
 */
export class NetworkListenError extends Data.TaggedError("NetworkListenError")<{
  readonly host: string
  readonly port: number
  /** The system's code, such as EADDRINUSE. */
  readonly code: string
}> {
  override get message(): string {
    return `cannot listen on ${this.host}:${this.port}: ${this.code}`
  }
}
