/**
 * Where the engine calls functions of a model: what they throw gets the name of the place, and those that are no functions can be found out. Then a memoised answer is now and
 * then asked for again and compared, and what a function was given must be the same after it.
 */
import { encode } from "../../core/Canonical.js"
import { Refusal } from "./Refusal.js"
import { guarded, Thrown } from "./Thrown.js"

export class Purity {
  /** Values that functions are given are frozen. */
  readonly isOn: boolean
  private left: number

  /** Asks again for one memoised answer of so many; for none where it is absent. */
  constructor(private readonly stride?: number | undefined) {
    this.isOn = stride !== undefined
    this.left = stride ?? 0
    if (stride !== undefined && (!Number.isSafeInteger(stride) || stride < 1)) {
      throw new Refusal("limit", "purity", `purity must be a positive integer, and is ${stride}`)
    }
  }

  /** Whether a memoised answer is to be asked for again; only asked where it is on. */
  isDue(): boolean {
    if (--this.left > 0) return false
    this.left = this.stride ?? 0
    return true
  }

  /** Calls a function of the model. */
  call<A>(place: () => string, given: unknown, run: () => A): A {
    if (!this.isOn) return guarded(place, run)
    const before = encode(given)
    let result: A
    try {
      result = guarded(place, run)
    } catch (error) {
      if (error instanceof Thrown && isFrozen(error.cause)) throw changes(place(), error.cause)
      throw error
    }
    if (encode(given) !== before) throw changes(place(), undefined)
    return result
  }

  /** Refuses a function that answers two things. */
  compare(place: () => string, first: unknown, second: unknown): void {
    if (encode(plain(first)) === encode(plain(second))) return
    throw new Refusal("impure", place(), `${place()} gives two answers to one question`)
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
