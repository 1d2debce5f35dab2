/**
 * One journal at a time on a folder: a file `LOCK.<generation>` that names its process.
 *
 * Guarantee: of processes that see each other, at most one holds the folder. The newest generation decides. A lock is taken by making the next generation, which
 * fails when somebody was faster, and the newest is never removed, by nobody: so a process that looked at an older one, however long ago, finds out.
 * (A folder as small as a journal's is listed in one system call, which sees no half of a change.)
 * A lock whose process is gone, or that was released, counts as free. A process is known by pid, start time and boot (the last two where /proc
 * tells them), so a restarted container whose pid is 1 again is not taken for the holder.
 * Non-goal: hosts or process namespaces that share a folder; they do not see each other's processes.
 */
import * as fs from "node:fs"
import * as fsp from "node:fs/promises"
import * as process from "node:process"
import { StorageLocked } from "../StorageError.js"
import { codeOf, type FileSystem, withFile, writePromise } from "./FileSystem.js"

const heldHere = new Set<string>()

/** Generations are numbers of 16 digits, so that names sort as they do. */
const lockPattern = /^LOCK\.(\d{16})$/
/** The file of a process that is about to take the lock. */
const temporaryPattern = /^LOCK\.(\d+)\.tmp$/
const lockName = (generation: number): string => `LOCK.${String(generation).padStart(16, "0")}`
/** A folder that changes hands so often while we look at it is in use. */
const maxAttempts = 16

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

/** The process that holds a lock with this content, or `undefined` when nobody does. */
const holderOf = (content: string, folder: string): number | undefined => {
  const [first, start = "?"] = content.split("\n")
  const pid = Number(first)
  if (!Number.isSafeInteger(pid) || pid <= 0 || !isAlive(pid)) return undefined
  const now = startOf(pid)
  const isHolder = start !== "?" && now !== "?" ? start === now : pid !== process.pid || heldHere.has(folder)
  return isHolder ? pid : undefined
}

const generations = async (files: FileSystem, folder: string): Promise<ReadonlyArray<number>> =>
  (await files.readdir(folder)).flatMap((name) => {
    const digits = lockPattern.exec(name)?.[1]
    return digits === undefined ? [] : [Number(digits)]
  }).toSorted((a, b) => a - b)

const removeIfThere = (files: FileSystem, path: string): Promise<void> => files.unlink(path).catch(() => undefined)

/** Takes the lock and gives back its release. */
export const acquire = async (files: FileSystem, directory: string): Promise<() => Promise<void>> => {
  const folder = fs.realpathSync(directory)
  if (heldHere.has(folder)) throw new StorageLocked({ file: folder, pid: process.pid })
  heldHere.add(folder)
  const own = `${folder}/LOCK.${process.pid}.tmp`
  try {
    await withFile(
      files,
      own,
      "w",
      (fd) => writePromise(files, fd, new TextEncoder().encode(`${process.pid}\n${startOf(process.pid)}\n`), 0)
    )
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const generation = await takeNext(files, folder, own)
      if (generation === undefined) continue
      await removeIfThere(files, own)
      return () => release(folder, generation)
    }
    throw new StorageLocked({ file: folder, pid: 0 })
  } catch (error) {
    heldHere.delete(folder)
    await removeIfThere(files, own)
    throw error
  }
}

/** Undefined when another process was faster. */
const takeNext = async (files: FileSystem, folder: string, own: string): Promise<number | undefined> => {
  const newest = (await generations(files, folder)).at(-1) ?? 0
  const path = `${folder}/${lockName(newest)}`
  const pid = holderOf(read(path), folder)
  if (pid !== undefined) throw new StorageLocked({ file: path, pid })
  const mine = newest + 1
  try {
    await files.link(own, `${folder}/${lockName(mine)}`)
  } catch (error) {
    if (codeOf(error) === "EEXIST") return undefined
    throw error
  }
  const now = await generations(files, folder)
  if (now.at(-1) !== mine) {
    // our generation had come and gone before we made it again: a later one holds
    await removeIfThere(files, `${folder}/${lockName(mine)}`)
    return undefined
  }
  for (const old of now) if (old < mine) await removeIfThere(files, `${folder}/${lockName(old)}`)
  await sweep(files, folder)
  return mine
}

/** What processes left that died while they took a lock. */
const sweep = async (files: FileSystem, folder: string): Promise<void> => {
  for (const name of await files.readdir(folder)) {
    const digits = temporaryPattern.exec(name)?.[1]
    if (digits !== undefined && !isAlive(Number(digits))) {
      await removeIfThere(files, `${folder}/${name}`)
    }
  }
}

/** The file stays, and empty it says that it is free. That takes no room, so a full disk does not keep the folder locked. */
const release = (folder: string, generation: number): Promise<void> =>
  fsp.truncate(`${folder}/${lockName(generation)}`).finally(() => heldHere.delete(folder))
