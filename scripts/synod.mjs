// `npm run synod -- ARGUMENTS`: the command line of this checkout, built first when src is newer than dist.
// The command runs in this very process, so that signals and exit status are its own.
import { existsSync } from "node:fs"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { ensureBuilt } from "./build.mjs"

const main = new URL("../dist/cli/main.js", import.meta.url)

if (!ensureBuilt()) {
  console.error("synod: the build failed, see above")
  process.exitCode = 2
} else if (!existsSync(main)) {
  console.error("synod: the build has no dist/cli/main.js")
  process.exitCode = 2
} else {
  process.argv[1] = fileURLToPath(main)
  await import(main.href)
}
