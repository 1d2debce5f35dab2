/**
 * Register histories of Jepsen and Knossos, in EDN: a vector, a list or bare maps; comments; keys in any order; keyword processes skipped.
 *
 * `:fail` means that it did not happen (the etcd logs of Porcupine differ: there a failed cas is an answer). An `:invoke :read` may carry a
 * value; only that of the `:ok` counts.
 *
 * @since 0.1.0
 */
import type { RegisterInput, Value } from "../Specification.js"
import { type Edn, ednMaps, readEntry } from "./edn.js"
import { collect, excerpt, type Imported, ImportError, OpenInputs } from "./Source.js"

/**
 * Parses one history. Errors name the line of the entry.
 *
 * @since 0.1.0
 * @category importing
 */
export const parse = (text: string): Imported<RegisterInput> | ImportError =>
  collect(null, (emit) => {
    const open = new OpenInputs<RegisterInput>()
    for (const map of ednMaps(text)) {
      const entry = readEntry(map)
      if (entry === null) continue
      const { line } = map
      const { f, process, type } = entry
      if (type === "invoke") {
        const input = parseInput(f, map.get("value") ?? null)
        if (input === undefined) {
          throw new ImportError(line, ":f :read, :write VALUE or :cas [FROM TO]", excerpt(map.source))
        }
        open.invoke(process, input)
        emit(line, { type, process, input })
        continue
      }
      const input = open.complete(process, line, excerpt(map.source))
      if (input._tag.toLowerCase() !== f) {
        throw new ImportError(line, `the completion of a :${input._tag.toLowerCase()}`, excerpt(map.source))
      }
      if (type !== "ok") {
        emit(line, { type, process })
        continue
      }
      const output = f === "cas" ? true : f === "write" ? null : scalar(map.get("value"))
      if (output === undefined) throw new ImportError(line, "a :value that was read", excerpt(map.source))
      emit(line, { type, process, output })
    }
  })

const scalar = (value: Edn | undefined): Value | undefined =>
  typeof value === "object" && value !== null ? undefined : value

const parseInput = (f: string, value: Edn): RegisterInput | undefined => {
  if (f === "read") return { _tag: "Read" }
  if (f === "write") {
    const written = scalar(value)
    return written === undefined ? undefined : { _tag: "Write", value: written }
  }
  if (f !== "cas" || !Array.isArray(value) || value.length !== 2) return undefined
  const [from, to] = [scalar(value[0]), scalar(value[1])]
  return from === undefined || to === undefined ? undefined : { _tag: "Cas", from, to }
}
