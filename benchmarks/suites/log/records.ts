/**
 * The records of the log suite: 100 bytes, each different.
 */
export const recordBytes = 100

/** Record `i` into `bytes` at `at`: its number, then bytes that follow from it. */
export const fill = (bytes: Uint8Array, at: number, i: number): void => {
  bytes[at] = i
  bytes[at + 1] = i >>> 8
  bytes[at + 2] = i >>> 16
  bytes[at + 3] = i >>> 24
  for (let byte = 4; byte < recordBytes; byte++) bytes[at + byte] = i + byte
}

/** Folds number and last byte of a record into a hash that depends on the order. */
export const fold = (hash: number, bytes: Uint8Array, at: number): number => {
  const i = bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24
  return (Math.imul(hash, 31) + i + bytes[at + recordBytes - 1]!) | 0
}

/** The hash of records 0 .. n - 1. */
export const expected = (n: number): string => {
  const record = new Uint8Array(recordBytes)
  let hash = 0
  for (let i = 0; i < n; i++) {
    fill(record, 0, i)
    hash = fold(hash, record, 0)
  }
  return String(hash)
}
