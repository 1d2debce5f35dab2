/** The TCP network of one node: a listener for the peers' frames, and for each peer a fiber that keeps one connection dialled. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Net from "node:net"
import { isNodeId, type NodeId } from "../../core/NodeId.js"
import type { Address, Endpoint, JoinOptions, NetworkService, TcpLimits, TcpOptions } from "../Network.js"
import { NetworkJoinError, NetworkListenError } from "../NetworkError.js"
import { converse } from "./connection.js"
import { frame } from "./frame.js"
import * as Handshake from "./handshake.js"
import { inboundSession } from "./inbound.js"
import { Deliveries, type Inbox, makeInbox } from "./inbox.js"
import * as Ledger from "./ledger.js"
import { Outbound } from "./outbound.js"

const defaultLimits: TcpLimits = {
  maxFrameBytes: 16 * 1024 * 1024,
  maxBufferedBytes: 32 * 1024 * 1024,
  maxReadBytesPerTurn: 1024 * 1024,
  maxConnections: 1_024,
  maxChannels: 256,
  handshakeTimeoutMillis: 5_000
}

const defaultReconnect: Schedule.Schedule<unknown> = Schedule.exponential("50 millis").pipe(
  Schedule.union(Schedule.spaced("2 seconds")),
  Schedule.jittered
)

const keepAliveMillis = 5_000
/** A connection that ends sooner was refused after its handshake: a peer that cannot read us must not be dialled without pause. */
const settledMillis = 1_000
const selfCapacity = 65_536

/** What the listener, the dials and the endpoints of one node share. */
export interface Host {
  readonly options: TcpOptions
  readonly limits: TcpLimits
  readonly ledger: Ledger.Ledger
  readonly inboxes: Map<string, Inbox>
  readonly deliveries: Deliveries
  readonly outbound: Map<NodeId, Outbound>
  readonly inbound: Map<NodeId, Net.Socket>
  readonly sockets: Set<Net.Socket>
  readonly isPaused: () => boolean
  /** Set when the Scope closes: what ends now ends because of us. */
  isClosing: boolean
}

export const makeTcp = (
  options: TcpOptions
): Effect.Effect<NetworkService, NetworkListenError, Scope.Scope> =>
  Effect.gen(function*() {
    const ledger = yield* Ledger.make
    const inboxes = new Map<string, Inbox>()
    const host: Host = {
      options,
      limits: { ...defaultLimits, ...options.limits },
      ledger,
      inboxes,
      deliveries: new Deliveries(ledger, selfCapacity, undefined),
      outbound: new Map(),
      inbound: new Map(),
      sockets: new Set(),
      isPaused: () => {
        for (const inbox of inboxes.values()) if (inbox.isPaused) return true
        return false
      },
      isClosing: false
    }
    yield* Effect.acquireRelease(listen(host), (server) => close(host, server))
    for (const [id, address] of Object.entries(options.peers)) {
      if (isNodeId(id) && id !== options.node) yield* Effect.forkScoped(keepDialled(host, id, address))
    }
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        host.isClosing = true
      })
    )
    return { join: (joining) => join(host, joining), stats: Effect.sync(() => ledger.snapshot()) }
  })

const listen = (host: Host): Effect.Effect<Net.Server, NetworkListenError> =>
  Effect.async((resume) => {
    const { listen: { host: name, port }, onListen } = host.options
    const server = Net.createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMillis })
    server.maxConnections = host.limits.maxConnections
    server.on("connection", (socket) => serve(host, socket))
    server.on("drop", () => host.ledger.refuse("unknown", "too-many-connections"))
    server.once("error", (error: NodeJS.ErrnoException) =>
      resume(Effect.fail(new NetworkListenError({ host: name, port, code: error.code ?? error.message }))))
    server.listen({ host: name, port }, () => {
      // an error after this one ends no promise any more; the listener stays
      server.on("error", (error) =>
        host.ledger.refuse("unknown", "unreachable", error.message))
      const bound = server.address()
      if (bound !== null && typeof bound === "object") {
        onListen?.({ host: name, port: bound.port })
      }
      resume(Effect.succeed(server))
    })
  })

const close = (host: Host, server: Net.Server): Effect.Effect<void> =>
  Effect.async((resume) => {
    for (const inbox of host.inboxes.values()) inbox.isOpen = false
    // the listener may report its end before its sockets have reported theirs
    let open = host.sockets.size + 1
    const closed = (): void => {
      if (--open === 0) resume(Effect.void)
    }
    for (const socket of host.sockets) {
      socket.once("close", closed)
      socket.destroy()
    }
    server.close(closed)
  })

const serve = (host: Host, socket: Net.Socket): void => {
  const { inbound, ledger, limits, options, sockets } = host
  sockets.add(socket)
  let peer: NodeId | undefined
  const isPeer = (node: NodeId) => node !== options.node && Object.hasOwn(options.peers, node)
  converse(socket, {
    limits,
    ledger,
    peer: "unknown",
    isPaused: host.isPaused,
    isClosing: () => host.isClosing,
    step: Handshake.accept(options, isPeer).onFrame,
    onEstablished: (from) => {
      peer = from
      // a peer that dials again has lost its old connection; frames of both would break the order
      inbound.get(from)?.destroy()
      inbound.set(from, socket)
      return inboundSession(host, from, socket)
    },
    onClose: () => {
      sockets.delete(socket)
      if (peer !== undefined && inbound.get(peer) === socket) inbound.delete(peer)
    }
  })
}

const keepDialled = (host: Host, peer: NodeId, address: Address): Effect.Effect<void> =>
  Effect.gen(function*() {
    const driver = yield* Schedule.driver(host.options.reconnect ?? defaultReconnect)
    for (;;) {
      const begun = yield* Clock.currentTimeMillis
      const wasEstablished = yield* dial(host, peer, address)
      const lasted = (yield* Clock.currentTimeMillis) - begun
      if (wasEstablished && lasted >= settledMillis) yield* driver.reset
      yield* driver.next(undefined)
    }
  }).pipe(Effect.catchAll(() => Effect.logWarning(`network: gave up dialling ${peer}`)))

/** Ends when the connection has ended; true if it was ever established. */
const dial = (host: Host, peer: NodeId, address: Address): Effect.Effect<boolean> =>
  Effect.async((resume) => {
    const { ledger, limits, options, outbound } = host
    const socket = Net.connect({ ...address, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMillis })
    const { hello, onFrame } = Handshake.dial(options, peer)
    const writer = new Outbound(socket, limits, (bytes) => {
      ledger.bytesSent += bytes
    })
    converse(socket, {
      limits,
      ledger,
      peer,
      isPaused: () => false,
      isClosing: () => host.isClosing,
      step: onFrame,
      onEstablished: () => {
        outbound.set(peer, writer)
        return () => {
          ledger.refuse(peer, "malformed", "a listener does not send frames")
          return false
        }
      },
      onClose: (wasEstablished) => {
        writer.close()
        if (outbound.get(peer) === writer) outbound.delete(peer)
        resume(Effect.succeed(wasEstablished))
      }
    })
    socket.once("connect", () => {
      socket.write(frame(hello))
    })
    return Effect.async<void>((done) => {
      if (socket.closed) return done(Effect.void)
      socket.once("close", () => done(Effect.void))
      socket.destroy()
    })
  })

const join = <M>(host: Host, joining: JoinOptions<M>): Effect.Effect<Endpoint<M>, NetworkJoinError, Scope.Scope> => {
  const { deliveries, inboxes, ledger, options, outbound } = host
  const { node } = joining
  const channel = joining.channel ?? "main"
  const acquire = Effect.suspend(() => {
    const reason = node !== options.node
      ? "not-hosted"
      : !isNodeId(channel)
      ? "bad-channel"
      : inboxes.has(channel)
      ? "taken"
      : undefined
    if (reason !== undefined) return Effect.fail(new NetworkJoinError({ node, channel, reason }))
    // one map holds endpoints of every type; each pairs its codec with its receiver
    const inbox = makeInbox(joining as unknown as JoinOptions<unknown>)
    inboxes.set(channel, inbox)
    return Effect.succeed(inbox)
  })
  const resumeAll = (): void => {
    if (host.isPaused()) return
    for (const socket of host.inbound.values()) if (socket.isPaused()) socket.resume()
  }
  const leave = (inbox: Inbox) =>
    Effect.sync(() => {
      inbox.isOpen = false
      inboxes.delete(channel)
      resumeAll()
    })

  return Effect.map(Effect.acquireRelease(acquire, leave), (inbox): Endpoint<M> => ({
    node,
    channel,
    send: (to, message) => {
      if (!inbox.isOpen) return ledger.drop("unreachable")
      if (to === node) {
        ledger.sent++
        return deliveries.offer(inbox, node, message)
      }
      const writer = outbound.get(to)
      const failure = writer === undefined ? "unreachable" : writer.send(channel, inbox.options.codec, message)
      if (failure === undefined) ledger.sent++
      else if (failure === "unreachable" || failure === "buffer-full") ledger.drop(failure)
      else ledger.refuse(to, failure)
    },
    reachable: (to) => inbox.isOpen && (to === node || outbound.has(to)),
    pause: () => {
      inbox.isPaused = true
      for (const socket of host.inbound.values()) socket.pause()
    },
    resume: () => {
      deliveries.resume(inbox)
      resumeAll()
    }
  }))
}
