// Builds dist from src, from nothing and all or not at all, so that no module of an earlier build stays importable.
// One build at a time: a second process waits for the first and then finds dist current.
// usage: node scripts/build.mjs   (always builds);  ensureBuilt() of this module builds only when src is newer.
import { spawnSync } from "node:child_process"
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync
} from "node:fs"
import { writeFileSync, writeSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const path = (...parts) => join(root, ...parts)
const main = path("dist", "cli", "main.js")
const stamp = path("build", "dist.stamp")
const lock = path("build", "dist.lock")
const inputs = ["package.json", "tsconfig.base.json", "tsconfig.src.json", "tsconfig.build.json", "scripts/build.mjs"]

/** The youngest change below src, folders included, so that a deleted file counts as one. */
const newestInput = () => {
  const below = readdirSync(path("src"), { recursive: true }).map((name) => path("src", name))
  return Math.max(...[path("src"), ...below, ...inputs.map((name) => path(name))].map((file) => statSync(file).mtimeMs))
}

const isCurrent = () => existsSync(main) && existsSync(stamp) && Number(readFileSync(stamp, "utf8")) >= newestInput()

const isAlive = (pid) => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === "EPERM"
  }
}

const pause = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)

/** Holds the lock file while `body` runs; a lock whose owner has died is taken over. */
const exclusively = (body) => {
  mkdirSync(path("build"), { recursive: true })
  for (;;) {
    try {
      const file = openSync(lock, "wx")
      writeSync(file, String(process.pid))
      closeSync(file)
      break
    } catch (error) {
      if (error.code !== "EEXIST") throw error
      const owner = existsSync(lock) ? Number(readFileSync(lock, "utf8")) : 0
      if (owner > 0 && !isAlive(owner)) rmSync(lock, { force: true })
      else pause()
    }
  }
  try {
    return body()
  } finally {
    rmSync(lock, { force: true })
  }
}

const compile = () => {
  const newest = newestInput()
  rmSync(path("dist"), { recursive: true, force: true })
  rmSync(stamp, { force: true })
  const compiler = path("node_modules", "typescript", "bin", "tsc")
  const { error, status } = spawnSync(process.execPath, [compiler, "-p", "tsconfig.build.json", "--noEmitOnError"], {
    cwd: root,
    stdio: ["ignore", 2, 2]
  })
  if (error) throw error
  if (status !== 0) return false
  if (existsSync(main)) chmodSync(main, 0o755)
  writeFileSync(stamp, String(newest))
  return true
}

/** Builds when src is newer than dist; false when the compiler refused. The compiler speaks on standard error. */
export const ensureBuilt = () => isCurrent() || exclusively(() => isCurrent() || compile())

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = exclusively(compile) ? 0 : 1
