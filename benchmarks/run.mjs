// Turns benchmarks/**/*.ts into build/bench, types stripped and nothing else, and hands over to its main.js.
// The benches import the package by its own name, so they measure the very dist that is published.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import ts from "typescript"

const here = fileURLToPath(new URL(".", import.meta.url))
const out = fileURLToPath(new URL("../build/bench/", import.meta.url))

const options = {
  module: ts.ModuleKind.ESNext,
  target: ts.ScriptTarget.ES2022,
  verbatimModuleSyntax: true,
  isolatedModules: true
}

const strip = () => {
  rmSync(out, { recursive: true, force: true })
  for (const name of readdirSync(here, { recursive: true })) {
    if (!name.endsWith(".ts")) continue
    const target = join(out, name.replace(/\.ts$/, ".js"))
    mkdirSync(dirname(target), { recursive: true })
    const source = readFileSync(join(here, name), "utf8")
    writeFileSync(target, ts.transpileModule(source, { compilerOptions: options, fileName: name }).outputText)
  }
}

/** See Options in main.ts. */
export const bench = async (given) => {
  strip()
  const { main } = await import(new URL("../build/bench/main.js", import.meta.url).href)
  await main(given)
}
