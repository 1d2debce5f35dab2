/**
 * The key-value logs of Porcupine: a map a line, `{:process 0, :type :invoke, :f :append, :key "4", :value "x 0 1 y"}`. Keys start as "".
 *
 * @since 0.1.0
 */
import type { KeyValueInput } from "../Specification.js"
import { type EdnMap, ednMaps, readEntry } from "./edn.js"
import { collect, excerpt, type Imported, ImportError, OpenInputs } from "./Source.js"

/**
 * Parses one log. Errors name the line of the entry.
 *
 * @since 0.1.0
 * @category importing
 */
export const parse = (text: string): Imported<KeyValueInput> | ImportError =>
  collect("", (emit) => {
    const open = new OpenInputs<KeyValueInput>()
    for (const map of ednMaps(text)) {
      const entry = readEntry(map)
      if (entry === null) continue
      const { line } = map
      const { f, process, type } = entry
      if (type === "invoke") {
        const input = parseInput(f, map)
        open.invoke(process, input)
        emit(line, { type, process, input })
        continue
      }
      const input = open.complete(process, line, excerpt(map.source))
      if (input._tag.toLowerCase() !== f || input.key !== map.get("key")) {
        throw new ImportError(
          line,
          `the completion of :${input._tag.toLowerCase()} on "${input.key}"`,
          excerpt(map.source)
        )
      }
      if (type !== "ok") emit(line, { type, process })
      else if (f === "get") emit(line, { type, process, output: stringOf("value", map) })
      else emit(line, { type, process, output: null })
    }
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
