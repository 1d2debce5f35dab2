/**
 * Register histories of Jepsen and Knossos, in EDN: a vector, a list or bare maps; comments; keys in any order; keyword processes skipped.
 *
 * `:fail` means that it did not happen (the etcd logs of Porcupine differ: there a failed cas is an answer). An `:invoke :read` may carry a
 * value; only that of the `:ok` counts.
 *
 * @since 0.1.0
 */
import type { RegisterInput, Value } from "../Specification.js"
import type { Edn, EdnMap } from "./edn.js"
import { parseEdn } from "./ednHistory.js"
import { excerpt, type Imported, ImportError } from "./Source.js"

/**
 * Parses one history. Errors name the line of the entry.
 *
 * @since 0.1.0
 * @category importing
 */
export const parse = (text: string): Imported<RegisterInput> | ImportError =>
  parseEdn(text, {
    initial: null,
    inputOf: (f, map) => {
      const input = parseInput(f, map.get("value") ?? null)
      if (input === undefined) throw wrong(map, ":f :read, :write VALUE or :cas [FROM TO]")
      return input
    },
    misfit: (input, f) => {
      const name = input._tag.toLowerCase()
      return name === f ? undefined : `the completion of a :${name}`
    },
    outputOf: (f, map) => {
      const output = f === "cas" ? true : f === "write" ? null : scalar(map.get("value"))
      if (output === undefined) throw wrong(map, "a :value that was read")
      return output
    }
  })

const wrong = (map: EdnMap, expected: string) => new ImportError(map.line, expected, excerpt(map.source))

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
