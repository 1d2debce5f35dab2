/**
 * Traces as text: one event a line, and below it what it changed.
 *
 * @since 0.1.0
 */
import { describe } from "./Difference.js"
import type { Message, Trace } from "./Trace.js"
import { changes, continuation } from "./Trace.js"
import * as Value from "./Value.js"

/**
 * The trace as text. Properties are named where their truth changes; control characters of names and messages are shown as escapes.
 *
 * @since 0.1.0
 * @category rendering
 */
export const toText = (trace: Trace): string => {
  const lines = [trace.title, ...(trace.finding === undefined ? [] : [trace.finding])]
  for (const [i, step] of trace.steps.entries()) {
    lines.push(`${i}. ${step.label}`)
    for (const message of trace.messages) {
      if (message.sent === i && !message.isCopy) lines.push(`     ${sending(message)}`)
    }
    for (const message of trace.messages) {
      if (message.ended === i && message.fate === "lost" && step.kind !== "drop") {
        lines.push(`     loses ${passage(message)}`)
      }
    }
    for (const change of changes(trace, i)) lines.push(`     ${describe(change)}`)
    const before = new Map(trace.steps[i - 1]?.claims.map(({ holds, name }) => [name, holds]))
    for (const { holds, name } of step.claims) {
      if (before.get(name) !== holds) lines.push(`     ${name}: ${holds}`)
    }
  }
  const end = continuation(trace)
  if (end !== undefined) lines.push(end)
  return `${lines.map(visible).join("\n")}\n`
}

const sending = (message: Message): string => `sends ${passage(message)}`

const passage = ({ content, from, to }: Message): string =>
  `${from} -> ${to} ${typeof content === "string" ? content : Value.text(content)}`

// oxlint-disable-next-line no-control-regex -- these are what is shown
const visible = (line: string): string => line.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, escaped)

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
