/**
 * Messages that were sent and will not be handled.
 *
 * @since 0.1.0
 */
import type { Address } from "./DeathWatch.js"

/**
 * Why a message was not handled: the receiver has ended; its mailbox was full; it crashed its handler; no handler knows it; its node cannot be
 * reached; it was stashed when the actor ended; or it is a second answer to one request.
 *
 * @since 0.1.0
 * @category models
 */
export type DeadLetterReason =
  | "terminated"
  | "overflow"
  | "poison"
  | "undecodable"
  | "unreachable"
  | "stash-lost"
  | "answered-twice"

/**
 * A message that will not be handled. Each appears once.
 *
 * @since 0.1.0
 * @category models
 */
export interface DeadLetter {
  readonly to: Address
  readonly message: unknown
  readonly reason: DeadLetterReason
}
