/**
 * The pinned pseudo-random generator: sfc32 (Chris Doty-Humphrey, PractRand), 128 bits of state, 32-bit integer output.
 * Its output is part of the public contract, since seeds and traces are stored: the vectors in `test/core/Determinism.test.ts` never change.
 * Not for secrets.
 *
 * @since 0.1.0
 */

/**
 * A deterministic stream of 32-bit integers.
 *
 * @since 0.1.0
 * @category models
 */
export class Prng {
  constructor(private a: number, private b: number, private c: number, private counter: number) {}

  /** The next integer in [0, 2^32). */
  next(): number {
    const t = (((this.a + this.b) | 0) + this.counter) | 0
    this.counter = (this.counter + 1) | 0
    this.a = this.b ^ (this.b >>> 9)
    this.b = (this.c + (this.c << 3)) | 0
    this.c = (this.c << 21) | (this.c >>> 11)
    this.c = (this.c + t) | 0
    return t >>> 0
  }

  /**
   * An integer in [0, n) without bias, for n in [1, 2^32]. Throws a `RangeError` for any other n. By multiplication for the usual n (D. Lemire, "Fast random
   * integer generation in an interval", 2019), since a remainder of doubles is a call out of compiled code.
   */
  below(n: number): number {
    if (!(n >= 1 && n <= 0x100000000) || !Number.isInteger(n)) throw new RangeError(`below(${n})`)
    if (n > 0x200000) {
      const limit = 0x100000000 - (0x100000000 % n)
      for (;;) {
        const x = this.next()
        if (x < limit) return x % n
      }
    }
    for (;;) {
      const x = this.next()
      const low = Math.imul(x, n) >>> 0
      if (low >= n || low >= 0x100000000 % n) return ((x * n - low) / 0x100000000) | 0 // exact, since x * n < 2^53; | 0 keeps it a small integer
    }
  }

  /** A float in [0, 1) with 32 bits of randomness. */
  float(): number {
    return this.next() / 0x100000000
  }
}

/** The finalizer of splitmix32, a bijection that spreads a word over its bits. */
const mix = (x: number): number => {
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad)
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97)
  return (x ^ (x >>> 15)) >>> 0
}

/**
 * Hashes a label into 32 bits (FNV-1a over UTF-16 code units), so that an independent stream can be named.
 *
 * @since 0.1.0
 * @category hashing
 */
export const hashLabel = (label: string): number => {
  let h = 0x811c9dc5
  for (let i = 0; i < label.length; i++) {
    const unit = label.charCodeAt(i)
    h = Math.imul(h ^ (unit & 0xff), 0x01000193)
    h = Math.imul(h ^ (unit >>> 8), 0x01000193)
  }
  return h >>> 0
}

/**
 * A generator for a seed (a safe integer) and the path of labels that leads to its stream. Streams of different paths are independent.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (seed: number, path = ""): Prng => {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`a seed is a safe integer, got ${seed}`)
  const low = seed >>> 0
  const high = Math.floor(seed / 0x100000000) >>> 0
  // one word of state for each word of the name, and `mix` is a bijection: no two names of different words share a state
  const prng = new Prng(
    mix(low ^ 0x9e3779b9) | 0,
    mix(high ^ 0x85ebca6b) | 0,
    mix(hashLabel(path)) | 0,
    1 + path.length
  )
  for (let i = 0; i < 15; i++) prng.next()
  return prng
}
