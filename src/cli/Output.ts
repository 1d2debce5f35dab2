/**
 * Where the command line writes: reports to standard output, progress to standard error.
 *
 * @since 0.1.0
 */
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
