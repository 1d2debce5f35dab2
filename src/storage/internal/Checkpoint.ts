/**
 * The writing of a checkpoint, piece by piece: between two pieces the event loop turns, so that neither the making of the bytes, nor their checksum, nor their copy
 * holds up the commits of the journal. The file is a temporary one until all of it is on disk, and its head is written last; so it appears whole or not at all.
 */
import { Buffer } from "node:buffer"
import { StorageTooLarge } from "../StorageError.js"
import { type FileSystem, replaceFileBy, writePromise } from "./FileSystem.js"
import { checkpointHeaderBytes, checksum, putCheckpointHead } from "./Format.js"
import { checkpointName } from "./Recovery.js"

/** About half a millisecond of checksum and copy; more than what a file system copies without leaving the event loop. */
const pieceBytes = 262_144

/** The checkpoint was given up, and the disk is not to blame: its bytes are too many, or their maker threw. */
export class CheckpointRefused {
  constructor(readonly cause: unknown) {}
}

function* cut(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
}

/** The pieces of a checkpoint. Throws `StorageTooLarge` where they pass the limit. */
export const bounded = function*(
  bytes: Uint8Array | Iterable<Uint8Array>,
  limit: number
): Generator<Uint8Array, void> {
  const refuse = (bytes: number) => new StorageTooLarge({ what: "checkpoint", bytes, limit })
  if (bytes instanceof Uint8Array && bytes.length > limit) throw refuse(bytes.length)
  let total = 0
  for (const piece of bytes instanceof Uint8Array ? cut(bytes) : bytes) {
    total += piece.length
    if (total > limit) throw refuse(total)
    yield piece
  }
}

export const writeCheckpoint = async (
  files: FileSystem,
  directory: string,
  { salt, upTo }: { readonly salt: number; readonly upTo: number },
  pieces: Iterator<Uint8Array>
): Promise<void> => {
  const next = (): IteratorResult<Uint8Array> => {
    try {
      return pieces.next()
    } catch (cause) {
      throw new CheckpointRefused(cause)
    }
  }
  try {
    await replaceFileBy(files, directory, checkpointName, async (fd) => {
      let length = 0
      let crc = salt
      for (let piece = next(); piece.done !== true; piece = next()) {
        const { value } = piece
        crc = checksum(value, crc)
        await writePromise(files, fd, value, checkpointHeaderBytes + length)
        length += value.length
      }
      await writePromise(files, fd, putCheckpointHead({ salt, upTo, length, crc }), 0)
    })
  } catch (error) {
    if (error instanceof CheckpointRefused) {
      await files.unlink(`${directory}/${checkpointName}.tmp`).catch(() => undefined)
    }
    throw error
  }
}

/** All pieces as one. */
export const joined = (pieces: Iterable<Uint8Array>): Uint8Array => {
  const copies: Array<Uint8Array> = []
  for (const piece of pieces) copies.push(piece.slice())
  return new Uint8Array(Buffer.concat(copies))
}
