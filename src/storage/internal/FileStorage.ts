/** Opens a folder: lock, identity, recovery, repair of what a crash tore, and only then the next incarnation. */
import * as Effect from "effect/Effect"
import { Buffer } from "node:buffer"
import { randomBytes } from "node:crypto"
import type { FileOptions, Journal, OpenOptions, StorageService } from "../Storage.js"
import {
  type AppendError,
  type CheckpointError,
  type OpenError,
  StorageClosed,
  StorageCorrupt,
  StorageFailed,
  StorageForeign,
  StorageLocked,
  StorageTooLarge
} from "../StorageError.js"
import { type Bounds, FileJournal } from "./FileJournal.js"
import { codeOf, type FileSystem, replaceFile, writePromise } from "./FileSystem.js"
import { type FolderHeader, formatVersion, getFolderHeader, putFolderHeader } from "./Format.js"
import { acquire } from "./Lock.js"
import { checkpointName, headerName, readIfThere, recover } from "./Recovery.js"
import { isTemporary } from "./Segments.js"

/** Who the folder belongs to: `undefined` when it is nobody's yet. */
const identify = async (
  files: FileSystem,
  directory: string,
  options: OpenOptions
): Promise<FolderHeader | undefined> => {
  const file = `${directory}/${headerName}`
  const bytes = await readIfThere(files, file)
  if (bytes === undefined) {
    const names = await files.readdir(directory)
    const data = names.find((name) => name === checkpointName || (name.startsWith("segment-") && name.endsWith(".log")))
    if (data === undefined) return undefined
    throw new StorageCorrupt({ file, offset: 0, detail: `it is missing while ${data} is there` })
  }
  const header = getFolderHeader(bytes)
  if (header === undefined) throw new StorageCorrupt({ file, offset: 0, detail: "the folder header is damaged" })
  if (header.cluster !== options.cluster || header.node !== options.node || header.version !== formatVersion) {
    throw new StorageForeign({
      file,
      expected: { cluster: options.cluster, node: options.node, version: formatVersion },
      found: { cluster: header.cluster, node: header.node, version: header.version }
    })
  }
  return header
}

const openFolder = async (files: FileSystem, directory: string, bounds: Bounds, options: OpenOptions) => {
  await files.mkdir(directory)
  const release = await acquire(files, directory)
  let fd: number | undefined
  try {
    const header = await identify(files, directory, options) ??
      {
        node: options.node,
        cluster: options.cluster,
        version: formatVersion,
        salt: randomBytes(4).readUInt32LE(0),
        incarnation: 0,
        segment: 0,
        durable: 0
      }
    const found = await recover(files, directory, header)
    const active = found.segments.at(-1)
    if (active !== undefined) {
      fd = await files.open(active.path, "r+")
      if (found.tornEnd > found.position) {
        await writePromise(files, fd, Buffer.alloc(found.tornEnd - found.position), found.position)
      }
      // What was read may be in the page cache only: it must be on disk before anybody acts on it.
      await files.fsync(fd)
    }
    for (const name of await files.readdir(directory)) {
      if (isTemporary(name)) await files.unlink(`${directory}/${name}`)
    }
    const incarnation = header.incarnation + 1
    const known = { ...header, incarnation, segment: active?.index ?? 0, durable: found.last }
    await replaceFile(files, directory, headerName, putFolderHeader(known))
    const journal = new FileJournal(files, directory, known, bounds, found, fd)
    const recovered = { checkpoint: found.checkpoint, checkpointUpTo: found.upTo, frames: found.frames, incarnation }
    return { journal, recovered, release }
  } catch (error) {
    if (fd !== undefined) await files.close(fd).catch(() => undefined)
    await release().catch(() => undefined)
    throw error
  }
}

const openError = (directory: string) => (error: unknown): OpenError =>
  error instanceof StorageCorrupt || error instanceof StorageForeign || error instanceof StorageLocked
    ? error
    : new StorageFailed({ operation: "the opening", file: directory, code: codeOf(error), cause: error })

const isCheckpointError = (error: unknown): error is CheckpointError =>
  error instanceof StorageFailed || error instanceof StorageClosed || error instanceof StorageTooLarge

/** The service over any file system: tests give one that fails at the nth operation. */
export const makeFile = (options: FileOptions, files: FileSystem): StorageService => {
  const bounds: Bounds = {
    segmentBytes: Math.max(4096, options.segmentBytes ?? 16 * 1024 * 1024),
    maxFrameBytes: options.maxFrameBytes ?? 8 * 1024 * 1024,
    maxQueuedBytes: options.maxQueuedBytes ?? 64 * 1024 * 1024,
    maxCheckpointBytes: options.maxCheckpointBytes ?? 1024 * 1024 * 1024
  }
  return {
    open: (whose) => {
      const folder = typeof options.directory === "string" ? options.directory : options.directory(whose.node)
      // the prefix keeps "..", which is a name like any other, from being a path
      const directory = whose.journal === undefined ? folder : `${folder}/journal-${encodeURIComponent(whose.journal)}`
      return Effect.map(
        Effect.acquireRelease(
          Effect.tryPromise({ try: () => openFolder(files, directory, bounds, whose), catch: openError(directory) }),
          ({ journal, release }) => Effect.promise(() => journal.close().then(() => release().catch(() => undefined)))
        ),
        ({ journal, recovered }): Journal => ({
          recovered,
          unsafeAppend: (frame, onDurable) => journal.append(frame, onDurable),
          append: (frame) =>
            Effect.async<void, AppendError>((resume) => {
              journal.append(frame, (error) => resume(error === undefined ? Effect.void : Effect.fail(error)))
            }),
          checkpoint: (bytes, upTo) =>
            Effect.catchAll(
              Effect.tryPromise({ try: () => journal.checkpoint(bytes, upTo), catch: (error) => error }),
              (error) => isCheckpointError(error) ? Effect.fail(error) : Effect.die(error)
            ),
          size: () => journal.size(),
          stats: () => journal.stats()
        })
      )
    }
  }
}
