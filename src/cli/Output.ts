/**
 * Where the command line writes: reports to standard output, progress to standard error.
 *
 * @since 0.1.0
 */
import type * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import process from "node:process"

/**
 * One JSON object on a line of standard output.
 *
 * @since 0.1.0
 * @category output
 */
export const printJson = (value: unknown): void => printLine(JSON.stringify(value))

/**
 * A line of standard output.
 *
 * @since 0.1.0
 * @category output
 */
export const printLine = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

/**
 * A counter on standard error where that is a terminal; nothing elsewhere.
 *
 * @since 0.1.0
 * @category output
 */
export const progress = (what: string, total: number): { readonly tick: () => void; readonly done: () => void } => {
  if (!process.stderr.isTTY) return { tick: () => {}, done: () => {} }
  const width = 30
  let count = 0
  let shown = -1
  return {
    tick: () => {
      const filled = Math.floor((++count / total) * width)
      if (filled === shown) return
      shown = filled
      process.stderr.write(`\r[${"#".repeat(filled)}${"-".repeat(width - filled)}] ${count}/${total} ${what}`)
    },
    done: () => {
      process.stderr.write("\r\u001b[K")
    }
  }
}

/**
 * A line on standard error that replaces the one before, where that is a terminal; nothing elsewhere.
 *
 * @since 0.1.0
 * @category output
 */
export const status = (): { readonly show: (line: string) => void; readonly done: () => void } => {
  if (!process.stderr.isTTY) return { show: () => {}, done: () => {} }
  let isShown = false
  return {
    show: (line) => {
      isShown = true
      process.stderr.write(`\r\u001b[K${line.slice(0, (process.stderr.columns || 80) - 1)}`)
    },
    done: () => {
      if (isShown) process.stderr.write("\r\u001b[K")
      isShown = false
    }
  }
}

/**
 * A line of standard error, for people: progress and stories.
 *
 * @since 0.1.0
 * @category output
 */
export const printNote = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

/**
 * Text without the escape sequences that colour it.
 *
 * @since 0.1.0
 * @category output
 */
// oxlint-disable-next-line no-control-regex -- these are what is removed
export const plain = (text: string): string => text.replace(/\u001b\[[0-9;]*m/g, "")

/**
 * Text as one line without control characters, so that what a user gave cannot fake lines or colour the terminal.
 *
 * @since 0.1.0
 * @category output
 */
export const oneLine = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- these are what is removed
  plain(text).trim().replace(/\s*\n\s*/g, "; ").replace(/[\u0000-\u001f\u007f]/g, "?")

/**
 * Logs go to standard error, so that standard output holds reports alone.
 *
 * @since 0.1.0
 * @category output
 */
export const loggerLayer: Layer.Layer<never> = Logger.replace(
  Logger.defaultLogger,
  Logger.map(Logger.logfmtLogger, (line) => process.stderr.write(`${line}\n`))
)
