/**
 * Traces as Mermaid sequence diagrams, for issues and pages that render them.
 *
 * @since 0.1.0
 */
import type { Message, Trace } from "./Trace.js"
import { continuation } from "./Trace.js"
import * as Value from "./Value.js"

/** Letters of a message that a diagram shows. */
const limit = 60

/**
 * The diagram's source. A message is drawn where it ends: `->>` delivered, `-->>` a copy delivered, `-x` lost, `-)` still in flight at the end or ignored. Other events are notes.
 * Where nobody has a lane, the diagram has one.
 *
 * @since 0.1.0
 * @category rendering
 */
export const toMermaid = (trace: Trace): string => {
  const names =
    trace.lanes.length === 0 || trace.messages.length === 0 && trace.steps.every(({ lane }) => lane === undefined)
      ? [trace.title]
      : trace.lanes
  const ids = new Map(names.map((name, i) => [name, `n${i}`]))
  const all = names.length === 1 ? "n0" : `n0,n${names.length - 1}`
  const lines = ["sequenceDiagram", ...names.map((name) => `  participant ${ids.get(name)} as ${escape(name)}`)]
  const note = (lane: string | undefined, text: string): void => {
    lines.push(`  Note over ${lane === undefined ? all : ids.get(lane) ?? all}: ${escape(text)}`)
  }
  const draw = (message: Message): void => {
    const [from, to] = [ids.get(message.from), ids.get(message.to)]
    if (from === undefined || to === undefined) note(undefined, `${message.from} to ${message.to}: ${gist(message)}`)
    else lines.push(`  ${from}${arrow(message)}${to}: ${escape(gist(message))}`)
  }
  for (const [i, step] of trace.steps.entries()) {
    if (i === trace.loop) note(undefined, "the loop begins here")
    const ending = trace.messages.filter(({ ended }) => ended === i)
    for (const message of ending) draw(message)
    if (i > 0 && !(ending.length === 1 && isPassage.has(step.kind))) note(step.lane, step.label)
  }
  for (const message of trace.messages) if (message.fate === "inFlight") draw(message)
  const end = continuation(trace)
  if (end !== undefined) note(undefined, end)
  return `${lines.join("\n")}\n`
}

/** Steps that the arrow says. */
const isPassage: ReadonlySet<string> = new Set(["deliver", "drop", "ignore"])

const gist = ({ content, fate }: Message): string =>
  `${Value.gist(content)}${fate === "inFlight" ? " (in flight)" : fate === "ignored" ? " (ignored)" : ""}`

const arrow = ({ fate, isCopy }: Message): string => {
  switch (fate) {
    case "delivered":
      return isCopy ? "-->>" : "->>"
    case "lost":
      return isCopy ? "--x" : "-x"
    default:
      return isCopy ? "--)" : "-)"
  }
}

/** What would end the line or begin a block is written as the codes that Mermaid has for characters. */
const escape = (text: string): string => {
  const letters = [...text]
  const short = letters.length > limit ? `${letters.slice(0, limit - 1).join("")}…` : text
  return short.trim() === "" ? code(" ") : short
    .replace(/[^\p{L}\p{N}\p{M} .,:_()[\]{}|>"'=+/*?!@$^~…-]/gu, code)
    .replace(/^\s*(?:no)?wrap:|\bend\b/gi, (word) => code(word[0]!) + word.slice(1))
}

const code = (character: string): string => `#${character.codePointAt(0)};`
