import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as NodeId from "../../src/core/NodeId.js"
import { makeFile } from "../../src/storage/internal/FileStorage.js"
import { nodeFileSystem } from "../../src/storage/internal/FileSystem.js"
import type { FileOptions, Frame, Journal, StorageService } from "../../src/storage/Storage.js"

export const node = NodeId.make("a")
export const cluster = "test"
export const text = (value: string): Uint8Array => new TextEncoder().encode(value)
export const show = (frames: ReadonlyArray<Frame>): ReadonlyArray<string> =>
  frames.map((frame) => frame.map((record) => new TextDecoder().decode(record)).join("|"))

export const temporary = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "synod-storage-"))),
  (directory) => Effect.sync(() => fs.rmSync(directory, { recursive: true, force: true }))
)

export const fileStorage = (directory: string, options: Partial<FileOptions> = {}, files = nodeFileSystem) =>
  makeFile({ directory, segmentBytes: 4096, ...options }, files)

/** Opens, uses and closes one life of a journal. */
export const life = <A, E>(storage: StorageService, use: (journal: Journal) => Effect.Effect<A, E>) =>
  Effect.scoped(Effect.flatMap(storage.open({ node, cluster }), use))

export const recovered = (storage: StorageService) => life(storage, (journal) => Effect.succeed(journal.recovered))
