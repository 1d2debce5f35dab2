/**
 * The states on a path, found again by following its events: the search keeps eight bytes a state, not the states.
 */
import { Entry } from "./Frontier.js"
import type { Search } from "./Search.js"
import type { Sink, Space } from "./Space.js"

/** A step of a path as the search numbers it: the name of the event that led here (none at the start) and the state. */
export interface Visit {
  readonly event: string | undefined
  readonly vector: Int32Array
}

class Capture implements Sink {
  vector = new Int32Array(256)
  found: Entry | undefined = undefined
  private low = 0
  private high = 0
  private readonly seen = new Set<string>()

  constructor(private readonly isWanted: (event: number, order: number) => boolean) {}

  edge(low: number, high: number, event: number): boolean {
    const key = `${low}/${high}`
    const isNew = !this.seen.has(key)
    if (event === -1 && !isNew) return false
    this.seen.add(key)
    if (this.found !== undefined || !this.isWanted(event, this.seen.size - 1)) return event === -1
    this.low = low
    this.high = high
    return true
  }

  commit(length: number): void {
    if (this.found !== undefined) return
    const entry = new Entry()
    entry.low = this.low
    entry.high = this.high
    entry.length = length
    entry.vector = this.vector.slice(0, length)
    this.found = entry
  }
}

/** The visits that lead to a state of a finished search. */
export const replay = (space: Space, search: Search, number: number): ReadonlyArray<Visit> => {
  const [first, ...rest] = search.pathTo(number)
  const start = new Capture((_, order) => order === first)
  space.begin(start)
  let at = start.found
  const visits: Array<Visit> = at === undefined ? [] : [{ event: undefined, vector: at.vector }]
  for (const next of rest) {
    if (at === undefined) break
    const event = search.table.event(next)
    const step = new Capture((candidate) => candidate === event)
    space.expand(at, step)
    const name = space.eventName(at, event)
    at = step.found
    if (at !== undefined) visits.push({ event: name, vector: at.vector })
  }
  if (visits.length !== rest.length + 1) {
    throw new Error(
      "a path of the search cannot be followed again: an action of the model is not a function of what it reads"
    )
  }
  return visits
}
