/**
 * Synod's own format, `synod`: one JSON object a line, in real-time order. Empty lines are skipped.
 *
 * ```
 * {"type":"invoke","process":1,"f":"put","key":"a","value":"x","time":3.5}
 * {"type":"ok","process":1,"value":null}
 * {"type":"invoke","process":2,"f":"cas","key":"a","from":"x","to":"y"}
 * {"type":"info","process":2}
 * ```
 * `type`: invoke, ok, fail (certainly no effect) or info (unknown outcome). `process`: an integer or a string. `value`: on invoke what is written,
 * on ok the output (null where there is none). `time`: milliseconds, optional, for people. Values are strings, finite numbers, booleans and null.
 * Objects start as null, or empty. Export and import again gives an equal history. `f`, on invoke only:
 *
 * | object | without a `key` |
 * |---|---|
 * | register | read, write `value`, cas `from` `to` |
 *
 * | object | with a `key` |
 * |---|---|
 * | key-value | get, put `value`, append `value` (a string), delete, cas `from` `to` |
 * | queue, stack | enqueue `value`, dequeue; push `value`, pop (no null) |
 * | set | add `value`, remove `value`, contains `value` |
 * | counter | increment `by` (an integer), count |
 * | log | append `value`, entry `index`, length, entries (answered by the text of a JSON array) |
 * | lock | acquire `holder`, release `holder` (answered by a boolean, or a token) |
 *
 * @since 0.1.0
 */
import type { Event, History } from "../History.js"
import type { Value } from "../Specification.js"
import { collect, excerpt, type Imported, ImportError, type Input } from "./Source.js"

/**
 * Parses one file.
 *
 * @since 0.1.0
 * @category importing
 */
export const parse = (text: string): Imported | ImportError =>
  collect(null, (emit) => {
    text.split("\n").forEach((source, index) => {
      if (source.trim() !== "") emit(index + 1, parseEvent(new Fields(source, index + 1)))
    })
  })

/**
 * The history as text that `parse` reads; ends with a newline unless it is empty. A value that JSON cannot hold (NaN, an infinity) throws a
 * RangeError.
 *
 * @since 0.1.0
 * @category exporting
 */
export const format = (history: History<Input, Value>): string =>
  history.events.map((event) => `${JSON.stringify(formatEvent(event), refuseNonFinite)}\n`).join("")

const refuseNonFinite = (_: string, value: unknown): unknown => {
  if (typeof value === "number" && !Number.isFinite(value)) throw new RangeError(`${value} has no JSON form`)
  return value
}

const formatEvent = (event: Event<Input, Value>): object => {
  const { process, type } = event
  const time = event.time === undefined ? {} : { time: event.time }
  if (type === "ok") return { type, process, value: event.output, ...time }
  if (type !== "invoke") return { type, process, ...time }
  const { _tag, ...fields } = event.input
  return { type, process, f: _tag.toLowerCase(), ...fields, ...time }
}

/** A line's object, read field by field. */
class Fields {
  private readonly record: object
  constructor(private readonly source: string, private readonly line: number) {
    let parsed: unknown
    try {
      parsed = JSON.parse(source)
    } catch {
      throw this.wrong("one JSON object")
    }
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) throw this.wrong("one JSON object")
    this.record = parsed
  }
  wrong(expected: string): ImportError {
    return new ImportError(this.line, expected, excerpt(this.source))
  }
  has(name: string): boolean {
    return Object.hasOwn(this.record, name)
  }
  get(name: string): unknown {
    return this.has(name) ? Reflect.get(this.record, name) : undefined
  }
  value(name: string): Value {
    const value = this.get(name)
    if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      return value
    }
    throw this.wrong(`"${name}": a string, number, boolean or null`)
  }
  item(name: string): Exclude<Value, null> {
    const value = this.value(name)
    if (value === null) throw this.wrong(`"${name}": a string, number or boolean`)
    return value
  }
  integer(name: string): number {
    const value = this.get(name)
    if (typeof value !== "number" || !Number.isSafeInteger(value)) throw this.wrong(`"${name}": an integer`)
    return value
  }
  string(name: string): string {
    const value = this.get(name)
    if (typeof value !== "string") throw this.wrong(`"${name}": a string`)
    return value
  }
}

const parseEvent = (fields: Fields): Event<Input, Value> => {
  const process = fields.get("process")
  if (typeof process !== "string" && !(typeof process === "number" && Number.isSafeInteger(process))) {
    throw fields.wrong("\"process\": an integer or a string")
  }
  const at = fields.get("time")
  if (at !== undefined && typeof at !== "number") throw fields.wrong("\"time\": milliseconds")
  const time = at === undefined ? {} : { time: at }
  const type = fields.get("type")
  switch (type) {
    case "invoke":
      return { type, process, input: parseInput(fields), ...time }
    case "ok":
      return { type, process, output: fields.value("value"), ...time }
    case "fail":
    case "info":
      return { type, process, ...time }
    default:
      throw fields.wrong("\"type\": invoke, ok, fail or info")
  }
}

/** Every input by its `f`: what has no key, and what has one. */
const keyless: { readonly [f: string]: (fields: Fields) => Input } = {
  read: () => ({ _tag: "Read" }),
  write: (fields) => ({ _tag: "Write", value: fields.value("value") }),
  cas: (fields) => ({ _tag: "Cas", from: fields.value("from"), to: fields.value("to") })
}

const keyed: { readonly [f: string]: (fields: Fields, key: string) => Input } = {
  get: (_, key) => ({ _tag: "Get", key }),
  put: (fields, key) => ({ _tag: "Put", key, value: fields.value("value") }),
  append: (fields, key) => ({ _tag: "Append", key, value: fields.value("value") }),
  delete: (_, key) => ({ _tag: "Delete", key }),
  cas: (fields, key) => ({ _tag: "Cas", key, from: fields.value("from"), to: fields.value("to") }),
  enqueue: (fields, key) => ({ _tag: "Enqueue", key, value: fields.item("value") }),
  dequeue: (_, key) => ({ _tag: "Dequeue", key }),
  push: (fields, key) => ({ _tag: "Push", key, value: fields.item("value") }),
  pop: (_, key) => ({ _tag: "Pop", key }),
  add: (fields, key) => ({ _tag: "Add", key, value: fields.value("value") }),
  remove: (fields, key) => ({ _tag: "Remove", key, value: fields.value("value") }),
  contains: (fields, key) => ({ _tag: "Contains", key, value: fields.value("value") }),
  increment: (fields, key) => ({ _tag: "Increment", key, by: fields.integer("by") }),
  count: (_, key) => ({ _tag: "Count", key }),
  entry: (fields, key) => ({ _tag: "Entry", key, index: fields.integer("index") }),
  length: (_, key) => ({ _tag: "Length", key }),
  entries: (_, key) => ({ _tag: "Entries", key }),
  acquire: (fields, key) => ({ _tag: "Acquire", key, holder: fields.string("holder") }),
  release: (fields, key) => ({ _tag: "Release", key, holder: fields.string("holder") })
}

const parseInput = (fields: Fields): Input => {
  const f = fields.get("f")
  const name = typeof f === "string" ? f : ""
  if (!fields.has("key")) {
    if (Object.hasOwn(keyless, name)) return keyless[name]!(fields)
    throw fields.wrong(`"f": ${Object.keys(keyless).join(", ")} (or a "key")`)
  }
  const key = fields.string("key")
  if (Object.hasOwn(keyed, name)) return keyed[name]!(fields, key)
  throw fields.wrong(`"f": ${Object.keys(keyed).join(", ")} (or no "key")`)
}
