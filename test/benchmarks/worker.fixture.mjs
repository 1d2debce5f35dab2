// A worker that behaves as its first argument says.
import process from "node:process"
import { createInterface } from "node:readline"

const [behaviour] = process.argv.slice(2)
if (behaviour === "refuses") {
  process.stdout.write("! no such implementation\n")
} else {
  process.stdout.write("= {}\n")
  for await (const line of createInterface(process.stdin)) {
    if (!line.startsWith("run ")) break
    if (behaviour === "dies") process.exit(3)
    if (behaviour === "is killed") process.kill(process.pid, "SIGKILL")
    const n = Number(line.slice(4))
    process.stdout.write(`= ${JSON.stringify({ operations: n, checksum: String(n * (n - 1) / 2), wall: 0.5, cpu: 0.25 })}\n`)
  }
}
