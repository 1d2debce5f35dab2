/**
 * The open journal of a folder: group commit with one write and one fdatasync in flight.
 *
 * Frames are copied into the forming batch when they are appended; while a batch is written the next one forms. Buffers are two and
 * swap roles, because an allocation a batch costs more than the copy. When nothing is left to write, a mark behind the last frame says that it is durable.
 */
import { Buffer } from "node:buffer"
import type { Frame, Stats } from "../Storage.js"
import { type AppendError, StorageClosed, StorageFailed, StorageOverloaded, StorageTooLarge } from "../StorageError.js"
import { bounded, CheckpointRefused, writeCheckpoint } from "./Checkpoint.js"
import { codeOf, type FileSystem, replaceFile, writeAll } from "./FileSystem.js"
import {
  type FolderHeader,
  frameBytes,
  markBytes,
  putFolderHeader,
  putFrame,
  putMark,
  segmentHeaderBytes,
  viewOf
} from "./Format.js"
import { checkpointName, type Found, headerName, type Segment } from "./Recovery.js"
import { SegmentFiles } from "./Segments.js"

export interface Bounds {
  readonly segmentBytes: number
  readonly maxFrameBytes: number
  readonly maxQueuedBytes: number
  readonly maxCheckpointBytes: number
}

interface Batch {
  buffer: Buffer
  view: DataView
  length: number
  first: number
  callbacks: Array<(error?: AppendError) => void>
}

const emptyBatch = (): Batch => {
  const buffer = Buffer.allocUnsafe(65_536)
  return { buffer, view: viewOf(buffer), length: 0, first: 0, callbacks: [] }
}

/** A callback that throws must not cost the others theirs: the throw becomes an uncaught exception. */
const call = (callback: (error?: AppendError) => void, error: AppendError | undefined): void => {
  try {
    callback(error)
  } catch (defect) {
    queueMicrotask(() => {
      throw defect
    })
  }
}

export class FileJournal {
  private forming = emptyBatch()
  private flying = emptyBatch()
  private busy = false
  private scheduled = false
  private marking = false
  private readonly segmentFiles: SegmentFiles
  private dead: StorageFailed | StorageClosed | undefined
  private closing: Promise<void> | undefined
  private segments: Array<Segment>
  private fd: number | undefined
  private position: number
  private previous: number
  private last: number
  private durable: number
  private upTo: number
  private checkpointing: Promise<void> = Promise.resolve()
  private waiters: Array<{ readonly sequence: number; readonly done: () => void }> = []
  private idlers: Array<() => void> = []
  /** Bytes of frames appended since the open (and recovered ones), and some points of that curve: for `size`. */
  private total: number
  private replaced = 0
  private marks: Array<{ readonly sequence: number; readonly total: number }> = []
  private counts = { batches: 0, frames: 0, bytes: 0, checkpoints: 0 }

  constructor(
    private readonly files: FileSystem,
    private readonly directory: string,
    private known: FolderHeader,
    private readonly bounds: Bounds,
    found: Found,
    fd: number | undefined
  ) {
    this.segmentFiles = new SegmentFiles(files, directory, bounds.segmentBytes)
    this.segments = [...found.segments]
    this.fd = fd
    this.position = found.position
    this.previous = found.previous
    this.last = found.last
    this.durable = found.last
    this.upTo = found.upTo
    this.total = found.bytes
    this.marks.push({ sequence: found.last, total: found.bytes })
  }

  append(frame: Frame, onDurable: (error?: AppendError) => void): number {
    const size = frameBytes(frame)
    const refusal = this.refusal(size)
    if (refusal !== undefined) {
      call(onDurable, refusal)
      return 0
    }
    const batch = this.forming
    if (batch.length + size > batch.buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(batch.buffer.length * 2, batch.length + size))
      batch.buffer.copy(grown, 0, 0, batch.length)
      batch.buffer = grown
      batch.view = viewOf(grown)
    }
    const sequence = ++this.last
    if (batch.length === 0) batch.first = sequence
    this.previous = putFrame(batch.buffer, batch.view, batch.length, size, frame, {
      salt: this.known.salt,
      previous: this.previous,
      sequence,
      batch: batch.first
    })
    batch.length += size
    batch.callbacks.push(onDurable)
    this.schedule()
    return sequence
  }

  async checkpoint(bytes: Uint8Array | Iterable<Uint8Array>, upTo: number): Promise<void> {
    if (this.dead !== undefined) throw this.dead
    if (!Number.isSafeInteger(upTo) || upTo < this.upTo || upTo > this.last) {
      throw new RangeError(`a checkpoint up to ${upTo} is not within ${this.upTo} and ${this.last}`)
    }
    const turn = this.checkpointing.then(() => this.replace(bounded(bytes, this.bounds.maxCheckpointBytes), upTo))
    this.checkpointing = turn.catch(() => undefined)
    return turn
  }

  size(): number {
    return this.total - this.replaced
  }

  stats(): Stats {
    return {
      ...this.counts,
      lastSequence: this.last,
      durableSequence: this.durable,
      queuedBytes: this.queued(),
      segments: this.segments.length
    }
  }

  /** Flushes, then closes; never fails: what could not be written was reported to those who appended it. */
  close(): Promise<void> {
    return this.closing ??= (async () => {
      if (this.last > this.durable) await this.durableAt(this.last)
      this.dead ??= new StorageClosed({ node: this.known.node })
      await this.checkpointing
      while (this.busy) await new Promise<void>((done) => this.idlers.push(done))
      if (this.dead._tag === "StorageClosed" && this.known.durable < this.durable) await this.remember().catch(() => {})
      const { fd } = this
      this.fd = undefined
      await this.segmentFiles.close()
      if (fd !== undefined) await this.files.close(fd).catch(() => undefined)
    })()
  }

  private refusal(size: number): AppendError | undefined {
    if (this.dead !== undefined) return this.dead
    if (this.closing !== undefined) return new StorageClosed({ node: this.known.node })
    if (size > this.bounds.maxFrameBytes) {
      return new StorageTooLarge({ what: "frame", bytes: size, limit: this.bounds.maxFrameBytes })
    }
    const queuedBytes = this.queued()
    return queuedBytes + size > this.bounds.maxQueuedBytes
      ? new StorageOverloaded({ queuedBytes, limit: this.bounds.maxQueuedBytes })
      : undefined
  }

  private queued(): number {
    return this.forming.length + this.flying.length
  }

  /** At the end of the current microtasks, so that a loop of appends is one batch. */
  private schedule(): void {
    if (this.busy || this.scheduled) return
    this.scheduled = true
    queueMicrotask(() => {
      this.scheduled = false
      this.flush()
    })
  }

  private flush(): void {
    if (this.busy || this.dead !== undefined || this.forming.length === 0) return
    this.busy = true
    const batch = this.forming
    this.forming = this.flying
    this.flying = batch
    const active = this.segments.at(-1)
    if (active !== undefined && this.fd !== undefined && this.position + batch.length <= active.capacity) {
      this.write(this.fd, active.path)
    } else {
      this.roll(batch).then(
        ({ fd, path }) => this.write(fd, path),
        (error: unknown) => this.broke("the creation of a segment", this.directory, error)
      )
    }
  }

  private write(fd: number, path: string): void {
    const batch = this.flying
    writeAll(this.files, fd, batch.buffer, batch.length, this.position, (error) => {
      if (error !== null) return this.broke("the write", path, error)
      this.files.fdatasync(fd, (error) => error === null ? this.committed() : this.broke("the sync", path, error))
    })
  }

  private committed(): void {
    if (this.dead !== undefined) return this.rest()
    const batch = this.flying
    const callbacks = batch.callbacks
    this.position += batch.length
    this.durable = batch.first + callbacks.length - 1
    this.counts.batches++
    this.counts.frames += callbacks.length
    this.counts.bytes += batch.length
    this.total += batch.length
    const mark = this.marks.at(-1)
    if (mark === undefined || this.total - mark.total >= this.bounds.segmentBytes / 64) {
      this.marks.push({ sequence: this.durable, total: this.total })
    }
    batch.callbacks = []
    batch.length = 0
    const active = this.segments.at(-1)
    // before the flush: a flush that rolls takes the prepared file, which must not be filled a second time under its feet
    if (!this.segmentFiles.isPrepared && active !== undefined && this.position * 2 > active.capacity) {
      this.segmentFiles.prepare(active.index + 1)
    }
    this.rest()
    this.flush()
    for (const callback of callbacks) call(callback, undefined)
    this.wake()
    if (!this.busy && !this.marking) {
      this.marking = true
      setImmediate(this.mark)
    }
  }

  /** Says behind the last frame that it is durable, if nothing came in the meantime. No sync: it is for a process that dies, not for a host that does. */
  private readonly mark = (): void => {
    this.marking = false
    const active = this.segments.at(-1)
    if (this.busy || this.dead !== undefined || this.closing !== undefined || this.forming.length > 0) return
    if (active === undefined || this.fd === undefined || this.position + markBytes > active.capacity) return
    this.busy = true
    const bytes = putMark(this.known.salt, this.durable)
    writeAll(this.files, this.fd, bytes, bytes.length, this.position, (error) => {
      if (error !== null) return this.broke("the write", active.path, error)
      this.rest()
      this.flush()
    })
  }

  /** Makes the folder's header say how far the journal goes. */
  private remember(): Promise<void> {
    this.known = { ...this.known, segment: this.segments.at(-1)?.index ?? 0, durable: this.durable }
    return replaceFile(this.files, this.directory, headerName, putFolderHeader(this.known))
  }

  /** The file is in nobody's hands now: it may be closed. */
  private rest(): void {
    this.busy = false
    const idlers = this.idlers
    this.idlers = []
    for (const done of idlers) done()
  }

  private broke(operation: string, file: string, cause: unknown): void {
    this.rest()
    this.fail(operation, file, cause)
  }

  private fail(operation: string, file: string, cause: unknown): void {
    if (this.dead !== undefined) return
    const failure = new StorageFailed({ operation, file, code: codeOf(cause), cause })
    this.dead = failure
    const pending = [...this.flying.callbacks, ...this.forming.callbacks]
    this.flying = emptyBatch()
    this.forming = emptyBatch()
    for (const callback of pending) call(callback, failure)
    this.wake()
  }

  private wake(): void {
    const due = this.waiters.filter((waiter) => this.dead !== undefined || waiter.sequence <= this.durable)
    if (due.length === 0) return
    this.waiters = this.waiters.filter((waiter) => !due.includes(waiter))
    for (const waiter of due) waiter.done()
  }

  private durableAt(sequence: number): Promise<void> {
    if (this.dead !== undefined || sequence <= this.durable) return Promise.resolve()
    return new Promise((done) => this.waiters.push({ sequence, done }))
  }

  private async roll(batch: Batch): Promise<{ readonly fd: number; readonly path: string }> {
    const segment = await this.segmentFiles.make({
      salt: this.known.salt,
      index: (this.segments.at(-1)?.index ?? 0) + 1,
      first: batch.first,
      // The first frame names the one before it: the new segment hangs on the same chain.
      previous: batch.buffer.readUInt32LE(12)
    }, segmentHeaderBytes + batch.length)
    const old = this.fd
    const fd = await this.files.open(segment.path, "r+")
    this.fd = fd
    this.segments.push(segment)
    await this.remember()
    this.position = segmentHeaderBytes
    if (old !== undefined) await this.files.close(old)
    return { fd, path: segment.path }
  }

  private async replace(pieces: Iterator<Uint8Array>, upTo: number): Promise<void> {
    await this.durableAt(upTo)
    if (this.dead !== undefined) throw this.dead
    if (upTo < this.upTo) return
    try {
      await writeCheckpoint(this.files, this.directory, { salt: this.known.salt, upTo }, pieces)
      this.upTo = upTo
      this.counts.checkpoints++
      let mark = this.marks[0]
      while (mark !== undefined && mark.sequence <= upTo) {
        this.replaced = mark.total
        this.marks.shift()
        mark = this.marks[0]
      }
      if (upTo === this.last) this.replaced = this.total
      let obsolete = 0
      while ((this.segments[obsolete + 1]?.first ?? Infinity) <= upTo + 1) obsolete++
      await this.segmentFiles.retire(this.segments.splice(0, obsolete))
    } catch (error) {
      if (error instanceof CheckpointRefused) throw error.cause
      this.fail("the checkpoint", `${this.directory}/${checkpointName}`, error)
      throw this.dead
    }
  }
}
