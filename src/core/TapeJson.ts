/**
 * Tapes as JSON that anybody may have written: what is no tape is refused with its place.
 *
 * @since 0.1.0
 */
import type { Tape, TapeStream } from "./Tape.js"

/**
 * What is wrong with data that should be a tape, and where.
 *
 * @since 0.1.0
 * @category errors
 */
export class MalformedTape extends Error {
  override readonly name = "MalformedTape"
  constructor(readonly place: string, readonly reason: string) {
    super(`${place}: ${reason}`)
  }
}

/**
 * Reads the streams of a tape from JSON that anybody may have written.
 *
 * @since 0.1.0
 * @category decoding
 */
export const decodeStreams = (input: unknown, place = "streams"): Tape | MalformedTape => {
  if (!isRecord(input)) return new MalformedTape(place, "is not an object of streams")
  for (const [path, stream] of Object.entries(input)) {
    const flaw = flawOf(stream)
    if (flaw !== undefined) return new MalformedTape(`${place}[${JSON.stringify(path)}]${flaw[0]}`, flaw[1])
  }
  return { streams: input as Tape["streams"] } // every stream was looked at above
}

/** A plain object, as JSON makes it. */
const isRecord = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isCount = (value: unknown, least: number): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= least

const flawOf = (stream: unknown): readonly [place: string, reason: string] | undefined => {
  if (!isRecord(stream)) return ["", "is not an object { asked, values }"]
  const { asked, values } = stream
  if (!Array.isArray(asked)) return [".asked", "is not an array"]
  let length = 0
  for (const [i, run] of (asked as ReadonlyArray<unknown>).entries()) {
    if (!Array.isArray(run) || run.length !== 3) return [`.asked[${i}]`, "is not [label, n, times]"]
    const [label, n, times] = run as ReadonlyArray<unknown>
    if (typeof label !== "string") return [`.asked[${i}][0]`, "is not a label"]
    if (!isCount(n, 0) || n > 0x100000000) return [`.asked[${i}][1]`, "is not a range from 0 to 2^32"]
    if (!isCount(times, 1)) return [`.asked[${i}][2]`, "is not a positive number of times"]
    length += times
  }
  if (!Array.isArray(values)) return [".values", "is not an array"]
  let index = 0
  let run = 0
  let end = 0
  for (const [i, value] of (values as ReadonlyArray<unknown>).entries()) {
    if (!isCount(value, -length) || value === 0) return [`.values[${i}]`, "is no outcome, nor a number of zeros"]
    index += value < 0 ? -value : 1
    if (index > length) return [`.values[${i}]`, `answers choice ${index} of ${length}`]
    while (end < index) end += (asked[run++] as TapeStream["asked"][number])[2]
    const [label, n] = asked[run - 1] as TapeStream["asked"][number]
    if (value > 0 && value >= n) return [`.values[${i}]`, `is no outcome of ${label}(${n}): ${value}`]
  }
  return undefined
}
