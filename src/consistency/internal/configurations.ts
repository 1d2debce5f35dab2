/**
 * The set of configurations already searched: (set of linearized operations, state), in an append-only Int32Array arena behind open addressing
 * on an incremental Zobrist hash, with an exact compare on a hit (a hash alone would make wrong verdicts possible).
 *
 * Completed operations are numbered by invocation, so their bits are ones, then a short mixed window, then zeros: only the window is stored,
 * and a long history costs memory by its concurrency and not by the square of its length. Open operations follow in words of their own.
 */
import type { Meter } from "./transitions.js"

/** Deterministic mixing (splitmix32's finalizer): equal histories are searched alike on every machine. */
const mix = (value: number): number => {
  let z = Math.imul(value ^ value >>> 16, 0x21f0aaad)
  z = Math.imul(z ^ z >>> 15, 0x735a2d97)
  return z ^ z >>> 15
}

const HEADER = 4 // hash, state, first word of the window, words in the window

export class Configurations {
  private readonly words: Int32Array
  private readonly zobrist: Int32Array
  private hash = 0
  /** Every completed word before `base` is all ones; every completed word after `top` is zero. */
  private base = 0
  private top = -1
  private readonly completedWords: number
  private slots = new Int32Array(64)
  private arena = new Int32Array(256)
  private used = 1 // an offset of 0 marks an empty slot
  private count = 0

  constructor(completed: number, open: number, private readonly meter: Meter) {
    this.completedWords = (completed + 31) >>> 5
    this.words = new Int32Array(this.completedWords + ((open + 31) >>> 5))
    this.zobrist = new Int32Array(32 * this.words.length)
    for (let bit = 0; bit < this.zobrist.length; bit++) this.zobrist[bit] = mix(bit + 0x9e3779b9 | 0)
    meter.bytes += 4 * (this.words.length * 33 + 320)
  }

  /** The bit of an operation: open ones start at a word of their own. */
  bitOf(operation: number, completed: number): number {
    return operation < completed ? operation : 32 * this.completedWords + operation - completed
  }

  has(bit: number): boolean {
    return (this.words[bit >>> 5]! >>> (bit & 31) & 1) === 1
  }

  add(bit: number): void {
    const word = bit >>> 5
    this.words[word]! |= 1 << (bit & 31)
    this.hash ^= this.zobrist[bit]!
    if (word >= this.completedWords) return
    if (word > this.top) this.top = word
    while (this.base < this.completedWords && this.words[this.base] === -1) this.base++
  }

  remove(bit: number): void {
    const word = bit >>> 5
    this.words[word]! &= ~(1 << (bit & 31))
    this.hash ^= this.zobrist[bit]!
    if (word >= this.completedWords) return
    if (word < this.base) this.base = word
    while (this.top >= 0 && this.words[this.top] === 0) this.top--
  }

  /** Remembers the present set together with `state`; false when it was there before. */
  insert(state: number): boolean {
    const hash = this.hash ^ mix(state + 1)
    const window = Math.max(0, this.top + 1 - this.base)
    const mask = this.slots.length - 1
    let slot = hash & mask
    for (let offset = this.slots[slot]!; offset !== 0; offset = this.slots[slot = (slot + 1) & mask]!) {
      if (this.equals(offset, hash, state, window)) return false
    }
    this.append(hash, state, window)
    this.slots[slot] = this.used - this.lengthOf(window)
    if (++this.count * 2 > this.slots.length) this.rehash()
    return true
  }

  private lengthOf(window: number): number {
    return HEADER + window + this.words.length - this.completedWords
  }

  private equals(offset: number, hash: number, state: number, window: number): boolean {
    const { arena, base, completedWords, words } = this
    if (
      arena[offset] !== hash || arena[offset + 1] !== state || arena[offset + 2] !== base
      || arena[offset + 3] !== window
    ) return false
    let at = offset + HEADER
    for (let word = base; word < base + window; word++) if (arena[at++] !== words[word]) return false
    for (let word = completedWords; word < words.length; word++) if (arena[at++] !== words[word]) return false
    return true
  }

  private append(hash: number, state: number, window: number): void {
    const length = this.lengthOf(window)
    if (this.used + length > this.arena.length) {
      const size = Math.max(this.arena.length * 2, this.used + length)
      const larger = new Int32Array(size)
      larger.set(this.arena)
      this.meter.bytes += 4 * (size - this.arena.length)
      this.arena = larger
    }
    const { arena, base, completedWords, words } = this
    let at = this.used
    arena[at++] = hash
    arena[at++] = state
    arena[at++] = base
    arena[at++] = window
    for (let word = base; word < base + window; word++) arena[at++] = words[word]!
    for (let word = completedWords; word < words.length; word++) arena[at++] = words[word]!
    this.used = at
  }

  private rehash(): void {
    const old = this.slots
    this.slots = new Int32Array(old.length * 2)
    this.meter.bytes += 4 * old.length
    const mask = this.slots.length - 1
    for (let i = 0; i < old.length; i++) {
      const offset = old[i]!
      if (offset === 0) continue
      let slot = this.arena[offset]! & mask
      while (this.slots[slot] !== 0) slot = (slot + 1) & mask
      this.slots[slot] = offset
    }
  }
}
