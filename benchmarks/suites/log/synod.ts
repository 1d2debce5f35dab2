/**
 * Ours: a journal of layerFile, a frame of one record for each record.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { rmSync } from "node:fs"
import * as NodeId from "synod/core/NodeId"
import * as Storage from "synod/storage/Storage"
import { temporaryFolder } from "../../harness/Machine.js"
import type { Round, Started } from "../../harness/Suite.js"
import { fill, fold, recordBytes } from "./records.js"

const useJournal = <A>(directory: string, use: (journal: Storage.Journal) => Effect.Effect<A>): Promise<A> =>
  Layer.build(Storage.layerFile({ directory })).pipe(
    Effect.flatMap((context) =>
      Context.get(context, Storage.Storage).open({ node: NodeId.make("bench"), cluster: "bench" })
    ),
    Effect.flatMap(use),
    Effect.scoped,
    Effect.runPromise
  )

/** Appends n records, batch after batch, and gives the seconds until the last one is durable. */
const append = (journal: Storage.Journal, n: number, batch: number): Effect.Effect<number> =>
  Effect.async((resume) => {
    const record = new Uint8Array(recordBytes)
    const frame = [record]
    const started = performance.now()
    let sent = 0
    let durable = 0
    const onDurable = (error?: unknown): void => {
      if (error !== undefined) return resume(Effect.die(error))
      durable++
      if (durable === n) resume(Effect.succeed((performance.now() - started) / 1000))
      else if (durable % batch === 0) next()
    }
    const next = (): void => {
      for (let i = 0; i < batch && sent < n; i++) {
        fill(record, 0, sent++)
        journal.unsafeAppend(frame, onDurable)
      }
    }
    next()
  })

const readBack = (journal: Storage.Journal): Effect.Effect<Pick<Round, "operations" | "checksum">> =>
  Effect.sync(() => {
    let hash = 0
    for (const frame of journal.recovered.frames) {
      for (const record of frame) hash = fold(hash, record, 0)
    }
    return { operations: journal.recovered.frames.length, checksum: String(hash) }
  })

export const startSynod = (batch: number) => (): Promise<Started> =>
  Promise.resolve({
    run: async (n) => {
      const directory = temporaryFolder("journal")
      try {
        const wallSeconds = await useJournal(directory, (journal) => append(journal, n, batch))
        return { ...await useJournal(directory, readBack), wallSeconds }
      } finally {
        rmSync(directory, { recursive: true })
      }
    }
  })
