/**
 * One process of the floor: plain Node, a fixed leader, batches appended and fdatasynced by all three, a reply when two have them.
 * There is no consensus: no terms, no elections, no recovery, and a get is the leader's word alone.
 * usage: node floorMember.js leader|follower FILE PORT [FOLLOWER_PORT...]
 */
import { Buffer } from "node:buffer"
import { fdatasync, openSync, write } from "node:fs"
import { connect, createServer } from "node:net"
import process from "node:process"
import { promisify } from "node:util"
import { decodeRequest, frameWriter, get, onFrames } from "./frames.js"

const [role, path, port, ...followerPorts] = process.argv.slice(2)
const file = openSync(path!, "a")
const writeFile = promisify(write)
const sync = promisify(fdatasync)

const persist = async (bytes: Buffer): Promise<void> => {
  const { bytesWritten } = await writeFile(file, bytes, 0, bytes.length)
  if (bytesWritten !== bytes.length) throw new Error("a short write")
  await sync(file)
}

const listen = (onSocket: Parameters<typeof createServer>[1]): void => {
  createServer({ noDelay: true }, onSocket).listen(Number(port), "127.0.0.1", () => process.send?.("ready"))
}

const follow = (): void =>
  listen((socket) => {
    const acknowledge = frameWriter(socket)
    let last = Promise.resolve()
    onFrames(socket, (body) => {
      const batch = Buffer.from(body)
      last = last.then(() => persist(batch)).then(() => acknowledge(batch.subarray(0, 4)))
    })
  })

interface Waiting {
  readonly bytes: Buffer
  readonly done: () => void
}

const lead = (): void => {
  const store = new Map<string, string>()
  const acknowledged = followerPorts.map(() => 0)
  let queue: Array<Waiting> = []
  let number = 0
  let onAcknowledged: () => void = () => {}
  const replicate = followerPorts.map((port, i) => {
    const socket = connect({ host: "127.0.0.1", port: Number(port), noDelay: true })
    onFrames(socket, (body) => {
      acknowledged[i] = body.readUInt32LE(0)
      onAcknowledged()
    })
    return frameWriter(socket)
  })
  let isWriting = false
  const commit = async (): Promise<void> => {
    isWriting = true
    while (queue.length > 0) {
      const batch = queue
      queue = []
      number++
      const head = Buffer.alloc(4)
      head.writeUInt32LE(number)
      const bytes = Buffer.concat(batch.map(({ bytes }) => bytes))
      for (const send of replicate) send(head, bytes)
      const one = new Promise<void>((resolve) => {
        onAcknowledged = () => {
          if (acknowledged.some((last) => last >= number)) resolve()
        }
      })
      await Promise.all([persist(Buffer.concat([head, bytes])), one])
      for (const { done } of batch) done()
    }
    isWriting = false
  }
  listen((socket) => {
    const answer = frameWriter(socket)
    onFrames(socket, (body) => {
      const { id, key, kind, value } = decodeRequest(body)
      const head = Buffer.alloc(4)
      head.writeUInt32LE(id)
      if (kind === get) return answer(head, Buffer.from(store.get(key) ?? "", "latin1"))
      queue.push({
        bytes: Buffer.from(body),
        done: () => {
          store.set(key, value)
          answer(head)
        }
      })
      if (!isWriting) void commit()
    })
  })
}

process.on("disconnect", () => process.exit(0))
if (role === "leader") lead()
else follow()
