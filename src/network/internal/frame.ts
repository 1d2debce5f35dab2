/** Frames: a u32 length and that many bytes. The parser holds at most one frame and the chunk that ends it. */
import { Buffer } from "node:buffer"

/** What came is not a frame, and the place of the next one is lost: the connection must close. */
export class FrameError extends Error {
  constructor(readonly reason: "oversized" | "malformed", message: string) {
    super(message)
  }
}

export const headerBytes = 4

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
      const size = data[at]! * 0x1000000 + (data[at + 1]! << 16) + (data[at + 2]! << 8) + data[at + 3]!
      if (size > this.maxFrameBytes) throw new FrameError("oversized", `a frame of ${size} bytes`)
      if (size === 0) throw new FrameError("malformed", "an empty frame")
      this.needed = headerBytes + size
      if (data.length - at < this.needed) break
      const start = at + headerBytes
      at += this.needed
      this.needed = headerBytes
      if (!onFrame(data, start, at)) return
    }
    if (at < data.length) {
      this.chunks.push(data.subarray(at))
      this.held = data.length - at
    }
  }
}

export const frame = (payload: Uint8Array): Uint8Array => {
  const out = Buffer.allocUnsafe(headerBytes + payload.length)
  out.writeUInt32BE(payload.length)
  out.set(payload, headerBytes)
  return out
}
