// Breaks every rule of .dependency-cruiser.cjs once, on a scratch tree, and expects exactly those violations and no other.
// The arrows are those of the architecture page, closed here on their own, so that the table of the rules is checked against them.
import { spawnSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))

const arrows = {
  cli: ["services", "simulation", "checker", "testing", "explorer"],
  explorer: ["services", "simulation", "checker"],
  testing: ["services", "simulation"],
  services: ["node", "protocols", "consistency"],
  node: ["actor", "network", "storage"],
  actor: ["core"],
  network: ["core"],
  storage: ["core"],
  simulation: ["model"],
  checker: ["model"],
  model: ["protocols", "consistency"],
  protocols: ["core"],
  consistency: ["core"],
  core: []
}
const rooms = Object.keys(arrows)
const pureRooms = ["core", "protocols", "model", "simulation", "checker", "consistency"]
const reachable = (room) => new Set(arrows[room].flatMap((next) => [next, ...reachable(next)]))

const files = new Map()
const expected = []

/** A file that imports `specifier`, and the rules that must object to it (none: it is a right import). */
const file = (name, specifier, ...rules) => {
  files.set(name, specifier === undefined ? "export const it = 1\n" : `export * as it from "${specifier}"\n`)
  for (const rule of rules) expected.push(`${rule} ${name}`)
}
const typeOnly = (name, specifier, exported, ...rules) => {
  file(name, specifier, ...rules)
  files.set(
    name,
    `import type { ${exported} } from "${specifier}"\nexport type It = ${exported}\nexport const it = 1\n`
  )
}

for (const room of rooms) {
  file(`src/${room}/Room.ts`)
  for (const other of rooms.filter((name) => name !== room)) {
    const rules = reachable(room).has(other) ? [] : [`direction-${room}`]
    file(`src/${room}/To-${other}.ts`, `../${other}/Room.js`, ...rules)
    typeOnly(`src/${room}/TypesTo-${other}.ts`, `../${other}/Room.js`, "it", ...rules)
  }
}
for (const room of pureRooms) {
  file(`src/${room}/UsesEffect.ts`, "effect/Data", "pure")
  file(`src/${room}/UsesNode.ts`, "node:fs", "pure")
  file(`src/${room}/UsesPackage.ts`, "edn-data", "pure")
}
file("src/simulation/worker/main.ts", "node:worker_threads")
file("src/consistency/importers/Edn.ts", "edn-data")
file("src/consistency/importers/Lines.ts", "node:readline", "pure-importers")
file("src/actor/internal/fiber.ts", "effect/Fiber")
file("src/actor/internal/kernel.ts", "effect/Runtime", "actor-fork")
file("src/testing/internal/scheduler.ts", "effect/Scheduler")
for (const name of ["Fiber", "FiberId", "Scheduler", "Supervisor"]) {
  file(`src/actor/internal/uses${name}.ts`, `effect/${name}`, "fiber-internals")
  typeOnly(`src/node/uses${name}.ts`, `effect/${name}`, name === "Fiber" ? "RuntimeFiber" : name, "fiber-internals")
}
file("src/network/Barrel.ts", "effect", "effect-leaf-modules")
file("src/network/Leaf.ts", "effect/Effect")
file("src/network/Socket.ts", "node:net")
file("src/storage/First.ts", "./Second.js", "no-circles")
file("src/storage/Second.ts", "./First.js")
file("src/storage/internal/store.ts", "./types.js")
typeOnly("src/storage/internal/types.ts", "./store.js", "it")
file("src/storage/Nowhere.ts", "./Absent.js", "resolvable")
file("src/services/Peer.ts", "@effect/platform/FileSystem")
file("src/services/DevOnly.ts", "@effect/cluster/Entity", "declared")
file("src/services/FromTest.ts", "../../test/setup.js", "inside-src")
file("test/setup.ts")
file("src/cellar/Wine.ts", "../core/Room.js", "known-room")
file("src/index.ts", "./actor/Room.js")
file("src/one.ts", "./actor/internal/fiber.js", "barrel")
file("src/two.ts", "./cli/Room.js", "barrel")

mkdirSync(join(root, "build"), { recursive: true })
const scratch = mkdtempSync(join(root, "build", "architecture-"))
try {
  for (const name of ["package.json", "tsconfig.base.json", "tsconfig.src.json", ".dependency-cruiser.cjs"]) {
    cpSync(join(root, name), join(scratch, name))
  }
  symlinkSync(join(root, "node_modules"), join(scratch, "node_modules"), "dir")
  for (const [name, text] of files) {
    mkdirSync(dirname(join(scratch, name)), { recursive: true })
    writeFileSync(join(scratch, name), text)
  }
  const tool = join(root, "node_modules", "dependency-cruiser", "bin", "dependency-cruise.mjs")
  const { stderr, stdout } = spawnSync(
    process.execPath,
    [tool, "--config", ".dependency-cruiser.cjs", "--output-type", "json", "src"],
    { cwd: scratch, encoding: "utf8", maxBuffer: 1 << 28 }
  )
  if (stdout === "") throw new Error(`dependency-cruiser said nothing: ${stderr}`)
  const report = JSON.parse(stdout)
  const actual = report.summary.violations.map(({ from, rule }) => `${rule.name} ${from}`)
  const missed = expected.filter((violation) => !actual.includes(violation))
  const surplus = actual.filter((violation) => !expected.includes(violation))
  for (const violation of missed) console.error(`not caught: ${violation}`)
  for (const violation of surplus) console.error(`caught, but right: ${violation}`)
  const unbroken = report.summary.ruleSetUsed.forbidden.map(({ name }) => name)
    .filter((name) => !expected.some((violation) => violation.startsWith(`${name} `)))
  // cli may import every room, so its direction has no wrong import to make
  const unproven = unbroken.filter((name) => name !== "direction-cli")
  for (const name of unproven) console.error(`no case breaks the rule ${name}`)
  console.log(
    `${expected.length} wrong imports caught by ${
      report.summary.ruleSetUsed.forbidden.length - unbroken.length
    } rules, ${files.size} files`
  )
  process.exitCode = missed.length + surplus.length + unproven.length === 0 ? 0 : 1
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
