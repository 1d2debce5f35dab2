import { describe, expect, it } from "@effect/vitest"
import * as ActionTrace from "synod/explorer/ActionTrace"
import { ofFile } from "synod/explorer/Format"
import { toItf } from "synod/explorer/Itf"
import { toMermaid } from "synod/explorer/Mermaid"
import { parser, toShiViz } from "synod/explorer/ShiViz"
import * as SystemTrace from "synod/explorer/SystemTrace"
import { toText } from "synod/explorer/Text"
import type { Trace } from "synod/explorer/Trace"
import * as ActionModel from "synod/model/ActionModel"
import { hostileStory, pingPong, runOf, story } from "./pingPong.js"

const counter = ActionModel.make<{ readonly n: bigint; readonly seen: ReadonlyMap<bigint, ReadonlySet<string>> }>({
  name: "counter",
  initial: [{ n: 0n, seen: new Map() }],
  actions: [],
  properties: [{ name: "small", kind: "always", holds: ({ n }) => n < 1n }]
})

const count = ActionTrace.make(counter, {
  steps: [
    { event: undefined, state: { n: 0n, seen: new Map() } },
    { event: "add", state: { n: 1n, seen: new Map([[1n, new Set(["x"])]]) } },
    { event: "mark", state: { n: 1n, seen: new Map([[1n, new Set(["x", "y"])]]) } }
  ],
  loop: 1,
  finding: "always small: violated"
})

describe("Text", () => {
  it("is one event a line, with what it sent and what it changed", () => {
    expect(toText(story())).toBe(`ping-pong
a story
0. start
     nobody saw a second ping: true
1. request of client 0 at a: play
     sends a -> b Ping{n: 1}
     a.state.asked + 0
     a.timers[0] + "again"
     clients[0].asked: 0 -> 1
     clients[0].open + {id: 0, node: "a", request: "play"}
2. duplicate a -> b Ping{n: 1}
3. deliver a -> b Ping{n: 1}
     sends b -> a Pong{n: 1}
     b.durable: 0 -> 1
     b.state.seen: 0 -> 1
4. timer again of a
     sends a -> b Ping{n: 1}
     a.timers[0] - "again"
5. crash b
     b.up: true -> false
     b.state - {seen: 1}
6. restart b
     b.state + {seen: 1}
     b.up: false -> true
7. partition a | b
8. heal
9. deliver b -> a Pong{n: 1}
     a.durable: 0 -> 1
     a.state.seen: 0 -> 1
     a.state.asked - 0
     clients[0].state: 0 -> 1
     clients[0].open - {id: 0, node: "a", request: "play"}
10. deliver a -> b Ping{n: 1}
     sends b -> a Pong{n: 1}
11. drop a -> b Ping{n: 1}
stays in this state for ever
`)
  })

  it("shows runs of variables, the truth of claims where it changes, and loops", () => {
    expect(toText(count)).toBe(`counter
always small: violated
0. start
     small: true
1. add
     n: 0n -> 1n
     seen[1n] + Set{"x"}
     small: false
2. mark
     seen[1n] + "y"
goes on for ever: back to the state of step 1
`)
  })

  it("keeps to its lines whatever messages say", () => {
    const lines = toText(hostileStory()).split("\n")
    expect(lines.filter((line) => /^\d+\. /.test(line))).toHaveLength(4)
    // oxlint-disable-next-line no-control-regex -- these must not be there
    expect(lines.join("")).not.toMatch(/[\u0000-\u001f\u2028]/)
  })
})

describe("Mermaid", () => {
  it("is a sequence diagram: messages where they end, everything else a note", () => {
    expect(toMermaid(story())).toBe(`sequenceDiagram
  participant n0 as a
  participant n1 as b
  Note over n0: request of client 0 at a: play
  Note over n0,n1: duplicate a -> b Ping{n: 1}
  n0->>n1: Ping 1
  Note over n0: timer again of a
  Note over n1: crash b
  Note over n1: restart b
  Note over n0,n1: partition a | b
  Note over n0,n1: heal
  n1->>n0: Pong 1
  n0-->>n1: Ping 1
  Note over n0,n1: the loop begins here
  n0-xn1: Ping 1
  n1-)n0: Pong 1 (in flight)
  Note over n0,n1: stays in this state for ever
`)
  })

  it("lets no text end a line or begin a block", () => {
    const source = toMermaid(hostileStory())
    for (const line of source.split("\n").slice(1, -1)) {
      expect(line).toMatch(/^ {2}(participant n\d as |Note over n\d(,n\d)?: |n\d(->>|-->>|-x|--x|-\)|--\))n\d: )/)
      const text = line.slice(line.search(/: | as /) + 2).replaceAll(/#\d+;/g, "")
      expect(text).not.toMatch(/[;#%<&]|\bend\b|^\s*wrap:/)
    }
  })
})

describe("ShiViz", () => {
  it("is the parser, an empty line, and a line an event whose clock grows by one at its host", () => {
    const [first, second, ...lines] = toShiViz(story()).trimEnd().split("\n")
    expect([first, second]).toEqual([parser, ""])
    const clocks = new Map<string, number>()
    for (const line of lines) {
      const groups = new RegExp(`^${parser}$`).exec(line)?.groups
      const host = groups!["host"]!
      const clock = JSON.parse(groups!["clock"]!) as { readonly [host: string]: number }
      expect(clock[host]).toBe((clocks.get(host) ?? 0) + 1)
      clocks.set(host, clock[host]!)
    }
    expect([...clocks]).toEqual([["a", 4], ["b", 5], ["world", 4]])
  })

  it("merges the clock that the sender had when it sent, for a copy that of the first", () => {
    const lines = toShiViz(story()).split("\n")
    expect(lines).toContain("b {\"b\":2,\"a\":2} deliver a -> b Ping{n: 1}")
    expect(lines).toContain("a {\"a\":4,\"b\":2} deliver b -> a Pong{n: 1}")
    const model = pingPong()
    const events = ["request", "duplicate a -> b", "drop a -> b", "timer", "deliver a -> b"]
    const copied = SystemTrace.make(model, { steps: runOf(model, events) })
    expect(toShiViz(copied)).toContain("b {\"b\":2,\"a\":2} deliver")
  })

  it("keeps to its lines whatever messages say", () => {
    expect(toShiViz(hostileStory()).trimEnd().split("\n")).toHaveLength(2 + 5)
  })
})

describe("Itf", () => {
  it("has the variables, the states with their events, big integers, maps and sets as the format writes them, and the loop", () => {
    const map = (entries: ReadonlyArray<unknown>) => ({ "#map": entries })
    const [zero, one] = [{ "#bigint": "0" }, { "#bigint": "1" }]
    expect(JSON.parse(toItf(count))).toEqual({
      "#meta": {
        format: "ITF",
        "format-description": "https://apalache-mc.org/docs/adr/015adr-trace.html",
        source: "counter",
        description: "always small: violated"
      },
      vars: ["n", "seen"],
      states: [
        { "#meta": { index: 0, event: "start" }, n: zero, seen: map([]) },
        { "#meta": { index: 1, event: "add" }, n: one, seen: map([[one, { "#set": ["x"] }]]) },
        { "#meta": { index: 2, event: "mark" }, n: one, seen: map([[one, { "#set": ["x", "y"] }]]) }
      ],
      loop: 1
    })
  })
})

/** Two messages that overtake each other, in steps whose labels are words that Mermaid minds. */
const overtaking: Trace = {
  title: "overtaking",
  finding: undefined,
  lanes: ["a", "b c", "b_c"],
  steps: (["start", "action", "action", "deliver", "deliver"] as const).map((kind, i) => {
    const label = ["start", "end", "wrap: it", "deliver second", "deliver first"][i]!
    return { kind, label, headline: label, lane: i === 0 ? undefined : i < 3 ? "a" : "b c", state: [], claims: [] }
  }),
  messages: [[1, 4], [2, 3]].map(([sent, ended]) => ({
    from: "a",
    to: "b c",
    content: sent!,
    origin: sent!,
    sent: sent!,
    ended: ended!,
    fate: "delivered",
    isCopy: false
  })),
  bands: [],
  operations: [],
  loop: undefined
}

describe("messages that overtake each other", () => {
  it("never turn a clock of ShiViz back, whose hosts are words, each another", () => {
    const lines = toShiViz(overtaking).split("\n")
    expect(lines.slice(2, 5)).toEqual([`a {"a":1} start`, `b_c {"b_c":1} start`, `b_c_2 {"b_c_2":1} start`])
    expect(lines.slice(7, 9)).toEqual([
      `b_c {"b_c":2,"a":3} deliver second`,
      `b_c {"b_c":3,"a":3} deliver first`
    ])
  })

  it("are in Mermaid in the order in which they arrive, and no note is one of its words", () => {
    expect(toMermaid(overtaking).split("\n").slice(4)).toEqual([
      "  Note over n0: #101;nd",
      "  Note over n0: #119;rap: it",
      "  n0->>n1: 2",
      "  n0->>n1: 1",
      ""
    ])
  })
})

describe("Format", () => {
  it("goes by the ending of the file's name", () => {
    const names = ["run.html", "run.itf.json", "run.mmd", "run.shiviz", "run.txt"]
    const openings = ["<!DOCTYPE html>", "{\"#meta\"", "sequenceDiagram", "(?<host>", "ping-pong\n"]
    for (const [i, name] of names.entries()) expect(ofFile(name)!(story()).startsWith(openings[i]!)).toBe(true)
    expect(ofFile("run.json")).toBeUndefined()
  })
})
