/**
 * The floor: one file, opened for append; a batch is one write and one fdatasync, both in the threadpool. Length and CRC-32 before each record.
 */
import { Buffer } from "node:buffer"
import { closeSync, fdatasync, openSync, readFileSync, rmSync, write } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { crc32 } from "node:zlib"
import { temporaryFolder } from "../../harness/Machine.js"
import type { Round, Started } from "../../harness/Suite.js"
import { fill, fold, recordBytes } from "./records.js"

const header = 8
const stride = header + recordBytes
const writeFile = promisify(write)
const sync = promisify(fdatasync)

const readBack = (file: string): Pick<Round, "operations" | "checksum"> => {
  const bytes = readFileSync(file)
  let hash = 0
  let operations = 0
  for (let at = 0; at + stride <= bytes.length; at += stride) {
    if (crc32(bytes.subarray(at + header, at + stride)) !== bytes.readUInt32LE(at + 4)) break
    hash = fold(hash, bytes, at + header)
    operations++
  }
  return { operations, checksum: String(hash) }
}

export const startFloor = (batch: number) => (): Promise<Started> =>
  Promise.resolve({
    run: async (n) => {
      const folder = temporaryFolder("append")
      const path = join(folder, "log")
      const file = openSync(path, "a")
      try {
        const buffer = Buffer.alloc(batch * stride)
        const started = performance.now()
        for (let sent = 0; sent < n;) {
          const count = Math.min(batch, n - sent)
          for (let i = 0; i < count; i++) {
            const at = i * stride
            fill(buffer, at + header, sent++)
            buffer.writeUInt32LE(recordBytes, at)
            buffer.writeUInt32LE(crc32(buffer.subarray(at + header, at + stride)), at + 4)
          }
          const { bytesWritten } = await writeFile(file, buffer, 0, count * stride)
          if (bytesWritten !== count * stride) throw new Error("a short write")
          await sync(file)
        }
        const wallSeconds = (performance.now() - started) / 1000
        return { ...readBack(path), wallSeconds }
      } finally {
        closeSync(file)
        rmSync(folder, { recursive: true })
      }
    }
  })
