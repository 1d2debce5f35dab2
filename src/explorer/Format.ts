/**
 * The formats of a trace by the ending of a file's name.
 *
 * @since 0.1.0
 */
import { toHtml } from "./Html.js"
import { toItf } from "./Itf.js"
import { toMermaid } from "./Mermaid.js"
import { toShiViz } from "./ShiViz.js"
import { toText } from "./Text.js"
import type { Trace } from "./Trace.js"

/**
 * The endings.
 *
 * @since 0.1.0
 * @category constants
 */
export const endings = [".html", ".itf.json", ".mmd", ".shiviz", ".txt"] as const

const formats: { readonly [ending in (typeof endings)[number]]: (trace: Trace) => string } = {
  ".html": toHtml,
  ".itf.json": toItf,
  ".mmd": toMermaid,
  ".shiviz": toShiViz,
  ".txt": toText
}

/**
 * How a file of that name is written; undefined where no format has its ending.
 *
 * @since 0.1.0
 * @category accessors
 */
export const ofFile = (name: string): ((trace: Trace) => string) | undefined => {
  const ending = endings.find((candidate) => name.endsWith(candidate))
  return ending === undefined ? undefined : formats[ending]
}
