/**
 * What the numbers were measured on.
 */
import { closeSync, fdatasync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs"
import { cpus, loadavg, release, tmpdir, totalmem } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { versionOf } from "./Checkout.js"
import { quantile } from "./Statistics.js"

export interface Machine {
  readonly node: string
  readonly effect: string
  readonly kernel: string
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
}

export const machine = (): Machine => ({
  node: process.version,
  effect: versionOf("effect"),
  kernel: `${process.platform} ${release()} ${process.arch}`,
  cpu: cpus()[0]?.model.trim() ?? "unknown",
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30)
})

export const load = (): number => Math.round((loadavg()[0] ?? 0) * 100) / 100

/** Where benches put their files: a disk, not a memory file system, when TMPDIR says so. */
export const temporaryFolder = (what: string): string => mkdtempSync(join(tmpdir(), `synod-bench-${what}-`))

const sync = (file: number): Promise<void> =>
  new Promise((resolve, reject) => fdatasync(file, (error) => error ? reject(error) : resolve()))

/** The median of 200 appends of 4 KiB with an fdatasync each, in milliseconds. */
export const fdatasyncMillis = async (): Promise<number> => {
  const folder = temporaryFolder("sync")
  const file = openSync(join(folder, "probe"), "w")
  try {
    const page = new Uint8Array(4096).fill(7)
    const millis: Array<number> = []
    for (let i = 0; i < 200; i++) {
      writeSync(file, page)
      const started = performance.now()
      await sync(file)
      millis.push(performance.now() - started)
    }
    return Math.round(quantile(millis, 0.5) * 1000) / 1000
  } finally {
    closeSync(file)
    rmSync(folder, { recursive: true })
  }
}
