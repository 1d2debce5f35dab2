/** Every program under examples/ runs, and prints what its last comment says. */
import { describe, expect, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import fs from "node:fs"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

const root = fileURLToPath(new URL("..", import.meta.url))
const run = promisify(execFile)

describe("examples", () => {
  for (const file of fs.readdirSync(`${root}/examples`).filter((name) => name.endsWith(".ts"))) {
    it(`${file} prints what it promises`, async () => {
      const promised = /\/\* prints\n(.*)\*\/\n$/s.exec(fs.readFileSync(`${root}/examples/${file}`, "utf8"))?.[1]
      expect(promised, "the comment at the end of the example").toBeDefined()
      const { stdout } = await run(process.execPath, ["scripts/example.mjs", file.slice(0, -3)], { cwd: root })
      expect(stdout).toBe(promised)
    })
  }
})
