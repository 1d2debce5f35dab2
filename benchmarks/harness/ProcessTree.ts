/**
 * CPU seconds of a process and of all its descendants, dead ones included once their parent has waited for them.
 * From Linux's /proc, in ticks of 10 ms; `undefined` where there is none.
 */
import { readdirSync, readFileSync } from "node:fs"

const ticksPerSecond = 100

/** What a line of /proc/PID/stat says: the parent, and user + system time with that of waited-for children. */
export interface Stat {
  readonly parent: number
  readonly ticks: number
}

/** The command name stands in parentheses and may itself hold spaces and parentheses. */
export const parseStat = (line: string): Stat => {
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ")
  const [, parent] = fields
  const times = fields.slice(11, 15).map(Number)
  return { parent: Number(parent), ticks: times.reduce((sum, time) => sum + time, 0) }
}

/** The ticks of `root` and everything below it. */
export const treeTicks = (processes: ReadonlyMap<number, Stat>, root: number): number => {
  let ticks = 0
  for (const [pid, stat] of processes) {
    let at: number | undefined = pid
    // a chain of parents cannot be longer than the table: a process that died meanwhile must not make a circle
    for (let steps = 0; at !== undefined && at !== root && steps < processes.size; steps++) {
      at = processes.get(at)?.parent
    }
    if (at === root) ticks += stat.ticks
  }
  return ticks
}

export const treeCpuSeconds = (root: number): number | undefined => {
  const processes = new Map<number, Stat>()
  let names: ReadonlyArray<string>
  try {
    names = readdirSync("/proc")
  } catch {
    return undefined
  }
  for (const name of names) {
    if (!/^\d+$/.test(name)) continue
    try {
      processes.set(Number(name), parseStat(readFileSync(`/proc/${name}/stat`, "latin1")))
    } catch {
      // the process ended between the two reads
    }
  }
  return processes.has(root) ? treeTicks(processes, root) / ticksPerSecond : undefined
}
