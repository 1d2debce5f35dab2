/**
 * The key-value logs of Porcupine: a map a line, `{:process 0, :type :invoke, :f :append, :key "4", :value "x 0 1 y"}`. Keys start as "".
 *
 * @since 0.1.0
 */
import type { KeyValueInput } from "../Specification.js"
import type { EdnMap } from "./edn.js"
import { parseEdn } from "./ednHistory.js"
import { excerpt, type Imported, ImportError } from "./Source.js"

/**
 * Parses one log. Errors name the line of the entry.
 *
 * @since 0.1.0
 * @category importing
 */
export const parse = (text: string): Imported<KeyValueInput> | ImportError =>
  parseEdn(text, {
    initial: "",
    inputOf: parseInput,
    misfit: (input, f, map) => {
      const name = input._tag.toLowerCase()
      return name === f && input.key === map.get("key") ? undefined : `the completion of :${name} on "${input.key}"`
    },
    outputOf: (f, map) => f === "get" ? stringOf("value", map) : null
  })

const stringOf = (key: string, map: EdnMap): string => {
  const value = map.get(key)
  if (typeof value !== "string") throw new ImportError(map.line, `:${key} "..."`, excerpt(map.source))
  return value
}

const parseInput = (f: string, map: EdnMap): KeyValueInput => {
  const key = stringOf("key", map)
  if (f === "get") return { _tag: "Get", key }
  if (f === "put") return { _tag: "Put", key, value: stringOf("value", map) }
  if (f === "append") return { _tag: "Append", key, value: stringOf("value", map) }
  throw new ImportError(map.line, ":f :get|:put|:append", excerpt(map.source))
}
