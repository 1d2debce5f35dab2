/**
 * A run as data: which scenario, under what, with which choices, and what came of it. As a file it is one JSON object, a stream of choices a line.
 *
 * @since 0.1.0
 */
import type { Tape } from "../core/Tape.js"
import { decodeStreams, MalformedTape } from "../core/TapeJson.js"
import type { FaultKind, FaultPlan } from "./Faults.js"
import * as Faults from "./Faults.js"
import type { Parameters, Violation } from "./Scenario.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Recording {
  /** The scenario's name and what it was made of. */
  readonly scenario: string
  readonly parameters: Parameters
  /** The seed that it came from, whatever was changed since. */
  readonly seed: number
  readonly faults: FaultKind
  readonly plan: FaultPlan
  /** Virtual milliseconds under faults, and after them. */
  readonly duration: number
  readonly calm: number
  readonly eventBudget: number
  readonly outcome: {
    readonly events: number
    readonly traceHash: string
    readonly violations: ReadonlyArray<Violation>
  }
  readonly tape: Tape
}

/** The version of the file format: it changes with the meaning of a line. */
const version = 1

/**
 * The recording as the text of a file.
 *
 * @since 0.1.0
 * @category encoding
 */
export const encode = ({ tape, ...rest }: Recording): string => {
  const fields = Object.entries({ format: "synod-tape", version, ...rest }).map(
    ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`
  )
  const streams = Object.entries(tape.streams).map(([path, stream]) =>
    `${JSON.stringify(path)}:${JSON.stringify(stream)}`
  )
  return `{${fields.join(",\n")},\n"streams":{\n${streams.join(",\n")}\n}}\n`
}

/**
 * Reads a file that anybody may have written.
 *
 * @since 0.1.0
 * @category decoding
 */
export const decode = (text: string): Recording | MalformedTape => {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    return new MalformedTape("$", `is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (!isObject(json) || json["format"] !== "synod-tape") {
    return new MalformedTape("format", "is not \"synod-tape\"")
  }
  if (json["version"] !== version) {
    return new MalformedTape("version", `is ${JSON.stringify(json["version"])}, this program reads ${version}`)
  }
  const tape = decodeStreams(json["streams"])
  if (tape instanceof MalformedTape) return tape
  const flaw = Object.entries(fields).find(([name, holds]) => !holds(json[name]))
  if (flaw !== undefined) return new MalformedTape(flaw[0], `is missing or wrong: ${JSON.stringify(json[flaw[0]])}`)
  const { format: _format, streams: _streams, version: _version, ...rest } = json
  const whole = rest as Omit<Recording, "tape"> // each field was looked at above
  return { ...whole, plan: { ...Faults.none, ...whole.plan }, tape } // kinds of fault that are younger than the file did not strike
}

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isCount = (value: unknown): boolean => typeof value === "number" && Number.isSafeInteger(value) && value >= 0

const isPlan = (value: unknown): boolean =>
  isObject(value) &&
  Object.entries(value).every(([kind, rate]) =>
    Object.hasOwn(Faults.none, kind) && typeof rate === "number" && rate >= 0 && rate <= 1
  )

const isViolation = (value: unknown): boolean =>
  isObject(value) && typeof value["property"] === "string" && typeof value["detail"] === "string" &&
  isCount(value["atMillis"])

const isOutcome = (value: unknown): boolean =>
  isObject(value) && isCount(value["events"]) && typeof value["traceHash"] === "string" &&
  Array.isArray(value["violations"]) && value["violations"].every(isViolation)

/** What each field must be. */
const fields: { readonly [K in Exclude<keyof Recording, "tape">]: (value: unknown) => boolean } = {
  scenario: (value) => typeof value === "string",
  parameters: (value) =>
    isObject(value) && Object.values(value).every((one) => typeof one === "string" || Number.isFinite(one)),
  seed: Number.isSafeInteger,
  faults: (value) => Faults.names.some((name) => name === value),
  plan: isPlan,
  duration: isCount,
  calm: isCount,
  eventBudget: isCount,
  outcome: isOutcome
}
