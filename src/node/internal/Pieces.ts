/**
 * The encoding of a durable state as pieces, each made when it is asked for: a checkpoint of many megabytes neither stops the node while it is made nor lies in
 * memory as a whole. The state is immutable, so what is folded meanwhile does not show.
 *
 * @internal
 */
import type { Codec } from "../../network/Codec.js"
import { Writer } from "../../network/Codec.js"

/** A piece ends with the step that takes it to this size. */
const pieceBytes = 262_144

/** @internal */
export class Pieces<A> implements Iterable<Uint8Array> {
  /** Bytes of the pieces so far. */
  written = 0

  constructor(
    private readonly codec: Codec<A> & { readonly steps?: ((value: A, writer: Writer) => Iterable<void>) | undefined },
    private readonly value: A
  ) {}

  *[Symbol.iterator](): Iterator<Uint8Array> {
    const { codec, value } = this
    const writer = new Writer(pieceBytes + pieceBytes / 2)
    if (codec.steps === undefined) codec.encode(value, writer)
    else {
      for (const _ of codec.steps(value, writer)) if (writer.length >= pieceBytes) yield this.take(writer)
    }
    yield this.take(writer)
  }

  /** What was written since the last piece, in the buffer that the next one uses again. */
  private take(writer: Writer): Uint8Array {
    const piece = writer.bytes.subarray(0, writer.length)
    this.written += piece.length
    writer.reset()
    return piece
  }
}
