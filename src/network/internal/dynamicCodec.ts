/**
 * The self-describing form of plain data: what a Schema leaves open (`Unknown`) or what its own encoding gives. Class instances are refused.
 */
import { CodecError, type Reader, type Writer } from "../Bytes.js"

const enum Kind {
  Undefined,
  Null,
  False,
  True,
  Number,
  String,
  BigInt,
  Bytes,
  Array,
  Record
}

export const encode = (value: unknown, writer: Writer): void => {
  switch (typeof value) {
    case "undefined":
      return writer.u8(Kind.Undefined)
    case "boolean":
      return writer.u8(value ? Kind.True : Kind.False)
    case "number":
      writer.u8(Kind.Number)
      return writer.number(value)
    case "string":
      writer.u8(Kind.String)
      return writer.string(value)
    case "bigint":
      writer.u8(Kind.BigInt)
      return writer.bigint(value)
    case "object":
      return value === null ? writer.u8(Kind.Null) : encodeObject(value, writer)
    default:
      throw new CodecError({ reason: `a ${typeof value} has no encoding`, offset: -1 })
  }
}

const encodeObject = (value: object, writer: Writer): void => {
  if (value instanceof Uint8Array) {
    writer.u8(Kind.Bytes)
    return writer.blob(value)
  }
  if (Array.isArray(value)) {
    writer.u8(Kind.Array)
    writer.varint(value.length)
    return writer.nested(() => {
      for (const element of value) encode(element, writer)
    })
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    throw new CodecError({ reason: `an instance of ${value.constructor?.name} has no encoding`, offset: -1 })
  }
  writer.u8(Kind.Record)
  const entries = Object.entries(value)
  writer.varint(entries.length)
  writer.nested(() => {
    for (const [key, member] of entries) {
      writer.string(key)
      encode(member, writer)
    }
  })
}

export const decode = (reader: Reader): unknown => {
  switch (reader.u8()) {
    case Kind.Undefined:
      return undefined
    case Kind.Null:
      return null
    case Kind.False:
      return false
    case Kind.True:
      return true
    case Kind.Number:
      return reader.number()
    case Kind.String:
      return reader.string()
    case Kind.BigInt:
      return reader.bigint()
    case Kind.Bytes:
      return reader.blob()
    case Kind.Array:
      return reader.nested(() => {
        const out: Array<unknown> = []
        for (let n = reader.count(); n > 0; n--) out.push(decode(reader))
        return out
      })
    case Kind.Record:
      return reader.nested(() => {
        const out: Record<string, unknown> = {}
        for (let n = reader.count(); n > 0; n--) setKey(out, reader.string(), decode(reader))
        return out
      })
    default:
      return reader.fail("an unknown kind of value")
  }
}

/** Assigning `__proto__` would change the prototype: bytes from a network must not. */
export const setKey = (target: Record<PropertyKey, unknown>, key: PropertyKey, value: unknown): void => {
  if (key === "__proto__") {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
  } else {
    target[key] = value
  }
}
