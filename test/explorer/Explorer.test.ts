import { describe, expect, it } from "@effect/vitest"
import type { Place } from "synod/explorer/Explorer"
import { longestPath, ofActions, ofSystem } from "synod/explorer/Explorer"
import { placeToHtml } from "synod/explorer/Html"
import * as ActionModel from "synod/model/ActionModel"
import { pingPong } from "./pingPong.js"

const counter = ofActions(ActionModel.make<{ readonly n: number }>({
  name: "counter",
  initial: [{ n: 0 }, { n: 5 }],
  actions: [
    { name: "add", reads: ["n"], step: ({ n }) => [{ n: n + 1 }, { n: n + 2 }] },
    { name: "stay", reads: ["n"], step: ({ n }) => [{ n }] }
  ],
  properties: [{ name: "small", kind: "always", holds: ({ n }) => n < 7 }],
  boundary: ({ n }) => n <= 7
}))

const placeOf = (place: Place | string): Place => {
  if (typeof place === "string") throw new Error(place)
  return place
}

describe("Explorer", () => {
  it("names a place by an initial state and the events after it, the same each time", () => {
    const place = placeOf(counter.visit([0, 1, 0]))
    expect(place.trace.steps.map(({ state }) => state[0]!.value)).toEqual([0, 2, 3])
    expect(placeOf(counter.visit([0, 1, 0]))).toEqual(place)
    expect(place.initials).toBe(2)
  })

  it("says what each event would do: break an invariant, nothing, or leave the boundary", () => {
    expect(placeOf(counter.visit([1, 0])).next).toEqual([
      { label: "add: n: 6 -> 7", breaks: ["small"], isIdle: false, isBeyond: false },
      { label: "add: n: 6 -> 8", breaks: ["small"], isIdle: false, isBeyond: true },
      { label: "stay", breaks: [], isIdle: true, isBeyond: false }
    ])
    expect(placeOf(counter.visit([1, 1])).next[0]!.breaks).toEqual([]) // it is broken already
  })

  it("says why there is no such place", () => {
    expect(counter.visit([])).toBe("nothing is none of the 2 initial states")
    expect(counter.visit([2])).toBe("2 is none of the 2 initial states")
    expect(counter.visit([0, 0, 3])).toBe("3 is none of the 3 events that may be event 2")
    expect(counter.visit([0, ...Array.from({ length: longestPath + 1 }, () => 2)])).toMatch(/^a path has at most 1000/)
  })

  it("walks systems of nodes by what is enabled, with the messages between them", () => {
    const explorer = ofSystem(pingPong())
    const start = placeOf(explorer.visit([0]))
    const request = start.next.findIndex(({ label }) => label.startsWith("request"))
    const asked = placeOf(explorer.visit([0, request]))
    expect(asked.trace.messages).toHaveLength(1)
    expect(asked.next.map(({ label }) => label)).toContain("deliver a -> b Ping{n: 1}")
  })

  it("has a page for each place, with a link to each place after it and back", () => {
    const html = placeToHtml(placeOf(counter.visit([1, 0])))
    const links = [...html.matchAll(/href="(\/[\d/]*)"/g)].map(([, href]) => href)
    expect(links).toEqual(["/1/0/0", "/1/0/1", "/1/0/2", "/1", "/0"])
    expect(html).toContain("<span class=\"fails\">violates small</span>")
  })
})
