/**
 * A growable binary writer and a bounds-checked reader: the ground of codecs and frames.
 * The reader never reads past its range, never allocates more than the bytes it was given, and refuses nesting beyond `maxDepth`.
 *
 * Wire forms: varint = LEB128, at most 2^53 - 1; number = one byte for 0..239, 1 to 7 little-endian bytes for other safe integers, else float64;
 * string = varint (byte length * 2 + utf16 flag) and its bytes: UTF-8, or UTF-16 for strings with lone surrogates.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import { Buffer } from "node:buffer"

/**
 * A value that cannot be encoded, or bytes that are not an encoding. `offset` is the place in the frame, -1 when encoding.
 *
 * @since 0.1.0
 * @category errors
 */
export class CodecError extends Data.TaggedError("CodecError")<{ readonly reason: string; readonly offset: number }> {
  override get message(): string {
    return this.offset < 0 ? this.reason : `${this.reason} at byte ${this.offset}`
  }
}

/**
 * The deepest nesting that is encoded or decoded: a recursive value below it cannot exhaust the stack.
 *
 * @since 0.1.0
 * @category constants
 */
export const maxDepth = 512

/** Integers 0..239 are their own byte; above are the kinds. */
const smallLimit = 240
const positiveBase = 240 - 1
const negativeBase = 247 - 1
const float64Kind = 254
const shortString = 48
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/**
 * Appends to one growing buffer. `reset` or `truncate` reuses it; `finish` copies the bytes out.
 *
 * @since 0.1.0
 * @category models
 */
export class Writer {
  /** The buffer; only the first `length` bytes are written. Replaced when it grows. */
  bytes: Uint8Array
  length = 0
  private depth = 0
  private view: DataView

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity)
    this.view = new DataView(this.bytes.buffer)
  }

  /** Makes room for `n` more bytes. */
  ensure(n: number): void {
    const needed = this.length + n
    if (needed <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
    this.view = new DataView(grown.buffer)
  }

  u8(value: number): void {
    this.ensure(1)
    this.bytes[this.length++] = value
  }

  u16(value: number): void {
    this.ensure(2)
    this.view.setUint16(this.length, value)
    this.length += 2
  }

  u32(value: number): void {
    this.ensure(4)
    this.view.setUint32(this.length, value)
    this.length += 4
  }

  /** Overwrites four bytes that were written before: a length that is known only afterwards. */
  patchU32(offset: number, value: number): void {
    this.view.setUint32(offset, value)
  }

  /** Leaves `n` bytes unwritten, to be patched later; gives their offset. */
  skip(n: number): number {
    this.ensure(n)
    const at = this.length
    this.length += n
    return at
  }

  f64(value: number): void {
    this.ensure(8)
    this.view.setFloat64(this.length, value)
    this.length += 8
  }

  /** A non-negative safe integer. */
  varint(value: number): void {
    this.ensure(8)
    while (value > 127) {
      this.bytes[this.length++] = (value % 128) | 128
      value = Math.floor(value / 128)
    }
    this.bytes[this.length++] = value
  }

  /** Any number, NaN and -0 included. */
  number(value: number): void {
    this.ensure(9)
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      this.bytes[this.length++] = float64Kind
      this.f64(value)
    } else if (value >= 0 && value < smallLimit) {
      this.bytes[this.length++] = value
    } else {
      const at = this.length++
      let rest = Math.abs(value)
      let size = 0
      do {
        this.bytes[this.length++] = rest % 256
        rest = Math.floor(rest / 256)
        size++
      } while (rest > 0)
      this.bytes[at] = (value < 0 ? negativeBase : positiveBase) + size
    }
  }

  bigint(value: bigint): void {
    const hex = (value < 0n ? -value : value).toString(16)
    this.boolean(value < 0n)
    this.blob(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex"))
  }

  boolean(value: boolean): void {
    this.u8(value ? 1 : 0)
  }

  /** Bytes without a length. */
  raw(bytes: Uint8Array): void {
    this.ensure(bytes.length)
    this.bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  /** Bytes with their length. */
  blob(bytes: Uint8Array): void {
    this.varint(bytes.length)
    this.raw(bytes)
  }

  string(value: string): void {
    const size = value.length
    if (size <= shortString) {
      this.ensure(size + 1)
      const start = this.length
      const bytes = this.bytes
      let at = start + 1
      let i = 0
      for (; i < size; i++) {
        const code = value.charCodeAt(i)
        if (code > 127) break
        bytes[at++] = code
      }
      if (i === size) {
        bytes[start] = size << 1
        this.length = at
        return
      }
    }
    const encoding = hasLoneSurrogate(value) ? "utf16le" : "utf8"
    const encoded = Buffer.from(value, encoding)
    this.varint(encoded.length * 2 + (encoding === "utf16le" ? 1 : 0))
    this.raw(encoded)
  }

  /** Runs `body` one level deeper. Throws `CodecError` beyond `maxDepth`. */
  nested(body: () => void): void {
    if (this.depth >= maxDepth) {
      throw new CodecError({ reason: `nesting beyond ${maxDepth} levels`, offset: -1 })
    }
    this.depth++
    try {
      body()
    } finally {
      this.depth--
    }
  }

  truncate(length: number): void {
    this.length = length
  }

  reset(): void {
    this.length = 0
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.bytes.slice(0, this.length)
  }
}

/**
 * Reads a range of bytes. Every method throws `CodecError` instead of reading past the end.
 *
 * @since 0.1.0
 * @category models
 */
export class Reader {
  private depth = 0
  private view: DataView | undefined

  constructor(
    readonly bytes: Uint8Array,
    public offset = 0,
    readonly end = bytes.length
  ) {}

  get remaining(): number {
    return this.end - this.offset
  }

  fail(reason: string): never {
    throw new CodecError({ reason, offset: this.offset })
  }

  u8(): number {
    if (this.offset >= this.end) this.fail("the frame ends early")
    return this.bytes[this.offset++]!
  }

  u16(): number {
    return this.u8() * 256 + this.u8()
  }

  u32(): number {
    return this.u16() * 65_536 + this.u16()
  }

  f64(): number {
    const at = this.skip(8)
    this.view ??= new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength)
    return this.view.getFloat64(at)
  }

  varint(): number {
    let value = 0
    let scale = 1
    for (let i = 0; i < 8; i++) {
      const byte = this.u8()
      value += (byte & 127) * scale
      if (byte < 128) return value <= Number.MAX_SAFE_INTEGER ? value : this.fail("an integer beyond 2^53")
      scale *= 128
    }
    return this.fail("an integer that does not end")
  }

  number(): number {
    const kind = this.u8()
    if (kind < smallLimit) return kind
    if (kind === float64Kind) return this.f64()
    if (kind > float64Kind) return this.fail("an unknown kind of number")
    const isNegative = kind > negativeBase
    const size = kind - (isNegative ? negativeBase : positiveBase)
    const at = this.skip(size)
    let value = 0
    for (let i = size - 1; i >= 0; i--) value = value * 256 + this.bytes[at + i]!
    if (value > Number.MAX_SAFE_INTEGER) this.fail("an integer beyond 2^53")
    return isNegative && value !== 0 ? -value : value
  }

  bigint(): bigint {
    const isNegative = this.boolean()
    const magnitude = Buffer.from(this.blobView()).toString("hex")
    const value = magnitude === "" ? 0n : BigInt(`0x${magnitude}`)
    return isNegative ? -value : value
  }

  boolean(): boolean {
    const byte = this.u8()
    return byte === 1 || (byte !== 0 && this.fail("neither true nor false"))
  }

  /** A copy of `n` bytes. */
  raw(n: number): Uint8Array {
    return copyOf(this.bytes, this.skip(n), n)
  }

  /** A copy of length-prefixed bytes. */
  blob(): Uint8Array {
    return this.raw(this.varint())
  }

  /** How many elements follow, each at least one byte: a count beyond the frame is refused before anything is allocated. */
  count(): number {
    const n = this.varint()
    return n <= this.remaining ? n : this.fail("more elements than the frame can hold")
  }

  string(): string {
    const head = this.varint()
    const size = Math.floor(head / 2)
    const at = this.skip(size)
    if (head % 2 === 1) {
      if (size % 2 === 1) this.fail("half a UTF-16 unit")
      return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + at, size).toString("utf16le")
    }
    if (size <= shortString) {
      let out = ""
      let i = 0
      for (; i < size; i++) {
        const code = this.bytes[at + i]!
        if (code > 127) break
        out += String.fromCharCode(code)
      }
      if (i === size) return out
    }
    try {
      return utf8.decode(this.bytes.subarray(at, at + size))
    } catch {
      return this.fail("a string that is not UTF-8")
    }
  }

  /** Runs `body` one level deeper. Throws `CodecError` beyond `maxDepth`. */
  nested<A>(body: () => A): A {
    if (this.depth >= maxDepth) this.fail(`nesting beyond ${maxDepth} levels`)
    this.depth++
    try {
      return body()
    } finally {
      this.depth--
    }
  }

  private blobView(): Uint8Array {
    const n = this.varint()
    const at = this.skip(n)
    return this.bytes.subarray(at, at + n)
  }

  private skip(n: number): number {
    if (n > this.end - this.offset) this.fail("the frame ends early")
    const at = this.offset
    this.offset += n
    return at
  }
}

/**
 * Copies out of one slab: an allocation each costs 0.4-1 us from 65 bytes on, because V8 keeps longer arrays outside its heap, a piece of a slab 0.1 us.
 * A copy that is kept alone keeps a slab of 8 KiB alive.
 */
const slabBytes = 8_192
const largestPiece = slabBytes / 4
const heapBytes = 64
let slab = new Uint8Array(slabBytes)
let slabUsed = 0

/** Never `bytes.slice`: of a Buffer that is a view. */
const copyOf = (bytes: Uint8Array, at: number, n: number): Uint8Array => {
  const source = new Uint8Array(bytes.buffer, bytes.byteOffset + at, n)
  if (n <= heapBytes || n > largestPiece) return source.slice()
  if (slabUsed + n > slabBytes) {
    slab = new Uint8Array(slabBytes)
    slabUsed = 0
  }
  const piece = new Uint8Array(slab.buffer, slabUsed, n)
  slabUsed += n
  piece.set(source)
  return piece
}

const hasLoneSurrogate = (value: string): boolean =>
  /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(value)
