/**
 * The search for one order of all units, where each read has one source: the state of a key is the unit that wrote it last.
 *
 * A key is not written again while somebody still has to read what stands there. Together with the saturated order, that is all there is to
 * check, and it leaves few dead ends: they are seen before they are entered.
 */
import { type Dataflow, INITIAL } from "./dataflow.js"
import { type Guard, interleave, type Unit } from "./interleaving.js"
import type { Precedence, Spending } from "./precedence.js"
import type { Meter } from "./transitions.js"

export const interleaveFlow = (
  flow: Dataflow,
  order: Precedence,
  spending: Spending,
  meter: Meter
): ReadonlyArray<number> | undefined => {
  const versions = new Versions(flow)
  const units = flow.units.map((_, unit): Unit => ({
    steps: [],
    isPure: flow.writes[unit]!.length === 0,
    isOptional: false
  }))
  return interleave(
    {
      units,
      sessions: flow.sessions,
      objects: [],
      before: (unit, session) => order.before(unit, session),
      guard: versions
    },
    spending,
    meter
  )
}

/** A version of a key, by number: 0 to keys - 1 are the initial ones. */
class Versions implements Guard {
  private readonly reads: ReadonlyArray<ReadonlyArray<{ readonly key: number; readonly version: number }>>
  private readonly writes: ReadonlyArray<ReadonlyArray<{ readonly key: number; readonly version: number }>>
  private readonly readersLeft: Int32Array
  private readonly current: Int32Array
  private readonly replaced: Array<number> = []

  constructor(flow: Dataflow) {
    const keys = flow.keys.length
    let next = keys
    const versionOf = new Map<number, number>()
    const address = (unit: number, key: number) => unit * keys + key
    this.writes = flow.writes.map((written, unit) =>
      written.map((key) => {
        versionOf.set(address(unit, key), next)
        return { key, version: next++ }
      })
    )
    this.reads = flow.reads.map((reads) => {
      const distinct = new Map(
        reads.map(({ key, source }) => [key, source === INITIAL ? key : versionOf.get(address(source, key))!])
      )
      return [...distinct].map(([key, version]) => ({ key, version }))
    })
    this.readersLeft = new Int32Array(next)
    for (const reads of this.reads) for (const { version } of reads) this.readersLeft[version]!++
    this.current = Int32Array.from({ length: keys }, (_, key) => key)
  }

  /** A read needs no look: the order puts it after its source, which nobody could replace before it. */
  allows(unit: number): boolean {
    for (const { key } of this.writes[unit]!) {
      const present = this.current[key]!
      const own = this.reads[unit]!.some((read) => read.version === present) ? 1 : 0
      if (this.readersLeft[present]! > own) return false
    }
    return true
  }

  placed(unit: number): void {
    for (const { version } of this.reads[unit]!) this.readersLeft[version]!--
    for (const { key, version } of this.writes[unit]!) {
      this.replaced.push(this.current[key]!)
      this.current[key] = version
    }
  }

  takenBack(unit: number): void {
    for (const { key } of this.writes[unit]!.toReversed()) this.current[key] = this.replaced.pop()!
    for (const { version } of this.reads[unit]!) this.readersLeft[version]!++
  }

  /**
   * What the future depends on, beside the positions: the keys whose present version somebody still has to read. Of the others the next use is
   * a write.
   */
  configuration(): string {
    let text = ""
    for (let key = 0; key < this.current.length; key++) {
      const version = this.current[key]!
      if (this.readersLeft[version]! > 0) text += `${version},`
    }
    return text
  }
}
