/**
 * The key-value machine with its shapes. Codecs by hand: they are on the path of every command, and cost half of the derived ones.
 *
 * @internal
 */
import { PersistentMap } from "../../core/PersistentMap.js"
import type { Codec, Reader, Writer } from "../../network/Codec.js"
import type { Command, Result, Store } from "../../protocols/key-value/KeyValue.js"
import { apply, applyAll, initial } from "../../protocols/key-value/KeyValue.js"

const PUT = 0
const DELETE = 1
const COMPARE = 2

const command: Codec<Command> = {
  encode: (value, writer) => {
    switch (value._tag) {
      case "Put":
        writer.u8(PUT)
        writer.string(value.key)
        return writer.string(value.value)
      case "Delete":
        writer.u8(DELETE)
        return writer.string(value.key)
      case "CompareAndSet":
        writer.u8(COMPARE)
        writer.string(value.key)
        optional(value.from, writer)
        return writer.string(value.to)
    }
  },
  decode: (reader) => {
    const kind = reader.u8()
    const key = reader.string()
    switch (kind) {
      case PUT:
        return { _tag: "Put", key, value: reader.string() }
      case DELETE:
        return { _tag: "Delete", key }
      case COMPARE:
        return { _tag: "CompareAndSet", key, from: readOptional(reader), to: reader.string() }
      default:
        return reader.fail(`no command of kind ${kind}`)
    }
  }
}

const result: Codec<Result> = {
  encode: (value, writer) => {
    writer.boolean(value.applied)
    optional(value.previous, writer)
  },
  decode: (reader) => {
    const applied = reader.boolean()
    return { previous: readOptional(reader), applied }
  }
}

const optional = (value: string | undefined, writer: Writer): void => {
  writer.boolean(value !== undefined)
  if (value !== undefined) writer.string(value)
}

const readOptional = (reader: Reader): string | undefined => reader.boolean() ? reader.string() : undefined

/** Entries in the map's own order, which depends on the content alone. */
const state: Codec<Store> = {
  encode: (store, writer) => {
    writer.varint(store.size)
    for (const [key, value] of store) {
      writer.string(key)
      writer.string(value)
    }
  },
  decode: (reader) => {
    const size = reader.count()
    const store = PersistentMap.draft(PersistentMap.empty<string>())
    for (let i = 0; i < size; i++) store.set(reader.string(), reader.string())
    return store.finish()
  }
}

/** @internal */
export const definition = { initial, apply, applyAll, command, result, state }
