import { assert, describe, it } from "@effect/vitest"
import * as Prng from "../../src/core/Prng.js"
import { frame, FrameError, FrameParser, headerBytes } from "../../src/network/internal/frame.js"

const parse = (chunks: ReadonlyArray<Uint8Array>, max = 1_000): Array<string> => {
  const parser = new FrameParser(max)
  const out: Array<string> = []
  for (const chunk of chunks) {
    parser.push(chunk, (data, start, end) => {
      out.push(Buffer.from(data.subarray(start, end)).toString("latin1"))
      return true
    })
  }
  return out
}

const stream = Buffer.concat(["one", "two two", "x".repeat(300), "z"].map((s) => frame(Buffer.from(s))))
const expected = ["one", "two two", "x".repeat(300), "z"]

describe("FrameParser", () => {
  it("gives the same frames however the stream is split in two", () => {
    for (let i = 0; i <= stream.length; i++) {
      assert.deepStrictEqual(parse([stream.subarray(0, i), stream.subarray(i)]), expected, `split at ${i}`)
    }
  })

  it("gives the same frames byte by byte", () => {
    assert.deepStrictEqual(parse(Array.from(stream, (byte) => Uint8Array.of(byte))), expected)
  })

  it("an oversized frame is refused at its header, before its bytes come", () => {
    const error = (() => {
      try {
        parse([Uint8Array.of(0, 0, 3, 233, 0, 0, 0, 0)])
      } catch (e) {
        return e
      }
    })()
    assert.instanceOf(error, FrameError)
    assert.strictEqual(error.reason, "oversized")
    assert.deepStrictEqual(parse([frame(new Uint8Array(1_000))]).length, 1)
  })

  it("any flipped bit of a frame is noticed before the frame is handed on", () => {
    const sealed = frame(Buffer.from("promise"))
    for (let bit = 0; bit < 8 * sealed.length; bit++) {
      const flipped = sealed.map((byte, i) => i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)
      // a length that grew waits for bytes that never come
      try {
        assert.deepStrictEqual(parse([flipped]), [], `bit ${bit}`)
      } catch (error) {
        assert.instanceOf(error, FrameError)
      }
    }
  })

  it("10,000 random streams in random chunks: whole frames, or a FrameError; never more bytes than came", () => {
    const prng = Prng.make(7, "frames")
    let refused = 0
    let parsed = 0
    for (let run = 0; run < 10_000; run++) {
      const pieces = Array.from(
        { length: prng.below(6) },
        () =>
          prng.below(6) === 0
            ? Uint8Array.from({ length: 9 }, () => prng.below(256))
            : frame(new Uint8Array(1 + prng.below(9)))
      )
      const bytes = Buffer.concat(pieces)
      const chunks: Array<Uint8Array> = []
      for (let at = 0; at < bytes.length;) {
        const next = Math.min(bytes.length, at + 1 + prng.below(9))
        chunks.push(bytes.subarray(at, next))
        at = next
      }
      try {
        const frames = parse(chunks)
        parsed += frames.length
        assert.isAtMost(frames.reduce((sum, f) => sum + f.length + headerBytes, 0), bytes.length)
      } catch (error) {
        assert.instanceOf(error, FrameError)
        refused++
      }
    }
    assert.isAbove(refused, 100)
    assert.isAbove(parsed, 100)
  })
})
