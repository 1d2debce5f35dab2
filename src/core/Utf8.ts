/**
 * UTF-8 without a platform: pure rooms know no TextEncoder. A lone surrogate becomes U+FFFD, as everywhere.
 *
 * @since 0.1.0
 */

/**
 * The bytes of a string.
 *
 * @since 0.1.0
 * @category encoding
 */
export const encode = (text: string): Uint8Array => {
  const bytes: Array<number> = []
  for (const character of text) {
    let point = character.codePointAt(0)!
    if (point >= 0xd800 && point <= 0xdfff) point = 0xfffd
    if (point < 0x80) bytes.push(point)
    else if (point < 0x800) bytes.push(0xc0 | point >> 6, 0x80 | point & 63)
    else if (point < 0x10000) bytes.push(0xe0 | point >> 12, 0x80 | point >> 6 & 63, 0x80 | point & 63)
    else bytes.push(0xf0 | point >> 18, 0x80 | point >> 12 & 63, 0x80 | point >> 6 & 63, 0x80 | point & 63)
  }
  return Uint8Array.from(bytes)
}

/**
 * The string of bytes that `encode` made. Throws a `RangeError` that names the offset of a byte that cannot stand there.
 *
 * @since 0.1.0
 * @category encoding
 */
export const decode = (bytes: Uint8Array): string => {
  let text = ""
  let i = 0
  const tail = (): number => {
    const byte = bytes[i]
    if (byte === undefined || byte >> 6 !== 2) throw new RangeError(`not UTF-8 at byte ${i}`)
    i++
    return byte & 63
  }
  while (i < bytes.length) {
    const byte = bytes[i++]!
    if (byte < 0x80) text += String.fromCharCode(byte)
    else if (byte >> 5 === 6) text += String.fromCharCode((byte & 31) << 6 | tail())
    else if (byte >> 4 === 14) text += String.fromCharCode((byte & 15) << 12 | tail() << 6 | tail())
    else if (byte >> 3 === 30) text += String.fromCodePoint((byte & 7) << 18 | tail() << 12 | tail() << 6 | tail())
    else throw new RangeError(`not UTF-8 at byte ${i - 1}`)
  }
  return text
}
