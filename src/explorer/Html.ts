/**
 * Traces as one HTML file that needs nothing else: no server, no network. Lanes, messages, crashes and partitions are drawn beside the list of steps; a step is selected by
 * click, by key, or by the fragment of the URL (`#3`), and shows its properties, its messages, what it changed, and the whole state.
 *
 * Guarantee: nothing that a trace holds is taken for markup or script, and the page loads nothing (its Content-Security-Policy forbids it).
 *
 * @since 0.1.0
 */
import type { Place } from "./Explorer.js"
import { dataOf } from "./internal/page/data.js"
import { diagram } from "./internal/page/diagram.js"
import type { Geometry } from "./internal/page/geometry.js"
import { geometryOf } from "./internal/page/geometry.js"
import { legend } from "./internal/page/legend.js"
import { cut, element, escape, json } from "./internal/page/markup.js"
import { onward } from "./internal/page/onward.js"
import { script } from "./internal/page/script.js"
import { style } from "./internal/page/style.js"
import type { Trace } from "./Trace.js"
import { continuation } from "./Trace.js"

/** Letters of a label in the list; the details have more. */
const rowLimit = 160

/**
 * The page.
 *
 * @since 0.1.0
 * @category rendering
 */
export const toHtml = (trace: Trace): string => page(trace, undefined)

/**
 * The page of a place in a state space, for a server that has each place at its path: `/0/3/1`. It opens at the last step, and links to the places after it.
 *
 * @since 0.1.0
 * @category rendering
 */
export const placeToHtml = (place: Place): string => page(place.trace, place)

const page = (trace: Trace, place: Place | undefined): string => {
  const geometry = geometryOf(trace)
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(trace.title)}: trace</title>
<style>${style}</style>
</head>
<body>
<div>
${header(trace)}
${legend(trace)}
</div>
<main>
<section id="scroll" tabindex="-1" aria-label="steps">
<div class="heads"><div class="corner">step</div>${heads(trace, geometry)}</div>
<div class="body">
<ol id="steps" start="0">
${rows(trace)}
</ol>
${diagram(trace, geometry)}
</div>
</section>
${details(trace, place)}
</main>
<script type="application/json" id="trace">${json(dataOf(trace, place?.path))}</script>
<script>${script}</script>
</body>
</html>
`
}

const header = (trace: Trace): string => {
  const { finding, steps, title } = trace
  const isBad = steps.some(({ claims }) => claims.some(({ holds, isInvariant }) => isInvariant && !holds)) &&
    finding?.includes("violated") === true
  const end = continuation(trace)
  return `<header class="top">
<h1>${escape(title)}</h1>
${finding === undefined ? "" : element("p", { class: isBad ? "finding bad" : "finding" }, escape(finding))}
<p class="finding">${steps.length - 1} steps${end === undefined ? "" : `; then it ${escape(end)}`}</p>
<p class="keys"><kbd>&uarr;</kbd> <kbd>&darr;</kbd> a step &nbsp; <kbd>PgUp</kbd> <kbd>PgDn</kbd> ten &nbsp; <kbd>Home</kbd> <kbd>End</kbd></p>
</header>`
}

const heads = ({ lanes }: Trace, { clients, clientX, laneX, width }: Geometry): string =>
  element(
    "div",
    { class: "names", style: `width: ${width}px` },
    [
      ...lanes.map((name) => element("span", { style: `left: ${laneX(name)!}px`, title: name }, escape(name))),
      ...clients.map((name) =>
        element(
          "span",
          { class: "client", style: `left: ${clientX(name) - 6}px`, title: name },
          escape(clientName(name))
        )
      )
    ].join("")
  )

const clientName = (name: string): string => name.startsWith("client") ? name : `client ${name}`

const rows = ({ loop, steps }: Trace): string =>
  steps.map(({ claims, headline, label }, i) => {
    const before = new Map(steps[i - 1]?.claims.map(({ holds, name }) => [name, holds]))
    const broken = claims.filter(({ holds, isInvariant, name }) => isInvariant && !holds && before.get(name) !== false)
      .map(({ name }) => name)
    const flag = broken.length === 0
      ? ""
      : element("span", { class: "false", title: `no longer true: ${broken.join(", ")}` }, "&#10007;")
    const link = element(
      "a",
      { href: `#${i}`, title: cut(label, rowLimit) },
      `<span class="number">${i}</span><span class="label">${escape(cut(headline, rowLimit))}</span>${flag}`
    )
    return element("li", { class: loop !== undefined && i >= loop ? "looping" : undefined }, link)
  }).join("\n")

const details = ({ messages }: Trace, place: Place | undefined): string =>
  `<aside>
<nav><h2 id="place"></h2><button id="back" title="the step before">&larr; back</button><button id="on" title="the next step">on &rarr;</button></nav>
<p id="event" aria-live="polite"></p>
<noscript>The details of a step need JavaScript; the diagram does not.</noscript>
${place === undefined ? "" : onward(place)}
<h3>Properties</h3><ul id="claims"></ul>
<h3>Changes</h3><ul id="changes"></ul>
${messages.length === 0 ? "" : "<h3>Messages</h3>"}<ul id="messages"></ul>
<h3>State after it</h3><div id="state"></div>
</aside>`
