/**
 * Binary codecs. `fromSchema` derives one from a Schema's AST, once; it agrees with the Schema: `decode(encode(x))` equals `x`, and bytes that are no
 * encoding throw `CodecError` or give a value that the Schema accepts. The wire form carries no field names, so both sides need the same Schema.
 *
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"
import { CodecError, Reader, Writer } from "./Bytes.js"
import { compile } from "./internal/schemaCodec.js"

export {
  /**
   * @since 0.1.0
   * @category errors
   */
  CodecError,
  /**
   * @since 0.1.0
   * @category models
   */
  Reader,
  /**
   * @since 0.1.0
   * @category models
   */
  Writer
} from "./Bytes.js"

/**
 * Writes and reads one kind of value. Both directions throw `CodecError` and nothing else. `decode` may leave bytes behind; `decodeSync` refuses them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Codec<A> {
  encode(value: A, writer: Writer): void
  decode(reader: Reader): A
}

/**
 * The codec of the values of a Schema (its Type side). Refinements are checked when decoding; encoding trusts the types.
 * Where a part of the Schema cannot be taken apart (a `declare` of its own), that part goes through the Schema's own encoding.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromSchema = <A, I>(schema: Schema.Schema<A, I>): Codec<A> => {
  // compile() builds a codec of exactly the values of this AST; the AST has lost the type parameter
  const compiled = compile(schema.ast) as Codec<A>
  return { encode: compiled.encode, decode: (reader) => guarded(reader, compiled) }
}

/**
 * Raw bytes: the whole rest of the frame, copied.
 *
 * @since 0.1.0
 * @category constructors
 */
export const bytes: Codec<Uint8Array> = {
  encode: (value, writer) => writer.raw(value),
  decode: (reader) => reader.raw(reader.remaining)
}

/**
 * Keeps the bytes with the value, so that what is both persisted and sent to several peers is encoded once. Only for values that never change:
 * the bytes are those of the first encoding. They live as long as the value.
 *
 * @since 0.1.0
 * @category combinators
 */
export const cached = <A extends object>(
  codec: Codec<A>
): Codec<A> & { readonly encodeCached: (value: A) => Uint8Array } => {
  const known = new WeakMap<object, Uint8Array>()
  const encodeCached = (value: A): Uint8Array => {
    let encoded = known.get(value)
    if (encoded === undefined) {
      encoded = encodeSync(codec, value)
      known.set(value, encoded)
    }
    return encoded
  }
  return {
    encodeCached,
    encode: (value, writer) => writer.raw(encodeCached(value)),
    decode: (reader) => codec.decode(reader)
  }
}

/**
 * The bytes of a value. Throws `CodecError` on a value that the codec cannot write.
 *
 * @since 0.1.0
 * @category encoding
 */
export const encodeSync = <A>(codec: Codec<A>, value: A): Uint8Array => {
  const writer = new Writer()
  codec.encode(value, writer)
  return writer.finish()
}

/**
 * The value of exactly these bytes. Throws `CodecError` on anything else, left-over bytes included.
 *
 * @since 0.1.0
 * @category decoding
 */
export const decodeSync = <A>(codec: Codec<A>, encoded: Uint8Array, offset = 0, end = encoded.length): A => {
  const reader = new Reader(encoded, offset, end)
  const value = codec.decode(reader)
  if (reader.remaining > 0) reader.fail(`${reader.remaining} bytes too many`)
  return value
}

/** A throw of a user's filter or of a Schema transformation becomes a CodecError too. */
const guarded = <A>(reader: Reader, codec: Codec<A>): A => {
  try {
    return codec.decode(reader)
  } catch (error) {
    if (error instanceof CodecError) throw error
    throw new CodecError({ reason: String(error), offset: reader.offset })
  }
}
