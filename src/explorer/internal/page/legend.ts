/**
 * The key to a diagram: what occurs in it, and nothing else.
 */
import type { Trace } from "../../Trace.js"
import { fates, glyph, kinds, lineClass, lineEnd } from "./glyphs.js"
import { element } from "./markup.js"

export const legend = (trace: Trace): string => {
  const { bands, messages, operations, steps } = trace
  const occurring = new Set(steps.map(({ kind }) => kind))
  const events = Object.entries(kinds).flatMap(([name, title]) => {
    const kind = name as keyof typeof kinds // a key of the table
    return occurring.has(kind) ? [entry(18, glyph(kind, 9, 9), title)] : []
  })
  const lines = Object.entries(fates).flatMap(([name, title]) => {
    const message = messages.find(({ fate, isCopy }) =>
      name === "copy" ? isCopy && fate === "delivered" : fate === name && !isCopy
    )
    if (message === undefined) return []
    const line = element("path", { class: "line", d: "M2 9H34" }) + lineEnd(message, [2, 9], [34, 9])
    return [entry(42, element("g", { class: lineClass(message) }, line), title)]
  })
  const ground = (x: number, width: number, pattern: string, name: string) =>
    element("g", { class: name }, element("rect", { x, y: 2, width, height: 14, fill: `url(#${pattern})` }))
  const extents = [
    ...(bands.some(({ kind }) => kind === "crash") ? [entry(22, ground(2, 18, "hatch", "down"), "node is down")] : []),
    ...(bands.some(({ kind }) => kind === "partition")
      ? [entry(30, ground(1, 28, "dots", "partition"), "partition")]
      : []),
    ...(operations.length > 0
      ? [
        entry(18, element("rect", { class: "bar", x: 3, y: 2, width: 12, height: 14, rx: 3 }), "operation of a client")
      ]
      : []),
    ...(operations.some(({ point }) => point !== undefined)
      ? [entry(18, element("circle", { class: "point", cx: 9, cy: 9, r: 7 }), "takes effect, in this order")]
      : []),
    ...(operations.some(({ isViolation }) => isViolation)
      ? [entry(18, violation, "answer that no order explains")]
      : [])
  ]
  return element("div", { class: "legend" }, [...events, ...lines, ...extents].join(""))
}

const violation = element(
  "g",
  { class: "violation" },
  element("rect", { class: "bar", x: 3, y: 2, width: 12, height: 14 }) +
    element("rect", { x: 3, y: 2, width: 12, height: 14, fill: "url(#hatch)" })
)

const entry = (width: number, mark: string, title: string): string =>
  element("span", {}, element("svg", { width, height: 18, "aria-hidden": "true" }, mark) + title)
