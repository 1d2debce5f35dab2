/**
 * The etcd logs of Porcupine: one compare-and-set register, `INFO jepsen.util - PROCESS :TYPE :F VALUE`, fields apart by tabs or blanks.
 *
 * A failed cas is an *answer* (compared and found unequal), so it is a completed operation with output false. A failed read is one whose
 * output nobody saw: without effect, so `fail`, and its process goes on. `:info` is an unknown outcome.
 *
 * @since 0.1.0
 */
import type { RegisterInput, Value } from "../Specification.js"
import { collect, excerpt, type Imported, ImportError, OpenInputs } from "./Source.js"

const LINE = /^INFO\s+jepsen\.util\s+-\s+(\d+)\s+:(invoke|ok|fail|info)\s+:(read|write|cas)\s+(.*?)\s*$/
const EXPECTED = "INFO jepsen.util - PROCESS :invoke|:ok|:fail|:info :read|:write|:cas VALUE"

/**
 * Parses one log. Empty lines are skipped; any other line that is not an event is an error.
 *
 * @since 0.1.0
 * @category importing
 */
export const parse = (text: string): Imported<RegisterInput> | ImportError =>
  collect(null, (emit) => {
    const open = new OpenInputs<RegisterInput>()
    text.split("\n").forEach((source, index) => {
      if (source.trim() === "") return
      const line = index + 1
      const match = LINE.exec(source)
      if (match === null) throw new ImportError(line, EXPECTED, excerpt(source))
      const [, number = "", type, f = "", value = ""] = match
      const process = Number(number)
      const wrong = (expected: string) => new ImportError(line, expected, excerpt(source))
      if (type === "invoke") {
        const input = parseInput(f, value)
        if (input === undefined) throw wrong(f === "cas" ? ":cas [FROM TO]" : f === "read" ? ":read nil" : ":write INT")
        open.invoke(process, input)
        return emit(line, { type, process, input })
      }
      const input = open.complete(process, line, excerpt(source))
      if (input._tag.toLowerCase() !== f) {
        throw wrong(`the completion of process ${process}'s :${input._tag.toLowerCase()}`)
      }
      if (type === "info") return emit(line, { type: "info", process })
      if (type === "fail") {
        if (f === "cas") return emit(line, { type: "ok", process, output: false })
        return emit(line, { type: "fail", process })
      }
      if (f !== "read") return emit(line, { type: "ok", process, output: f === "cas" ? true : null })
      const output = parseValue(value)
      if (output === undefined) throw wrong(":ok :read INT or :ok :read nil")
      emit(line, { type: "ok", process, output })
    })
  })

const parseValue = (text: string): Value | undefined =>
  text === "nil" ? null : /^-?\d+$/.test(text) ? Number(text) : undefined

const parseInput = (f: string, value: string): RegisterInput | undefined => {
  if (f === "read") return value === "nil" ? { _tag: "Read" } : undefined
  if (f === "write") {
    const written = parseValue(value)
    return written === undefined ? undefined : { _tag: "Write", value: written }
  }
  const pair = /^\[\s*(\S+)\s+(\S+)\s*\]$/.exec(value)
  const from = parseValue(pair?.[1] ?? "")
  const to = parseValue(pair?.[2] ?? "")
  return from === undefined || to === undefined ? undefined : { _tag: "Cas", from, to }
}
