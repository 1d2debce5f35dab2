/**
 * The guard against functions of a model that are none: now and then a memoised answer is asked for again and compared, and what a function was given must be the same
 * after it.
 */
import { encode } from "../../core/Canonical.js"
import { Refusal } from "./Refusal.js"
import { Thrown } from "./Thrown.js"

export class Purity {
  private left: number

  /** Asks again for one memoised answer of so many. */
  constructor(private readonly stride: number) {
    if (!Number.isSafeInteger(stride) || stride < 1) {
      throw new Refusal("limit", "purity", `purity must be a positive integer, and is ${stride}`)
    }
    this.left = stride
  }

  isDue(): boolean {
    if (--this.left > 0) return false
    this.left = this.stride
    return true
  }

  /** Refuses a function that answers two things. */
  compare(place: string, first: unknown, second: unknown): void {
    if (encode(plain(first)) === encode(plain(second))) return
    throw new Refusal("impure", place, `${place} gives two answers to one question`)
  }

  /** Runs a function and refuses it when it changes what it was given. */
  watch<A>(place: string, given: unknown, run: () => A): A {
    const before = encode(given)
    let result: A
    try {
      result = run()
    } catch (error) {
      if (error instanceof Thrown && isFrozen(error.cause)) throw changes(place, error.cause)
      throw error
    }
    if (encode(given) !== before) throw changes(place, undefined)
    return result
  }
}

const changes = (place: string, cause: unknown): Refusal =>
  new Refusal("impure", place, `${place} changes what it is given`, { cause })

/** What an engine says of a write to a frozen value. */
const isFrozen = (error: unknown): boolean =>
  error instanceof TypeError && /read only|read-only|not extensible|Cannot delete|not writable/.test(error.message)

/** Integer arrays as plain ones. */
const plain = (value: unknown): unknown =>
  value instanceof Int32Array ? [...value] : Array.isArray(value) ? value.map(plain) : value
