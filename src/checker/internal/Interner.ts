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

/** The keys of one slot's components, made when a component is first asked for in the slot. */
export class SlotKeys {
  private made = 0
  private lows = new Int32Array(64)
  private highs = new Int32Array(64)

  constructor(private readonly components: Interner<unknown>, private readonly slot: number) {}

  low(component: number): number {
    if (component >= this.made) this.make()
    return this.lows[component]!
  }

  high(component: number): number {
    if (component >= this.made) this.make()
    return this.highs[component]!
  }

  /** Of all components that there are by now. */
  private make(): void {
    const { high, low, size } = this.components
    if (size > this.lows.length) {
      const length = Math.max(size, this.lows.length * 2)
      this.lows = lengthened(this.lows, length)
      this.highs = lengthened(this.highs, length)
    }
    const salt = Math.imul(this.slot + 1, 0x9e3779b1)
    for (; this.made < size; this.made++) {
      const a = low[this.made]!
      const b = high[this.made]!
      this.lows[this.made] = mix(a ^ salt) ^ mix(Math.imul(b, 3) + salt)
      this.highs[this.made] = mix(b ^ Math.imul(salt, 5)) ^ mix(Math.imul(a, 7) - salt)
    }
  }
}

const lengthened = (array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> => {
  const longer = new Int32Array(length)
  longer.set(array)
  return longer
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
