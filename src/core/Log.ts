/**
 * A persistent log: an immutable value whose versions share their entries. Indices start at 1; the entries up to `floor` are compacted away.
 *
 * Cost: append is amortised O(1) while each version is extended once (linear use), or extended by the identical entry (two folds of the same records);
 * where two futures diverge, the tail chunk and the spine of chunk pointers are copied: O(CHUNK + n / CHUNK). Truncation is O(1); compaction amortised O(1).
 *
 * @since 0.1.0
 */

const CHUNK = 256

/** Chunks of CHUNK entries; a slot is written once and never changed, so that every version that reaches it sees the same. */
type Spine<E> = Array<Array<E>>

/**
 * @since 0.1.0
 * @category models
 */
export class Log<out E extends { readonly term: number }> {
  private constructor(
    private readonly spine: Spine<E>,
    /** The index of the slot before the first slot of `spine[0]`. */
    private readonly base: number,
    /** Entries up to it are compacted. */
    readonly floor: number,
    /** The term of the entry at the floor; 0 at floor 0. */
    readonly floorTerm: number,
    /** The index of the last entry; the floor where there is none. */
    readonly last: number
  ) {}

  /** The log without entries. */
  static empty<E extends { readonly term: number }>(): Log<E> {
    return new Log<E>([], 0, 0, 0, 0)
  }

  /** A log without entries whose next index is `index + 1`. */
  static fromSnapshot<E extends { readonly term: number }>(index: number, term: number): Log<E> {
    return new Log<E>([], index, index, term, index)
  }

  /** How many entries it holds. */
  get length(): number {
    return this.last - this.floor
  }

  /** The term of the last entry, or of the floor. */
  get lastTerm(): number {
    return this.last === this.floor ? this.floorTerm : this.slot(this.last).term
  }

  private slot(index: number): E {
    const offset = index - this.base - 1
    return this.spine[Math.floor(offset / CHUNK)]![offset % CHUNK]!
  }

  /** The entry at an index, if it is held. */
  at(index: number): E | undefined {
    return index > this.floor && index <= this.last ? this.slot(index) : undefined
  }

  /** The term at an index: known from the floor to the last index. */
  termAt(index: number): number | undefined {
    return index === this.floor ? this.floorTerm : this.at(index)?.term
  }

  /** The log with one more entry. */
  append(entry: E): Log<E> {
    const offset = this.last - this.base
    const at = Math.floor(offset / CHUNK)
    const within = offset % CHUNK
    let spine = this.spine
    const chunk = spine[at]
    if (chunk === undefined) {
      if (spine.length > at) spine = spine.slice(0, at)
      spine.push([entry])
    } else if (within === chunk.length && at === spine.length - 1) {
      chunk.push(entry)
    } else if (chunk[within] !== entry) {
      spine = spine.slice(0, at)
      spine.push([...chunk.slice(0, within), entry])
    }
    return new Log<E>(spine, this.base, this.floor, this.floorTerm, this.last + 1)
  }

  /** The log without the entries from `index` on. Throws a `RangeError` at or below the floor. */
  truncateFrom(index: number): Log<E> {
    if (index <= this.floor) throw new RangeError(`cannot cut at ${index}: everything up to ${this.floor} is compacted`)
    return index > this.last ? this : new Log<E>(this.spine, this.base, this.floor, this.floorTerm, index - 1)
  }

  /** The log without the entries up to `index`, which becomes the floor. Throws a `RangeError` outside [floor, last]. */
  compactTo(index: number): Log<E> {
    if (index === this.floor) return this
    const term = this.termAt(index)
    if (term === undefined) {
      throw new RangeError(`cannot compact to ${index}: the log holds ${this.floor} to ${this.last}`)
    }
    const dead = Math.floor((index - this.base) / CHUNK)
    // dropped when half of the spine is dead, so that each pointer is moved a bounded number of times
    return dead > 0 && dead * 2 >= this.spine.length
      ? new Log<E>(this.spine.slice(dead), this.base + dead * CHUNK, index, term, this.last)
      : new Log<E>(this.spine, this.base, index, term, this.last)
  }

  /** Entries from an index on, at most `maxCount` and at most `maxBytes` by `sizeOf`; at least one where there is one. */
  slice(from: number, maxCount: number, maxBytes = Infinity, sizeOf: (entry: E) => number = () => 0): ReadonlyArray<E> {
    const entries: Array<E> = []
    let bytes = 0
    for (let i = Math.max(from, this.floor + 1); i <= this.last && entries.length < maxCount; i++) {
      const entry = this.slot(i)
      bytes += sizeOf(entry)
      if (bytes > maxBytes && entries.length > 0) break
      entries.push(entry)
    }
    return entries
  }

  /** Raft's rejection hint: the largest i <= index whose term is at most `term`, or the floor. */
  hintIndex(index: number, term: number): number {
    let i = Math.min(index, this.last)
    while (i > this.floor && this.slot(i).term > term) i--
    return Math.max(i, this.floor)
  }

  /**
   * The largest index up to which another version holds the identical entries, wherever both hold one. Versions of one log share their chunks, so it costs
   * O(1) where one extends the other, and at most O(CHUNK + n / CHUNK) where they diverged.
   */
  sharedUpTo(other: Log<{ readonly term: number }>): number {
    const end = Math.min(this.last, other.last)
    if (this.spine === other.spine) return end
    let i = Math.max(this.floor, other.floor)
    while (i < end) {
      const offset = i - this.base
      const otherOffset = i - other.base
      const chunk = this.spine[Math.floor(offset / CHUNK)]
      if (offset % CHUNK === otherOffset % CHUNK && chunk === other.spine[Math.floor(otherOffset / CHUNK)]) {
        i += CHUNK - offset % CHUNK
      } else if (this.slot(i + 1) === other.slot(i + 1)) i++
      else return i
    }
    return end
  }

  /** The entries in order. */
  *entries(): IterableIterator<E> {
    for (let i = this.floor + 1; i <= this.last; i++) yield this.slot(i)
  }

  /** What JSON and canonical encodings see: the floor and the entries, not how they are shared. */
  toJSON(): { readonly floor: number; readonly floorTerm: number; readonly entries: ReadonlyArray<E> } {
    return { floor: this.floor, floorTerm: this.floorTerm, entries: [...this.entries()] }
  }
}
