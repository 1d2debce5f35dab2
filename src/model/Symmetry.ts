/**
 * Permutations of a model's interchangeable names.
 *
 * An atom is a string that stands for a node or a value, such as `r1`. It occurs in a state as a whole string, as a member of a Set, as a key of a record or Map, and as a
 * part of a variable's name between dots (`rm.r1`); a permutation replaces it in all of these places and nowhere else. So no other string of the model may equal an atom,
 * and what is kept in an order that atoms give (a sorted array of them) must be a Set instead.
 *
 * @since 0.1.0
 */

/**
 * What each atom becomes; atoms that are not named stay.
 *
 * @since 0.1.0
 * @category models
 */
export type Permutation = ReadonlyMap<string, string>

/**
 * Every permutation of each class, combined: the whole group, the identity first. Throws a `RangeError` where that is more than 10,080.
 *
 * @since 0.1.0
 * @category constructors
 */
export const group = (classes: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<Permutation> => {
  let size = 1
  for (const atoms of classes) for (let n = 2; n <= atoms.length; n++) size *= n
  if (size > maxGroup) throw new RangeError(`${size} permutations are more than ${maxGroup}`)
  let all: ReadonlyArray<Permutation> = [new Map()]
  for (const atoms of classes) {
    const orders = arrangements(atoms)
    all = all.flatMap((before) =>
      orders.map((order) => new Map([...before, ...atoms.map((a, i) => [a, order[i]!] as const)]))
    )
  }
  return all
}

const maxGroup = 10_080

const arrangements = (atoms: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> =>
  atoms.length === 0
    ? [[]]
    : atoms.flatMap((atom, i) => arrangements(atoms.toSpliced(i, 1)).map((rest) => [atom, ...rest]))

/**
 * The value with its atoms replaced.
 *
 * @since 0.1.0
 * @category permuting
 */
export const permute = (value: unknown, permutation: Permutation): unknown => {
  if (typeof value === "string") return permutation.get(value) ?? value
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map((item) => permute(item, permutation))
  if (value instanceof Set) return new Set([...value].map((member) => permute(member, permutation)))
  if (value instanceof Map) {
    return new Map([...value].map(([k, v]) => [permute(k, permutation), permute(v, permutation)]))
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [permutation.get(key) ?? key, permute(item, permutation)])
  )
}

/**
 * The name of the variable that holds, after the permutation, what this one held before.
 *
 * @since 0.1.0
 * @category permuting
 */
export const permuteName = (name: string, permutation: Permutation): string =>
  name.split(".").map((part) => permutation.get(part) ?? part).join(".")

/**
 * The state with its atoms replaced, in names and in values.
 *
 * @since 0.1.0
 * @category permuting
 */
export const permuteState = <V extends { readonly [name: string]: unknown }>(state: V, permutation: Permutation): V => {
  const moved: Record<string, unknown> = {}
  for (const name of Object.keys(state)) moved[name] = undefined // the order of the variables stays
  for (const [name, value] of Object.entries(state)) {
    moved[permuteName(name, permutation)] = permute(value, permutation)
  }
  return moved as V // the same variables: a permutation maps the names of a class onto each other
}
