/**
 * The segment files of one journal: made before they are needed, and used again when a checkpoint has replaced what is in them.
 *
 * A new file is filled with zeros, synced piece by piece, under a temporary name; then it gets its header, then its name: so a segment appears whole. A file whose
 * frames a checkpoint replaced is put aside and becomes a later segment without being filled: it keeps its blocks, and its old bytes behind the new ones.
 *
 * Why old bytes are never taken for records:
 * - A file is put aside when all its frames are at or before the checkpoint, which is durable then; a segment that is made later begins with a frame after it. Hence
 *   every old frame and mark has a number below the `first` of the new header.
 * - Recovery takes a frame only with the very number that is next, which is `first` or more: no old frame can follow, wherever it lies and whole as it may be.
 * - A hole is damage when a frame or a mark behind it proves that it was durable. In a recycled segment frames below `first` prove nothing and are passed over; a mark
 *   below `first` is below every number that can be missing. All others count as in a new segment, so nothing that would be refused there is taken here.
 * - Numbers are given a second time only after a torn tail was cut. The cut overwrites all bytes behind the last frame by zeros, and so ends the old bytes with it.
 *
 * A crash between any two steps leaves the log whole, since the log is what bears a segment's name:
 * 1. the checkpoint is durable: the segment is obsolete, under its name or under any other;
 * 2. renamed to `retired-*.tmp`, oldest first: gone from the log, as if it was removed; an open removes every temporary file;
 * 3. the folder is synced. Only now may the file be written, for until now its old name could come back with the host;
 * 4. renamed to the temporary name of the segment to be;
 * 5. its header is written and synced: under its old header or the new one it is still a temporary file;
 * 6. renamed to its name, and the folder synced, before any frame in it is acknowledged.
 */
import { type FileSystem, syncDirectory, withFile, writePromise } from "./FileSystem.js"
import { putSegmentHeader, type SegmentHeader } from "./Format.js"
import { type Segment, segmentName } from "./Recovery.js"

/** Synced piece by piece, so that the commits of the journal wait behind a piece at most. */
const pieceBytes = 1 << 20

/** Files that are put aside. They are part of what the log took before its checkpoint, so a log never takes more than at its longest. */
const maxRetired = 4

const fill = (files: FileSystem, path: string, capacity: number): Promise<void> =>
  withFile(files, path, "w", async (fd) => {
    const zeros = new Uint8Array(Math.min(capacity, pieceBytes))
    for (let at = 0; at < capacity; at += zeros.length) {
      await writePromise(files, fd, zeros.subarray(0, Math.min(zeros.length, capacity - at)), at)
      await files.fsync(fd)
    }
  })

/** The files that an open removes: nothing in them is part of the log. */
export const isTemporary = (name: string): boolean =>
  /^(HEADER|CHECKPOINT|(segment|retired)-\d{16}\.log)\.tmp$/.test(name)

const temporaryOf = (path: string): string => `${path}.tmp`

type Content = "zeros" | "recycled" | "none"

export class SegmentFiles {
  private readonly retired: Array<string> = []
  private prepared: { readonly path: string; readonly content: Promise<Content> } | undefined

  constructor(
    private readonly files: FileSystem,
    private readonly directory: string,
    /** Of every file that is prepared or put aside. */
    private readonly capacity: number
  ) {}

  get isPrepared(): boolean {
    return this.prepared !== undefined
  }

  /** Gets the file of a later segment ready: made when it is needed, it would hold up a commit for 16 MiB of zeros. */
  prepare(index: number): void {
    const path = `${this.directory}/${segmentName(index)}`
    this.prepared = { path, content: this.ready(temporaryOf(path)) }
  }

  /** Makes a segment that can hold `needed` bytes. */
  async make(header: Omit<SegmentHeader, "capacity" | "isRecycled">, needed: number): Promise<Segment> {
    const { directory, files, prepared } = this
    const path = `${directory}/${segmentName(header.index)}`
    const temporary = temporaryOf(path)
    this.prepared = undefined
    let capacity = this.capacity
    // what could not be prepared is made anew, and what is wrong shows then
    let content = prepared?.path === path ? await prepared.content : "none"
    if (content === "none" || capacity < needed) {
      content = "zeros"
      capacity = Math.max(capacity, needed)
      await fill(files, temporary, capacity)
    }
    await withFile(files, temporary, "r+", async (fd) => {
      await writePromise(files, fd, putSegmentHeader({ ...header, capacity, isRecycled: content === "recycled" }), 0)
      await files.fsync(fd)
    })
    await files.rename(temporary, path)
    await syncDirectory(files, directory)
    return { path, index: header.index, first: header.first, capacity }
  }

  /** Takes obsolete segments, the oldest first, out of the log, so that a crash between leaves a log without a hole. */
  async retire(segments: ReadonlyArray<Segment>): Promise<void> {
    if (segments.length === 0) return
    const kept: Array<string> = []
    for (const { capacity, index, path } of segments) {
      if (capacity === this.capacity && this.retired.length + kept.length < maxRetired) {
        const aside = temporaryOf(`${this.directory}/retired-${segmentName(index).slice("segment-".length)}`)
        await this.files.rename(path, aside)
        kept.push(aside)
      } else {
        await this.files.unlink(path)
      }
    }
    await syncDirectory(this.files, this.directory)
    for (const path of kept) this.retired.push(path)
  }

  /** Removes what is not part of the log. */
  async close(): Promise<void> {
    const { prepared } = this
    this.prepared = undefined
    const paths = this.retired.splice(0)
    if (prepared !== undefined) {
      await prepared.content
      paths.push(temporaryOf(prepared.path))
    }
    for (const path of paths) await this.files.unlink(path).catch(() => undefined)
  }

  private async ready(path: string): Promise<Content> {
    const old = this.retired.shift()
    try {
      if (old !== undefined) {
        await this.files.rename(old, path)
        return "recycled"
      }
      await fill(this.files, path, this.capacity)
      return "zeros"
    } catch {
      return "none"
    }
  }
}
