// Type-checks what the documentation shows: every `ts` block of README.md and docs/, and every docstring example that stands alone (it begins with an import).
import { spawnSync } from "node:child_process"
import fs from "node:fs"
import path from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const out = path.join(root, "build", "docs")
fs.rmSync(out, { recursive: true, force: true })
fs.mkdirSync(out, { recursive: true })

const files = (directory, end) =>
  fs.existsSync(directory)
    ? fs.readdirSync(directory, { recursive: true }).filter((file) => file.endsWith(end)).map((file) =>
      path.join(directory, file)
    )
    : []

const blocks = []
for (
  const file of [
    path.join(root, "README.md"),
    ...files(path.join(root, "docs"), ".md"),
    ...files(path.join(root, "benchmarks"), ".md")
  ]
) {
  const text = fs.readFileSync(file, "utf8")
  for (const match of text.matchAll(/^```ts\n(.*?)^```/gms)) {
    blocks.push({ file, at: match.index, text, code: match[1] })
  }
}
for (const file of files(path.join(root, "src"), ".ts")) {
  const text = fs.readFileSync(file, "utf8")
  for (const match of text.matchAll(/^ *\* ```ts\n(.*?)^ *\* ```/gms)) {
    const code = match[1].replaceAll(/^ *\* ?/gm, "")
    if (code.startsWith("import ")) blocks.push({ file, at: match.index, text, code })
  }
}

for (const [index, { at, code, file, text }] of blocks.entries()) {
  const line = text.slice(0, at).split("\n").length + 1
  const name = `${path.relative(root, file).replaceAll(/[^a-zA-Z0-9]/g, "_")}_${line}.ts`
  fs.writeFileSync(path.join(out, name), `${code}\nexport const example${index} = 0\n`)
}
fs.writeFileSync(
  path.join(out, "tsconfig.json"),
  JSON.stringify({
    extends: "../../tsconfig.test.json",
    include: ["./*.ts"],
    references: [],
    compilerOptions: {
      rootDir: "../..",
      noUnusedLocals: false,
      incremental: false,
      tsBuildInfoFile: null,
      types: ["node"],
      paths: { synod: ["../../src/index.ts"], "synod/*": ["../../src/*.ts"] }
    }
  })
)
if (blocks.length === 0) throw new Error("no example was found")
const { status } = spawnSync(
  process.execPath,
  ["node_modules/@typescript/native/bin/tsc", "-p", path.join(out, "tsconfig.json"), "--noEmit"],
  { cwd: root, stdio: "inherit" }
)
console.log(`${blocks.length} examples in the documentation`)
process.exitCode = status ?? 1
