/**
 * Components as small integers: equal canonical encodings, equal numbers. A component is encoded once, when it first appears; after that only integers move.
 *
 * The 64-bit key of a component in a slot is derived from its content and the slot, never from its number: runs, workers and machines agree.
 */
import { deepFreeze, Digest, encode } from "../../core/Canonical.js"

/** A 32-bit finaliser: every input bit reaches every output bit. */
const mix = (x: number): number => {
  let h = x
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

export class Interner<A> {
  readonly values: Array<A> = []
  /** By number: the two words of the content's digest. */
  readonly low: Array<number> = []
  readonly high: Array<number> = []
  private readonly numbers = new Map<string, number>()

  /** Frozen values make a function that changes one throw. */
  constructor(private readonly isFrozen = false) {}

  get size(): number {
    return this.values.length
  }

  intern(value: A): number {
    const text = encode(value)
    const known = this.numbers.get(text)
    if (known !== undefined) return known
    const number = this.values.length
    const words = new Digest().string(text).toString()
    this.values.push(this.isFrozen ? deepFreeze(value) : value)
    this.low.push(Number.parseInt(words.slice(0, 8), 16) | 0)
    this.high.push(Number.parseInt(words.slice(8), 16) | 0)
    this.numbers.set(text, number)
    return number
  }
}

/** The keys of one slot's components, made when a component first appears in the slot. */
export class SlotKeys {
  private readonly lows: Array<number> = []
  private readonly highs: Array<number> = []

  constructor(private readonly components: Interner<unknown>, private readonly slot: number) {}

  low(component: number): number {
    return this.lows[component] ?? this.make(component, this.lows)
  }

  high(component: number): number {
    return this.highs[component] ?? this.make(component, this.highs)
  }

  private make(component: number, of: Array<number>): number {
    const salt = Math.imul(this.slot + 1, 0x9e3779b1)
    const low = this.components.low[component]!
    const high = this.components.high[component]!
    this.lows[component] = mix(low ^ salt) ^ mix(Math.imul(high, 3) + salt)
    this.highs[component] = mix(high ^ Math.imul(salt, 5)) ^ mix(Math.imul(low, 7) - salt)
    return of[component]!
  }
}

/** A 64-bit sum of keys: a transition subtracts the old ones and adds the new. */
export class Fingerprint {
  low = 0
  high = 0

  set(of: { readonly low: number; readonly high: number }): void {
    this.low = of.low
    this.high = of.high
  }

  plus(keys: SlotKeys, component: number): void {
    this.low = (this.low + keys.low(component)) | 0
    this.high = (this.high + keys.high(component)) | 0
  }

  subtract(keys: SlotKeys, component: number): void {
    this.low = (this.low - keys.low(component)) | 0
    this.high = (this.high - keys.high(component)) | 0
  }

  /** Negative numbers stand for no component. */
  replace(keys: SlotKeys, before: number, after: number): void {
    if (before === after) return
    if (before >= 0) this.subtract(keys, before)
    if (after >= 0) this.plus(keys, after)
  }
}
