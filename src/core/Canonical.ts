/**
 * Canonical encodings: equal protocol values have equal encodings on every machine, whatever the order in which their keys or members were added.
 * The ground under trace hashes, state fingerprints and the comparison of replicas.
 *
 * @since 0.1.0
 */

/**
 * The canonical encoding of a plain value: records (keys sorted; a key whose value is `undefined` counts as absent), arrays, Map and Set (in the order of
 * their encoded members), bytes, strings, finite and other numbers, -0, bigint, booleans, null, undefined, and objects with `toJSON` (core/Log).
 * Throws a `TypeError` that names the path for a function, a symbol, or a class that it does not know.
 *
 * @since 0.1.0
 * @category encoding
 */
export const encode = (value: unknown): string => write(value, "$", JSON.stringify)

/**
 * The canonical encoding with every string, and every key of a record, written as `say` has it: two values that differ only in names that `say` writes alike, or in
 * names it exchanges, get what the renamed values would get. For symmetry, where names of nodes are interchangeable.
 *
 * @since 0.1.0
 * @category encoding
 */
export const encodeAs = (value: unknown, say: (text: string) => string): string => write(value, "$", say)

type Say = (text: string) => string

const write = (value: unknown, path: string, say: Say): string => {
  switch (typeof value) {
    case "string":
      return say(value)
    case "number":
      return Object.is(value, -0) ? "-0" : String(value)
    case "boolean":
    case "undefined":
      return String(value)
    case "bigint":
      return `${value}n`
    case "object":
      return value === null ? "null" : writeObject(value, path, say)
    default:
      throw new TypeError(`${path}: a ${typeof value} has no canonical encoding`)
  }
}

const hasToJSON = (value: object): value is { toJSON(): unknown } =>
  "toJSON" in value && typeof value.toJSON === "function"

const writeObject = (value: object, path: string, say: Say): string => {
  if (Array.isArray(value)) return `[${value.map((item, i) => write(item, `${path}[${i}]`, say)).join()}]`
  if (value instanceof Uint8Array) return `b"${hex(value)}"`
  if (value instanceof Map) {
    const members = [...value].map(([k, v]) => `${write(k, `${path}(key)`, say)}=>${write(v, `${path}(value)`, say)}`)
    return `M{${members.sort().join()}}`
  }
  if (value instanceof Set) return `S{${[...value].map((v) => write(v, `${path}(member)`, say)).sort().join()}}`
  if (hasToJSON(value)) return `J${write(value.toJSON(), path, say)}`
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError(`${path}: a ${value.constructor.name} has no canonical encoding`)
  }
  const parts: Array<string> = []
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined) parts.push(`${say(key)}:${write(item, `${path}.${key}`, say)}`)
  }
  return `{${parts.sort().join()}}`
}

const hex = (bytes: Uint8Array): string => {
  let text = ""
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0")
  return text
}

/**
 * A 64-bit running digest, in two 32-bit lanes with different multipliers. Not for secrets; for states and traces, where the chance that two of n differ
 * unseen is about n^2 / 2^65.
 *
 * @since 0.1.0
 * @category hashing
 */
export class Digest {
  private a = 0x811c9dc5
  private b = 0x9e3779b9

  /** Adds a 32-bit integer. */
  int(x: number): this {
    let a = Math.imul(this.a ^ x, 0x85ebca6b)
    a ^= a >>> 13
    let b = Math.imul(this.b + x, 0xc2b2ae35)
    b ^= b >>> 16
    this.a = (Math.imul(a, 0x27d4eb2f) + b) | 0
    this.b = (Math.imul(b, 0x165667b1) ^ a) | 0
    return this
  }

  /** Adds a safe integer or float. */
  number(x: number): this {
    return Number.isSafeInteger(x) && !Object.is(x, -0)
      ? this.int(x | 0).int(Math.floor(x / 0x100000000))
      : this.string(Object.is(x, -0) ? "-0" : String(x))
  }

  /** Adds a string with its length. */
  string(text: string): this {
    this.int(text.length)
    for (let i = 0; i < text.length; i++) this.int(text.charCodeAt(i))
    return this
  }

  /** Adds bytes with their length. */
  bytes(bytes: Uint8Array): this {
    this.int(bytes.length)
    let i = 0
    for (; i + 3 < bytes.length; i += 4) {
      this.int(bytes[i]! | bytes[i + 1]! << 8 | bytes[i + 2]! << 16 | bytes[i + 3]! << 24)
    }
    for (; i < bytes.length; i++) this.int(bytes[i]!)
    return this
  }

  /** The digest of everything so far, as 16 hexadecimal digits. */
  toString(): string {
    return lane(this.a) + lane(this.b)
  }
}

const lane = (x: number): string => (x >>> 0).toString(16).padStart(8, "0")

/**
 * The 64-bit fingerprint of a value's canonical encoding, as 16 hexadecimal digits. Bytes are digested as they are.
 *
 * @since 0.1.0
 * @category hashing
 */
export const fingerprint = (value: unknown): string =>
  value instanceof Uint8Array
    ? new Digest().bytes(value).toString()
    : new Digest().string(encode(value)).toString()

/**
 * Freezes records and arrays all the way down, so that a test sees a handler that changes a state. Map, Set, bytes and Log cannot be frozen: compare
 * encodings before and after a step.
 *
 * @since 0.1.0
 * @category testing
 */
export const deepFreeze = <A>(value: A): A => {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value
  if (value instanceof Map) {
    for (const [k, v] of value) {
      deepFreeze(k)
      deepFreeze(v)
    }
    return value
  }
  if (value instanceof Set) {
    for (const v of value) deepFreeze(v)
    return value
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return value
  Object.freeze(value)
  for (const item of Object.values(value)) deepFreeze(item)
  return value
}
