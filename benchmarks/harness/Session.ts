/**
 * A worker process of one implementation, and the line protocol with it.
 *
 * The coordinator writes `run N` or `stop`; the worker answers each `run` with one line: `= ` and a Round in JSON, or `! ` and a reason.
 * After its start it says `= {}` once. Other lines of the worker are passed on to standard error.
 */
import { spawn } from "node:child_process"
import process from "node:process"
import { createInterface } from "node:readline"
import { treeCpuSeconds } from "./ProcessTree.js"
import type { Round } from "./Suite.js"

export interface Measured extends Round {
  readonly wallSeconds: number
  /** Of the whole process tree where /proc tells; of the worker alone elsewhere. */
  readonly cpuSeconds: number
}

export interface Session {
  readonly run: (n: number) => Promise<Measured>
  readonly stop: () => Promise<void>
}

/** A worker that died, failed or fell silent. */
export class WorkerFailed extends Error {
  override readonly name = "WorkerFailed"
}

/** A round or a start that takes longer than this has hung. */
const limitMillis = 300_000

interface Reply extends Round {
  readonly wall?: number
  readonly cpu?: number
}

export const open = async (name: string, command: ReadonlyArray<string>): Promise<Session> => {
  const [program, ...args] = command
  const child = spawn(program!, args, { stdio: ["pipe", "pipe", "inherit"] })
  let waiting: { readonly resolve: (line: Reply) => void; readonly reject: (error: Error) => void } | undefined
  let failure: WorkerFailed | undefined
  const fail = (reason: string): void => {
    failure ??= new WorkerFailed(`${name}: ${reason}`)
    waiting?.reject(failure)
  }
  child.on("error", (error) => fail(error.message))
  child.on("exit", (code, signal) => fail(`the worker ended (${signal ?? code})`))
  child.stdin.on("error", (error) => fail(error.message))
  createInterface(child.stdout).on("line", (line) => {
    if (line.startsWith("= ")) waiting?.resolve(JSON.parse(line.slice(2)) as Reply)
    else if (line.startsWith("! ")) fail(line.slice(2))
    else process.stderr.write(`${name}: ${line}\n`)
  })

  const answer = async (request?: string): Promise<Reply> => {
    if (failure !== undefined) throw failure
    const timer = setTimeout(() => fail(`no answer within ${limitMillis / 1000} s`), limitMillis)
    try {
      return await new Promise<Reply>((resolve, reject) => {
        waiting = { resolve, reject }
        if (request !== undefined) child.stdin.write(`${request}\n`)
      })
    } catch (error) {
      child.kill("SIGKILL")
      throw error
    } finally {
      waiting = undefined
      clearTimeout(timer)
    }
  }

  await answer()
  return {
    run: async (n) => {
      const cpuBefore = treeCpuSeconds(child.pid!)
      const started = performance.now()
      const { cpu, wall, ...round } = await answer(`run ${n}`)
      const elapsed = (performance.now() - started) / 1000
      const cpuAfter = treeCpuSeconds(child.pid!)
      const tree = cpuBefore === undefined || cpuAfter === undefined ? cpu : cpuAfter - cpuBefore
      return { ...round, wallSeconds: round.wallSeconds ?? wall ?? elapsed, cpuSeconds: tree ?? 0 }
    },
    stop: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve()
        const timer = setTimeout(() => child.kill("SIGKILL"), 10_000)
        child.once("exit", () => {
          clearTimeout(timer)
          resolve()
        })
        child.stdin.end("stop\n")
      })
  }
}
