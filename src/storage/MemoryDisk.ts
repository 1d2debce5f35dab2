/**
 * A disk in memory for tests and demonstrations: journals survive a re-open, and a crash loses what was not synced.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type { NodeId } from "../core/NodeId.js"
import { bounded, joined } from "./internal/Checkpoint.js"
import { frameBytes } from "./internal/Format.js"
import type { Frame, Journal, StorageService } from "./Storage.js"
import {
  type AppendError,
  type CheckpointError,
  type OpenError,
  StorageClosed,
  StorageForeign,
  StorageLocked,
  StorageOverloaded,
  StorageTooLarge
} from "./StorageError.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** `auto` (unless told): frames become durable at the end of the current microtasks. `manual`: when `sync` is called. */
  readonly sync?: "auto" | "manual"
  /** The largest frame: 8 MiB unless told. */
  readonly maxFrameBytes?: number
  /** What may wait for a sync: 64 MiB unless told. */
  readonly maxQueuedBytes?: number
  /** The largest checkpoint: 1 GiB unless told. */
  readonly maxCheckpointBytes?: number
}

/**
 * The disk and its faults.
 *
 * @since 0.1.0
 * @category models
 */
export interface MemoryDisk {
  readonly storage: StorageService
  /** Makes everything that the node appended so far durable. */
  readonly sync: (node: NodeId) => void
  /** Stops the node's open journals: of the unsynced frames of each only the first `keep` (0 unless told) survive, unacknowledged. */
  readonly crash: (node: NodeId, keep?: number) => void
}

interface Pending {
  readonly frame: Frame
  readonly bytes: number
  readonly done: (error?: AppendError) => void
}

interface Disk {
  readonly cluster: string
  incarnation: number
  checkpoint: Uint8Array | undefined
  upTo: number
  frames: Array<{ readonly frame: Frame; readonly bytes: number }>
  open: { readonly sync: () => void; readonly stop: (keep: number) => void } | undefined
}

/**
 * A disk without any journal on it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): MemoryDisk => {
  const disks = new Map<NodeId, Map<string | undefined, Disk>>()
  const openOf = (node: NodeId) =>
    [...disks.get(node)?.values() ?? []].flatMap(({ open }) => open === undefined ? [] : [open])
  return {
    storage: {
      open: ({ cluster, journal, node }) =>
        Effect.map(
          Effect.acquireRelease(
            Effect.suspend((): Effect.Effect<ReturnType<typeof openDisk>, OpenError> => {
              const journals = disks.get(node) ?? new Map<string | undefined, Disk>()
              const disk = journals.get(journal) ??
                { cluster, incarnation: 0, checkpoint: undefined, upTo: 0, frames: [], open: undefined }
              const file = journal === undefined ? `memory:${node}` : `memory:${node}/${journal}`
              if (disk.open !== undefined) return Effect.fail(new StorageLocked({ file, pid: 0 }))
              if (disk.cluster !== cluster) {
                return Effect.fail(
                  new StorageForeign({
                    file,
                    expected: { cluster, node, version: 1 },
                    found: { cluster: disk.cluster, node, version: 1 }
                  })
                )
              }
              disks.set(node, journals.set(journal, disk))
              disk.incarnation++
              return Effect.succeed(openDisk(disk, node, options))
            }),
            ({ close }) => Effect.sync(close)
          ),
          ({ journal }) => journal
        )
    },
    sync: (node) => openOf(node).forEach((journal) => journal.sync()),
    crash: (node, keep = 0) => openOf(node).forEach((journal) => journal.stop(keep))
  }
}

const openDisk = (
  disk: Disk,
  node: NodeId,
  options: Options
): { readonly journal: Journal; readonly close: () => void } => {
  const maxFrame = options.maxFrameBytes ?? 8 * 1024 * 1024
  const maxQueued = options.maxQueuedBytes ?? 64 * 1024 * 1024
  const maxCheckpoint = options.maxCheckpointBytes ?? 1024 * 1024 * 1024
  const counts = { batches: 0, frames: 0, bytes: 0, checkpoints: 0 }
  const closed = new StorageClosed({ node })
  const durable = () => disk.upTo + disk.frames.length
  let pending: Array<Pending> = []
  let queuedBytes = 0
  let scheduled = false
  let isClosed = false
  let waiters: Array<{ readonly upTo: number; readonly done: () => void }> = []

  const keepFrames = (count: number): ReadonlyArray<Pending> => {
    const kept = pending.slice(0, count)
    for (const { bytes, frame } of kept) disk.frames.push({ frame, bytes })
    pending = pending.slice(count)
    return kept
  }
  const wake = (): void => {
    const due = waiters.filter((waiter) => isClosed || waiter.upTo <= durable())
    waiters = waiters.filter((waiter) => !due.includes(waiter))
    for (const waiter of due) waiter.done()
  }
  const sync = (): void => {
    if (isClosed || pending.length === 0) return
    const kept = keepFrames(pending.length)
    counts.batches++
    counts.frames += kept.length
    counts.bytes += queuedBytes
    queuedBytes = 0
    for (const { done } of kept) done()
    wake()
  }
  const stop = (keep: number): void => {
    if (isClosed) return
    isClosed = true
    disk.open = undefined
    const unheard = pending
    keepFrames(keep)
    pending = []
    for (const { done } of unheard) done(closed)
    wake()
  }
  const unsafeAppend = (frame: Frame, done: (error?: AppendError) => void): number => {
    const bytes = frameBytes(frame)
    const refusal = isClosed
      ? closed
      : bytes > maxFrame
      ? new StorageTooLarge({ what: "frame", bytes, limit: maxFrame })
      : queuedBytes + bytes > maxQueued
      ? new StorageOverloaded({ queuedBytes, limit: maxQueued })
      : undefined
    if (refusal !== undefined) {
      done(refusal)
      return 0
    }
    pending.push({ frame: frame.map((record) => record.slice()), bytes, done })
    queuedBytes += bytes
    if (options.sync !== "manual" && !scheduled) {
      scheduled = true
      queueMicrotask(() => {
        scheduled = false
        sync()
      })
    }
    return durable() + pending.length
  }
  const replace = (bytes: Uint8Array, upTo: number): Effect.Effect<void, CheckpointError> =>
    Effect.suspend(() => {
      if (isClosed) return Effect.fail(closed)
      if (upTo >= disk.upTo) {
        disk.frames = disk.frames.slice(upTo - disk.upTo)
        disk.upTo = upTo
        disk.checkpoint = bytes
        counts.checkpoints++
      }
      return Effect.void
    })
  disk.open = { sync, stop }
  const journal: Journal = {
    recovered: {
      checkpoint: disk.checkpoint,
      checkpointUpTo: disk.upTo,
      frames: disk.frames.map(({ frame }) => frame),
      incarnation: disk.incarnation
    },
    unsafeAppend,
    append: (frame) =>
      Effect.async((resume) => {
        unsafeAppend(frame, (error) => resume(error === undefined ? Effect.void : Effect.fail(error)))
      }),
    checkpoint: (bytes, upTo) =>
      Effect.suspend(() => {
        if (isClosed) return Effect.fail(closed)
        if (!Number.isSafeInteger(upTo) || upTo < disk.upTo || upTo > durable() + pending.length) {
          return Effect.die(new RangeError(`a checkpoint up to ${upTo} is not within the journal`))
        }
        let copy: Uint8Array
        try {
          copy = joined(bounded(bytes, maxCheckpoint))
        } catch (error) {
          return error instanceof StorageTooLarge ? Effect.fail(error) : Effect.die(error)
        }
        if (upTo <= durable()) return replace(copy, upTo)
        return Effect.zipRight(
          Effect.async<void>((resume) => {
            waiters.push({ upTo, done: () => resume(Effect.void) })
          }),
          replace(copy, upTo)
        )
      }),
    size: () => disk.frames.reduce((sum, { bytes }) => sum + bytes, 0),
    stats: () => ({
      ...counts,
      lastSequence: durable() + pending.length,
      durableSequence: durable(),
      queuedBytes,
      segments: 1
    })
  }
  return {
    journal,
    close: () => {
      sync()
      stop(0)
    }
  }
}
