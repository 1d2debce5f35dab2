/**
 * Whether a model really does not tell the names of its symmetry apart: on some states, the successors of the renamed state must be the renamed successors, and what the
 * properties say of both must be the same. A node that is chosen by its place in an order, for example, is found out by this.
 *
 * A sample: it refuses most models that declare too much, and vouches for none.
 */
import { encode } from "../../core/Canonical.js"
import type { Permutation } from "../../model/Symmetry.js"
import { Refusal } from "./Refusal.js"

/** What is asked of a model; `S` is a state of it as users know it. */
export interface Renamable<S> {
  readonly name: string
  readonly successors: (state: S) => ReadonlyArray<S>
  readonly rename: (state: S, permutation: Permutation) => S
  readonly claims: ReadonlyArray<{ readonly name: string; readonly holds: (state: S) => boolean }>
}

/** The first states are all looked at, then one of so many, and no more than `most`. */
const first = 64
const stride = 97
const most = 512

/** To be given each new state. Throws a `Refusal` that names the state and the exchange that shows the difference. */
export const sampled = <S>(
  model: Renamable<S>,
  classes: ReadonlyArray<ReadonlyArray<string>>
): (state: () => S) => void => {
  // neighbours in a class generate all of its permutations
  const exchanges = classes.flatMap((atoms) => atoms.slice(1).map((atom, i) => [atoms[i]!, atom] as const))
  let seen = 0
  let checked = 0
  return (state) => {
    seen++
    if (exchanges.length === 0 || checked >= most || (seen > first && seen % stride !== 0)) return
    const [a, b] = exchanges[checked++ % exchanges.length]!
    compare(model, state(), a, b)
  }
}

const compare = <S>({ claims, name, rename, successors }: Renamable<S>, state: S, a: string, b: string): void => {
  const exchange: Permutation = new Map([[a, b], [b, a]])
  const renamed = rename(state, exchange)
  const refuse = (what: string): never => {
    throw new Refusal(
      "invalid",
      "symmetry",
      `${name} tells ${a} and ${b} apart, which its symmetry denies: ${what} in ${encode(state)}`
    )
  }
  const expected = successors(state).map((next) => encode(rename(next, exchange))).toSorted()
  const found = successors(renamed).map(encode).toSorted()
  if (expected.join() !== found.join()) refuse("its successors differ")
  for (const claim of claims) {
    if (claim.holds(state) !== claim.holds(renamed)) refuse(`property ${claim.name} differs`)
  }
}
