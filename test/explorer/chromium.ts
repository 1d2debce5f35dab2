/** A headless Chromium, driven by its command line. */
import { spawn } from "node:child_process"
import { accessSync, constants } from "node:fs"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import process from "node:process"
import { pathToFileURL } from "node:url"

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** SYNOD_CHROMIUM, or the first of the usual names on the PATH; undefined where there is none. */
export const chromium: string | undefined = [
  process.env["SYNOD_CHROMIUM"] ?? "",
  ...["chromium", "chromium-browser", "google-chrome"].flatMap((name) =>
    (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, name))
  )
].find((path) => path !== "" && isProgram(path))

/** Of the group's name, so that a report says why its tests did not run. */
export const skipped = chromium === undefined ? " (skipped: no chromium here)" : ""

const options = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
  "--enable-logging=stderr",
  "--window-size=1280,800",
  "--dump-dom"
]

export interface Page {
  readonly dom: string
  /** What its scripts printed, errors among them. */
  readonly console: ReadonlyArray<string>
}

/** Opens a page from disk at a fragment, and gives the document as its script left it. */
export const open = async (html: string, fragment: string): Promise<Page> => {
  const folder = await mkdtemp(join(tmpdir(), "synod-explorer-"))
  try {
    const file = join(folder, "trace.html")
    await writeFile(file, html)
    const url = `${pathToFileURL(file).href}#${fragment}`
    const { stderr, stdout } = await run([...options, `--user-data-dir=${join(folder, "profile")}`, url])
    return { dom: stdout, console: stderr.split("\n").filter((line) => line.includes("CONSOLE")) }
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

const run = (args: ReadonlyArray<string>): Promise<{ readonly stdout: string; readonly stderr: string }> =>
  new Promise((resolve, reject) => {
    const child = spawn(chromium!, args, { stdio: ["ignore", "pipe", "pipe"], timeout: 50_000, killSignal: "SIGKILL" })
    let stdout = ""
    let stderr = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text
    })
    child.on("error", reject)
    child.on(
      "close",
      (status, signal) =>
        status === 0
          ? resolve({ stdout, stderr })
          : reject(new Error(`chromium ended with ${status ?? signal}: ${stderr.slice(-2000)}`))
    )
  })
