/**
 * The sets that the published consensus models quantify over.
 */

/** `a1`, `a2`, ...: as many atoms as asked for. */
export const atoms = (prefix: string, count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`)

/** The subsets of that size, in the order of their members. */
export const subsets = <A>(of: ReadonlyArray<A>, size: number): ReadonlyArray<ReadonlyArray<A>> =>
  size === 0
    ? [[]]
    : of.flatMap((first, i) => subsets(of.slice(i + 1), size - 1).map((rest) => [first, ...rest]))

/** The smallest majorities: what TLC's models name as quorums. */
export const minimalMajorities = <A>(of: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  subsets(of, Math.floor(of.length / 2) + 1)

/** Every majority, the whole set included. */
export const majorities = <A>(of: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: of.length }, (_, i) => i + 1)
    .filter((size) => 2 * size > of.length)
    .flatMap((size) => subsets(of, size))

/** 0, 1, ..., `last`. */
export const upTo = (last: number): ReadonlyArray<number> => Array.from({ length: last + 1 }, (_, i) => i)
