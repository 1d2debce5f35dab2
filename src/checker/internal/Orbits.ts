/**
 * Which states a permutation of interchangeable names turns into each other: the fingerprint of a state's orbit, exactly.
 *
 * The names ("atoms") of each class are sorted by what the state says of each alone, with the other names rubbed out; only names that this does not tell apart are tried
 * in every order, and the smallest fingerprint stands for the orbit. Names whose exchange leaves the state as it is need not be tried: the common case, which makes ten
 * interchangeable nodes cost as much as one order.
 *
 * Keys are derived from content, so runs agree. Slow twin: the smallest of all images (test/checker/Symmetry.test.ts).
 */
import { Digest, encodeAs } from "../../core/Canonical.js"
import { Refusal } from "./Refusal.js"
import type { Parts } from "./Space.js"

/** Orders that one state may have to be tried in. */
const maxOrders = 40_320

/** A 64-bit key. */
interface Key {
  readonly low: number
  readonly high: number
}

const keyOf = (text: string): Key => {
  const words = new Digest().string(text).toString()
  return { low: Number.parseInt(words.slice(0, 8), 16) | 0, high: Number.parseInt(words.slice(8), 16) | 0 }
}

/** What is known of one component at one place. */
interface Known {
  /** The atoms that occur in it or in its place's name, by number, ascending. */
  readonly atoms: ReadonlyArray<number>
  /** By atom: its key when the other atoms are rubbed out. Only for `atoms`; else it is `blank`. */
  readonly alone: ReadonlyMap<number, Key>
  readonly blank: Key
  /** By what the occurring atoms become. */
  readonly images: Map<string, Key>
}

export class Orbits {
  /** Of the last state's orbit. */
  low = 0
  high = 0
  private readonly atoms: ReadonlyArray<string>
  private readonly numbers: ReadonlyMap<string, number>
  private readonly classOf: ReadonlyArray<number>
  private readonly known = new Map<number, Array<Known | undefined>>()
  /** Of the state at hand: a part each. */
  private readonly parts: Array<Known> = []
  private readonly places: Array<number> = []
  private readonly components: Array<number> = []

  constructor(private readonly space: Parts, private readonly classes: ReadonlyArray<ReadonlyArray<string>>) {
    this.atoms = classes.flat()
    this.numbers = new Map(this.atoms.map((atom, number) => [atom, number]))
    this.classOf = classes.flatMap((atoms, at) => atoms.map(() => at))
    if (this.numbers.size < this.atoms.length) {
      throw new Refusal("invalid", "symmetry", "an atom stands twice among the classes of symmetry")
    }
  }

  /** Sets `low` and `high` to the fingerprint that all states of the orbit share. */
  canonical(vector: Int32Array, length: number): void {
    this.parts.length = 0
    this.places.length = 0
    this.components.length = 0
    this.space.eachPart(vector, length, this.collect)
    const groups = this.ties()
    const image = this.identity()
    for (const { from, to } of groups) from.forEach((atom, i) => image[atom] = to[i]!)
    this.low = 0
    this.high = 0
    this.measure(image)
    let { low, high } = this
    let orders = 1
    const open = groups.filter(({ from }) => from.length > 1 && !this.areInterchangeable(from))
    for (const { from } of open) orders *= factorial(from.length)
    if (orders > maxOrders) {
      throw new Refusal("limit", "symmetry", `a state has ${orders} orders of names to try, more than ${maxOrders}`)
    }
    const tryAll = (group: number): void => {
      if (group === open.length) {
        this.measure(image)
        if (this.high < high || (this.high === high && this.low < low)) {
          low = this.low
          high = this.high
        }
        return
      }
      const { from, to } = open[group]!
      for (const order of permutations(to)) {
        from.forEach((atom, i) => image[atom] = order[i]!)
        tryAll(group + 1)
      }
    }
    if (open.length > 0) tryAll(0)
    this.low = low
    this.high = high
  }

  private readonly collect = (place: number, component: number): void => {
    this.parts.push(this.knownOf(place, component))
    this.places.push(place)
    this.components.push(component)
  }

  private identity(): Array<number> {
    return this.atoms.map((_, number) => number)
  }

  /** The atoms in groups that the state does not tell apart one by one, and the places that each group takes in the sorted order. */
  private ties(): ReadonlyArray<{ readonly from: ReadonlyArray<number>; readonly to: ReadonlyArray<number> }> {
    const lows = this.atoms.map(() => 0)
    const highs = this.atoms.map(() => 0)
    for (const { alone, atoms, blank } of this.parts) {
      // an atom that does not occur sees the same blank as every other: only the difference counts
      for (const atom of atoms) {
        const key = alone.get(atom)!
        lows[atom] = (lows[atom]! + key.low - blank.low) | 0
        highs[atom] = (highs[atom]! + key.high - blank.high) | 0
      }
    }
    const groups: Array<{ from: Array<number>; to: Array<number> }> = []
    let first = 0
    for (const { length } of this.classes) {
      const sorted = Array.from({ length }, (_, i) => first + i)
        .toSorted((a, b) => highs[a]! - highs[b]! || lows[a]! - lows[b]! || a - b)
      sorted.forEach((atom, i) => {
        const before = sorted[i - 1]
        const isTied = before !== undefined && highs[before] === highs[atom] && lows[before] === lows[atom]
        if (!isTied) groups.push({ from: [], to: [] })
        groups.at(-1)!.from.push(atom)
        groups.at(-1)!.to.push(first + i)
      })
      first += length
    }
    return groups
  }

  /** Whether every exchange of two of them leaves the state as it is. */
  private areInterchangeable(group: ReadonlyArray<number>): boolean {
    const image = this.identity()
    this.measure(image)
    const { high, low } = this
    return group.every((atom, i) => {
      const before = group[i - 1]
      if (before === undefined) return true
      image[before] = atom
      image[atom] = before
      this.measure(image)
      image[before] = before
      image[atom] = atom
      return this.low === low && this.high === high
    })
  }

  /** The fingerprint of the state with each atom replaced. */
  private measure(image: ReadonlyArray<number>): void {
    let low = 0
    let high = 0
    for (let i = 0; i < this.parts.length; i++) {
      const part = this.parts[i]!
      let name = ""
      for (const atom of part.atoms) name += `${image[atom]!},`
      let key = part.images.get(name)
      if (key === undefined) {
        const place = this.places[i]!
        key = keyOf(this.text(place, this.components[i]!, (atom) => `${image[atom]!}`))
        part.images.set(name, key)
      }
      low = (low + key.low) | 0
      high = (high + key.high) | 0
    }
    this.low = low
    this.high = high
  }

  private knownOf(place: number, component: number): Known {
    let row = this.known.get(place)
    if (row === undefined) this.known.set(place, row = [])
    return row[component] ??= this.learn(place, component)
  }

  private learn(place: number, component: number): Known {
    const occurring = new Set<number>()
    this.text(place, component, (atom) => {
      occurring.add(atom)
      return ""
    })
    const atoms = [...occurring].toSorted((a, b) => a - b)
    const rubbed = (atom: number): string => `class ${this.classOf[atom]!}`
    return {
      atoms,
      alone: new Map(
        atoms.map((own) => [own, keyOf(this.text(place, component, (atom) => atom === own ? "it" : rubbed(atom)))])
      ),
      blank: keyOf(this.text(place, component, rubbed)),
      images: new Map()
    }
  }

  /** The place's name and the component, with the atoms as `say` has them. What has no order is sorted by what is written, so nothing depends on the names themselves. */
  private text(place: number, component: number, say: (atom: number) => string): string {
    const atomOr = (text: string): string => {
      const number = this.numbers.get(text)
      return number === undefined ? JSON.stringify(text) : `@${say(number)}`
    }
    const name = this.space.placeName(place).split(".").map(atomOr).join(".")
    return `${name}=${encodeAs(this.space.componentAt(place, component), atomOr)}`
  }
}

const factorial = (n: number): number => n <= 1 ? 1 : n * factorial(n - 1)

const permutations = (items: ReadonlyArray<number>): ReadonlyArray<ReadonlyArray<number>> =>
  items.length <= 1
    ? [items]
    : items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]))
