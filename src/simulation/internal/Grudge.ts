/**
 * Partitions as data: a grudge tells of each receiver which senders it does not hear (Jepsen's idea), so it may cut one way only.
 *
 * @internal
 */
import type { Choice } from "../../core/Choice.js"

/**
 * Who does not hear whom, among n nodes: 1 at `to * n + from`.
 *
 * @internal
 */
export type Grudge = Uint8Array

/**
 * Draws a partition of n nodes. `leader` is the place of one that says it leads, if any does.
 *
 * @internal
 */
export const draw = (n: number, leader: number | undefined, choice: Choice): Grudge => {
  const all = Array.from({ length: n }, (_, i) => i)
  const one = choice.below(n, "one")
  const others = all.filter((i) => i !== one)
  switch (choice.below(7, "shape")) {
    case 0: // one node alone
      return between(n, [[[one], others], [others, [one]]])
    case 1: { // two halves
      const isLeft = all.map(() => choice.below(2, "side") === 1)
      const left = all.filter((i) => isLeft[i])
      const right = all.filter((i) => !isLeft[i])
      return between(n, [[left, right], [right, left]])
    }
    case 2: // one node hears nobody
      return between(n, [[others, [one]]])
    case 3: // nobody hears one node
      return between(n, [[[one], others]])
    case 4: { // a bridge: two halves, and one node that hears both and is heard by both
      const left = others.slice(0, others.length >> 1)
      const right = others.slice(others.length >> 1)
      return between(n, [[left, right], [right, left]])
    }
    case 5: { // a ring: everybody hears its nearest neighbours, a majority with itself, and from five nodes on no two hear the same
      const reach = Math.ceil((n >> 1) / 2)
      const distance = (a: number, b: number): number => Math.min((a - b + n) % n, (b - a + n) % n)
      return between(n, all.map((i) => [[i], all.filter((j) => distance(i, j) > reach)] as const))
    }
    default: { // whoever leads, alone
      const primary = leader ?? one
      const rest = all.filter((i) => i !== primary)
      return between(n, [[[primary], rest], [rest, [primary]]])
    }
  }
}

type Cut = readonly [senders: ReadonlyArray<number>, receivers: ReadonlyArray<number>]

const between = (n: number, cuts: ReadonlyArray<Cut>): Grudge => {
  const grudge = new Uint8Array(n * n)
  for (const [senders, receivers] of cuts) {
    for (const to of receivers) for (const from of senders) grudge[to * n + from] = 1
  }
  return grudge
}
