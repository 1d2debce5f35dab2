/**
 * Where the repository is, from the sources and from their compiled copy alike.
 */
import { existsSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const isRoot = (folder: string): boolean => {
  const file = join(folder, "package.json")
  return existsSync(file) && (JSON.parse(readFileSync(file, "utf8")) as { readonly name?: string }).name === "synod"
}

const findRoot = (from: string): string => {
  if (isRoot(from)) return from
  const above = dirname(from)
  if (above === from) throw new Error("the benchmarks run inside a checkout of the repository")
  return findRoot(above)
}

/** The folder of the repository. */
export const root = findRoot(dirname(fileURLToPath(import.meta.url)))

/** The installed version of a package, from its package.json. */
export const versionOf = (name: string): string => {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? []
  const file = folders.map((folder) => join(folder, name, "package.json")).find((file) => existsSync(file))
  if (file === undefined) throw new Error(`${name} is not installed: run npm ci`)
  return (JSON.parse(readFileSync(file, "utf8")) as { readonly version: string }).version
}
