/**
 * A storage that remembers why it failed: the node above it ends then, and whoever runs the node wants to know why.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Journal, StorageService } from "../../storage/Storage.js"
import { Storage } from "../../storage/Storage.js"
import type { StorageError } from "../../storage/StorageError.js"

/** The first failure that ends a journal; what refuses one frame alone is none. */
export class Failure {
  error: StorageError | undefined
  readonly see = (error: StorageError | undefined): void => {
    if (error !== undefined && !passing.has(error._tag)) this.error ??= error
  }
}

const passing: ReadonlySet<string> = new Set(["StorageClosed", "StorageOverloaded", "StorageTooLarge"])

/** Decorates the storage below. */
export const layer = (failure: Failure): Layer.Layer<Storage, never, Storage> =>
  Layer.effect(Storage, Effect.map(Storage, (storage) => watch(storage, failure)))

const watch = (storage: StorageService, { see }: Failure): StorageService => ({
  open: (options) =>
    storage.open(options).pipe(
      Effect.tapError((error) => Effect.sync(() => see(error))),
      Effect.map((journal): Journal => ({
        ...journal,
        unsafeAppend: (frame, onDurable) =>
          journal.unsafeAppend(frame, (error) => {
            see(error)
            onDurable(error)
          }),
        append: (frame) => Effect.tapError(journal.append(frame), (error) => Effect.sync(() => see(error))),
        checkpoint: (bytes, upTo) =>
          Effect.tapError(journal.checkpoint(bytes, upTo), (error) => Effect.sync(() => see(error)))
      }))
    )
})
