/**
 * States as plain trees that a page, a text and other tools' files can show: the expressions of Apalache's Informal Trace Format (ADR 015).
 *
 * Guarantee: total and deterministic; values with equal canonical encodings have equal trees and equal texts.
 *
 * @since 0.1.0
 */
import { encode } from "../core/Canonical.js"

/**
 * A tree. Beside JSON's records, lists, strings, booleans and safe integers it has wrappers, which are records of one key: `#map` (a list of pairs), `#set` (a list),
 * `#bigint` (its digits) and `#unserializable` (what the format has no word for, as text).
 *
 * @since 0.1.0
 * @category models
 */
export type Value = boolean | number | string | ReadonlyArray<Value> | { readonly [key: string]: Value }

/**
 * A tree by its shape.
 *
 * @since 0.1.0
 * @category models
 */
export type View =
  | { readonly _tag: "Leaf"; readonly text: string }
  | { readonly _tag: "List" | "Set"; readonly items: ReadonlyArray<Value> }
  | { readonly _tag: "Map"; readonly entries: ReadonlyArray<readonly [key: Value, value: Value]> }
  | { readonly _tag: "Record"; readonly fields: ReadonlyArray<readonly [name: string, value: Value]> }

/**
 * The tree of a protocol value, a state or a message. A key whose value is `undefined` counts as absent, as it does for `Canonical.encode`; a record with a key that begins
 * with `#` becomes a `#map`, so that no value can be taken for a wrapper.
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = (value: unknown): Value => {
  switch (typeof value) {
    case "boolean":
    case "string":
      return value
    case "number":
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? value : outside(encode(value))
    case "bigint":
      return { "#bigint": String(value) }
    case "object":
      return value === null ? outside("null") : ofObject(value)
    default:
      return outside(value === undefined ? "undefined" : `a ${typeof value}`)
  }
}

const outside = (text: string): Value => ({ "#unserializable": text })

const ofObject = (value: object): Value => {
  if (Array.isArray(value)) return value.map(of)
  if (value instanceof Uint8Array) return outside(encode(value))
  if (value instanceof Map) {
    return { "#map": sorted([...value].map(([key, item]) => [of(key), of(item)]), ([key]) => key!) }
  }
  if (value instanceof Set) return { "#set": sorted([...value].map(of), (item) => item) }
  if ("toJSON" in value && typeof value.toJSON === "function") return of(value.toJSON())
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return outside(`a ${value.constructor.name}`)
  const fields = Object.entries(value).filter(([, item]) => item !== undefined)
    .map(([name, item]): [string, Value] => [name, of(item)])
    .sort(([a], [b]) => a < b ? -1 : 1)
  return fields.some(([name]) => name.startsWith("#")) ? { "#map": fields } : Object.fromEntries(fields)
}

const sorted = <A>(items: ReadonlyArray<A>, key: (item: A) => Value): ReadonlyArray<A> =>
  items.map((item) => [encode(key(item)), item] as const).sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0)
    .map(([, item]) => item)

/**
 * Takes a tree apart.
 *
 * @since 0.1.0
 * @category inspecting
 */
export const view = (value: Value): View => {
  if (typeof value === "string") return { _tag: "Leaf", text: JSON.stringify(value) }
  if (typeof value !== "object") return { _tag: "Leaf", text: String(value) }
  if (isList(value)) return { _tag: "List", items: value }
  const { "#bigint": digits, "#map": entries, "#set": members, "#unserializable": text } = value
  if (entries !== undefined) return { _tag: "Map", entries: entries as ReadonlyArray<readonly [Value, Value]> } // a wrapper holds pairs
  if (members !== undefined && typeof members === "object" && isList(members)) return { _tag: "Set", items: members }
  if (typeof digits === "string") return { _tag: "Leaf", text: `${digits}n` }
  if (typeof text === "string") return { _tag: "Leaf", text }
  return { _tag: "Record", fields: Object.entries(value) }
}

const isList = (value: Value & object): value is ReadonlyArray<Value> => Array.isArray(value)

/**
 * A tree on one line, for people: `Prepare{ballot: [1, 0]}` is a record whose `_tag` is a word.
 *
 * @since 0.1.0
 * @category rendering
 */
export const text = (value: Value): string => {
  const shape = view(value)
  switch (shape._tag) {
    case "Leaf":
      return shape.text
    case "List":
      return `[${shape.items.map(text).join(", ")}]`
    case "Set":
      return `Set{${shape.items.map(text).join(", ")}}`
    case "Map":
      return `Map{${shape.entries.map(([key, item]) => `${text(key)} => ${text(item)}`).join(", ")}}`
    case "Record": {
      const tag = tagOf(shape.fields)
      const rest = tag === undefined ? shape.fields : shape.fields.filter(([name]) => name !== "_tag")
      if (tag !== undefined && rest.length === 0) return tag
      return `${tag ?? ""}{${rest.map(([name, item]) => `${name}: ${text(item)}`).join(", ")}}`
    }
  }
}

const tagOf = (fields: ReadonlyArray<readonly [string, Value]>): string | undefined => {
  const tag = fields.find(([name]) => name === "_tag")?.[1]
  return typeof tag === "string" && /^[\w-]+$/.test(tag) ? tag : undefined
}

/**
 * The gist of a message, for beside an arrow: its tag and its values without their names (of booleans the names: `granted`, `!granted`). What only wraps another tagged
 * value is left out.
 *
 * @since 0.1.0
 * @category rendering
 */
export const gist = (value: Value): string => {
  const shape = view(value)
  if (shape._tag === "Leaf") return typeof value === "string" ? value : shape.text
  if (shape._tag !== "Record") return text(value)
  const tag = tagOf(shape.fields)
  const rest = shape.fields.filter(([name]) => name !== "_tag" || tag === undefined)
  const [first] = rest
  if (rest.length === 1 && first !== undefined && isTagged(first[1])) return gist(first[1])
  const values = rest.map(([name, item]) =>
    typeof item === "boolean" ? `${item ? "" : "!"}${name}` : isTagged(item) ? gist(item) : text(item)
  )
  return [...(tag === undefined ? [] : [tag]), ...values].join(" ")
}

const isTagged = (value: Value): boolean => {
  const shape = view(value)
  return shape._tag === "Record" && tagOf(shape.fields) !== undefined
}
