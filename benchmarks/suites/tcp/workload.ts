/**
 * The sending side of both workloads, over any stack.
 */
import { fork } from "node:child_process"
import { createServer } from "node:net"
import { fileURLToPath } from "node:url"
import { quantile } from "../../harness/Statistics.js"
import type { Round, Started } from "../../harness/Suite.js"
import { echo, type Entry, entry, fold, lastOneWay, oneWay } from "./Entry.js"
import type { Link } from "./Link.js"

/** The receiver speaks once in so many messages, and at most so many are under way: no stack may drop for want of buffers. */
export const ackEvery = 1024
export const window = 32_768

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject).listen(0, "127.0.0.1", () => {
      const address = probe.address()
      probe.close(() =>
        address !== null && typeof address === "object" ? resolve(address.port) : reject(new Error("no port"))
      )
    })
  })

/** Starts the receiving process and connects to it. */
const pair = async (name: string, onEntry: (entry: Entry) => void): Promise<Link> => {
  // stacks.js imports this file's constants through server.js only, in the other process
  const { stacks } = await import("./stacks.js")
  const ports = { server: await freePort(), client: await freePort() }
  const program = fileURLToPath(new URL("server.js", import.meta.url))
  const child = fork(program, [name, String(ports.server), String(ports.client)], {
    stdio: ["ignore", 2, 2, "ipc"]
  })
  await new Promise((resolve, reject) =>
    child.once("message", resolve).once("exit", () => reject(new Error("the server ended")))
  )
  return stacks.find((stack) => stack.name === name)!.connect(ports, onEntry)
}

/** All messages in one direction, as fast as the window lets them. */
export const startOneWay = async (name: string): Promise<Started> => {
  let total = 0
  let sent = 0
  let acknowledged = 0
  let finish: (hash: number) => void = () => {}
  const link = await pair(name, (received) => {
    if (received.term === lastOneWay) return finish(received.index | 0)
    acknowledged += ackEvery
    pump()
  })
  const pump = (): void => {
    const limit = Math.min(total, acknowledged + window)
    while (sent < limit) {
      link.send(entry(sent === total - 1 ? lastOneWay : oneWay, sent))
      sent++
    }
  }
  const run = (n: number): Promise<Round> =>
    new Promise((resolve) => {
      finish = (hash) => resolve({ operations: n, checksum: String(hash) })
      total = n
      sent = 0
      acknowledged = 0
      pump()
    })
  return { run }
}

/** `inFlight` callers, each sending its next message when the answer to its last one is there. */
export const startEcho = (inFlight: number) => async (name: string): Promise<Started> => {
  let total = 0
  let sent = 0
  let received = 0
  let hash = 0
  let finish: () => void = () => {}
  const sentAt = new Float64Array(1024)
  let millis: Float64Array = new Float64Array(0)
  const next = (): void => {
    if (sent === total) return
    sentAt[sent & 1023] = performance.now()
    link.send(entry(echo, sent))
    sent++
  }
  const link = await pair(name, (answer) => {
    millis[received] = performance.now() - sentAt[received & 1023]!
    hash = fold(hash, answer)
    received++
    if (received === total) finish()
    else next()
  })
  const run = (n: number): Promise<Round> =>
    new Promise((resolve) => {
      finish = () =>
        resolve({
          operations: n,
          checksum: String(hash),
          latency: { p50: quantile([...millis], 0.5), p99: quantile([...millis], 0.99) }
        })
      total = n
      sent = 0
      received = 0
      hash = 0
      millis = new Float64Array(n)
      for (let i = 0; i < inFlight && i < n; i++) next()
    })
  return { run }
}
