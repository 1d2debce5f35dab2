/**
 * The `Storage` service: for each node an append-only journal of frames, with group commit and atomic checkpoints.
 *
 * Guarantee: a frame whose `onDurable` was called without an error is recovered at every later open, whole and in its
 * place, until a checkpoint replaces it. A frame that was never acknowledged is there whole or not at all, and what is
 * recovered is always a prefix of what was appended.
 * Model: processes crash at any instant; a crash keeps any subset of the bytes that were written and not yet synced;
 * the disk keeps what it synced. Flipped and missing bytes and missing files are detected: every frame says what was durable before it, an idle journal
 * marks its last frame as durable, and the folder's header knows the newest segment and, after a clean close, the last frame.
 * What cannot be told apart: the last batch before a crash of the *host*, acknowledged, and then damaged or lost by the disk, looks like a batch that the crash
 * tore; it is cut. After a crash of the process alone that holds only for a batch within whose turn of the event loop the process died.
 * Non-goals: repair of damaged data (a replica does that), sharing of a folder between hosts or process namespaces.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { NodeId } from "../core/NodeId.js"
import { makeFile } from "./internal/FileStorage.js"
import { nodeFileSystem } from "./internal/FileSystem.js"
import { make as makeDisk, type MemoryDisk, type Options as MemoryOptions } from "./MemoryDisk.js"
import type { AppendError, CheckpointError, OpenError } from "./StorageError.js"

/**
 * One atomic unit: several records that survive a crash together or not at all.
 *
 * @since 0.1.0
 * @category models
 */
export type Frame = ReadonlyArray<Uint8Array>

/**
 * What an open found.
 *
 * @since 0.1.0
 * @category models
 */
export interface Recovered {
  /** The bytes of the last checkpoint, or `undefined` when there never was one. */
  readonly checkpoint: Uint8Array | undefined
  /** The last sequence number that `checkpoint` replaces: 0 without one. */
  readonly checkpointUpTo: number
  /** The frames after the checkpoint, oldest first: their numbers are `checkpointUpTo + 1` and following. Read only. */
  readonly frames: ReadonlyArray<Frame>
  /** 1 at the first open, one more at each later one; durable before the open ends. */
  readonly incarnation: number
}

/**
 * Counters of one journal since it was opened.
 *
 * @since 0.1.0
 * @category models
 */
export interface Stats {
  /** The last sequence number given out. */
  readonly lastSequence: number
  /** The last sequence number that is durable. */
  readonly durableSequence: number
  /** Group commits: one write and one sync each. */
  readonly batches: number
  readonly frames: number
  readonly bytes: number
  readonly queuedBytes: number
  readonly segments: number
  readonly checkpoints: number
}

/**
 * The open journal of one node.
 *
 * @since 0.1.0
 * @category models
 */
export interface Journal {
  readonly recovered: Recovered
  /**
   * The synchronous door. Copies the frame and returns its sequence number; `onDurable` is called once, in order of the
   * numbers, when this frame and all before it are durable, or with the error. A frame that is refused (closed, failed,
   * too large, or more than `maxQueuedBytes` waiting) gets 0, and its callback is called before the return.
   * `onDurable` must not throw: a throw becomes an uncaught exception of the process.
   */
  readonly unsafeAppend: (frame: Frame, onDurable: (error?: AppendError) => void) => number
  /** Appends and waits until the frame is durable. Interruption stops the waiting, not the write. */
  readonly append: (frame: Frame) => Effect.Effect<void, AppendError>
  /**
   * Replaces, atomically, every frame up to and including `upTo` by `bytes`, or by its pieces one behind the other; waits until `upTo` is durable first.
   * The next piece is asked for when the one before is written, whose buffer it may use again; appends go on meanwhile.
   * A number that was not given out, or before the last checkpoint, is a defect (`RangeError`).
   */
  readonly checkpoint: (
    bytes: Uint8Array | Iterable<Uint8Array>,
    upTo: number
  ) => Effect.Effect<void, CheckpointError>
  /** About how many bytes of frames a next open would replay: what a checkpoint would save. */
  readonly size: () => number
  readonly stats: () => Stats
}

/**
 * The service itself.
 *
 * @since 0.1.0
 * @category models
 */
export interface StorageService {
  /**
   * Opens the journal of a node; it is flushed and released when the scope closes.
   */
  readonly open: (options: OpenOptions) => Effect.Effect<Journal, OpenError, Scope.Scope>
}

/**
 * Whose journal is opened.
 *
 * @since 0.1.0
 * @category models
 */
export interface OpenOptions {
  readonly node: NodeId
  readonly cluster: string
  /** Which of the node's journals, where it keeps several, each of its own. Default: the one without a name. */
  readonly journal?: string | undefined
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Storage extends Context.Tag("synod/Storage")<Storage, StorageService>() {}

/**
 * Where and in which portions a file journal is kept.
 *
 * @since 0.1.0
 * @category models
 */
export interface FileOptions {
  /** The folder of the one node that is opened; or a function, where one process hosts several. Made when absent. A journal with a name gets a folder in it. */
  readonly directory: string | ((node: NodeId) => string)
  /** Bytes of one preallocated segment file: 16 MiB unless told, at least 4 KiB. */
  readonly segmentBytes?: number
  /** The largest frame: 8 MiB unless told. */
  readonly maxFrameBytes?: number
  /** What may wait for the disk: 64 MiB unless told. An append beyond it is refused with `StorageOverloaded`. */
  readonly maxQueuedBytes?: number
  /** The largest checkpoint: 1 GiB unless told. */
  readonly maxCheckpointBytes?: number
}

/**
 * Journals in files: segmented, preallocated, checksummed with CRC32C, one fdatasync in flight off the event loop.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerFile = (options: FileOptions): Layer.Layer<Storage> =>
  Layer.sync(Storage, () => makeFile(options, nodeFileSystem))

/**
 * Journals on a memory disk of their own, that survive a re-open while the layer lives.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerMemory: Layer.Layer<Storage> = Layer.sync(Storage, () => makeDisk().storage)

/**
 * Journals on a given memory disk, which a test can crash.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerMemoryDisk = (disk: MemoryDisk): Layer.Layer<Storage> => Layer.succeed(Storage, disk.storage)

export type {
  /**
   * @since 0.1.0
   * @category models
   */
  MemoryDisk,
  /**
   * @since 0.1.0
   * @category models
   */
  MemoryOptions
}
