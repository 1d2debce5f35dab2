/**
 * The message of the TCP suite: like one entry of an AppendEntries, 100 bytes in the hand-shaped form.
 */
import * as Schema from "effect/Schema"
import * as Codec from "synod/network/Codec"

export interface Entry {
  readonly term: number
  readonly index: number
  readonly key: string
  readonly value: Uint8Array
}

/** The terms say what the receiver does with an entry. */
export const oneWay = 1
export const lastOneWay = 2
export const echo = 3
export const ack = 4
/** Sent back like an echo, and of no meaning: shows that both directions are open. */
export const hello = 5

export const keyLength = 16
export const valueLength = 77
/** Such an index takes four bytes in every codec here. */
export const firstIndex = 3_000_000

/** Shaped by hand with the package's Writer and Reader. */
export const hand: Codec.Codec<Entry> = {
  encode: (entry, writer) => {
    writer.varint(entry.term)
    writer.varint(entry.index)
    writer.string(entry.key)
    writer.blob(entry.value)
  },
  decode: (reader) => ({
    term: reader.varint(),
    index: reader.varint(),
    key: reader.string(),
    value: reader.blob()
  })
}

/** Derived from the Schema. */
export const derived: Codec.Codec<Entry> = Codec.fromSchema(
  Schema.Struct({ term: Schema.Int, index: Schema.Int, key: Schema.String, value: Schema.Uint8ArrayFromSelf })
)

const pool = Array.from({ length: 64 }, (_, i) => ({
  key: `account-${String(i).padStart(keyLength - 8, "0")}`,
  value: Uint8Array.from({ length: valueLength }, (_, byte) => (i * 31 + byte * 7) & 255)
}))

export const entry = (term: number, i: number): Entry => {
  const { key, value } = pool[i & 63]!
  return { term, index: firstIndex + i, key, value }
}

/** Folds every field of an entry into a hash that also depends on the order. */
export const fold = (hash: number, entry: Entry): number =>
  (Math.imul(hash, 31) + entry.index + entry.key.charCodeAt(keyLength - 1) + entry.value[0]! +
    entry.value[valueLength - 1]!) | 0

/** The hash of entries 0 .. n - 1 in order. */
export const expected = (n: number): string => {
  let hash = 0
  for (let i = 0; i < n; i++) hash = fold(hash, entry(oneWay, i))
  return String(hash)
}

/** The hand-shaped form once more, for the floors: nothing of the package takes part. Fixed offsets, 100 bytes. */
export const plainLength = 100
const keyAt = 5
const valueAt = keyAt + 1 + keyLength + 1

export const writePlain = ({ index, key, term, value }: Entry, into: Uint8Array, at: number): void => {
  into[at] = term
  into[at + 1] = index
  into[at + 2] = index >>> 8
  into[at + 3] = index >>> 16
  into[at + 4] = index >>> 24
  into[at + keyAt] = key.length
  for (let i = 0; i < key.length; i++) into[at + keyAt + 1 + i] = key.charCodeAt(i)
  into[at + valueAt - 1] = value.length
  into.set(value, at + valueAt)
}

export const readPlain = (from: Uint8Array, at: number): Entry => {
  const keyEnd = at + keyAt + 1 + from[at + keyAt]!
  const start = at + valueAt
  let key = ""
  for (let i = at + keyAt + 1; i < keyEnd; i++) key += String.fromCharCode(from[i]!)
  return {
    term: from[at]!,
    index: (from[at + 1]! | from[at + 2]! << 8 | from[at + 3]! << 16 | from[at + 4]! << 24) >>> 0,
    key,
    value: from.slice(start, start + from[start - 1]!)
  }
}
