/**
 * Where things are on a page: a row for each step, a column for each lane, and one for each client.
 */
import type { Trace } from "../../Trace.js"

/** Pixels; the style sheet has the same row height. */
export const rowHeight = 28
const margin = 40
const clientWidth = 110

/** What the diagram may take of a window of 1280 before it scrolls. */
const roomy = 626

export interface Geometry {
  readonly width: number
  readonly height: number
  /** Where the lanes end and the clients begin. */
  readonly lanesWidth: number
  readonly gap: number
  readonly laneX: (lane: string) => number | undefined
  readonly clients: ReadonlyArray<string>
  readonly clientX: (client: string) => number
  /** The middle of a step's row. */
  readonly y: (step: number) => number
}

export const geometryOf = ({ lanes, operations, steps }: Trace): Geometry => {
  const clients = [...new Set(operations.map(({ client }) => client))]
  // beside the last of the variables stands its value
  const columns = steps.some(({ kind }) => kind === "action") ? lanes.length : lanes.length - 1
  const free = roomy - 2 * margin - clients.length * clientWidth
  const gap = Math.min(170, Math.max(70, free / Math.max(1, columns)))
  const places = new Map(lanes.map((lane, i) => [lane, margin + i * gap]))
  const lanesWidth = 2 * margin + Math.max(0, columns) * gap
  return {
    width: Math.max(roomy, lanesWidth + clients.length * clientWidth),
    height: steps.length * rowHeight,
    lanesWidth,
    gap,
    laneX: (lane) => places.get(lane),
    clients,
    clientX: (client) => lanesWidth + clients.indexOf(client) * clientWidth + 16,
    y: (step) => step * rowHeight + rowHeight / 2
  }
}
