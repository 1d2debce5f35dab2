// Runs an example from its source: npm run example -- NAME
import { spawnSync } from "node:child_process"
import fs from "node:fs"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const names = fs.readdirSync(`${root}/examples`).filter((file) => file.endsWith(".ts")).map((file) => file.slice(0, -3))
const name = process.argv[2]
if (!names.includes(name)) {
  console.error(`which example? ${names.join(", ")}`)
  process.exitCode = 2
} else {
  const { status } = spawnSync(
    process.execPath,
    [
      fileURLToPath(import.meta.resolve("vite-node/vite-node.mjs")),
      "--config",
      "vitest.config.ts",
      `examples/${name}.ts`,
      ...process.argv.slice(3)
    ],
    { cwd: root, stdio: "inherit" }
  )
  process.exitCode = status ?? 1
}
