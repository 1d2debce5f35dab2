/**
 * How a command ends when it does not succeed.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"

/**
 * A property, a verdict or a run failed: exit status 1. The report is on standard output.
 *
 * @since 0.1.0
 * @category errors
 */
export class CheckFailed extends Data.TaggedError("CheckFailed")<{ readonly message: string }> {}

/**
 * Bad input or bad usage: exit status 2, and one line that names the option, or the file and line.
 *
 * @since 0.1.0
 * @category errors
 */
export class BadInput extends Data.TaggedError("BadInput")<{ readonly message: string }> {}
