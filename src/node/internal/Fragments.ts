/**
 * Frames of any size in a journal whose frames are bounded: a large one is cut, and a crash between its pieces makes it as if it never was.
 *
 * Form: a frame of the journal is two records, a kind and bytes. Pieces follow one another without a gap, since a journal has one writer.
 *
 * @internal
 */
import { CodecError } from "../../network/Codec.js"
import type { Frame } from "../../storage/Storage.js"

/** The largest piece: below what any storage takes by default. */
export const maxBytes = 2_097_152

const kinds = [0, 1, 2, 3].map((kind) => Uint8Array.of(kind))
const whole = 0
const first = 1
const middle = 2
const last = 3

/** The piece [start, end) of a frame. */
export const cut = (bytes: Uint8Array, start: number, end: number): Frame => {
  const kind = start === 0 ? (end === bytes.length ? whole : first) : end === bytes.length ? last : middle
  return [kinds[kind]!, bytes.subarray(start, end)]
}

/** The frames that were written whole, in order. Throws `CodecError` where the journal holds anything else. */
export const join = (frames: ReadonlyArray<Frame>): ReadonlyArray<Uint8Array> => {
  const joined: Array<Uint8Array> = []
  let pieces: Array<Uint8Array> = []
  for (const [kind, bytes] of frames) {
    if (kind?.length !== 1 || bytes === undefined) throw new CodecError({ reason: "no frame of a node", offset: 0 })
    switch (kind[0]) {
      case whole:
        joined.push(bytes)
        pieces = []
        break
      case first: // what was begun before was never finished: a crash
        pieces = [bytes]
        break
      case middle:
      case last:
        if (pieces.length === 0) throw new CodecError({ reason: "a piece without its first one", offset: 0 })
        pieces.push(bytes)
        if (kind[0] === last) {
          joined.push(concatenated(pieces))
          pieces = []
        }
        break
      default:
        throw new CodecError({ reason: `no frame of kind ${kind[0]}`, offset: 0 })
    }
  }
  return joined
}

const concatenated = (pieces: ReadonlyArray<Uint8Array>): Uint8Array => {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}
