/** A history out of EDN entries: what the formats share, and the three answers in which they differ. */
import type { Value } from "../Specification.js"
import { type EdnMap, ednMaps, readEntry } from "./edn.js"
import { collect, excerpt, type Imported, ImportError, type Input, OpenInputs } from "./Source.js"

export interface EdnFormat<I extends Input> {
  /** The value that objects start with. */
  readonly initial: Value
  /** The input of an invocation. Throws `ImportError`. */
  readonly inputOf: (f: string, map: EdnMap) => I
  /** What should have stood in this completion of `input`: undefined when it fits. */
  readonly misfit: (input: I, f: string, map: EdnMap) => string | undefined
  /** The output of an `:ok`. Throws `ImportError`. */
  readonly outputOf: (f: string, map: EdnMap) => Value
}

/** Parses entries in order; entries of processes that are keywords are skipped. */
export const parseEdn = <I extends Input>(text: string, format: EdnFormat<I>): Imported<I> | ImportError =>
  collect(format.initial, (emit) => {
    const open = new OpenInputs<I>()
    for (const map of ednMaps(text)) {
      const entry = readEntry(map)
      if (entry === null) continue
      const { line } = map
      const { f, process, type } = entry
      if (type === "invoke") {
        const input = format.inputOf(f, map)
        open.invoke(process, input)
        emit(line, { type, process, input })
        continue
      }
      const expected = format.misfit(open.complete(process, line, excerpt(map.source)), f, map)
      if (expected !== undefined) throw new ImportError(line, expected, excerpt(map.source))
      if (type === "ok") emit(line, { type, process, output: format.outputOf(f, map) })
      else emit(line, { type, process })
    }
  })
