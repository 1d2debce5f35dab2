/**
 * etcd: three members as installed, and gRPC over one HTTP/2 connection to the leader, written on node:http2 with the two messages that are needed.
 */
import { Buffer } from "node:buffer"
import { spawnSync } from "node:child_process"
import { rmSync } from "node:fs"
import { type ClientHttp2Session, connect as dial, constants } from "node:http2"
import { join } from "node:path"
import { temporaryFolder } from "../../harness/Machine.js"
import type { Client } from "./Client.js"
import { freePorts, spawnLeashed } from "./processes.js"

export const isInstalled = (): boolean => spawnSync("etcd", ["--version"]).error === undefined

/** "3.4.23"; empty where there is none. */
export const version = (): string =>
  /etcd Version: (\S+)/.exec(spawnSync("etcd", ["--version"], { encoding: "utf8" }).stdout ?? "")?.[1] ?? ""

/** Field `number` of protobuf's wire type 2: bytes with their length. */
const field = (number: number, bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from([number << 3 | 2]), varint(bytes.length), bytes])

const varint = (value: number): Buffer => {
  const bytes: Array<number> = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push(rest % 128 | 128)
  return Buffer.from([...bytes, rest])
}

/** All fields of a message: numbers for varints, bytes for the rest. */
const parse = (bytes: Buffer): ReadonlyMap<number, Buffer | number> => {
  const fields = new Map<number, Buffer | number>()
  let at = 0
  const read = (): number => {
    let value = 0
    for (let scale = 1;; scale *= 128) {
      const byte = bytes[at++]!
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const tag = read()
    if ((tag & 7) === 0) fields.set(tag >>> 3, read())
    else if ((tag & 7) === 2) {
      const size = read()
      fields.set(tag >>> 3, bytes.subarray(at, at + size))
      at += size
    } else throw new Error(`an unexpected protobuf tag ${tag}`)
  }
  return fields
}

/** One unary call: a stream of its own, as gRPC has it. */
const call = (
  session: ClientHttp2Session,
  path: string,
  message: Buffer,
  done: (error: Error | undefined, reply: Buffer) => void
): void => {
  const stream = session.request({
    [constants.HTTP2_HEADER_METHOD]: "POST",
    [constants.HTTP2_HEADER_PATH]: path,
    "content-type": "application/grpc",
    te: "trailers"
  })
  const chunks: Array<Buffer> = []
  let status: unknown
  stream.on("data", (chunk: Buffer) => chunks.push(chunk))
  stream.on("response", (headers) => {
    status = headers["grpc-status"]
  })
  stream.on("trailers", (trailers) => {
    status = trailers["grpc-status"]
  })
  stream.on("error", (error) => done(error, Buffer.alloc(0)))
  stream.on("end", () => {
    const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
    if (status === "0" || (status === undefined && bytes.length > 5)) done(undefined, bytes.subarray(5))
    else done(new Error(`grpc status ${String(status)} of ${path}`), bytes)
  })
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  stream.end(Buffer.concat([head, message]))
}

/** Whether the member behind this session leads, by Maintenance/Status: its own id is in the header, the leader's in field 4. */
const isLeader = (session: ClientHttp2Session): Promise<boolean> =>
  new Promise((resolve) =>
    call(session, "/etcdserverpb.Maintenance/Status", Buffer.alloc(0), (error, reply) => {
      if (error !== undefined) return resolve(false)
      // ids are 64 bits: compared as the bytes of their varints
      const own = varintBytes(parse(reply).get(1) as Buffer, 2)
      const leader = varintBytes(reply, 4)
      resolve(own !== undefined && leader !== undefined && own.equals(leader) && own.some((byte) => byte !== 0))
    })
  )

/** The raw bytes of a varint field. */
const varintBytes = (bytes: Buffer, wanted: number): Buffer | undefined => {
  let at = 0
  const skip = (): Buffer => {
    const start = at
    while (bytes[at++]! > 127);
    return bytes.subarray(start, at)
  }
  while (at < bytes.length) {
    const tag = skip()[0]!
    const value = skip()
    if (tag >>> 3 === wanted && (tag & 7) === 0) return value
    if ((tag & 7) === 2) at += value.reduceRight((size, byte) => size * 128 + (byte & 127), 0)
  }
  return undefined
}

const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))

const open = async (port: number): Promise<ClientHttp2Session> => {
  for (;;) {
    const session = dial(`http://127.0.0.1:${port}`)
    const isOpen = await new Promise((resolve) => {
      session.once("connect", () => resolve(true)).once("error", () => resolve(false))
    })
    if (isOpen) return session
    await pause(50)
  }
}

export const connect = async (): Promise<Client> => {
  const folder = temporaryFolder("etcd")
  const nodes = ["a", "b", "c"]
  const ports = await freePorts(6)
  const peerUrls = nodes.map((_, i) => `http://127.0.0.1:${ports[i]}`)
  const cluster = nodes.map((node, i) => `${node}=${peerUrls[i]}`).join(",")
  const members = nodes.map((node, i) => {
    const client = `http://127.0.0.1:${ports[i + 3]}`
    const peer = peerUrls[i]!
    return spawnLeashed("etcd", [
      "--name",
      node,
      "--data-dir",
      join(folder, node),
      "--listen-peer-urls",
      peer,
      "--initial-advertise-peer-urls",
      peer,
      "--listen-client-urls",
      client,
      "--advertise-client-urls",
      client,
      "--initial-cluster",
      cluster,
      "--initial-cluster-state",
      "new",
      "--initial-cluster-token",
      "bench",
      "--logger",
      "zap",
      "--log-level",
      "error"
    ])
  })
  const sessions = await Promise.all(nodes.map((_, i) => open(ports[i + 3]!)))
  let session: ClientHttp2Session | undefined
  while (session === undefined) {
    for (const one of sessions) if (session === undefined && await isLeader(one)) session = one
    await pause(50)
  }
  for (const one of sessions) if (one !== session) one.close()
  const leader = session
  return {
    put: (key, value, done) => {
      const message = Buffer.concat([field(1, Buffer.from(key)), field(2, Buffer.from(value))])
      call(leader, "/etcdserverpb.KV/Put", message, (error) => done(error))
    },
    get: (key, done) =>
      call(leader, "/etcdserverpb.KV/Range", field(1, Buffer.from(key)), (error, reply) => {
        if (error !== undefined) return done(error, undefined)
        // RangeResponse.kvs = 2; KeyValue.value = 5
        const pair = parse(reply).get(2)
        const value = Buffer.isBuffer(pair) ? parse(pair).get(5) : undefined
        done(undefined, Buffer.isBuffer(value) ? value.toString("latin1") : undefined)
      }),
    stop: async () => {
      leader.destroy()
      await Promise.all(members.map((member) => member.stop()))
      rmSync(folder, { recursive: true, force: true })
    }
  }
}
