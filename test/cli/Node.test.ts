import { afterAll, assert, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync
} from "node:fs"
import * as Net from "node:net"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { buildFirst, main, refusal, run, synod } from "./support.js"

buildFirst()

const folder = mkdtempSync(join(tmpdir(), "synod-node-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A port that this test holds as long as it is in use by `body`. */
const withTakenPort = <A>(body: (port: number) => Promise<A>): Promise<A> =>
  new Promise((resolve, reject) => {
    const server = Net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as Net.AddressInfo
      body(port).then(resolve, reject).finally(() => server.close())
    })
  })

const freePort = async (): Promise<number> => {
  let free = 0
  await withTakenPort(async (port) => {
    free = port
  })
  return free
}

/** Arguments of a cluster of one: it elects itself, so that one process is a whole store. */
const alone = async (
  data: string,
  change: { readonly [option: string]: string } = {}
): Promise<ReadonlyArray<string>> => {
  const port = await freePort()
  const options: { readonly [option: string]: string } = {
    id: "a",
    listen: `127.0.0.1:${port}`,
    peers: `a=127.0.0.1:${port}`,
    http: "127.0.0.1:0",
    data: join(folder, data),
    ...change
  }
  return ["node", ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])]
}

/** Starts a node, waits until it serves, runs `body` against its HTTP side, and stops it by a signal. */
const withNode = async (
  args: ReadonlyArray<string>,
  signal: "SIGTERM" | "SIGKILL",
  body: (url: string) => Promise<void>
): Promise<{ readonly code: number | null; readonly stderr: string; readonly stdout: string }> => {
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"] })
  let stdout = ""
  let stderr = ""
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve))
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text
  })
  try {
    const url = await new Promise<string>((resolve, reject) => {
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        stderr += text
        const found = /HTTP on (http:\/\/\S+);/.exec(stderr)?.[1]
        if (found !== undefined) resolve(found)
      })
      child.on("close", () => reject(new Error(`the node ended: ${stderr}`)))
    })
    await body(url)
  } finally {
    child.kill(signal)
  }
  return { code: await ended, stderr, stdout }
}

const put = async (url: string, key: string, value: string): Promise<number> =>
  (await fetch(`${url}/kv/${key}`, { method: "PUT", body: value })).status
const get = async (url: string, key: string): Promise<unknown> => (await fetch(`${url}/kv/${key}`)).json()

/** Every file below the folder with its bytes; a lock holds no data, and is numbered anew by each who tries it. */
const contents = (directory: string): ReadonlyArray<readonly [string, string]> =>
  readdirSync(directory, { recursive: true, encoding: "utf8" }).sort()
    .filter((name) => !basename(name).startsWith("LOCK") && statSync(join(directory, name)).isFile())
    .map((name) => [name, readFileSync(join(directory, name)).toString("base64")])

// one after the other: each starts processes, and more of them at once than there are cores only wait for each other
describe.sequential("synod node", { timeout: 120_000 }, () => {
  it("keeps what it acknowledged through SIGKILL, drains on SIGTERM with status 0, and writes nothing on standard output", async () => {
    const args = await alone("kept")
    await withNode(args, "SIGKILL", async (url) => {
      assert.strictEqual(await put(url, "colour", "blue"), 200)
    })
    const { code, stderr, stdout } = await withNode(args, "SIGTERM", async (url) => {
      assert.deepStrictEqual(await get(url, "colour"), { key: "colour", value: "blue" })
      const status = await (await fetch(`${url}/status`)).json() as object
      assert.deepInclude(status, { node: "a", role: "leader", incarnation: 2, algorithm: "raft" })
    })
    assert.strictEqual(code, 0, stderr)
    assert.strictEqual(stdout, "")
    assert.match(stderr, /synod: SIGTERM: a answers what is in flight, and stops\n$/)
  })

  it("takes a configuration file, and its secret from the environment", async () => {
    const port = await freePort()
    const file = join(folder, "node.json")
    const config = {
      id: "a",
      cluster: "orders",
      listen: `127.0.0.1:${port}`,
      peers: { a: `127.0.0.1:${port}` },
      http: "127.0.0.1:0",
      data: join(folder, "configured"),
      electionTimeoutMillis: 50,
      heartbeatMillis: 10,
      maxValueBytes: 3
    }
    writeFileSync(file, JSON.stringify(config))
    const { code } = await withNode(["node", "--config", file], "SIGTERM", async (url) => {
      assert.strictEqual(await put(url, "k", "1234"), 413)
      assert.strictEqual(await put(url, "k", "123"), 200)
    })
    assert.strictEqual(code, 0)
  })

  it("refuses a port that is in use, for members and for HTTP", async () => {
    await withTakenPort(async (port) => {
      const address = `127.0.0.1:${port}`
      const listen = await synod(await alone("port", { listen: address, peers: `a=${address}` }))
      assert.strictEqual(
        refusal(listen),
        `synod: --listen: cannot listen on ${address}: the port is in use (EADDRINUSE)`
      )
      const http = refusal(await synod(await alone("port", { http: address })))
      assert.strictEqual(http, `synod: --http: cannot listen on ${address}: the port is in use (EADDRINUSE)`)
    })
  })

  it("refuses the data of another node, of another cluster, of a running node and damaged data, and overwrites nothing", async () => {
    const args = await alone("owned")
    const data = join(folder, "owned")
    const refused = async (again: ReadonlyArray<string>): Promise<string> => {
      const before = contents(data)
      assert.isAtLeast(before.length, 2, "there is a header and a segment to overwrite")
      const line = refusal(await synod(again))
      assert.deepStrictEqual(contents(data), before, "nothing was overwritten")
      return line
    }
    await withNode(args, "SIGTERM", async (url) => {
      assert.strictEqual(await put(url, "k", "v".repeat(2000)), 200)
      // what damages the last batch cannot be told from a torn write, so another one follows
      assert.strictEqual(await put(url, "k", "w"), 200)
      assert.match(refusal(await synod(await alone("owned"))), /^synod: --data: .* is held by process \d+/)
    })
    const port = await freePort()
    const other = await refused(
      await alone("owned", { id: "b", listen: `127.0.0.1:${port}`, peers: `b=127.0.0.1:${port}` })
    )
    assert.match(other, /^synod: --data: .* belongs to .*node "a".*, not to .*node "b".*nothing was overwritten$/)
    const config = join(folder, "cluster.json")
    writeFileSync(config, "{\"cluster\":\"other\"}")
    assert.match(
      await refused([...await alone("owned"), "--config", config]),
      /^synod: --data: .* belongs to cluster "synod.*, not to cluster "other.*nothing was overwritten$/
    )
    const segment = readdirSync(data, { recursive: true, encoding: "utf8" }).map((name) => join(data, name))
      .find((path) => statSync(path).isFile() && readFileSync(path).includes("v".repeat(100)))!
    const bytes = readFileSync(segment)
    const at = bytes.indexOf("v".repeat(100))
    bytes[at]! ^= 0x55
    writeFileSync(segment, bytes)
    assert.match(
      await refused(await alone("owned")),
      /^synod: --data: .* is damaged at byte \d+: .*nothing was overwritten$/
    )
  })

  it("refuses data that are a file, and a disk that takes no more", async () => {
    const file = join(folder, "a-file")
    appendFileSync(file, "not a folder")
    assert.match(refusal(await synod(await alone("a-file"))), /^synod: --data: .*a-file/)
    assert.strictEqual(readFileSync(file, "utf8"), "not a folder")
    // the shell's limit of 64 KiB a file stands for a disk without room for a segment
    const args = (await alone("full")).map((arg) => `'${arg}'`).join(" ")
    const ended = await run("sh", ["-c", `trap '' XFSZ; ulimit -f 64; exec '${process.execPath}' '${main}' ${args}`])
    assert.strictEqual(ended.status, 2)
    assert.strictEqual(ended.stdout, "")
    assert.match(ended.stderr.trimEnd().split("\n").at(-1)!, /^synod: --data: .*full.* failed: .*EFBIG/)
  })

  it("refuses a configuration in one line, before it touches anything", async () => {
    const bad = join(folder, "bad.json")
    writeFileSync(bad, "{\n  \"id\": \"a\",\n")
    assert.match(refusal(await synod(["node", "--config", bad])), new RegExp(`^synod: ${bad}: line 3: not JSON: `))
    assert.strictEqual(
      refusal(await synod(["node", "--config", join(folder, "none.json")])),
      `synod: ${join(folder, "none.json")}: no such file`
    )
    assert.strictEqual(refusal(await synod(["node"])), "synod: --id is missing")
    assert.strictEqual(
      refusal(await synod(await alone("untouched", { algorithm: "zab" }))),
      "synod: --algorithm is one of raft; got \"zab\""
    )
    assert.strictEqual(
      refusal(await synod(await alone("untouched", { peers: "b=127.0.0.1:1" }))),
      "synod: --peers does not name the node itself: \"a\" is not among b"
    )
    assert.isFalse(existsSync(join(folder, "untouched")))
  })
})

describe.sequential("three processes under SIGKILL", { timeout: 180_000 }, () => {
  it("lose no acknowledged write, and what clients saw over HTTP is linearizable", async () => {
    const script = fileURLToPath(new URL("../../scripts/kill-rounds.mjs", import.meta.url))
    const data = join(folder, "rounds")
    const { status, stderr, stdout: report } = await run(
      process.execPath,
      [script, "--rounds", "3", "--seed", "4", "--limit", "30000", "--folder", data]
    )
    assert.strictEqual(status, 0, `${report}${stderr}`)
    const seen = JSON.parse(report)
    assert.deepInclude(seen, { rounds: 3, linearizable: true, lost: [], exits: [0, 0, 0] })
    assert.strictEqual(seen.killed.leader + seen.killed.follower, 3)
    assert.strictEqual(seen.newLeaderMillis.all.length, seen.killed.leader)
    assert.isAbove(seen.acknowledged, 200)
    assert.strictEqual(seen.operations, seen.acknowledged + seen.failed + seen.unknown)
  })
})
