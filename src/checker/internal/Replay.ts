/**
 * The states on a path, found again by following its events: the search keeps eight bytes a state, not the states.
 */
import { Entry } from "./Frontier.js"
import { Refusal } from "./Refusal.js"
import type { Search } from "./Search.js"
import type { Sink, Space } from "./Space.js"
import { maxParts } from "./Space.js"

/** A step of a path: the name of the event that led here (none at the start) and the state. */
export interface Visit {
  readonly event: string | undefined
  readonly state: Entry
}

/** Takes the one state that is wanted out of what a space offers. */
class Capture implements Sink {
  vector = new Int32Array(maxParts)
  found: Entry | undefined = undefined
  private low = 0
  private high = 0
  private event = -1
  private ordinal = -1

  constructor(private readonly isWanted: (event: number, ordinal: number, entry: () => Entry) => boolean) {}

  edge(low: number, high: number, event: number): boolean {
    this.ordinal++
    this.low = low
    this.high = high
    this.event = event
    return this.found === undefined
  }

  beyond(): void {
    this.ordinal++
  }

  commit(length: number): void {
    const entry = (): Entry => {
      const entry = new Entry()
      entry.low = this.low
      entry.high = this.high
      entry.length = length
      entry.vector = this.vector.slice(0, length)
      return entry
    }
    if (this.found === undefined && this.isWanted(this.event, this.ordinal, entry)) this.found = entry()
  }
}

/** The initial state that has this place among those that the search told apart. */
const initialState = (space: Space, place: number, isExact: boolean): Entry => {
  const seen = new Set<string>()
  const capture = new Capture((_, __, entry) => {
    const { high, low, vector } = entry()
    const key = isExact ? vector.join() : `${low}/${high}`
    if (seen.has(key)) return false
    seen.add(key)
    return seen.size - 1 === place
  })
  space.begin(capture)
  return capture.found ?? refuse()
}

const refuse = (): never => {
  throw new Refusal(
    "impure",
    "a path of the search",
    "a path of the search cannot be followed again: a function of the model gives two answers to one question"
  )
}

const follow = (space: Space, from: Entry, isWanted: (event: number, ordinal: number) => boolean): Visit => {
  let wanted = -1
  const capture = new Capture((event, ordinal) => {
    if (!isWanted(event, ordinal)) return false
    wanted = event
    return true
  })
  space.expand(from, capture)
  const state = capture.found ?? refuse()
  return { event: space.eventName(from, wanted), state }
}

/** The visits that lead to a state, and on by one event of it where that is given. */
export const pathTo = (
  space: Space,
  search: Search,
  isExact: boolean,
  number: number,
  event?: number | undefined
): ReadonlyArray<Visit> => {
  const [first, ...rest] = search.trail.to(number)
  const visits: Array<Visit> = [
    { event: undefined, state: initialState(space, search.initial.indexOf(first!), isExact) }
  ]
  const events = rest.map((next) => search.trail.event(next))
  if (event !== undefined) events.push(event)
  for (const next of events) visits.push(follow(space, visits.at(-1)!.state, (candidate) => candidate === next))
  return visits
}

/** The visits from an initial state along edges of the graph. */
export const along = (
  space: Space,
  search: Search,
  isExact: boolean,
  start: number,
  edges: ReadonlyArray<number>
): ReadonlyArray<Visit> => {
  const graph = search.graph!
  const visits: Array<Visit> = [
    { event: undefined, state: initialState(space, search.initial.indexOf(start), isExact) }
  ]
  let at = start
  for (const edge of edges) {
    const ordinal = edge - graph.starts[at]!
    visits.push(follow(space, visits.at(-1)!.state, (_, candidate) => candidate === ordinal))
    at = graph.targets[edge]!
  }
  return visits
}
