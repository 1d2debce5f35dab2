// No file of src over 400 lines: past that a file has two subjects. Prints each offender; exits 1 when there is one.
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const limit = 400
const root = fileURLToPath(new URL("..", import.meta.url))
const files = readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
  .map((entry) => join(entry.parentPath, entry.name))

const lines = (file) => readFileSync(file, "utf8").split("\n").length - 1
const long = files.map((file) => [file.slice(root.length), lines(file)]).filter(([, count]) => count > limit)

for (const [file, count] of long) console.error(`${file}: ${count} lines, the limit is ${limit}`)
console.log(`${files.length} files, ${long.length} over ${limit} lines`)
process.exitCode = long.length === 0 && files.length > 0 ? 0 : 1
