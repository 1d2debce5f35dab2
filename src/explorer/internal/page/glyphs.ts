/**
 * The marks of events and messages: each has its own shape, so that colour only helps.
 */
import type { Kind, Message } from "../../Trace.js"
import { element, tenth } from "./markup.js"

/** A mark around a point. */
export const glyph = (kind: Kind, x: number, y: number): string => {
  const path = (d: string, name: string) => element("path", { class: name, d: `M${tenth(x)} ${tenth(y)}${d}` })
  switch (kind) {
    case "start":
      return ""
    case "deliver":
      return element("circle", { class: "g full", cx: x, cy: y, r: 4.5 })
    case "ignore":
    case "round":
      return element("circle", { class: "g", cx: x, cy: y, r: 4.5 })
    case "timer":
      return element("circle", { class: "g", cx: x, cy: y, r: 6 }) + path("v-4m0 4h3", "stroke")
    case "request":
      return element("rect", { class: "g full", x: x - 5, y: y - 5, width: 10, height: 10 })
    case "durable":
      return element("rect", { class: "g", x: x - 6, y: y - 5, width: 12, height: 10, rx: 2 }) +
        path("m-3 2h6", "stroke")
    case "crash":
      return element("circle", { class: "g bad", cx: x, cy: y, r: 7.5 }) +
        path("m-3.5 -3.5l7 7m0 -7l-7 7", "stroke bad")
    case "restart":
      return path("m-6 5h12l-6 -11z", "g full good")
    case "drop":
      return path("m-5 -5l10 10m0 -10l-10 10", "stroke bad")
    case "duplicate":
      return element("rect", { class: "g", x: x - 5, y: y - 5, width: 7, height: 7 }) +
        element("rect", { class: "g", x: x - 2, y: y - 2, width: 7, height: 7 })
    case "partition":
    case "heal":
    case "stabilise":
    case "tick":
    case "action":
      return path("m0 -5l5 5l-5 5l-5 -5z", "g full")
  }
}

/** How a message's line is drawn, and what is at its end. */
export const lineClass = ({ fate, isCopy }: Message): string => `m ${fate}${isCopy ? " copy" : ""}`

/** What is at the end of a message's line that comes from the first point. */
export const lineEnd = (
  { fate, isCopy }: Pick<Message, "fate" | "isCopy">,
  [x1, y1]: readonly [x: number, y: number],
  [x, y]: readonly [x: number, y: number]
): string => {
  const angle = Math.atan2(y - y1, x - x1) * 180 / Math.PI
  const turned = (name: string, d: string) =>
    element("path", {
      class: `${name} head`,
      d,
      transform: `translate(${tenth(x)} ${tenth(y)}) rotate(${tenth(angle)})`
    })
  switch (fate) {
    case "delivered":
      return isCopy ? turned("stroke", "M-8 -5L0 0L-8 5") : turned("g full", "M-9 -4L0 0L-9 4z")
    case "ignored":
      return turned("stroke", "M0 -5V5")
    case "lost":
      return glyph("drop", x, y)
    case "inFlight":
      return element("circle", { class: "g head", cx: x, cy: y, r: 2.5 })
  }
}

/** What a reader is told of a line. */
export const fates: { readonly [fate in Message["fate"] | "copy"]: string } = {
  delivered: "delivered",
  copy: "delivered again, or a copy",
  lost: "lost",
  ignored: "not minded by its receiver",
  inFlight: "in flight at the end"
}

/** The events that a reader is told of; a drop is told by its line. */
export const kinds: { readonly [kind in Exclude<Kind, "start" | "drop">]: string } = {
  deliver: "delivery",
  ignore: "ignored",
  duplicate: "duplication",
  request: "request",
  timer: "timer",
  durable: "durable write",
  crash: "crash",
  restart: "restart",
  partition: "partition",
  heal: "heal",
  stabilise: "stabilisation",
  tick: "tick",
  round: "round",
  action: "action"
}
