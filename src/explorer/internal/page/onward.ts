/**
 * What the page of a place has beside that of a trace: the ways on, and the way back.
 */
import type { Choice, Place } from "../../Explorer.js"
import { cut, element, escape } from "./markup.js"

/** Letters of a choice, and choices of initial states, that a page shows. */
const limit = 300
const shownInitials = 100

export const onward = ({ initials, next, path }: Place): string => {
  const href = (to: ReadonlyArray<number>): string => `/${to.join("/")}`
  const link = (to: ReadonlyArray<number>, text: string) => element("a", { href: href(to) }, escape(text))
  const ways = next.map((choice, i) => way(choice, link([...path, i], cut(choice.label, limit))))
  const others = Array.from({ length: Math.min(initials, shownInitials) }, (_, i) => i).filter((i) => i !== path[0])
  return [
    `<p><a id="branch" hidden>explore from this step</a></p>`,
    `<h3>What may happen after step ${path.length - 1}</h3>`,
    ways.length === 0
      ? `<p class="none">Nothing: the run ends here.</p>`
      : element("ol", { id: "next", start: 0 }, ways.join("")),
    path.length > 1 ? `<p>${link(path.slice(0, -1), "take the last event back")}</p>` : "",
    others.length === 0
      ? ""
      : `<p class="none">other initial states: ${others.map((i) => link([i], String(i))).join(" ")}${
        initials > shownInitials ? ` of ${initials}` : ""
      }</p>`
  ].join("\n")
}

const way = ({ breaks, isBeyond, isIdle }: Choice, link: string): string => {
  const notes = [
    ...breaks.map((name) => element("span", { class: "fails" }, escape(`violates ${name}`))),
    ...(isIdle ? [`<span class="fate">changes nothing</span>`] : []),
    ...(isBeyond ? [`<span class="fate">beyond the boundary</span>`] : [])
  ]
  return element("li", {}, [link, ...notes].join(" "))
}
