/** The making of segment files: zeros on disk first, then a header, then the name; so a segment appears whole. */
import { type FileSystem, syncDirectory, withFile, writePromise } from "./FileSystem.js"
import { putSegmentHeader, type SegmentHeader } from "./Format.js"

/** Synced piece by piece, so that the commits of the journal wait behind a piece at most. */
const pieceBytes = 1 << 20

/** Zeros on disk under a temporary name: what takes long, and can be done before the segment is needed. */
export const fillSegment = (files: FileSystem, path: string, capacity: number): Promise<void> =>
  withFile(files, `${path}.tmp`, "w", async (fd) => {
    const zeros = new Uint8Array(Math.min(capacity, pieceBytes))
    for (let at = 0; at < capacity; at += zeros.length) {
      await writePromise(files, fd, zeros.subarray(0, Math.min(zeros.length, capacity - at)), at)
      await files.fsync(fd)
    }
  })

/** Makes a segment of what was filled. */
export const nameSegment = async (
  files: FileSystem,
  directory: string,
  path: string,
  header: SegmentHeader
): Promise<void> => {
  await withFile(files, `${path}.tmp`, "r+", async (fd) => {
    await writePromise(files, fd, putSegmentHeader(header), 0)
    await files.fsync(fd)
  })
  await files.rename(`${path}.tmp`, path)
  await syncDirectory(files, directory)
}
