/** Scalar values: their equality, and text that tells them apart. */
import type { Value } from "../Specification.js"

/** As a `Map` compares keys: NaN equals NaN. */
export const same = (a: Value, b: Value): boolean => a === b || (a !== a && b !== b)

/** A string cannot look like another kind of value: it alone is quoted. */
export const valueKey = (value: Value | undefined): string =>
  typeof value === "string" ? JSON.stringify(value) : value === 0 ? "0" : String(value)

/** A write answers null, or nobody knows. */
export const acknowledged = (output: Value | undefined): boolean => output === undefined || output === null

/** An answer that is known must be this one. */
export const answers = (output: Value | undefined, expected: Value): boolean =>
  output === undefined || same(output, expected)
