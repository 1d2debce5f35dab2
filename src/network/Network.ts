/**
 * The network as a service. A node joins a channel with a codec and a receiver and gets an endpoint whose `send` is synchronous, fire-and-forget and never fails.
 *
 * Guarantee: messages of one sender to one receiver on one channel arrive in order, at most once, asynchronously (never inside `send`); any of them may be lost.
 * What is lost is counted by reason, and the first of a reason from a peer is logged. Everything is bounded: frames, buffers, inbound queues.
 * A connection on which something arrives that is no frame, or no message that the receiver's codec can read, is closed: nothing after it can be trusted. The
 * peer dials again, and what it said in between is lost. Non-goals: acknowledgement, retransmission, encryption.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { NodeId } from "../core/NodeId.js"
import type { Codec } from "./Codec.js"
import { makeMemory } from "./internal/memory.js"
import { makeTcp } from "./internal/tcp.js"
import { NetworkJoinError, NetworkListenError } from "./NetworkError.js"

export {
  /**
   * @since 0.1.0
   * @category errors
   */
  NetworkJoinError,
  /**
   * @since 0.1.0
   * @category errors
   */
  NetworkListenError
}

/**
 * Why a message, a frame or a connection was given up.
 *
 * @since 0.1.0
 * @category models
 */
export type DropReason =
  | "unreachable" // no connection, or nobody joined under that id
  | "unknown-channel" // the peer sends on a channel that nobody joined here
  | "buffer-full" // the byte or message bound of a buffer
  | "unencodable" // the codec refused the value
  | "oversized" // a frame beyond maxFrameBytes, sent or received
  | "malformed" // bytes that are no frame, no handshake or no message of the channel's codec; the connection closes
  | "corrupted" // a frame whose check value is wrong; the connection closes
  | "receiver-failed" // a receiver threw
  | "wrong-secret"
  | "wrong-version"
  | "wrong-cluster"
  | "unknown-peer"
  | "handshake-timeout"
  | "handshake-aborted" // the other side closed before the end of the handshake
  | "too-many-connections"

/**
 * Counters since the layer was built. `dropped` holds only reasons that occurred.
 *
 * @since 0.1.0
 * @category models
 */
export interface NetworkStats {
  readonly sent: number
  readonly received: number
  /** 0 where nothing is encoded. */
  readonly bytesSent: number
  readonly bytesReceived: number
  /** Open and authenticated connections, both directions. */
  readonly connections: number
  readonly dropped: { readonly [reason in DropReason]?: number }
}

/**
 * How a node takes part in a channel. A channel (default "main") is a stream of one protocol; the channels of a node share its connections.
 *
 * @since 0.1.0
 * @category models
 */
export interface JoinOptions<M> {
  readonly node: NodeId
  readonly channel?: string | undefined
  readonly codec: Codec<M>
  /** Called on the event loop, one message at a time. A throw is counted and logged. */
  readonly receive: (from: NodeId, message: M) => void
}

/**
 * A node's place on a channel.
 *
 * @since 0.1.0
 * @category models
 */
export interface Endpoint<in M> {
  readonly node: NodeId
  readonly channel: string
  /** Never throws, never blocks. After the Scope closed it drops. */
  readonly send: (to: NodeId, message: M) => void
  /** Whether a message sent now would leave. No promise that it arrives. */
  readonly reachable: (to: NodeId) => boolean
  /** Stops deliveries to this endpoint until `resume`; over TCP the sockets stop reading, so that the senders feel it. */
  readonly pause: () => void
  readonly resume: () => void
}

/**
 * @since 0.1.0
 * @category models
 */
export interface NetworkService {
  /** Leaves when the Scope closes. Fails if the id and channel are taken, or if this network does not host the node. */
  readonly join: <M>(options: JoinOptions<M>) => Effect.Effect<Endpoint<M>, NetworkJoinError, Scope.Scope>
  readonly stats: Effect.Effect<NetworkStats>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Network extends Context.Tag("synod/Network")<Network, NetworkService>() {}

/**
 * @since 0.1.0
 * @category models
 */
export interface MemoryOptions {
  /** Sends every message through its codec, as a real network would. Default false: the same reference arrives. */
  readonly serialise?: boolean | undefined
  /** Messages that may wait for one endpoint. Default 65,536. */
  readonly capacity?: number | undefined
  /** Runs a delivery turn later; the deterministic runtime passes its own. Default: a microtask, and a macrotask when 1,024 deliveries are spent. */
  readonly schedule?: ((turn: () => void) => void) | undefined
}

/**
 * All nodes in this process.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerMemory = (options: MemoryOptions = {}): Layer.Layer<Network> =>
  Layer.effect(Network, makeMemory(options))

/**
 * An address of a TCP listener.
 *
 * @since 0.1.0
 * @category models
 */
export interface Address {
  readonly host: string
  readonly port: number
}

/**
 * Bounds of the TCP network, with their defaults.
 *
 * @since 0.1.0
 * @category models
 */
export interface TcpLimits {
  /** Largest frame, sent or received. Default 16 MiB. */
  readonly maxFrameBytes: number
  /** Bytes that may wait for one peer; beyond it messages are dropped. Default 32 MiB. */
  readonly maxBufferedBytes: number
  /** Bytes read from one connection in one turn of the event loop before it waits for the next turn. Default 1 MiB. */
  readonly maxReadBytesPerTurn: number
  /** Inbound connections, authenticated or not. Default 1,024. */
  readonly maxConnections: number
  /** Channels that one connection may name. Default 256. */
  readonly maxChannels: number
  /** From connect or accept to the end of the handshake, in milliseconds. Default 5,000. */
  readonly handshakeTimeoutMillis: number
}

/**
 * One node on real sockets. Each node dials every peer for its own sends and accepts every peer's for theirs, so a pair has two connections and no tie to break.
 *
 * @since 0.1.0
 * @category models
 */
export interface TcpOptions {
  /** The name of the cluster; nodes of other clusters are refused. */
  readonly cluster: string
  /** Shared by all nodes of the cluster; proves membership in both directions. It does not encrypt. */
  readonly secret: string
  readonly node: NodeId
  /** Port 0 takes a free one; `onListen` tells which. */
  readonly listen: Address
  readonly onListen?: ((address: Address) => void) | undefined
  /** Where to dial whom, and who may dial us. The own id may be among them. */
  readonly peers: { readonly [node: string]: Address }
  readonly limits?: Partial<TcpLimits> | undefined
  /** Waits between dials; begins anew after a connection that lasted a second. Default: 50 ms doubling to 2 s, with jitter. */
  readonly reconnect?: Schedule.Schedule<unknown> | undefined
}

/**
 * Listens, dials and keeps dialling until the Scope of the layer closes; then nothing is left open.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerTcp = (options: TcpOptions): Layer.Layer<Network, NetworkListenError> =>
  Layer.scoped(Network, makeTcp(options))
