/**
 * What a folder holds. Reads only: what it finds damaged it refuses with file and offset, and what a crash tore it reports, for the
 * caller to cut after everything was checked.
 */
import type { Buffer } from "node:buffer"
import type { Frame } from "../Storage.js"
import { StorageCorrupt } from "../StorageError.js"
import { codeOf, type FileSystem } from "./FileSystem.js"
import {
  asBuffer,
  type FolderHeader,
  getCheckpoint,
  getFrame,
  getMark,
  getSegmentHeader,
  markBytes,
  segmentHeaderBytes
} from "./Format.js"

export interface Segment {
  readonly path: string
  readonly index: number
  readonly first: number
  readonly capacity: number
}

export interface Found {
  readonly checkpoint: Uint8Array | undefined
  readonly upTo: number
  readonly frames: ReadonlyArray<Frame>
  /** Bytes of `frames` on disk. */
  readonly bytes: number
  readonly last: number
  readonly previous: number
  readonly segments: ReadonlyArray<Segment>
  /** Where the next frame goes in the last segment. */
  readonly position: number
  /** Bytes after `position` in the last segment that are not zero end here, torn ones or those of its former use: `position` when the tail is clean. */
  readonly tornEnd: number
}

export const segmentName = (index: number): string => `segment-${String(index).padStart(16, "0")}.log`
const segmentPattern = /^segment-(\d{16})\.log$/

export const checkpointName = "CHECKPOINT"
export const headerName = "HEADER"

const dirtyEnd = (buffer: Buffer, from: number): number => {
  let end = buffer.length
  while (end > from && buffer[end - 1] === 0) end--
  return end
}

export const readIfThere = async (files: FileSystem, path: string): Promise<Buffer | undefined> => {
  try {
    return asBuffer(await files.readFile(path))
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined
    throw error
  }
}

/**
 * Whether all that is valid from `from` on belongs to the batch that was in flight: then the hole before it is what a crash left.
 * `missing` is the sequence number that should have been at `from`; frames below `oldest` are of the segment that this file was before.
 */
const refuseDurableAfter = (
  file: string,
  buffer: Buffer,
  [from, end]: readonly [number, number],
  salt: number,
  missing: number,
  oldest: number
) => {
  for (let at = from; at < end; at += 8) {
    const frame = getFrame(buffer, at, salt)
    if (frame !== undefined && frame.sequence < oldest) {
      at += frame.size - 8
      continue
    }
    const marked = frame === undefined ? getMark(buffer, at, salt) ?? 0 : 0
    const isLater = frame !== undefined && (frame.batch > missing || frame.sequence <= missing)
    if (isLater || marked >= missing) {
      const witness = frame === undefined ? "a mark, written after it" : `frame ${frame.sequence}, written after it`
      throw new StorageCorrupt({
        file,
        offset: from,
        detail: `frame ${missing} is missing or damaged, and ${witness} was durable, follows at byte ${at}`
      })
    }
  }
}

/** The end of what a crash tore behind `position`: `position` itself when there is nothing but zeros, or the mark of the frame before. */
const tornEndOf = (buffer: Buffer, position: number, salt: number, last: number): number => {
  const clean = getMark(buffer, position, salt) === last ? position + markBytes : position
  const end = dirtyEnd(buffer, clean)
  return end > clean ? end : position
}

export const recover = async (files: FileSystem, directory: string, known: FolderHeader): Promise<Found> => {
  const { salt } = known
  const names = await files.readdir(directory)
  const checkpointPath = `${directory}/${checkpointName}`
  const stored = await readIfThere(files, checkpointPath)
  const checkpoint = stored === undefined ? undefined : getCheckpoint(stored, salt)
  if (checkpoint !== undefined && "badAt" in checkpoint) {
    throw new StorageCorrupt({
      file: checkpointPath,
      offset: checkpoint.badAt,
      detail: "not a whole checkpoint of this folder"
    })
  }
  const upTo = checkpoint?.upTo ?? 0
  const indices = names.flatMap((name) => {
    const digits = segmentPattern.exec(name)?.[1]
    return digits === undefined ? [] : [Number(digits)]
  }).toSorted((a, b) => a - b)

  const segments: Array<Segment> = []
  const frames: Array<Frame> = []
  let bytes = 0
  let next = 1
  let previous = 0
  let position = 0
  let tornEnd = 0
  let isTailClean = true
  for (const [i, index] of indices.entries()) {
    const file = `${directory}/${segmentName(index)}`
    const buffer = asBuffer(await files.readFile(file))
    const header = getSegmentHeader(buffer)
    const refuse = (offset: number, detail: string) => new StorageCorrupt({ file, offset, detail })
    if (header === undefined) throw refuse(0, "the segment header is damaged")
    if (header.salt !== salt) throw refuse(12, "the segment was written for another folder")
    if (header.index !== index) throw refuse(16, `it says that it is segment ${header.index}`)
    if (header.capacity !== buffer.length) {
      throw refuse(
        Math.min(buffer.length, header.capacity),
        `${buffer.length} bytes long instead of ${header.capacity}`
      )
    }
    if (i === 0) {
      if (header.first > upTo + 1) {
        throw refuse(
          24,
          `it begins with frame ${header.first} and what was before it is gone (the checkpoint ends at ${upTo})`
        )
      }
      next = header.first
      previous = header.previous
    } else {
      const before = segments[i - 1]
      if (before !== undefined && before.index + 1 !== index) {
        throw refuse(0, `segment ${before.index + 1} is missing before it`)
      }
      if (before !== undefined && (header.first !== next || header.previous !== previous || !isTailClean)) {
        throw new StorageCorrupt({
          file: before.path,
          offset: position,
          detail: `frame ${next} should be here and durable: the next segment begins with frame ${header.first}`
        })
      }
    }
    segments.push({ path: file, index, first: header.first, capacity: header.capacity })
    position = segmentHeaderBytes
    for (;;) {
      const frame = getFrame(buffer, position, salt)
      if (frame === undefined || frame.sequence !== next || frame.previous !== previous) break
      position += frame.size
      previous = frame.crc
      if (next > upTo) {
        frames.push(frame.records)
        bytes += frame.size
      }
      next++
    }
    tornEnd = tornEndOf(buffer, position, salt, next - 1)
    refuseDurableAfter(file, buffer, [position, tornEnd], salt, next, header.isRecycled ? header.first : 0)
    isTailClean = tornEnd === position || header.isRecycled
  }
  const last = next - 1
  const newest = segments.at(-1)
  if (known.segment > (newest?.index ?? 0)) {
    throw new StorageCorrupt({
      file: `${directory}/${segmentName(known.segment)}`,
      offset: 0,
      detail: `the segment is missing, and ${newest === undefined ? "every one before it" : "all after it"}`
    })
  }
  if (last < known.durable) {
    throw new StorageCorrupt({
      file: newest?.path ?? directory,
      offset: position,
      detail: `the log ends at frame ${last}, and frame ${known.durable} was durable`
    })
  }
  if (last < upTo) {
    throw new StorageCorrupt({
      file: newest?.path ?? directory,
      offset: position,
      detail: `the log ends at frame ${last} and the checkpoint at frame ${upTo}, which was durable before it`
    })
  }
  const bytesOf = checkpoint === undefined ? undefined : checkpoint.bytes
  return { checkpoint: bytesOf, upTo, frames, bytes, last, previous, segments, position, tornEnd }
}
