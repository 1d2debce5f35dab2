// Three `synod node` processes, clients that write over HTTP, and rounds of SIGKILL to a random member that comes back on its data.
// Prints one JSON object. Exit status 1: an acknowledged write was lost, the history is not linearizable, or a new leader took longer than --limit.
// usage: node scripts/kill-rounds.mjs [--rounds 20] [--seed 1] [--clients 6] [--limit 2000] [--think 4] [--config FILE] [--folder DIR]
// --config is handed to every node: a small snapshotEvery makes members that come back receive snapshots.
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { createWriteStream, mkdirSync, mkdtempSync, writeFileSync } from "node:fs"
import * as Http from "node:http"
import * as Net from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { performance } from "node:perf_hooks"
import process from "node:process"
import { fileURLToPath, pathToFileURL } from "node:url"
import { parseArgs } from "node:util"
import { ensureBuilt } from "./build.mjs"

const { values: given } = parseArgs({
  options: {
    rounds: { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
    clients: { type: "string", default: "6" },
    limit: { type: "string", default: "2000" },
    think: { type: "string", default: "4" },
    config: { type: "string" },
    folder: { type: "string" }
  }
})
const number = (name) => {
  const value = Number(given[name])
  if (Number.isSafeInteger(value) && value >= 0) return value
  console.error(`kill-rounds: --${name} takes a whole number, got ${JSON.stringify(given[name])}`)
  process.exit(2)
}
const [rounds, seed, clients, limit, think] = ["rounds", "seed", "clients", "limit", "think"].map(number)

// SYNOD_MAIN names another build, as in the tests
const main = process.env.SYNOD_MAIN ?? fileURLToPath(new URL("../dist/cli/main.js", import.meta.url))
if (process.env.SYNOD_MAIN === undefined && !ensureBuilt()) {
  console.error("kill-rounds: the build failed, see above")
  process.exit(2)
}
const built = (path) => import(new URL(`../${path}`, pathToFileURL(main)).href)
const Workload = await built("cli/internal/workload.js")
const { make: makePrng } = await built("core/Prng.js")
const { toSynod } = await built("consistency/Import.js")
const { checkFile } = await built("consistency/CheckFile.js")

const folder = given.folder ?? mkdtempSync(join(tmpdir(), "synod-kill-"))
mkdirSync(folder, { recursive: true })
const sleep = (millis) => new Promise((resolve) => setTimeout(resolve, millis))
const say = (line) => process.stderr.isTTY && process.stderr.write(`${line}\n`)

// ---- members

const freePorts = async (count) => {
  const servers = await Promise.all(Array.from({ length: count }, () =>
    new Promise((resolve, reject) => {
      const server = Net.createServer().on("error", reject).listen(0, "127.0.0.1", () => resolve(server))
    })))
  const ports = servers.map((server) => server.address().port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

const ids = ["a", "b", "c"]
const ports = await freePorts(2 * ids.length)
const peers = ids.map((id, i) => `${id}=127.0.0.1:${ports[i]}`).join(",")
const log = createWriteStream(join(folder, "nodes.log"))

const members = ids.map((id, i) => ({
  id,
  port: ports[ids.length + i],
  agent: new Http.Agent({ keepAlive: true, maxSockets: 64 }),
  args: [
    "node",
    "--id",
    id,
    "--listen",
    `127.0.0.1:${ports[i]}`,
    "--peers",
    peers,
    "--http",
    `127.0.0.1:${ports[ids.length + i]}`,
    "--data",
    join(folder, id),
    ...(given.config === undefined ? [] : ["--config", given.config])
  ],
  child: undefined,
  ended: undefined
}))

const start = (member) => {
  const child = spawn(process.execPath, [main, ...member.args], { stdio: ["ignore", "pipe", "pipe"] })
  child.stdout.pipe(log, { end: false })
  child.stderr.pipe(log, { end: false })
  member.child = child
  member.ended = new Promise((resolve) => child.on("exit", (code, signal) => resolve(code ?? signal)))
}

const ask = (member, { body, deadline = 1000, method = "GET", path }) =>
  new Promise((resolve, reject) => {
    const request = Http.request({ port: member.port, host: "127.0.0.1", method, path, agent: member.agent })
    const timer = setTimeout(() => request.destroy(new Error("deadline")), deadline)
    request.on("error", (error) => {
      clearTimeout(timer)
      reject(error)
    })
    request.on("response", (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (part) => {
        text += part
      })
      response.on("error", reject)
      response.on("end", () => {
        clearTimeout(timer)
        if (response.complete) resolve({ status: response.statusCode, text })
        else reject(new Error("cut short"))
      })
    })
    request.end(body)
  })

const status = (member) => ask(member, { path: "/status" }).then(({ text }) => JSON.parse(text), () => undefined)
const isHealthy = (member) => ask(member, { path: "/health" }).then(({ status }) => status === 200, () => false)

const until = async (what, look) => {
  const started = performance.now()
  for (;;) {
    const found = await look()
    if (found) return { found, millis: Math.round(performance.now() - started) }
    for (const member of members) {
      if (member.child.exitCode !== null) {
        throw new Error(`${member.id} ended by itself: see ${join(folder, "nodes.log")}`)
      }
    }
    if (performance.now() - started > 30_000) throw new Error(`waited 30 s in vain for ${what}`)
    await sleep(5)
  }
}

// ---- clients: ok, fail and info as src/cli/internal/api.ts says

const ok = (value) => ({ _tag: "Ok", value })
const fail = { _tag: "Fail" }
const info = { _tag: "Info" }

const request = (input) => {
  const path = `/kv/${encodeURIComponent(input.key)}`
  if (input._tag === "Get") return { method: "GET", path: `${path}?timeout=1500` }
  if (input._tag === "Put") return { method: "PUT", path: `${path}?timeout=1500`, body: input.value }
  if (input._tag === "Delete") return { method: "DELETE", path: `${path}?timeout=1500` }
  return {
    method: "POST",
    path: `${path}/cas?timeout=1500`,
    body: JSON.stringify({ expected: input.from, value: input.to })
  }
}

const answer = (input, { status, text }) => {
  if (status === 200) {
    const body = JSON.parse(text)
    if (input._tag === "Get") return ok(body.value)
    if (input._tag === "Put") return ok(null)
    return ok(input._tag === "Delete" ? body.existed : body.written)
  }
  if (status === 404 && JSON.parse(text)._tag === "KeyNotFound") return ok(null)
  return [400, 403, 404, 413, 503].includes(status) || input._tag === "Get" ? fail : info
}

const door = (member) => (input) =>
  Effect.promise(() =>
    ask(member, { ...request(input), deadline: 2500 }).then(
      (response) => answer(input, response),
      // a connection that was refused carried nothing, and a read that failed changed nothing
      (error) => error.code === "ECONNREFUSED" || input._tag === "Get" ? fail : info
    )
  )

// ---- rounds

const began = performance.now()
const random = makePrng(seed, "kill-rounds")
const leaderMillis = []
const backMillis = []
const killed = { leader: 0, follower: 0 }
let exits = []
let report
try {
  members.forEach(start)
  for (const member of members) await until(`${member.id} to serve`, () => isHealthy(member))
  const workload = Workload.make({
    clients,
    keys: 6,
    seed,
    doors: members.map(door),
    capacity: 1_000_000,
    thinkMillis: think
  })
  const running = Effect.runPromise(workload.run)
  for (let round = 1; round <= rounds; round++) {
    await sleep(200 + random.below(400))
    const victim = members[random.below(members.length)]
    const others = members.filter((member) => member !== victim)
    const before = await status(victim)
    const wasLeader = before?.role === "leader"
    victim.child.kill("SIGKILL")
    await victim.ended
    killed[wasLeader ? "leader" : "follower"]++
    if (wasLeader) {
      const { millis } = await until("a new leader", async () => {
        const seen = await Promise.all(others.map(status))
        return seen.some((one) => one?.role === "leader" && one.term > before.term)
      })
      leaderMillis.push(millis)
    }
    const acknowledged = workload.acknowledged()
    await until("writes by the others", () => workload.acknowledged() > acknowledged + 20)
    start(victim)
    const { millis } = await until(`${victim.id} to be back`, () => isHealthy(victim))
    backMillis.push(millis)
    say(
      `round ${round}: killed ${victim.id}${
        wasLeader ? `, the leader; a new one after ${leaderMillis.at(-1)} ms` : ""
      }; back after ${millis} ms`
    )
  }
  workload.stop()
  await running
  const result = await Effect.runPromise(workload.audit(5))
  for (const member of members) member.child.kill("SIGTERM")
  exits = await Promise.all(members.map((member) => member.ended))
  const history = join(folder, "history.jsonl")
  const text = toSynod(result.history)
  writeFileSync(history, text)
  const cpu = process.cpuUsage()
  const verdict = checkFile(text, { format: "synod", model: "kv" })
  const spent = process.cpuUsage(cpu)
  report = {
    rounds,
    seed,
    killed,
    newLeaderMillis: summary(leaderMillis),
    backMillis: summary(backMillis),
    operations: result.operations,
    acknowledged: result.acknowledged,
    failed: result.failed,
    unknown: result.unknown,
    throughput: result.throughput,
    latency: { p50: Workload.percentile(result.latencies, 0.5), p99: Workload.percentile(result.latencies, 0.99) },
    lost: result.lost,
    verdict: verdict.verdict ?? String(verdict),
    linearizable: verdict.verdict === "consistent",
    checkCpuMillis: Math.round((spent.user + spent.system) / 1000),
    exits,
    elapsedMillis: Math.round(performance.now() - began),
    history
  }
} finally {
  for (const { child } of members) if (child?.exitCode === null) child.kill("SIGKILL")
  for (const { agent } of members) agent.destroy()
  log.end()
}

function summary(millis) {
  const sorted = [...millis].sort((a, b) => a - b)
  return { median: sorted[Math.floor(sorted.length / 2)] ?? null, max: sorted.at(-1) ?? null, all: millis }
}

console.log(JSON.stringify(report))
const held = report.linearizable && report.lost.length === 0 && report.exits.every((code) => code === 0) &&
  report.newLeaderMillis.all.every((millis) => millis <= limit)
process.exitCode = held ? 0 : 1
