/**
 * The state of every actor in the messaging workloads, and the two ways to go on from it.
 */
export interface State {
  readonly count: number
  readonly hash: number
}

export const fold = (hash: number, n: number): number => (Math.imul(hash, 31) + n) | 0

/** How a handler gives its next state. */
export interface Style {
  readonly received: (state: State, n: number) => State
  readonly fresh: () => State
}

/** As ours, nact and xstate mean it: a new value. */
export const renewed: Style = {
  received: (state, n) => ({ count: state.count + 1, hash: fold(state.hash, n) }),
  fresh: () => ({ count: 0, hash: 0 })
}

/** The same object, changed in place: legal where no one else sees it, and the cheapest. */
export const kept: Style = {
  received: (state, n) => {
    // the styles share a type whose fields are read-only for everyone else
    const own = state as { count: number; hash: number }
    own.count++
    own.hash = fold(own.hash, n)
    return state
  },
  fresh: renewed.fresh
}
