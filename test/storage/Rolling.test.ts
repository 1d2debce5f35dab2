import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import fs from "node:fs"
import os from "node:os"
import path from "node:path"
import * as NodeId from "synod/core/NodeId"
import * as Storage from "synod/storage/Storage"

const options = { node: NodeId.make("a"), cluster: "c" }
const size = 60_000
const sent = 600

/** Appends without waiting, up to a hundred frames ahead of the disk, so that commits begin while the next segment is being made. */
const write = Effect.scoped(Effect.gen(function*() {
  const journal = yield* (yield* Storage.Storage).open(options)
  yield* Effect.async<void, unknown>((resume) => {
    let acknowledged = 0
    let at = 0
    const turn = () => {
      if (at - acknowledged < 100 && at < sent) {
        journal.unsafeAppend([new Uint8Array(size).fill(1 + at++ % 250)], (error) => {
          if (error !== undefined) resume(Effect.fail(error))
          else if (++acknowledged === sent) resume(Effect.void)
        })
      }
      if (at < sent) setImmediate(turn)
    }
    turn()
  })
}))

const read = Effect.scoped(Effect.gen(function*() {
  return (yield* (yield* Storage.Storage).open(options)).recovered.frames
}))

describe("segments that follow each other under load", () => {
  it.live("what was acknowledged while a segment was made is there, whole and in order", () =>
    Effect.gen(function*() {
      for (let round = 0; round < 3; round++) {
        const directory = fs.mkdtempSync(path.join(os.tmpdir(), "synod-rolling-"))
        const layer = Storage.layerFile({ directory, segmentBytes: 8 << 20 })
        yield* Effect.provide(write, layer)
        const frames = yield* Effect.provide(read, layer)
        fs.rmSync(directory, { recursive: true })
        expect(frames.length).toBe(sent)
        const wrong = frames.findIndex(([bytes], n) =>
          bytes?.length !== size || bytes.some((byte) => byte !== 1 + n % 250)
        )
        expect(wrong).toBe(-1)
      }
    }))
})
