/**
 * What can go wrong between actors, as values.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import type { Address, Reason } from "./DeathWatch.js"

/**
 * The asked actor ended, or crashed on this request, before it answered. The request may have been handled in part.
 *
 * @since 0.1.0
 * @category errors
 */
export class ActorTerminated extends Data.TaggedError("ActorTerminated")<{
  readonly address: Address
  readonly reason: Reason
}> {
  override get message(): string {
    return `${this.address.path} ended before it answered (${this.reason._tag})`
  }
}

/**
 * No answer within the time given. A later answer is dropped.
 *
 * @since 0.1.0
 * @category errors
 */
export class AskTimeout extends Data.TaggedError("AskTimeout")<{
  readonly address: Address
  readonly millis: number
}> {
  override get message(): string {
    return `${this.address.path} did not answer within ${this.millis} ms`
  }
}

/**
 * The request was not accepted: the mailbox was full. It was not and will not be handled.
 *
 * @since 0.1.0
 * @category errors
 */
export class MailboxFull extends Data.TaggedError("MailboxFull")<{
  readonly address: Address
  readonly capacity: number
}> {
  override get message(): string {
    return `the mailbox of ${this.address.path} is full (${this.capacity} messages)`
  }
}

/**
 * The stash and the mailbox together hold their bound: the message was not stashed.
 *
 * @since 0.1.0
 * @category errors
 */
export class StashFull extends Data.TaggedError("StashFull")<{
  readonly address: Address
  readonly capacity: number
}> {
  override get message(): string {
    return `${this.address.path} cannot stash: its mailbox and stash hold ${this.capacity} messages`
  }
}

/**
 * An actor could not be started. Nothing of it is left: no name, no fiber, no child.
 *
 * @since 0.1.0
 * @category errors
 */
export class SpawnError extends Data.TaggedError("SpawnError")<{
  readonly path: string
  /** `SystemClosing` is also said of a parent that stops, has ended, or is between two lives. */
  readonly reason: "NameTaken" | "StartFailed" | "SystemClosing" | "InvalidName"
  /** The defect, where `initial` had one. */
  readonly cause?: Cause.Cause<unknown>
}> {
  override get message(): string {
    return `cannot start ${this.path}: ${this.reason}`
  }
}

/**
 * The defect of an ask that can never be answered, because the asked actor waits, through other actors, for the one that asks. `chain` begins and ends with
 * the actor that asked last. Found where each asks from the fiber of its own handler; elsewhere the time given decides.
 *
 * @since 0.1.0
 * @category errors
 */
export class AskCycle extends Data.TaggedError("AskCycle")<{ readonly chain: ReadonlyArray<Address> }> {
  override get message(): string {
    return `actors wait for each other: ${this.chain.map((address) => address.path).join(" -> ")}`
  }
}
