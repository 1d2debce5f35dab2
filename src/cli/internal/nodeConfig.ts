/**
 * What a node is told: command line over configuration file over defaults. Every refusal names the option, or the file and the field.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type { NodeId } from "../../core/NodeId.js"
import { isNodeId } from "../../core/NodeId.js"
import type { Address } from "../../network/Network.js"
import { BadInput } from "../Errors.js"
import { formatAddress, isLoopback, parseAddress } from "./address.js"
import { defaultMaxValueBytes } from "./api.js"

/** The algorithms that a node can run. */
export const algorithms = ["raft"] as const

/** A complete configuration. */
export interface NodeConfig {
  readonly cluster: string
  readonly id: NodeId
  readonly listen: Address
  /** All members, this one included. */
  readonly peers: { readonly [node: string]: Address }
  readonly http: Address
  readonly data: string
  readonly algorithm: typeof algorithms[number]
  readonly secret: string
  readonly electionTimeoutMillis: number
  readonly heartbeatMillis: number
  /** How long a request may take that names no deadline of its own. */
  readonly timeoutMillis: number
  readonly maxValueBytes: number
  readonly maxInFlight: number
  readonly segmentBytes: number
  /** Log entries between two snapshots of the store. */
  readonly snapshotEvery: number
  /** The journal is checkpointed when it passes this size. */
  readonly checkpointBytes: number
}

const bounded = (min: number, max: number) => Schema.optional(Schema.Int.pipe(Schema.between(min, max)))

/** The configuration file: JSON, every field optional, and no others. */
const File = Schema.Struct({
  cluster: Schema.optional(Schema.String.pipe(Schema.minLength(1), Schema.maxLength(255))),
  id: Schema.optional(Schema.String),
  listen: Schema.optional(Schema.String),
  peers: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.String })),
  http: Schema.optional(Schema.String),
  data: Schema.optional(Schema.String),
  algorithm: Schema.optional(Schema.String),
  secret: Schema.optional(Schema.String.pipe(Schema.minLength(1), Schema.maxLength(1024))),
  electionTimeoutMillis: bounded(10, 600_000),
  heartbeatMillis: bounded(1, 200_000),
  timeoutMillis: bounded(1, 60_000),
  maxValueBytes: bounded(1, 2 * 1024 * 1024),
  maxInFlight: bounded(1, 65_536),
  segmentBytes: bounded(64 * 1024, 1024 * 1024 * 1024),
  snapshotEvery: bounded(16, 1_000_000),
  checkpointBytes: bounded(16 * 1024, 1024 * 1024 * 1024)
})

/** @internal */
export type ConfigFile = typeof File.Type

/** Options of the command line; absent = the file's, or the default. */
export interface Given {
  readonly id?: string | undefined
  readonly listen?: string | undefined
  readonly peers?: string | undefined
  readonly http?: string | undefined
  readonly data?: string | undefined
  readonly algorithm?: string | undefined
}

/** Reads the text of a configuration file. */
export const parseFile = (name: string, text: string): Effect.Effect<ConfigFile, BadInput> =>
  Effect.gen(function*() {
    const json = yield* Effect.try({
      try: () => JSON.parse(text) as unknown,
      catch: (error) => new BadInput({ message: `${name}: ${syntax(text, String(error))}` })
    })
    const decoded = decodeFile(json)
    if (Either.isRight(decoded)) return decoded.right
    const issue = ParseResult.ArrayFormatter.formatErrorSync(decoded.left)[0]
    const field = issue === undefined || issue.path.length === 0 ? "" : `${issue.path.join(".")}: `
    return yield* new BadInput({ message: `${name}: ${field}${issue?.message ?? "is no configuration"}` })
  })

const decodeFile = Schema.decodeUnknownEither(File, { onExcessProperty: "error" })

/** V8 names the position in some messages, and people want a line. */
const syntax = (text: string, error: string): string => {
  const position = /position (\d+)/.exec(error)?.[1]
  const why = error.replace(/^SyntaxError: /, "").replace(/ in JSON at position \d+.*$/s, "")
  const line = position === undefined ? lastLine(text) : lastLine(text.slice(0, Number(position)))
  return `line ${line}: not JSON: ${why}`
}

const lastLine = (text: string): number => text.split("\n").length

/** Completes and checks. `file` is the configuration file's name and content; `environment` gives SYNOD_SECRET. */
export const complete = (
  given: Given,
  file: { readonly name: string; readonly content: ConfigFile } | undefined,
  environment: { readonly [name: string]: string | undefined }
): Effect.Effect<NodeConfig, BadInput> =>
  Effect.gen(function*() {
    const content = file?.content ?? {}
    const origin = (field: keyof Given) => given[field] === undefined ? `${file?.name}: ${field}` : `--${field}`
    const text = (field: Exclude<keyof Given, "peers">): Effect.Effect<string, BadInput> => {
      const found = given[field] ?? content[field]
      return found === undefined || found === "" ? refuse(`--${field} is missing`) : Effect.succeed(found)
    }
    const address = (field: "listen" | "http"): Effect.Effect<Address, BadInput> =>
      Effect.flatMap(text(field), (found) => {
        const address = parseAddress(found)
        return address === undefined
          ? refuse(`${origin(field)} takes host:port, got ${JSON.stringify(found)}`)
          : Effect.succeed(address)
      })
    const id = yield* text("id")
    if (!isNodeId(id)) {
      return yield* refuse(`${origin("id")} has 1 to 255 printable characters, got ${JSON.stringify(id)}`)
    }
    const listen = yield* address("listen")
    if (listen.port === 0) yield* refuse(`${origin("listen")}: peers must know the port, and 0 is any`)
    const peers = yield* members(origin("peers"), given.peers ?? content.peers)
    if (!Object.hasOwn(peers, id)) {
      const named = Object.keys(peers).join(", ")
      yield* refuse(`${origin("peers")} does not name the node itself: ${JSON.stringify(id)} is not among ${named}`)
    }
    const http = yield* address("http")
    const data = yield* text("data")
    const wanted = given.algorithm ?? content.algorithm ?? "raft"
    const algorithm = algorithms.find((name) => name === wanted)
    if (algorithm === undefined) {
      return yield* refuse(`${origin("algorithm")} is one of ${algorithms.join(", ")}; got ${JSON.stringify(wanted)}`)
    }
    const secret = environment["SYNOD_SECRET"] || content.secret
    if (secret === undefined && ![listen, ...Object.values(peers)].every(isLoopback)) {
      yield* refuse(
        "SYNOD_SECRET (or \"secret\" in --config) is missing: only nodes of one machine, on loopback, do without"
      )
    }
    const electionTimeoutMillis = content.electionTimeoutMillis ?? 300
    const heartbeatMillis = content.heartbeatMillis ?? 60
    if (heartbeatMillis * 3 > electionTimeoutMillis) {
      yield* refuse(
        `${file?.name}: heartbeatMillis: ${heartbeatMillis} is over a third of electionTimeoutMillis, ${electionTimeoutMillis}`
      )
    }
    return {
      cluster: content.cluster ?? "synod",
      id,
      listen,
      peers,
      http,
      data,
      algorithm,
      secret: secret ?? "loopback",
      electionTimeoutMillis,
      heartbeatMillis,
      timeoutMillis: content.timeoutMillis ?? 5_000,
      maxValueBytes: content.maxValueBytes ?? defaultMaxValueBytes,
      maxInFlight: content.maxInFlight ?? 4_096,
      segmentBytes: content.segmentBytes ?? 16 * 1024 * 1024,
      snapshotEvery: content.snapshotEvery ?? 4_096,
      checkpointBytes: content.checkpointBytes ?? 16 * 1024 * 1024
    }
  })

const refuse = (message: string): Effect.Effect<never, BadInput> => Effect.fail(new BadInput({ message }))

/** Members by id: `a=host:port,b=host:port`, or the record of a file. */
const members = (
  origin: string,
  given: string | { readonly [node: string]: string } | undefined
): Effect.Effect<{ readonly [node: string]: Address }, BadInput> => {
  if (given === undefined) return refuse("--peers is missing")
  const peers = new Map<string, Address>()
  const holders = new Map<string, string>()
  for (const [id, text] of typeof given === "string" ? given.split(",").map(pair) : Object.entries(given)) {
    const address = parseAddress(text)
    if (!isNodeId(id) || address === undefined || address.port === 0) {
      return refuse(`${origin} takes id=host:port,id=host:port,..., got ${JSON.stringify(`${id}=${text}`)}`)
    }
    if (peers.has(id)) return refuse(`${origin} names ${JSON.stringify(id)} twice`)
    const holder = holders.get(formatAddress(address))
    if (holder !== undefined) return refuse(`${origin} gives ${holder} and ${id} the same address, ${text}`)
    peers.set(id, address)
    holders.set(formatAddress(address), id)
  }
  return peers.size > maxMembers
    ? refuse(`${origin} names ${peers.size} members, and at most ${maxMembers} make a cluster`)
    : Effect.succeed(Object.fromEntries(peers))
}

const maxMembers = 31

const pair = (text: string): readonly [string, string] => {
  const equals = text.indexOf("=")
  return equals < 0 ? [text, ""] : [text.slice(0, equals), text.slice(equals + 1)]
}
