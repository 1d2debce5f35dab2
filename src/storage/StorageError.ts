/**
 * The errors of `Storage`: each carries what a person needs to act.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"

/**
 * A file is damaged where no crash can have damaged it. Nothing was overwritten.
 *
 * @since 0.1.0
 * @category errors
 */
export class StorageCorrupt extends Data.TaggedError("StorageCorrupt")<{
  readonly file: string
  /** The byte offset in `file` from which it cannot be trusted. */
  readonly offset: number
  readonly detail: string
}> {
  override get message(): string {
    return `${this.file} is damaged at byte ${this.offset}: ${this.detail}; nothing was overwritten`
  }
}

/**
 * Whose folder it is, and in which version of the format.
 *
 * @since 0.1.0
 * @category models
 */
export interface Identity {
  readonly cluster: string
  readonly node: string
  readonly version: number
}

/**
 * The data belong to another node, another cluster or another version of the format. Nothing was overwritten.
 *
 * @since 0.1.0
 * @category errors
 */
export class StorageForeign extends Data.TaggedError("StorageForeign")<{
  readonly file: string
  readonly expected: Identity
  readonly found: Identity
}> {
  override get message(): string {
    const say = (i: Identity) =>
      `cluster ${JSON.stringify(i.cluster)}, node ${JSON.stringify(i.node)}, format ${i.version}`
    return `${this.file} belongs to ${say(this.found)}, not to ${say(this.expected)}; nothing was overwritten`
  }
}

/**
 * Another journal holds the data: another process (`pid`), or this one.
 *
 * @since 0.1.0
 * @category errors
 */
export class StorageLocked extends Data.TaggedError("StorageLocked")<{ readonly file: string; readonly pid: number }> {
  override get message(): string {
    return `${this.file} is held by process ${this.pid}: one journal at a time`
  }
}

/**
 * The file system refused an operation. The journal is failed for ever: after a failed write or sync nobody knows what
 * the disk holds, so nothing is retried; reopen it to learn.
 *
 * @since 0.1.0
 * @category errors
 */
export class StorageFailed extends Data.TaggedError("StorageFailed")<{
  readonly operation: string
  readonly file: string
  /** The system's code, as `ENOSPC` or `EIO`. */
  readonly code: string
  readonly cause: unknown
}> {
  override get message(): string {
    const why = this.code === "ENOSPC" || this.code === "EDQUOT"
      ? `the disk is full (${this.code})`
      : this.cause instanceof Error
      ? this.cause.message
      : this.code
    return `${this.operation} of ${this.file} failed: ${why}`
  }
}

/**
 * The journal's scope is closed, or its memory disk crashed.
 *
 * @since 0.1.0
 * @category errors
 */
export class StorageClosed extends Data.TaggedError("StorageClosed")<{ readonly node: string }> {
  override get message(): string {
    return `the journal of ${JSON.stringify(this.node)} is closed`
  }
}

/**
 * More bytes wait for the disk than `maxQueuedBytes`. The frame was not taken; the journal is healthy: slow down.
 *
 * @since 0.1.0
 * @category errors
 */
export class StorageOverloaded
  extends Data.TaggedError("StorageOverloaded")<{ readonly queuedBytes: number; readonly limit: number }>
{
  override get message(): string {
    return `${this.queuedBytes} bytes wait for the disk and the limit is ${this.limit}: the frame was not taken`
  }
}

/**
 * A frame or a checkpoint is larger than its bound. It was not taken; the journal is healthy.
 *
 * @since 0.1.0
 * @category errors
 */
export class StorageTooLarge
  extends Data.TaggedError("StorageTooLarge")<{ readonly what: string; readonly bytes: number; readonly limit: number }>
{
  override get message(): string {
    return `a ${this.what} of ${this.bytes} bytes is over the limit of ${this.limit}`
  }
}

/**
 * Why a journal could not be opened.
 *
 * @since 0.1.0
 * @category errors
 */
export type OpenError = StorageCorrupt | StorageForeign | StorageLocked | StorageFailed

/**
 * Why a frame did not become durable. After `StorageFailed` it may or may not be there at the next open.
 *
 * @since 0.1.0
 * @category errors
 */
export type AppendError = StorageFailed | StorageClosed | StorageOverloaded | StorageTooLarge

/**
 * Why a checkpoint was not made. The frames it would have replaced are still there.
 *
 * @since 0.1.0
 * @category errors
 */
export type CheckpointError = StorageFailed | StorageClosed | StorageTooLarge

/**
 * Every error of this room.
 *
 * @since 0.1.0
 * @category errors
 */
export type StorageError = OpenError | AppendError | CheckpointError
