/**
 * The space-time diagram of a trace as SVG: time runs downwards, a row a step, beside the list of the steps.
 */
import { difference } from "../../Difference.js"
import type { Band, Message, Operation, Trace } from "../../Trace.js"
import { gist, text } from "../../Value.js"
import type { Geometry } from "./geometry.js"
import { rowHeight } from "./geometry.js"
import { glyph, lineClass, lineEnd } from "./glyphs.js"
import { cut, element, escape, tenth } from "./markup.js"

/** Pixels that a letter takes. */
const letter = 6.3

/** Letters of what a line says when it is pointed at; the details have the rest. */
const titleLimit = 160

export const diagram = (trace: Trace, geometry: Geometry): string => {
  const { height, width } = geometry
  const { lines, words } = messages(trace, geometry)
  return element(
    "svg",
    {
      id: "diagram",
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      role: "img",
      "aria-label": "space-time diagram"
    },
    [
      patterns,
      element("rect", { id: "cursor", x: 0, y: 0, width, height: rowHeight }),
      ...trace.bands.filter(({ kind }) => kind === "partition").map((band) => partition(band, geometry)),
      ...trace.lanes.map((lane) => element("path", { class: "lane", d: `M${geometry.laneX(lane)!} 0V${height}` })),
      ...trace.bands.filter(({ kind }) => kind === "crash").map((band) => down(band, geometry)),
      ...loop(trace, geometry),
      ...lines,
      ...trace.steps.map((_, i) => event(trace, i, geometry)),
      ...words,
      ...operations(trace.operations, geometry)
    ].join("\n")
  )
}

const patterns = `<defs>
<pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0V7" class="hatch"/></pattern>
<pattern id="dots" width="9" height="9" patternUnits="userSpaceOnUse"><circle cx="3" cy="3" r="1" class="dots"/></pattern>
</defs>`

const label = (x: number, y: number, content: string, anchor: "start" | "middle" | "end", name = "t"): string =>
  element("text", { class: name, x, y, "text-anchor": anchor }, escape(content))

// ---- bands

/** From the middle of the row that begins it to the middle of the one that ends it. */
const extent = ({ from, until }: Band, { height, y }: Geometry): { readonly y: number; readonly height: number } => ({
  y: y(from),
  height: (until === undefined ? height : y(until)) - y(from)
})

const partition = (band: Band, geometry: Geometry): string => {
  const { height, y } = extent(band, geometry)
  const x = 4
  const width = geometry.lanesWidth - 8
  return element(
    "g",
    { class: "partition" },
    [
      element("rect", { x, y, width, height, fill: "url(#dots)" }),
      element("path", {
        class: "edge",
        d: `M${x} ${y}h${width}${band.until === undefined ? "" : `m${-width} ${height}h${width}`}`
      }),
      label(x + width - 4, y + 12, band.label, "end")
    ].join("")
  )
}

const down = (band: Band, geometry: Geometry): string => {
  const x = geometry.laneX(band.lane ?? "")
  if (x === undefined) return ""
  const { height, y } = extent(band, geometry)
  return element(
    "g",
    { class: "down" },
    [
      element("title", {}, escape(band.label)),
      element("rect", { class: "ground", x: x - 9, y, width: 18, height }),
      element("rect", { x: x - 9, y, width: 18, height, fill: "url(#hatch)" })
    ].join("")
  )
}

const loop = ({ loop, steps }: Trace, { y }: Geometry): ReadonlyArray<string> => {
  if (loop === undefined) return []
  const last = steps.length - 1
  const [from, to] = [y(last), y(loop)]
  if (loop === last) return [label(12, from + 4, "∞", "middle", "t loop")]
  return [
    element("path", { class: "loop", d: `M26 ${from}H12V${to}H24` }),
    element("path", { class: "loop", d: `M20 ${to - 4}L26 ${to}L20 ${to + 4}` }),
    label(18, (from + to) / 2, "loop", "start", "t loop")
  ]
}

// ---- messages

/** The lines, and apart from them the words beside their ends, which are drawn over everything else. */
const messages = (
  trace: Trace,
  geometry: Geometry
): { readonly lines: ReadonlyArray<string>; readonly words: ReadonlyArray<string> } => {
  const stubs = new Map<string, number>()
  const lines: Array<string> = []
  const words: Array<string> = []
  for (const message of trace.messages) {
    const { content, ended, from, sent, to } = message
    const [left, right] = [geometry.laneX(from), geometry.laneX(to)]
    if (left === undefined || right === undefined) continue
    const key = `${sent} ${from} ${right < left}`
    const stub = stubs.get(key) ?? 0
    if (ended === undefined) stubs.set(key, stub + 1)
    const path = left === right
      ? toItself(message, left, geometry)
      : between(message, courseOf(message, left, right, stub, geometry))
    const attributes = { class: lineClass(message), "data-sent": sent, "data-ended": ended ?? -1 }
    const title = element("title", {}, escape(`${from} to ${to}: ${cut(text(content), titleLimit)}`))
    lines.push(element("g", attributes, title + path))
    if (ended === undefined || left === right) continue
    words.push(element("g", attributes, beside(message, courseOf(message, left, right, stub, geometry), geometry)))
  }
  return { lines, words }
}

type Point = readonly [x: number, y: number]
type Course = readonly [from: Point, to: Point]

/** Rows that the line of a message delivered again may span: a network that never forgets would fill the page with them. Longer ones are drawn at their ends only. */
const farthest = 8

/** A copy that the network made begins where it was made, and what is lost ends on its way. */
const courseOf = (message: Message, from: number, to: number, stub: number, { y }: Geometry): Course => {
  const direction = to > from ? 1 : -1
  const begin: Point = [message.sent > message.origin ? (from + to) / 2 : from + 3 * direction, y(message.sent)]
  const isAgain = message.isCopy && message.sent === message.origin
  if (isAgain && message.ended !== undefined && message.ended - message.sent > farthest) {
    const at = y(message.ended)
    return [[to - 46 * direction, at - 11], [to - 5 * direction, at]]
  }
  if (message.ended === undefined) return [begin, [begin[0] + 24 * direction, begin[1] + 7 + 5 * (stub % 4)]]
  return [begin, [message.fate === "lost" ? (from + to) / 2 : to - 5 * direction, y(message.ended)]]
}

const between = (message: Message, [from, to]: Course): string =>
  element("path", { class: "line", d: `M${from.map(tenth).join(" ")}L${to.map(tenth).join(" ")}` }) +
  lineEnd(message, from, to)

/** Below the end of the line, towards its beginning. */
const beside = ({ content, isCopy }: Message, [[x1], [x, y]]: Course, { gap, lanesWidth }: Geometry): string => {
  const isRightwards = x > x1
  const room = Math.min(Math.max(Math.abs(x - x1), 1.6 * gap), isRightwards ? x : lanesWidth - x) - 12
  const words = cut(isCopy ? `again ${gist(content)}` : gist(content), Math.floor(room / letter))
  return label(x + (isRightwards ? -9 : 9), y + 12, words, isRightwards ? "end" : "start")
}

const toItself = (message: Message, x: number, { y }: Geometry): string => {
  const y1 = y(message.sent)
  const y2 = message.ended === undefined ? y1 + 12 : y(message.ended)
  const end = x + (message.ended === undefined ? 22 : message.fate === "lost" ? 20 : 6)
  const turn = x + 30
  return element("path", {
    class: "line",
    d: `M${tenth(x + 4)} ${y1}C${tenth(turn)} ${y1} ${tenth(turn)} ${y2} ${tenth(end)} ${y2}`
  }) +
    lineEnd(message, [turn, y2], [end, y2])
}

// ---- events

const event = (trace: Trace, i: number, geometry: Geometry): string => {
  const { kind, lane } = trace.steps[i]!
  const y = geometry.y(i)
  if (i === 0) return ""
  const x = lane === undefined ? undefined : geometry.laneX(lane)
  if (x !== undefined) return glyph(kind, x, y)
  switch (kind) {
    case "drop":
      return "" // the end of the message's line
    case "duplicate": {
      const copy = trace.messages.find(({ isCopy, sent }) => isCopy && sent === i)
      const ends = copy === undefined ? [] : [geometry.laneX(copy.from) ?? 0, geometry.laneX(copy.to) ?? 0]
      return glyph(kind, (ends[0] ?? 0) / 2 + (ends[1] ?? 0) / 2, y)
    }
    case "action":
      return trace.lanes.map((name) => assigned(trace, i, name, geometry)).join("")
    case "round":
      return trace.lanes.map((name) => glyph(kind, geometry.laneX(name)!, y)).join("")
    default:
      return element("path", { class: "world", d: `M4 ${y}H${geometry.lanesWidth - 4}` }) + glyph(kind, 14, y)
  }
}

/** The new value of a variable that an action changed. */
const assigned = ({ steps }: Trace, i: number, lane: string, { gap, laneX, y }: Geometry): string => {
  const valueAt = (step: number) => steps[step]!.state.find(({ name }) => name === lane)?.value
  const [before, after] = [valueAt(i - 1), valueAt(i)]
  const [change, ...more] = difference(before, after, "")
  const [x, at] = [laneX(lane)!, y(i)]
  if (change === undefined) return ""
  const part = more.length > 0 || change.after === undefined ? after : change.after
  const where = more.length > 0 || change.path === "" ? "" : `${change.path.replace(/^\./, "")} `
  const words = cut(where + (part === undefined ? "gone" : gist(part)), Math.floor((gap - 14) / letter))
  return glyph("action", x, at) + label(x + 9, at + 4, words, "start")
}

// ---- clients

const operations = (all: ReadonlyArray<Operation>, geometry: Geometry): ReadonlyArray<string> => {
  const crowd = new Map<number, number>()
  const ordered = all.map((operation, i) => [operation, i] as const)
    .sort(([a], [b]) => (a.order ?? Infinity) - (b.order ?? Infinity))
  const drawn = ordered.map(([operation, i]) => {
    const { point } = operation
    const before = point === undefined ? 0 : crowd.get(point) ?? 0
    if (point !== undefined) crowd.set(point, before + 1)
    return [i, one(operation, before, geometry)] as const
  })
  return drawn.sort(([a], [b]) => a - b).map(([, markup]) => markup)
}

/** `before`: points in the same row that come before this one's. */
const one = (operation: Operation, before: number, { clientX, height, y }: Geometry): string => {
  const { client, invoked, isViolation, order, point, reply, request, returned } = operation
  const x = clientX(client)
  const top = y(invoked)
  const bottom = returned === undefined ? height : y(returned)
  const answer = reply === undefined || returned === undefined ? "no answer" : reply === "null" ? "ok" : reply
  const marks = [
    element(
      "title",
      {},
      escape(`${client}: ${request}, answer: ${answer}${isViolation ? "; no order of the operations explains it" : ""}`)
    ),
    element("rect", { class: "bar", x: x - 6, y: top, width: 12, height: Math.max(6, bottom - top), rx: 3 }),
    ...(isViolation
      ? [element("rect", { x: x - 6, y: top, width: 12, height: Math.max(6, bottom - top), fill: "url(#hatch)" })]
      : []),
    label(x + 11, top + 4, cut(request, 15), "start"),
    ...(returned === undefined
      ? []
      : [label(x + 11, Math.max(bottom + 4, top + 15), cut(`= ${answer}`, 13), "start", "t reply")]),
    ...(isViolation ? [glyph("crash", x, bottom), label(x + 11, bottom - 9, "no order fits", "start", "t bad")] : [])
  ]
  if (point !== undefined) {
    const at = Math.max(top + 6, Math.min(y(point) + 10 + 13 * before, Math.max(top + 6, bottom - 4)))
    marks.push(
      element("circle", { class: "point", cx: x, cy: at, r: 7 }),
      label(x, at + 3.5, String(order ?? ""), "middle", "t order")
    )
  }
  return element("g", { class: isViolation ? "operation violation" : "operation" }, marks.join(""))
}
