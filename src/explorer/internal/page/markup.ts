/**
 * Text that is safe inside HTML and SVG. Everything that a page shows of a trace passes through here.
 */

/** As text between tags or inside quotes. Control characters are shown by their pictures, since HTML has no word for them. */
export const escape = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- these are what is replaced
  text.replace(/[&<>"'\u0000-\u001f\u007f]/g, (character) => entities[character] ?? picture(character))

const entities: { readonly [character: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "\"": "&quot;",
  "'": "&#39;"
}

const picture = (character: string): string =>
  character === "\u007f" ? "\u2421" : String.fromCharCode(0x2400 + character.charCodeAt(0))

/** As JSON inside a `script` element: nothing in it can end the element. */
export const json = (value: unknown): string => JSON.stringify(value).replace(/</g, "\\u003c")

/** At most so many letters. */
export const cut = (text: string, length: number): string => {
  if (text.length <= length) return text
  const head = text.slice(0, Math.max(1, length - 1))
  return `${/[\ud800-\udbff]$/.test(head) ? head.slice(0, -1) : head}…`
}

type Attributes = { readonly [name: string]: string | number | undefined }

/** An element whose attributes are escaped; its content is markup already. */
export const element = (name: string, attributes: Attributes, content?: string | undefined): string => {
  const written = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}="${typeof value === "number" ? tenth(value) : escape(value)}"`]
  )
  return content === undefined ? `<${name}${written.join("")}/>` : `<${name}${written.join("")}>${content}</${name}>`
}

/** A tenth of a pixel is enough. */
export const tenth = (value: number): number => Math.round(value * 10) / 10
