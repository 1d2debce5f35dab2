/**
 * The fixed fields of a struct, in order. `generated` encodes and decodes 1.6-1.9 M AppendEntries of 100 bytes a CPU second, `interpreted`, its slow twin, 1.1-1.2 M.
 */
import type { Reader, Writer } from "../Bytes.js"
import { setKey } from "./dynamicCodec.js"
import type { Node } from "./schemaCodec.js"

export type Field = readonly [name: string, node: Node]

export interface RecordCodec {
  readonly encode: (value: unknown, writer: Writer) => void
  readonly decode: (reader: Reader) => Record<PropertyKey, unknown>
}

/** Beyond it an object is a dictionary for V8 anyway. */
const maxGenerated = 100

export const recordOf = (fields: ReadonlyArray<Field>): RecordCodec =>
  (fields.length <= maxGenerated ? generated(fields) : undefined) ?? interpreted(fields)

/**
 * One function for each struct, written out: closures of one source text share their type feedback, so that every field access of every struct would be
 * megamorphic. Undefined where the process forbids code from strings (`--disallow-code-generation-from-strings`).
 * The text is made of JSON-quoted field names, which come from the program's own Schema, and of indices; never of data.
 */
export const generated = (fields: ReadonlyArray<Field>): RecordCodec | undefined => {
  const name = (field: Field) => JSON.stringify(field[0])
  const nodes = fields.map((_, i) => `n${i}`).join()
  const writes = fields.map((field, i) => `n${i}.encode(value[${name(field)}], writer)`).join(";")
  // computed: a plain "__proto__" would set the prototype
  const reads = fields.map((field, i) => `[${name(field)}]: n${i}.decode(reader)`).join()
  try {
    const make = new Function(
      nodes,
      `return { encode: (value, writer) => {${writes}}, decode: (reader) => ({${reads}}) }`
    )
    return make(...fields.map((field) => field[1])) as RecordCodec // what the text above says
  } catch {
    return undefined
  }
}

export const interpreted = (fields: ReadonlyArray<Field>): RecordCodec => ({
  encode: (value, writer) => {
    const record = value as Record<PropertyKey, unknown> // the AST says so
    for (let i = 0; i < fields.length; i++) fields[i]![1].encode(record[fields[i]![0]], writer)
  },
  decode: (reader) => {
    const out: Record<PropertyKey, unknown> = {}
    for (let i = 0; i < fields.length; i++) setKey(out, fields[i]![0], fields[i]![1].decode(reader))
    return out
  }
})
