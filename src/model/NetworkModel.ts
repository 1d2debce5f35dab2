/**
 * What a network promises, as a closed union.
 *
 * @since 0.1.0
 */

/**
 * - `unordered`: messages in flight are a multiset; each is delivered at most once, in any order.
 * - `set`: messages in flight are a set and stay there: any may be delivered again and again.
 * - `ordered`: one queue for each pair of sender and receiver.
 *
 * `lossy`: any message in flight may vanish, as often as it likes (a budget is the model's `faults.drops`).
 *
 * @since 0.1.0
 * @category models
 */
export interface NetworkModel {
  readonly kind: "unordered" | "set" | "ordered"
  readonly lossy: boolean
  /** Of a `set`: the message that was delivered last is a part of the state, as in Stateright's counts. */
  readonly remembersLast: boolean
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const unordered = (options: { readonly lossy?: boolean } = {}): NetworkModel => ({
  kind: "unordered",
  lossy: options.lossy ?? false,
  remembersLast: false
})

/**
 * @since 0.1.0
 * @category constructors
 */
export const set = (
  options: { readonly lossy?: boolean; readonly remembersLast?: boolean } = {}
): NetworkModel => ({
  kind: "set",
  lossy: options.lossy ?? false,
  remembersLast: options.remembersLast ?? false
})

/**
 * @since 0.1.0
 * @category constructors
 */
export const ordered = (options: { readonly lossy?: boolean } = {}): NetworkModel => ({
  kind: "ordered",
  lossy: options.lossy ?? false,
  remembersLast: false
})
