/**
 * One journal at a time on a folder: a `LOCK` file that names its process.
 *
 * A lock whose process is gone is taken over. A process is known by pid, start time and boot (the last two where /proc
 * tells them), so a restarted container whose pid is 1 again is not taken for the holder. Hosts or process namespaces
 * that share a folder do not see each other's processes: that is outside the guarantee.
 */
import * as fs from "node:fs"
import * as process from "node:process"
import { StorageLocked } from "../StorageError.js"
import { codeOf, type FileSystem, withFile, writePromise } from "./FileSystem.js"

const heldHere = new Set<string>()

const read = (path: string): string => {
  try {
    return fs.readFileSync(path, "utf8")
  } catch {
    return ""
  }
}

/** Field 22 of /proc/pid/stat; the name in field 2 may hold spaces and ends at the last parenthesis. */
const startOf = (pid: number): string => {
  const stat = read(`/proc/${pid}/stat`)
  const start = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]
  return stat === "" || start === undefined ? "?" : `${start}@${read("/proc/sys/kernel/random/boot_id").trim()}`
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) !== "ESRCH"
  }
}

const isHeld = (path: string, content: string): boolean => {
  const [first, start = "?"] = content.split("\n")
  const pid = Number(first)
  if (!Number.isSafeInteger(pid) || pid <= 0 || !isAlive(pid)) return false
  const now = startOf(pid)
  if (start !== "?" && now !== "?") return start === now
  return pid !== process.pid || heldHere.has(path)
}

/** Takes the lock and gives back its release. */
export const acquire = async (files: FileSystem, directory: string): Promise<() => Promise<void>> => {
  const path = fs.realpathSync(directory) + "/LOCK"
  if (heldHere.has(path)) throw new StorageLocked({ file: path, pid: process.pid })
  heldHere.add(path)
  const own = `${path}.${process.pid}.tmp`
  const mine = `${process.pid}\n${startOf(process.pid)}\n`
  try {
    await withFile(files, own, "w", (fd) => writePromise(files, fd, new TextEncoder().encode(mine), 0))
    for (let attempt = 0; attempt < 8; attempt++) {
      try {
        await files.link(own, path)
        if (read(path) === mine) {
          await files.unlink(own)
          return async () => {
            try {
              await files.unlink(path)
            } finally {
              heldHere.delete(path)
            }
          }
        }
      } catch (error) {
        if (codeOf(error) !== "EEXIST") throw error
      }
      const content = read(path)
      if (content !== "" && isHeld(path, content)) {
        throw new StorageLocked({ file: path, pid: Number(content.split("\n")[0]) })
      }
      // Moving it away is atomic; when another process took it over meanwhile, what was moved is its lock: put it back.
      const stale = `${path}.${process.pid}.stale.tmp`
      try {
        await files.rename(path, stale)
      } catch (error) {
        if (codeOf(error) === "ENOENT") continue
        throw error
      }
      if (read(stale) !== content) await files.link(stale, path).catch(() => undefined)
      await files.unlink(stale)
    }
    throw new StorageLocked({ file: path, pid: Number(read(path).split("\n")[0]) })
  } catch (error) {
    heldHere.delete(path)
    await files.unlink(own).catch(() => undefined)
    throw error
  }
}
