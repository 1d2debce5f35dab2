/**
 * Whose turn an actor is.
 *
 * ```
 * IDLE -> READY (in the run ring) -> RUNNING (a handler on the dispatcher's stack) -> IDLE | READY
 *         RUNNING -> BUSY (a handler gave an Effect or threw: the fiber is resumed with it, the mailbox waits) -> parks again
 * GATED between two lives; CLOSED is final
 * ```
 */
export const IDLE = 0
export const READY = 1
export const RUNNING = 2
export const BUSY = 3
export const GATED = 4
export const CLOSED = 5
