/** Two breadth-first searches that know nothing of each other: over plain systems by `model/Transitions`, and over the checker's interned space. */
import { expect } from "@effect/vitest"
import { Entry } from "synod/checker/internal/Frontier"
import type { Sink, Space } from "synod/checker/internal/Space"
import { SystemSpace } from "synod/checker/internal/SystemSpace"
import { encode } from "synod/core/Canonical"
import type { Vocabulary } from "synod/core/Protocol"
import type { System, SystemModel } from "synod/model/SystemModel"
import * as Transitions from "synod/model/Transitions"

export interface Counts {
  readonly distinct: number
  readonly generated: number
  readonly depth: number
}

/** Over plain systems, told apart by their encodings. `visit` sees each once. */
export const explorePlain = <P extends Vocabulary, H>(
  model: SystemModel<P, H>,
  visit: (system: System<P, H>) => void = () => {}
): Counts => {
  const seen = new Set<string>()
  let generated = 0
  let depth = 0
  const offer = (system: System<P, H>, into: Array<System<P, H>>) => {
    if (!Transitions.isInside(model, system)) return
    generated++
    const key = encode(system)
    if (seen.has(key)) return
    seen.add(key)
    visit(system)
    into.push(system)
  }
  let frontier: Array<System<P, H>> = []
  for (const system of Transitions.initial(model)) offer(system, frontier)
  while (frontier.length > 0) {
    depth++
    const next: Array<System<P, H>> = []
    for (const system of frontier) for (const { after } of Transitions.successors(model, system)) offer(after, next)
    frontier = next
  }
  return { distinct: seen.size, generated, depth }
}

class Layer implements Sink {
  readonly vector = new Int32Array(256)
  readonly seen = new Set<string>()
  next: Array<Entry> = []
  generated = 0
  private entry = new Entry()

  edge(low: number, high: number): boolean {
    this.generated++
    const key = `${low}/${high}`
    if (this.seen.has(key)) return false
    this.seen.add(key)
    this.entry = new Entry()
    this.entry.low = low
    this.entry.high = high
    return true
  }

  commit(length: number): void {
    this.entry.vector = this.vector.slice(0, length)
    this.entry.length = length
    this.next.push(this.entry)
  }
}

/** Over the checker's space, told apart by fingerprints; nothing where there are more states than `limit`. */
const exploreSpace = (
  space: Space,
  limit: number,
  visit: (entry: Entry) => void = () => {}
): Counts | undefined => {
  const sink = new Layer()
  let depth = 0
  space.begin(sink)
  while (sink.next.length > 0) {
    depth++
    const layer = sink.next
    sink.next = []
    for (const entry of layer) {
      if (sink.seen.size > limit) return undefined
      visit(entry)
      space.expand(entry, sink)
    }
  }
  return { distinct: sink.seen.size, generated: sink.generated, depth }
}

/** The counts of a model's interned space, if there are not too many, and its states as users see them, in an order where the network has none. */
export const exploreInterned = <P extends Vocabulary, H>(model: SystemModel<P, H>, limit = 20_000) => {
  const space = new SystemSpace(model)
  const states = new Set<string>()
  const counts = exploreSpace(space, limit, ({ length, vector }) => {
    states.add(keyOf(model, space.decode(vector, length)))
  })
  return { counts, states }
}

/** A system's encoding, with a network that has no order put into one. */
export const keyOf = <P extends Vocabulary, H>({ network }: SystemModel<P, H>, system: System<P, H>): string =>
  encode(
    network.kind === "ordered"
      ? system
      : { ...system, network: system.network.map((envelope) => encode(envelope)).toSorted() }
  )

/** Requires that both searches find the same; 0 states where there are more than `limit`. */
export const agree = <P extends Vocabulary, H>(model: SystemModel<P, H>, limit = 20_000): Counts => {
  const { counts, states } = exploreInterned(model, limit)
  if (counts === undefined) return { distinct: 0, generated: 0, depth: 0 }
  expect(states.size).toBe(counts.distinct) // no two states shared a fingerprint
  const plain = new Set<string>()
  expect(explorePlain(model, (system) => plain.add(keyOf(model, system)))).toEqual(counts)
  expect(plain).toEqual(states)
  return counts
}
