/**
 * Frames: u32 payload length, u32 CRC-32 of the payload, payload. A frame is one flush of the sender; the parser holds at most one frame and the chunk that ends it.
 *
 * Why a check value: TCP's 16-bit sum misses about one damaged segment in 65,536, and hosts and middleboxes do damage them (Stone and Partridge, SIGCOMM
 * 2000); a flipped bit in a log entry would be replicated and made durable. Why per flush and not per message: the cost is per call. Measured, Node 20: 26 ns
 * a 100-byte message in flushes of 64 KiB, 0.16 us where a flush holds one message, against 0.08 us a message always for the fastest JavaScript CRC.
 * It is no authentication: whoever can write into the connection can compute it.
 */
import { Buffer } from "node:buffer"
import { crc32 } from "node:zlib"

/** What came is not a frame, and the place of the next one is lost: the connection must close. */
export class FrameError extends Error {
  constructor(readonly reason: "oversized" | "malformed" | "corrupted", message: string) {
    super(message)
  }
}

export const headerBytes = 8

export class FrameParser {
  private chunks: Array<Uint8Array> = []
  private held = 0
  private needed = headerBytes

  constructor(public maxFrameBytes: number) {}

  /** Calls `onFrame` with a view of each complete frame's payload, until it returns false. Throws `FrameError`. */
  push(chunk: Uint8Array, onFrame: (bytes: Uint8Array, start: number, end: number) => boolean): void {
    let data = chunk
    if (this.held > 0) {
      this.chunks.push(chunk)
      this.held += chunk.length
      if (this.held < this.needed) return
      data = Buffer.concat(this.chunks, this.held)
      this.chunks = []
      this.held = 0
    }
    let at = 0
    this.needed = headerBytes
    while (data.length - at >= headerBytes) {
      const size = u32(data, at)
      if (size > this.maxFrameBytes) throw new FrameError("oversized", `a frame of ${size} bytes`)
      if (size === 0) throw new FrameError("malformed", "an empty frame")
      this.needed = headerBytes + size
      if (data.length - at < this.needed) break
      const start = at + headerBytes
      at += this.needed
      this.needed = headerBytes
      if (crc32(data.subarray(start, at)) !== u32(data, start - 4)) {
        throw new FrameError("corrupted", `a frame of ${size} bytes whose check value is wrong`)
      }
      if (!onFrame(data, start, at)) return
    }
    if (at < data.length) {
      this.chunks.push(data.subarray(at))
      this.held = data.length - at
    }
  }
}

const u32 = (bytes: Uint8Array, at: number): number =>
  bytes[at]! * 0x1000000 + (bytes[at + 1]! << 16) + (bytes[at + 2]! << 8) + bytes[at + 3]!

/** Completes a frame in place: `bytes` are room for the header and the payload. */
export const seal = (bytes: Uint8Array): void => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes)
  view.setUint32(0, bytes.length - headerBytes)
  view.setUint32(4, crc32(bytes.subarray(headerBytes)))
}

export const frame = (payload: Uint8Array): Uint8Array => {
  const out = Buffer.allocUnsafe(headerBytes + payload.length)
  out.set(payload, headerBytes)
  seal(out)
  return out
}
