/**
 * Sequential specifications of locks. Each lock is one by its key; `holder` names who acquires and releases, whatever process carries the call.
 *
 * Guarantee: as for every `Specification`. Non-goals: leases that end by themselves (a holder that lost its lease shows as a second grant: a
 * violation of the plain lock, and what the tokens of the fenced lock are for at the resource), read and write locks, fairness among waiters.
 * Source: fencing as in Hazelcast's FencedLock: each new grant has a larger token, a repeated one the same.
 *
 * @since 0.1.0
 */
import type { Specification, Value } from "./Specification.js"

/**
 * Acquire answers true (a fenced lock: the token, an integer from 1), or false where it was not granted. Release answers true, or null where the
 * store only acknowledges, or false where the caller does not hold the lock.
 *
 * @since 0.1.0
 * @category models
 */
export type LockInput =
  | { readonly _tag: "Acquire"; readonly key: string; readonly holder: string }
  | { readonly _tag: "Release"; readonly key: string; readonly holder: string }

/**
 * Who holds a lock, and how often it has to be released. `token` is the latest one granted; a grant whose answer nobody saw only bounds it from
 * below.
 *
 * @since 0.1.0
 * @category models
 */
export interface LockState {
  readonly holder: string | undefined
  readonly depth: number
  readonly token: number
  readonly isTokenKnown: boolean
}

const free: LockState = { holder: undefined, depth: 0, token: 0, isTokenKnown: true }

type Grant = (state: LockState, holder: string, output: Value | undefined) => LockState | undefined

const specification = (
  name: string,
  grant: Grant,
  isReentrant: boolean
): Specification<LockState, LockInput, Value> => ({
  name,
  initial: free,
  step: (state, input, output) => {
    if (input._tag === "Release") {
      if (state.holder !== input.holder) return output === undefined || output === false ? state : undefined
      if (output === false) return undefined
      if (output !== undefined && output !== null && output !== true) return undefined
      return state.depth > 1 ? { ...state, depth: state.depth - 1 } : { ...state, holder: undefined, depth: 0 }
    }
    const isGranted = state.holder === undefined || (isReentrant && state.holder === input.holder)
    if (!isGranted) return output === undefined || output === false ? state : undefined
    return output === false ? undefined : grant(state, input.holder, output)
  },
  stateKey: ({ depth, holder, isTokenKnown, token }) => JSON.stringify([holder ?? null, depth, token, isTokenKnown]),
  operationKey: ({ _tag, holder }, output) =>
    `${_tag} ${JSON.stringify([holder, output ?? null])}${output === undefined}`,
  isPure: (_, output) => output === false,
  partition: (input) => input.key
})

const granted = (state: LockState, holder: string): LockState => ({ ...state, holder, depth: state.depth + 1 })

const grantPlain: Grant = (state, holder, output) =>
  output === undefined || output === true ? granted(state, holder) : undefined

const grantFenced: Grant = (state, holder, output) => {
  const { depth, isTokenKnown, token } = state
  const isRepeated = depth > 0
  if (output === undefined) {
    return granted(isRepeated ? state : { ...state, token: token + 1, isTokenKnown: false }, holder)
  }
  if (typeof output !== "number" || !Number.isSafeInteger(output)) return undefined
  const isLegal = !isRepeated ? output > token : isTokenKnown ? output === token : output >= token
  return isLegal ? granted({ ...state, token: output, isTokenKnown: true }, holder) : undefined
}

/**
 * A lock that its holder, too, cannot take twice.
 *
 * @since 0.1.0
 * @category constructors
 */
export const lock = (): Specification<LockState, LockInput, Value> => specification("lock", grantPlain, false)

/**
 * A lock that its holder may take again, and must release as often.
 *
 * @since 0.1.0
 * @category constructors
 */
export const reentrantLock = (): Specification<LockState, LockInput, Value> =>
  specification("reentrant-lock", grantPlain, true)

/**
 * A re-entrant lock whose grants carry tokens that grow.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fencedLock = (): Specification<LockState, LockInput, Value> =>
  specification("fenced-lock", grantFenced, true)
