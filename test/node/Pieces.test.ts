import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import type { Codec } from "../../src/network/Codec.js"
import * as Codecs from "../../src/network/Codec.js"
import { Pieces } from "../../src/node/internal/Pieces.js"

const blobs: Codec<ReadonlyArray<Uint8Array>> = {
  encode: (value, writer) => {
    for (const one of value) writer.blob(one)
  },
  decode: (reader) => {
    const found: Array<Uint8Array> = []
    while (reader.remaining > 0) found.push(reader.blob())
    return found
  }
}

const inSteps = {
  ...blobs,
  steps: function*(value: ReadonlyArray<Uint8Array>, writer: Codecs.Writer) {
    for (const one of value) yield writer.blob(one)
  }
}

describe("Pieces", () => {
  it("law: together they are the encoding, each is bounded by the largest step, and a later one may use the buffer of an earlier one", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.array(FastCheck.nat(300_000), { maxLength: 12 }), (sizes) => {
        const value = sizes.map((size, i) => new Uint8Array(size).fill(i + 1))
        const all = Codecs.encodeSync(blobs, value)
        for (const codec of [blobs, inSteps]) {
          const pieces = new Pieces(codec, value)
          let at = 0
          for (const piece of pieces) {
            expect(Buffer.compare(piece, all.subarray(at, at + piece.length))).toBe(0)
            at += piece.length
            if (codec === inSteps) expect(piece.length).toBeLessThan(262_144 + 300_010)
          }
          expect([at, pieces.written]).toEqual([all.length, all.length])
        }
      }),
      { numRuns: 40, seed: 5 }
    )
  })
})
