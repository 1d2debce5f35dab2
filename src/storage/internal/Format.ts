/**
 * What the bytes on disk mean. All numbers are little endian; every structure ends or begins with a CRC32C.
 *
 * Frame, aligned to 8 bytes: magic u32 | size u32 | crc u32 | crc of the frame before u32 | sequence u64 |
 * first sequence of its batch u64 | records u32 | payload bytes u32 | lengths u32... | payloads | zeros.
 * The checksum is seeded with the folder's salt and covers all after it. The link to the frame before keeps bytes of
 * another place from being taken for the next frame. The batch number says what was durable when the frame was written
 * (one batch is in flight at a time, so everything before it): a hole before a valid frame of a later batch is damage,
 * a hole inside the batch that was in flight is what a crash leaves.
 *
 * Mark: magic u32 | crc u32 | last durable sequence u64. An idle journal writes one behind its last frame, without a sync,
 * and the next batch overwrites it: for the last batch it says what the batch number of a later frame says for the others.
 */
import crc32c from "crc-32/crc32c.js"
import { Buffer } from "node:buffer"

export const formatVersion = 1
export const frameHeaderBytes = 40
export const segmentHeaderBytes = 64
const frameMagic = 0x464e5953
const markMagic = 0x4d4e5953
export const markBytes = 16
const two32 = 0x1_0000_0000

/** Of `bytes`, seeded with the salt, or with the checksum of the bytes before. */
export const checksum = (bytes: Uint8Array, salt: number): number => crc32c.buf(bytes, salt | 0) >>> 0

const putU64 = (view: DataView, value: number, at: number): void => {
  view.setUint32(at, value >>> 0, true) // modulo 2^32 at any size
  view.setUint32(at + 4, value < two32 ? 0 : Math.floor(value / two32), true)
}
export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
const getU64 = (buffer: Buffer, at: number): number => buffer.readUInt32LE(at) + buffer.readUInt32LE(at + 4) * two32

export const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** The bytes a frame takes on disk. */
export const frameBytes = (frame: ReadonlyArray<Uint8Array>): number => {
  let bytes = frameHeaderBytes + 4 * frame.length
  for (const record of frame) bytes += record.length
  return Math.ceil(bytes / 8) * 8
}

/** Writes a frame of `size` bytes at `at` and returns its checksum, the link for the next one. `view` is that of `buffer`, whose own methods check more and cost twice. */
export const putFrame = (
  buffer: Buffer,
  view: DataView,
  at: number,
  size: number,
  frame: ReadonlyArray<Uint8Array>,
  link: { readonly salt: number; readonly previous: number; readonly sequence: number; readonly batch: number }
): number => {
  let lengths = at + frameHeaderBytes
  const payload = lengths + 4 * frame.length
  let position = payload
  for (let i = 0; i < frame.length; i++) {
    const record = frame[i]!
    view.setUint32(lengths, record.length, true)
    lengths += 4
    buffer.set(record, position)
    position += record.length
  }
  view.setUint32(at, frameMagic, true)
  view.setUint32(at + 4, size, true)
  view.setUint32(at + 12, link.previous, true)
  putU64(view, link.sequence, at + 16)
  putU64(view, link.batch, at + 24)
  view.setUint32(at + 32, frame.length, true)
  view.setUint32(at + 36, position - payload, true)
  while (position < at + size) buffer[position++] = 0
  const crc = checksum(buffer.subarray(at + 12, at + size), link.salt)
  view.setUint32(at + 8, crc, true)
  return crc
}

export interface ReadFrame {
  readonly size: number
  readonly crc: number
  readonly previous: number
  readonly sequence: number
  readonly batch: number
  readonly records: ReadonlyArray<Uint8Array>
}

/** The frame at `at`, or `undefined` when the bytes there are not a whole frame of this folder. */
export const getFrame = (buffer: Buffer, at: number, salt: number): ReadFrame | undefined => {
  if (at + frameHeaderBytes > buffer.length || buffer.readUInt32LE(at) !== frameMagic) return undefined
  const size = buffer.readUInt32LE(at + 4)
  const count = buffer.readUInt32LE(at + 32)
  const payload = buffer.readUInt32LE(at + 36)
  if (size !== Math.ceil((frameHeaderBytes + 4 * count + payload) / 8) * 8 || at + size > buffer.length) {
    return undefined
  }
  const crc = buffer.readUInt32LE(at + 8)
  if (checksum(buffer.subarray(at + 12, at + size), salt) !== crc) return undefined
  const records: Array<Uint8Array> = []
  let position = at + frameHeaderBytes + 4 * count
  const end = position + payload
  for (let i = 0; i < count; i++) {
    const length = buffer.readUInt32LE(at + frameHeaderBytes + 4 * i)
    if (position + length > end) return undefined
    records.push(new Uint8Array(buffer.buffer, buffer.byteOffset + position, length))
    position += length
  }
  if (position !== end) return undefined
  return {
    size,
    crc,
    previous: buffer.readUInt32LE(at + 12),
    sequence: getU64(buffer, at + 16),
    batch: getU64(buffer, at + 24),
    records
  }
}

/** That all frames up to `durable` are durable. */
export const putMark = (salt: number, durable: number): Uint8Array => {
  const block = Buffer.alloc(markBytes)
  block.writeUInt32LE(markMagic, 0)
  putU64(viewOf(block), durable, 8)
  block.writeUInt32LE(checksum(block.subarray(8), salt), 4)
  return block
}

/** The last durable sequence number by the mark at `at`, or `undefined` when there is none of this folder. */
export const getMark = (buffer: Buffer, at: number, salt: number): number | undefined =>
  at + markBytes <= buffer.length && buffer.readUInt32LE(at) === markMagic &&
    buffer.readUInt32LE(at + 4) === checksum(buffer.subarray(at + 8, at + markBytes), salt)
    ? getU64(buffer, at + 8)
    : undefined

/** Seals a block: its last four bytes become the checksum of the others. */
const seal = (block: Buffer): Buffer => {
  block.writeUInt32LE(checksum(block.subarray(0, block.length - 4), 0), block.length - 4)
  return block
}
const isSealed = (block: Buffer): boolean =>
  block.readUInt32LE(block.length - 4) === checksum(block.subarray(0, block.length - 4), 0)
const isMagic = (block: Buffer, magic: string): boolean => block.toString("latin1", 0, 8) === magic

export interface SegmentHeader {
  readonly salt: number
  readonly index: number
  readonly first: number
  readonly previous: number
  /** The size of the whole file: a shorter one has lost its end. */
  readonly capacity: number
  /** The file was another segment before, whose bytes may lie behind this one's. */
  readonly isRecycled: boolean
}

export const putSegmentHeader = (header: SegmentHeader): Uint8Array => {
  const block = Buffer.alloc(segmentHeaderBytes)
  block.write("SYNODSEG", 0, "latin1")
  block.writeUInt32LE(formatVersion, 8)
  block.writeUInt32LE(header.salt, 12)
  putU64(viewOf(block), header.index, 16)
  putU64(viewOf(block), header.first, 24)
  block.writeUInt32LE(header.previous, 32)
  putU64(viewOf(block), header.capacity, 36)
  block.writeUInt32LE(header.isRecycled ? 1 : 0, 44)
  return seal(block)
}

export const getSegmentHeader = (bytes: Buffer): SegmentHeader | undefined => {
  if (bytes.length < segmentHeaderBytes) return undefined
  const block = bytes.subarray(0, segmentHeaderBytes)
  if (!isMagic(block, "SYNODSEG") || !isSealed(block) || block.readUInt32LE(8) !== formatVersion) return undefined
  return {
    salt: block.readUInt32LE(12),
    index: getU64(block, 16),
    first: getU64(block, 24),
    previous: block.readUInt32LE(32),
    capacity: getU64(block, 36),
    isRecycled: block.readUInt32LE(44) === 1
  }
}

export interface FolderHeader {
  readonly version: number
  readonly salt: number
  readonly incarnation: number
  /** The newest segment when this was written, 0 without any: an older one as the newest means that some are gone. */
  readonly segment: number
  /** The last frame that was durable when this was written. */
  readonly durable: number
  readonly cluster: string
  readonly node: string
}

const folderHeaderBytes = 48

export const putFolderHeader = (header: FolderHeader): Uint8Array => {
  const cluster = Buffer.from(header.cluster, "utf8")
  const node = Buffer.from(header.node, "utf8")
  const block = Buffer.alloc(folderHeaderBytes + cluster.length + node.length + 4)
  block.write("SYNODDIR", 0, "latin1")
  block.writeUInt32LE(header.version, 8)
  block.writeUInt32LE(header.salt, 12)
  putU64(viewOf(block), header.incarnation, 16)
  putU64(viewOf(block), header.segment, 24)
  putU64(viewOf(block), header.durable, 32)
  block.writeUInt32LE(cluster.length, 40)
  block.writeUInt32LE(node.length, 44)
  block.set(cluster, folderHeaderBytes)
  block.set(node, folderHeaderBytes + cluster.length)
  return seal(block)
}

export const getFolderHeader = (block: Buffer): FolderHeader | undefined => {
  if (block.length < folderHeaderBytes + 4 || !isMagic(block, "SYNODDIR") || !isSealed(block)) return undefined
  const nodeAt = folderHeaderBytes + block.readUInt32LE(40)
  if (nodeAt + block.readUInt32LE(44) + 4 !== block.length) return undefined
  return {
    version: block.readUInt32LE(8),
    salt: block.readUInt32LE(12),
    incarnation: getU64(block, 16),
    segment: getU64(block, 24),
    durable: getU64(block, 32),
    cluster: block.toString("utf8", folderHeaderBytes, nodeAt),
    node: block.toString("utf8", nodeAt, block.length - 4)
  }
}

export const checkpointHeaderBytes = 40

/** A checkpoint file is this head followed by the bytes. `crc` is their checksum, seeded with the salt. */
export const putCheckpointHead = ({ crc, length, salt, upTo }: {
  readonly salt: number
  readonly upTo: number
  readonly length: number
  readonly crc: number
}): Uint8Array => {
  const block = Buffer.alloc(checkpointHeaderBytes)
  block.write("SYNODCHK", 0, "latin1")
  block.writeUInt32LE(formatVersion, 8)
  block.writeUInt32LE(salt, 12)
  putU64(viewOf(block), upTo, 16)
  putU64(viewOf(block), length, 24)
  block.writeUInt32LE(crc, 32)
  return seal(block)
}

/** The checkpoint, or where its file stops to be one. */
export const getCheckpoint = (
  file: Buffer,
  salt: number
): { readonly upTo: number; readonly bytes: Uint8Array } | { readonly badAt: number } => {
  if (file.length < checkpointHeaderBytes) return { badAt: file.length }
  const block = file.subarray(0, checkpointHeaderBytes)
  if (!isMagic(block, "SYNODCHK") || !isSealed(block) || block.readUInt32LE(8) !== formatVersion) return { badAt: 0 }
  if (block.readUInt32LE(12) !== salt) return { badAt: 12 }
  const bytes = file.subarray(checkpointHeaderBytes)
  if (bytes.length !== getU64(block, 24)) return { badAt: Math.min(file.length, checkpointHeaderBytes) }
  if (checksum(bytes, salt) !== block.readUInt32LE(32)) return { badAt: checkpointHeaderBytes }
  return { upTo: getU64(block, 16), bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length) }
}
