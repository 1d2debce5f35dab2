import { describe, expect, it } from "@effect/vitest"
import { checkSystem } from "synod/checker/Checker"
import * as Choice from "synod/core/Choice"
import { ofSystem } from "synod/explorer/Explorer"
import { placeToHtml, toHtml } from "synod/explorer/Html"
import * as SystemTrace from "synod/explorer/SystemTrace"
import { describe as describeEvent } from "synod/model/Event"
import * as NetworkModel from "synod/model/NetworkModel"
import { networkOf } from "synod/model/published/RegisterClients"
import { singleDecreePaxos } from "synod/model/published/SingleDecreePaxos"
import * as Transitions from "synod/model/Transitions"
import { chromium, open, skipped } from "./chromium.js"
import { hostile, hostileStory, story } from "./pingPong.js"

/** The text of an element that a script filled. */
const filled = (dom: string, id: string): string => {
  const from = dom.indexOf(` id="${id}"`)
  const end = dom.slice(from).search(/<\/(ul|div|p|h2)>\s*(<h3>|<\/aside>|<button|<noscript)/)
  return dom.slice(dom.indexOf(">", from) + 1, from + end)
}

const textOf = (markup: string): string =>
  markup.replace(/<[^>]*>/g, " ").replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&quot;/g, "\"").replace(
    /&amp;/g,
    "&"
  )

const count = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length

/** 200 steps of 11 nodes, on a network that forgets nothing. */
const long = () => {
  const model = singleDecreePaxos({ servers: 5, clients: 6, network: NetworkModel.set() })
  const choice = Choice.random(1)
  const steps = [{ event: undefined as string | undefined, state: Transitions.initial(model)[0]! }]
  for (let i = 0; i < 200; i++) {
    const next = Transitions.successors(model, steps.at(-1)!.state)
    const { after, event } = next[choice.below(next.length, "event")]!
    steps.push({ event: describeEvent(event), state: after })
  }
  return SystemTrace.make(model, { steps })
}

const violation = () => {
  const model = singleDecreePaxos({ servers: 3, clients: 2, network: networkOf("unordered"), mutant: "propose-own" })
  const { trace } = checkSystem(model).properties.find(({ verdict }) => verdict === "violated")!
  return SystemTrace.make(model, { steps: trace!, finding: "always linearizable: violated" })
}

describe("Html", () => {
  it("needs nothing beside itself", () => {
    const html = toHtml(story())
    expect(html).not.toMatch(/\b(src|srcset|action)=|url\((?!#)|@import|<link|https?:/)
    expect(html).toContain("default-src 'none'")
  })

  it("is under 1 MB at 200 steps of eleven nodes, on a network that forgets nothing", () => {
    const trace = long()
    const html = toHtml(trace)
    expect(trace.steps).toHaveLength(201)
    expect(count(html, /<a href="#\d+"/g)).toBe(201)
    expect(Buffer.byteLength(html)).toBeLessThan(1_000_000)
  })

  it("draws lanes, and messages by what became of them", () => {
    const html = toHtml(story())
    expect(count(html, /<path class="lane"/g)).toBe(2)
    const lines = (name: string) =>
      count(html, new RegExp(`<g class="${name}" data-sent="\\d+" data-ended="-?\\d+"><title>`, "g"))
    expect([lines("m delivered"), lines("m delivered copy"), lines("m lost"), lines("m inFlight")]).toEqual([
      2,
      1,
      1,
      1
    ])
    expect(count(html, /<g class="down"><title>/g)).toBe(1)
    expect(count(html, /<g class="partition"><rect[^>]*><path[^>]*><text[^>]*>partition a \| b<\/text>/g)).toBe(1)
  })

  it("draws operations with the order in which they take effect, and the one that no order explains", () => {
    const html = toHtml(violation())
    expect(count(html, /<circle class="point"[^>]*\/><text class="t order"/g)).toBe(3)
    expect(count(html, /<g class="operation violation"><title>4: Read, answer: A; no order/g)).toBe(1)
    expect(html).toContain("<p class=\"finding bad\">always linearizable: violated</p>")
  })

  it("leads from the last step of a loop to its first, and says where a run stays for ever", () => {
    const looping = toHtml({ ...story(), loop: 4 })
    expect(count(looping, /<path class="loop"/g)).toBe(2)
    expect(count(looping, /<li class="looping">/g)).toBe(8)
    expect(looping).toContain("goes on for ever: back to the state of step 4")
    expect(toHtml(story())).toContain("stays in this state for ever")
  })

  it("takes nothing from messages for markup", () => {
    const html = toHtml(hostileStory())
    expect(html).toContain("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;")
    expect(html).not.toMatch(/<img|<\/script>[^\n]*onerror/)
    expect(count(html, /<\/script>/g)).toBe(2)
  })
})

describe.skipIf(chromium === undefined)(`Html in Chromium${skipped}`, () => {
  it("selects the step of the fragment and tells its properties, changes, messages and state", async () => {
    const { console, dom } = await open(toHtml(story()), "3")
    expect(console).toEqual([])
    expect(dom).toMatch(/<a href="#3"[^>]* aria-current="step"/)
    expect(count(dom, /aria-current="step"/g)).toBe(1)
    expect(filled(dom, "place")).toBe("Step 3 of 11")
    expect(filled(dom, "event")).toBe("deliver a -&gt; b Ping{n: 1}")
    expect(filled(dom, "claims")).toBe("<li class=\"holds\">nobody saw a second ping</li>")
    expect(filled(dom, "changes")).toContain("<b>b.state.seen</b><del>0</del> <ins>1</ins>")
    expect(textOf(filled(dom, "messages")).replace(/\s+/g, " ").trim()).toBe(
      "a → b delivered, sent in step 1 Ping{n: 1} b → a sent, delivered in step 9 Pong{n: 1}"
    )
    expect(textOf(filled(dom, "state"))).toMatch(/b\s+durable\s*: 1\s+state\s*: \{seen: 1\}/)
    expect(count(dom, /<g class="m [^"]* on" data-sent/g)).toBe(4) // the two lines, and their words
  })

  it("has lanes, arrows, bands and operations in its document, at the last step too", async () => {
    const { console, dom } = await open(toHtml(violation()), "999")
    expect(console).toEqual([])
    expect(filled(dom, "place")).toBe("Step 17 of 17")
    expect(filled(dom, "claims")).toContain("<li class=\"fails\">linearizable is violated</li>")
    expect(count(dom, /<path class="lane"/g)).toBe(5)
    expect(count(dom, /<g class="operation/g)).toBe(4)
  })

  it("runs nothing that a message brings, and shows it as it is", async () => {
    const { console, dom } = await open(toHtml(hostileStory()), "1")
    expect(console).toEqual([])
    expect(dom).not.toMatch(/<img/)
    expect(textOf(filled(dom, "event"))).toContain(hostile.slice(0, 40))
    expect(textOf(filled(dom, "state"))).toContain(JSON.stringify(hostile).slice(1, 40))
  })

  it("goes by keys, by clicks on the diagram and by its buttons, and the fragment follows", async () => {
    const acts = [
      "press('ArrowDown')",
      "press('ArrowRight')",
      "press('ArrowUp')",
      "press('End')",
      "press('k')",
      "press('PageUp')",
      "press('Home')",
      "press('ArrowUp')",
      "document.getElementById('on').click()",
      "tap(5)",
      "document.getElementById('back').click()"
    ]
    const script = `
      const press = (key) => document.dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true }))
      const tap = (step) => {
        const { top } = document.getElementById("diagram").getBoundingClientRect()
        document.getElementById("diagram").dispatchEvent(new MouseEvent("click", { clientY: top + step * 28 + 14 }))
      }
      document.title = [${acts.map((act) => `() => ${act}`).join()}].map((act) => (act(), location.hash)).join(" ")`
    const html = toHtml(story()).replace("</body>", () => `<script>${script}</script></body>`)
    const { console, dom } = await open(html, "0")
    expect(console).toEqual([])
    expect(dom).toContain("<title>#1 #2 #1 #11 #10 #0 #0 #0 #1 #5 #4</title>")
    expect(filled(dom, "place")).toBe("Step 4 of 11")
  })

  it("opens 200 steps at the last", async () => {
    const { console, dom } = await open(toHtml(long()), "200")
    expect(console).toEqual([])
    expect(filled(dom, "place")).toBe("Step 200 of 200")
    expect(count(dom, /<li[^>]*><a href="#\d+"/g)).toBe(201)
  })

  it("opens a place of a state space at its last step, and leads on from the one that is selected", async () => {
    const model = singleDecreePaxos({ servers: 3, clients: 2, network: networkOf("unordered") })
    const place = ofSystem(model).visit([0, 1, 0])
    if (typeof place === "string") throw new Error(place)
    const last = await open(placeToHtml(place), "")
    expect(last.console).toEqual([])
    expect(filled(last.dom, "place")).toBe("Step 2 of 2")
    expect(last.dom).toContain("<a id=\"branch\" hidden=\"\" href=\"/0/1/0\">")
    const { dom } = await open(placeToHtml(place), "1")
    expect(filled(dom, "place")).toBe("Step 1 of 2")
    expect(dom).toContain("<a id=\"branch\" href=\"/0/1\">")
  })
})
