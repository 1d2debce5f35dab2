/**
 * EDN maps with their lines. The library parses values and forgives nearly everything (an unclosed map is null, a stray bracket vanishes), so
 * this scanner finds each map's extent and refuses what is not balanced; the library then sees one balanced map at a time.
 */
import { parseEDNString } from "edn-data"
import { excerpt, ImportError } from "./Source.js"

/** A keyword's name (`:ok` is `{ keyword: "ok" }`), nil, a number, a string, a boolean or a vector or list of these. */
export type Edn = null | number | string | boolean | { readonly keyword: string } | ReadonlyArray<Edn>

/** An entry map with the line of its opening brace; keys are keyword names. */
export interface EdnMap {
  readonly line: number
  readonly source: string
  readonly get: (key: string) => Edn | undefined
}

const CLOSING: { readonly [open: string]: string } = { "{": "}", "[": "]", "(": ")" }

/** The maps of a file: bare, or in one vector or list. */
export const ednMaps = (text: string): ReadonlyArray<EdnMap> => {
  const maps: Array<EdnMap> = []
  const closers: Array<{ readonly char: string; readonly line: number }> = []
  let line = 1
  let isWrapped: boolean | undefined
  let start = -1
  let startLine = 1
  let mapDepth = 0
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!
    if (char === "\n") line++
    else if (char === ";") {
      while (i + 1 < text.length && text[i + 1] !== "\n") i++
    } else if (char === "\"") {
      const opened = line
      for (i++; i < text.length && text[i] !== "\""; i++) {
        if (text[i] === "\\") i++
        if (text[i] === "\n") line++
      }
      if (i >= text.length) throw new ImportError(opened, "a closing quote", "the end of the text")
      if (start < 0) throw new ImportError(opened, "a map", "a string")
    } else if (char in CLOSING) {
      if (start < 0 && char === "{") {
        start = i
        startLine = line
        mapDepth = closers.length
      } else if (start < 0) {
        if (isWrapped !== undefined) throw new ImportError(line, "a map", `"${char}"`)
        isWrapped = true
      }
      isWrapped ??= false
      closers.push({ char: CLOSING[char]!, line })
    } else if (char === "}" || char === "]" || char === ")") {
      const expected = closers.pop()
      if (expected?.char !== char) {
        throw new ImportError(line, expected === undefined ? "a map" : `"${expected.char}"`, `"${char}"`)
      }
      if (start >= 0 && closers.length === mapDepth) {
        maps.push(ednMap(text.slice(start, i + 1), startLine))
        start = -1
      }
    } else if (start < 0 && !/[\s,]/.test(char)) {
      throw new ImportError(line, "a map", excerpt(text.slice(i, i + 40).split("\n")[0]!))
    }
  }
  const unclosed = closers.pop()
  if (unclosed !== undefined) {
    throw new ImportError(unclosed.line, `a closing "${unclosed.char}"`, "the end of the text")
  }
  return maps
}

const ednMap = (source: string, line: number): EdnMap => {
  // As a vector, an odd number of forms is visible; as a map, the library drops the last one.
  let forms: unknown
  try {
    forms = parseEDNString(`[${source.slice(1, -1)}\n]`, { listAs: "array" })
  } catch {
    forms = undefined
  }
  if (!Array.isArray(forms) || forms.length % 2 !== 0) {
    throw new ImportError(line, "a map of keys and values", excerpt(source))
  }
  const entries = new Map<string, unknown>()
  for (let i = 0; i < forms.length; i += 2) {
    const key = keywordOf(forms[i])
    if (key === undefined || entries.has(key)) throw new ImportError(line, "distinct keyword keys", excerpt(source))
    entries.set(key, forms[i + 1])
  }
  return { line, source, get: (key) => entries.has(key) ? toEdn(entries.get(key), line, source) : undefined }
}

const keywordOf = (form: unknown): string | undefined =>
  typeof form === "object" && form !== null && "key" in form && typeof form.key === "string" ? form.key : undefined

const toEdn = (form: unknown, line: number, source: string): Edn => {
  if (form === null || typeof form === "number" || typeof form === "string" || typeof form === "boolean") return form
  if (typeof form === "bigint") return Number(form)
  if (Array.isArray(form)) return form.map((item) => toEdn(item, line, source))
  const keyword = keywordOf(form)
  if (keyword !== undefined) return { keyword }
  throw new ImportError(line, "numbers, strings, keywords, nil and vectors as values", excerpt(source))
}

export const isKeyword = (value: Edn | undefined): value is { readonly keyword: string } =>
  typeof value === "object" && value !== null && "keyword" in value

const KINDS = ["invoke", "ok", "fail", "info"] as const

/** The fields of every entry; null for a process that is a keyword (`:nemesis`), which is no client. */
export const readEntry = (map: EdnMap) => {
  const process = map.get("process")
  const type = map.get("type")
  const f = map.get("f")
  if (isKeyword(process)) return null
  if (typeof process !== "number") throw new ImportError(map.line, ":process INT", excerpt(map.source))
  if (!isKeyword(type)) throw new ImportError(map.line, ":type :invoke|:ok|:fail|:info", excerpt(map.source))
  if (!isKeyword(f)) throw new ImportError(map.line, ":f KEYWORD", excerpt(map.source))
  const kind = KINDS.find((name) => name === type.keyword)
  if (kind === undefined) throw new ImportError(map.line, ":type :invoke|:ok|:fail|:info", excerpt(map.source))
  return { process, type: kind, f: f.keyword }
}
