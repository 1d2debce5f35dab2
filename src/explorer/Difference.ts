/**
 * What differs between two trees, as the smallest parts that do.
 *
 * @since 0.1.0
 */
import type { Value, View } from "./Value.js"
import { text, view } from "./Value.js"

/**
 * A part that differs. Absent before: it is new, or put into a list or set; absent after: it is gone. The path of a set's member is that of the set.
 *
 * @since 0.1.0
 * @category models
 */
export interface Change {
  readonly path: string
  readonly before: Value | undefined
  readonly after: Value | undefined
}

/**
 * The changes from one tree to another, in the order of the second. Of lists what they begin and end with alike is left out.
 *
 * @since 0.1.0
 * @category comparing
 */
export const difference = (
  before: Value | undefined,
  after: Value | undefined,
  path: string
): ReadonlyArray<Change> => {
  if (before === undefined || after === undefined) return before === after ? [] : [{ path, before, after }]
  if (text(before) === text(after)) return []
  return within(view(before), view(after), path) ?? [{ path, before, after }]
}

/** Undefined where the two have no parts to compare. */
const within = (before: View, after: View, path: string): ReadonlyArray<Change> | undefined => {
  if (before._tag === "Record" && after._tag === "Record") {
    const [old, now] = [new Map(before.fields), new Map(after.fields)]
    if (old.get("_tag") !== now.get("_tag")) return undefined
    return keyed(old, now, (name) => path === "" ? name : `${path}.${name}`)
  }
  if (before._tag === "Map" && after._tag === "Map") {
    const keys = ({ entries }: typeof before) => new Map(entries.map(([key, value]) => [text(key), value]))
    return keyed(keys(before), keys(after), (key) => `${path}[${key}]`)
  }
  if (before._tag === "Set" && after._tag === "Set") {
    const members = ({ items }: typeof before) => new Map(items.map((item) => [text(item), item]))
    return keyed(members(before), members(after), () => path)
  }
  return before._tag === "List" && after._tag === "List" ? lists(before.items, after.items, path) : undefined
}

const keyed = (
  before: ReadonlyMap<string, Value>,
  after: ReadonlyMap<string, Value>,
  pathOf: (key: string) => string
): ReadonlyArray<Change> => [
  ...[...after].flatMap(([key, value]) => difference(before.get(key), value, pathOf(key))),
  ...[...before].filter(([key]) => !after.has(key)).map(([key, value]) => ({
    path: pathOf(key),
    before: value,
    after: undefined
  }))
]

const lists = (before: ReadonlyArray<Value>, after: ReadonlyArray<Value>, path: string): ReadonlyArray<Change> => {
  const [old, now] = [before.map(text), after.map(text)]
  const shorter = Math.min(old.length, now.length)
  let head = 0
  while (head < shorter && old[head] === now[head]) head++
  let tail = 0
  while (tail < shorter - head && old.at(-1 - tail) === now.at(-1 - tail)) tail++
  const gone = before.slice(head, before.length - tail)
  const added = after.slice(head, after.length - tail)
  if (gone.length === added.length) {
    return added.flatMap((item, i) => difference(gone[i], item, `${path}[${head + i}]`))
  }
  return [
    ...gone.map((item, i) => ({ path: `${path}[${head + i}]`, before: item, after: undefined })),
    ...added.map((item, i) => ({ path: `${path}[${head + i}]`, before: undefined, after: item }))
  ]
}

/**
 * A change on one line.
 *
 * @since 0.1.0
 * @category rendering
 */
export const describe = ({ after, before, path }: Change): string => {
  if (before === undefined) return after === undefined ? path : `${path} + ${text(after)}`
  return after === undefined ? `${path} - ${text(before)}` : `${path}: ${text(before)} -> ${text(after)}`
}
