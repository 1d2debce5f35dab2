/**
 * Child processes that end with the worker, however it ends.
 */
import { type ChildProcess, fork, spawn } from "node:child_process"
import { createServer } from "node:net"
import { fileURLToPath } from "node:url"

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject).listen(0, "127.0.0.1", () => {
      const address = probe.address()
      probe.close(() =>
        address !== null && typeof address === "object" ? resolve(address.port) : reject(new Error("no free port"))
      )
    })
  })

export const freePorts = async (n: number): Promise<ReadonlyArray<number>> => {
  const ports = new Set<number>()
  while (ports.size < n) ports.add(await freePort())
  return [...ports]
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once("exit", () => resolve())
  })

export interface Member {
  readonly stop: () => Promise<void>
}

/** A module beside the caller's, which says something when it is ready and ends when its channel closes. */
export const forkMember = async (module: URL, args: ReadonlyArray<string>): Promise<Member> => {
  const child = fork(fileURLToPath(module), args, { stdio: ["ignore", 2, 2, "ipc"] })
  await new Promise((resolve, reject) =>
    child.once("message", resolve).once("exit", (code) => reject(new Error(`a member ended with ${code}`)))
  )
  return {
    stop: () => {
      if (child.connected) child.disconnect()
      return ended(child)
    }
  }
}

/** A program that knows nothing of us: a shell holds its leash, and ends it when its own standard input closes. */
export const spawnLeashed = (program: string, args: ReadonlyArray<string>): Member => {
  const leash = "\"$@\" </dev/null >/dev/null 2>&1 & child=$!; cat >/dev/null; kill -9 $child; wait $child"
  const child = spawn("sh", ["-c", leash, "sh", program, ...args], { stdio: ["pipe", "ignore", "ignore"] })
  return {
    stop: () => {
      child.stdin.end()
      return ended(child)
    }
  }
}
