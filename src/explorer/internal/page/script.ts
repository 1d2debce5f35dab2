/**
 * The script of a page, as the browser runs it: it selects a step, by key, click or URL fragment, and tells its details. It writes no markup: what a trace holds becomes text nodes.
 */
export const script = String.raw`"use strict"
const data = JSON.parse(document.getElementById("trace").textContent)
const links = Array.from(document.querySelectorAll("#steps a"))
const lines = Array.from(document.querySelectorAll("#diagram .m"))
const cursor = document.getElementById("cursor")
const rowHeight = cursor.height.baseVal.value
const last = data.steps.length - 1
let selected = -1

// ---- elements

const make = (name, className, ...children) => {
  const made = document.createElement(name)
  if (className !== "") made.className = className
  made.append(...children)
  return made
}

const fill = (id, children, nothing) => {
  document.getElementById(id).replaceChildren(
    ...(children.length > 0 ? children : [make("p", "none", nothing)])
  )
}

// ---- trees: a leaf is its text, the others are [kind, ...places]

const entriesOf = ([kind, ...rest]) => {
  if (kind === "Record") return pairs(rest).map(([name, place]) => [name, place])
  if (kind === "Map") return pairs(rest).map(([key, place]) => [line(key), place])
  return rest.map((place, i) => [kind === "List" ? String(i) : "", place])
}

const pairs = (list) => list.flatMap((item, i) => i % 2 === 0 ? [[item, list[i + 1]]] : [])

const brackets = { Record: ["{", "}"], Map: ["Map{", "}"], Set: ["Set{", "}"], List: ["[", "]"] }

// a record whose _tag is a word is written Word{...}
const tagOf = (node) => {
  const place = node[0] === "Record" ? node[node.indexOf("_tag") + 1] : -1
  const tag = node.includes("_tag") ? data.pool[place] : ""
  return /^"[\w-]+"$/.test(tag) ? tag.slice(1, -1) : ""
}

const line = (place) => {
  const node = data.pool[place]
  if (typeof node === "string") return node
  const [open, close] = brackets[node[0]]
  const tag = tagOf(node)
  if (tag !== "") {
    const fields = entriesOf(node).filter(([key]) => key !== "_tag")
    return fields.length === 0 ? tag : tag + open + fields.map(([key, value]) => key + ": " + line(value)).join(", ") + close
  }
  const sign = node[0] === "Map" ? " => " : ": "
  const named = node[0] === "Record" || node[0] === "Map"
  return open + entriesOf(node).map(([key, value]) => (named ? key + sign : "") + line(value)).join(", ") + close
}

const tree = (place) => {
  const node = data.pool[place]
  const whole = line(place)
  if (typeof node === "string" || whole.length <= 44) return document.createTextNode(whole)
  return make("ul", "", ...entriesOf(node).map(([key, value]) => {
    const name = key === "" ? [] : [make("span", "key", key), node[0] === "Map" ? " => " : ": "]
    return make("li", "", ...name, tree(value))
  }))
}

// ---- the details of a step

const change = ([path, before, after]) => make(
  "li",
  "change",
  make("b", "", path),
  ...(before === null ? [] : [make("del", "", before)]),
  ...(before === null || after === null ? [] : [" "]),
  ...(after === null ? [] : [make("ins", "", after)])
)

const claim = ([name, holds, isInvariant]) =>
  make("li", holds ? "holds" : isInvariant ? "fails" : "open", name + (holds ? "" : isInvariant ? " is violated" : " (not here)"))

const fateOf = ([, , , sent, ended, fate, isCopy], step) => {
  if (ended === step && sent !== step) return (fate === "delivered" && isCopy ? "delivered again" : fate) + ", sent in step " + sent
  if (ended < 0) return (isCopy ? "copied" : "sent") + ", still in flight at the end"
  return (isCopy ? "copied" : "sent") + ", " + fate + " in step " + ended
}

const message = (of, step) => make(
  "li",
  "change",
  make("b", "", of[0] + " \u2192 " + of[1]),
  make("span", "fate", fateOf(of, step)),
  make("div", "", line(of[2]))
)

const part = (roots, before) => ([name, place]) => {
  const isChanged = before !== undefined && before.get(name) !== place
  const whole = line(place)
  if (whole.length + name.length <= 36) {
    return make("div", "part tree" + (isChanged ? " changed" : ""), make("b", "", name), " " + whole)
  }
  const made = make("details", "part tree" + (isChanged ? " changed" : ""), make("summary", "", name), tree(place))
  made.open = isChanged || before === undefined && roots
  return made
}

const tell = (step) => {
  const { changes, claims, label, state } = data.steps[step]
  document.getElementById("place").textContent = "Step " + step + " of " + last
  document.getElementById("event").textContent = label
  if (data.path !== null) {
    const branch = document.getElementById("branch")
    branch.hidden = step === last
    branch.href = "/" + data.path.slice(0, step + 1).join("/")
  }
  fill("claims", claims.map(claim), "The model claims nothing of single states.")
  const touching = data.messages.filter((of) => of[3] === step || of[4] === step)
  const quiet = data.messages.length === 0 ? "" : "None is sent, and none arrives."
  fill("messages", touching.map((of) => message(of, step)), quiet)
  fill("changes", changes.map(change), step === 0 ? "This is the initial state." : "Nothing changes.")
  const before = step === 0 ? undefined : new Map(data.steps[step - 1].state)
  fill("state", state.map(part(state.length <= 6, before)), "The state is empty.")
}

// ---- selecting

const select = (step, keepsPlace) => {
  const next = Math.max(0, Math.min(last, step))
  if (next === selected) return
  if (selected >= 0) links[selected].removeAttribute("aria-current")
  selected = next
  links[next].setAttribute("aria-current", "step")
  cursor.setAttribute("y", String(next * rowHeight))
  for (const of of lines) {
    of.classList.toggle("on", of.dataset.sent === String(next) || of.dataset.ended === String(next))
  }
  tell(next)
  if (!keepsPlace) reveal(next)
  if (location.hash !== "#" + next) history.replaceState(null, "", "#" + next)
}

const reveal = (step) => {
  const view = document.getElementById("scroll")
  const head = view.querySelector(".heads").offsetHeight
  const top = step * rowHeight
  const room = view.clientHeight - head - 3 * rowHeight
  if (top - rowHeight < view.scrollTop) view.scrollTop = top - rowHeight
  else if (top > view.scrollTop + room) view.scrollTop = top - room
}

const fromHash = () => {
  const step = location.hash === "" ? NaN : Number(location.hash.slice(1))
  return Number.isSafeInteger(step) ? step : data.path === null ? 0 : last
}

const moves = {
  ArrowDown: 1, ArrowRight: 1, j: 1, ArrowUp: -1, ArrowLeft: -1, k: -1,
  PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity
}

document.addEventListener("keydown", (event) => {
  const move = Object.hasOwn(moves, event.key) ? moves[event.key] : undefined
  if (move === undefined || event.altKey || event.ctrlKey || event.metaKey) return
  event.preventDefault()
  select(selected + move, false)
  links[selected].focus({ preventScroll: true })
})
document.getElementById("steps").addEventListener("click", (event) => {
  const link = event.target.closest("a")
  if (link === null) return
  event.preventDefault()
  select(links.indexOf(link), true)
})
document.getElementById("diagram").addEventListener("click", (event) => {
  const top = document.getElementById("diagram").getBoundingClientRect().top
  select(Math.floor((event.clientY - top) / rowHeight), true)
})
document.getElementById("back").addEventListener("click", () => select(selected - 1, false))
document.getElementById("on").addEventListener("click", () => select(selected + 1, false))
addEventListener("hashchange", () => select(fromHash(), false))
select(fromHash(), false)
`
