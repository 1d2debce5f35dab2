/**
 * Why a check cannot be made: the fault is in what was asked, not in what the model does.
 *
 * @since 0.1.0
 */

/**
 * - `invalid`: the model contradicts itself (an action of an unknown variable).
 * - `impure`: a function of the model gives two answers to one question, or changes what it was given.
 * - `unsound`: a combination of options and properties whose answer would be worth nothing.
 * - `limit`: a limit that leaves nothing to do.
 *
 * `place` is the part of the model or the option that is at fault.
 *
 * @since 0.1.0
 * @category errors
 */
export class Refusal extends Error {
  readonly _tag = "Refusal"

  constructor(
    readonly reason: "invalid" | "impure" | "unsound" | "limit",
    readonly place: string,
    message: string,
    options?: ErrorOptions
  ) {
    super(message, options)
  }
}
