/**
 * All logs that any node ever held, as one tree: a node of the tree is an entry with everything before it, so two logs are equal up to an index exactly if they
 * are at the same place of the tree there, and "equal up to" costs one comparison. Log Matching says that (index, term) names one place only.
 *
 * @since 0.1.0
 */
import type { AnyLog } from "./Members.js"
import { sameEntry } from "./Members.js"
import type { Entry } from "./Types.js"

/** A place that is not known: below a snapshot of which no entry was seen. */
const unknown = -1

/**
 * @since 0.1.0
 * @category models
 */
export class EntryTree {
  // place 0 is the empty log
  private readonly parents: Array<number> = [0]
  private readonly entries: Array<Entry<unknown> | undefined> = [undefined]
  private readonly firstChild: Array<number> = [0]
  private readonly nextSibling: Array<number> = [0]
  private readonly byName = new Map<number, number>()
  /** The first breach of Log Matching. */
  conflict: string | undefined

  /** The place of the log at `parent`, extended by an entry at `index`. */
  extend(parent: number, index: number, entry: Entry<unknown>): number {
    for (let child = this.firstChild[parent]!; child !== 0; child = this.nextSibling[child]!) {
      if (sameEntry(this.entries[child]!, entry)) return child
    }
    const place = this.parents.length
    this.parents.push(parent)
    this.entries.push(entry)
    this.firstChild.push(0)
    this.nextSibling.push(this.firstChild[parent]!)
    this.firstChild[parent] = place
    const name = nameOf(index, entry.term)
    if (this.byName.has(name)) {
      this.conflict ??= `two logs hold an entry of term ${entry.term} at ${index}, but differ there or before`
    } else this.byName.set(name, place)
    return place
  }

  /** The place of (index, term), if anybody ever held it. */
  locate(index: number, term: number): number | undefined {
    return index === 0 ? 0 : this.byName.get(nameOf(index, term))
  }

  /** The last entry of a place; none at the empty log and at an unknown place. */
  entry(place: number): Entry<unknown> | undefined {
    return place === unknown ? undefined : this.entries[place]
  }

  parent(place: number): number {
    return this.parents[place]!
  }
}

const nameOf = (index: number, term: number): number => term * 0x100000000 + index

/**
 * One log as a path through the tree, which follows the log from version to version.
 *
 * @since 0.1.0
 * @category models
 */
export class Path {
  /** By index, the place; what is beyond `last` is old. */
  private places: Array<number> = [0]
  last = 0
  lastTerm = 0

  constructor(private readonly tree: EntryTree, private log: AnyLog) {
    this.restart()
  }

  /** Goes where another path is. */
  become(other: Path): void {
    this.places = other.places.slice(0, other.last + 1)
    this.log = other.log
    this.last = other.last
    this.lastTerm = other.lastTerm
  }

  /** Goes on to another version of its log. */
  follow(log: AnyLog): void {
    const old = this.log
    if (log === old) return
    this.log = log
    const isContinued = log.floor >= old.floor && log.floor <= old.last &&
      (this.tree.entry(this.places[log.floor]!)?.term ?? log.floorTerm) === log.floorTerm
    if (isContinued) this.walk(Math.max(log.floor, old.sharedUpTo(log)) + 1)
    else this.restart()
  }

  /** The place at an index up to `last`. */
  at(index: number): number {
    return this.places[index]!
  }

  /** Whether the log goes through a place at an index. */
  isAt(index: number, place: number): boolean {
    return index <= this.last && (this.places[index] === place || this.places[index] === unknown)
  }

  /** From the floor, whose place is known by its name if anybody ever held that entry. */
  private restart(): void {
    const { floor, floorTerm } = this.log
    let place = this.tree.locate(floor, floorTerm) ?? unknown
    for (let i = floor; i >= 0; i--) {
      if (place !== unknown && this.places[i] === place) break
      this.places[i] = place
      if (place !== unknown) place = this.tree.parent(place)
    }
    this.walk(floor + 1)
  }

  private walk(from: number): void {
    const { log, places, tree } = this
    let place = places[from - 1]!
    for (let i = from; i <= log.last; i++) {
      const entry = log.at(i)!
      place = place === unknown ? tree.locate(i, entry.term) ?? unknown : tree.extend(place, i, entry)
      places[i] = place
    }
    this.last = log.last
    this.lastTerm = log.lastTerm
  }
}
