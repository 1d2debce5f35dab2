import { beforeAll } from "@effect/vitest"
import { spawn } from "node:child_process"
import process from "node:process"
import { fileURLToPath } from "node:url"

/** The command as a user of the checkout starts it; it builds when src is newer. SYNOD_MAIN names another build. */
export const main = process.env["SYNOD_MAIN"] ?? fileURLToPath(new URL("../../scripts/synod.mjs", import.meta.url))

export interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

interface RunOptions {
  readonly env?: { readonly [name: string]: string }
  readonly timeout?: number
}

/** Runs `synod` to its end. */
export const synod = (args: ReadonlyArray<string>, options: RunOptions = {}): Promise<Ended> =>
  run(process.execPath, [main, ...args], options)

/** Runs a program to its end. */
export const run = (program: string, args: ReadonlyArray<string>, options: RunOptions = {}): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...options.env },
      timeout: options.timeout ?? 120_000,
      killSignal: "SIGKILL"
    })
    let stdout = ""
    let stderr = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text
    })
    child.on("error", reject)
    child.on("close", (status) => resolve({ status, stdout, stderr }))
  })

/** Builds the command before the tests of a file, so that no test of them pays for it with its own time. */
export const buildFirst = (): void =>
  beforeAll(async () => {
    const { status, stderr } = await synod(["--version"], { timeout: 280_000 })
    if (status !== 0) throw new Error(`the command does not run: ${stderr}`)
  }, 300_000)

/** Bad input: exit status 2, nothing on standard output, and one line on standard error. */
export const refusal = ({ status, stderr, stdout }: Ended): string => {
  const lines = stderr.split("\n").filter((line) => line !== "")
  return status === 2 && stdout === "" && lines.length === 1
    ? lines[0]!
    : `not a refusal: status ${status}, standard output ${JSON.stringify(stdout)}, standard error ${
      JSON.stringify(stderr)
    }`
}
