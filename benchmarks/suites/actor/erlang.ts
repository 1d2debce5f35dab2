/**
 * Erlang as a peer: benchmarks/erlang/bench.erl speaks the worker's line protocol on one scheduler.
 */
import { spawnSync } from "node:child_process"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { root } from "../../harness/Checkout.js"
import type { Implementation } from "../../harness/Suite.js"

const isInstalled = (): boolean =>
  spawnSync("erl", ["-version"]).error === undefined && spawnSync("erlc", ["--version"]).error === undefined

/** "25" of Erlang/OTP 25; empty where there is none. */
const release = (): string => {
  const asked = ["-noshell", "-eval", "io:put_chars(erlang:system_info(otp_release)), halt()."]
  const { error, stdout } = spawnSync("erl", asked, { encoding: "utf8" })
  return error === undefined ? stdout.trim() : ""
}

let version: string | undefined

export const erlang = (workload: string): Implementation => ({
  name: "Erlang/OTP",
  role: "external",
  peer: "erlang",
  get version() {
    return version ??= release()
  },
  requires: { installed: isInstalled, hint: "erl is not installed (Debian: erlang-base)" },
  command: () => {
    const out = join(root, "build", "erlang")
    mkdirSync(out, { recursive: true })
    const compiled = spawnSync("erlc", ["-o", out, join(root, "benchmarks", "erlang", "bench.erl")], {
      encoding: "utf8"
    })
    if (compiled.status !== 0) throw new Error(`erlc: ${compiled.stdout}${compiled.stderr}`)
    return ["erl", "-noshell", "+S", "1:1", "-pa", out, "-s", "bench", "main", workload]
  },
  start: () => Promise.reject(new Error("Erlang runs as a program of its own"))
})
