/** The network of one process: endpoints by node and channel, and one queue each. */
import * as Effect from "effect/Effect"
import { isNodeId, type NodeId } from "../../core/NodeId.js"
import * as Codec from "../Codec.js"
import type { Endpoint, JoinOptions, MemoryOptions, NetworkService } from "../Network.js"
import { NetworkJoinError } from "../NetworkError.js"
import { Deliveries, type Inbox, makeInbox } from "./inbox.js"
import * as Ledger from "./ledger.js"

export const makeMemory = (options: MemoryOptions): Effect.Effect<NetworkService> =>
  Effect.map(Ledger.make, (ledger) => {
    const inboxes = new Map<string, Inbox>()
    const deliveries = new Deliveries(ledger, options.capacity ?? 65_536, options.schedule)

    const copyOf = (message: unknown, inbox: Inbox, from: JoinOptions<unknown>): unknown => {
      const bytes = Codec.encodeSync(from.codec, message)
      ledger.bytesSent += bytes.length
      const copy = Codec.decodeSync(inbox.options.codec, bytes)
      ledger.bytesReceived += bytes.length
      return copy
    }

    const send = (self: Inbox, channel: string, to: NodeId, message: unknown): void => {
      const inbox = inboxes.get(keyOf(to, channel))
      if (inbox === undefined || !self.isOpen) return ledger.drop("unreachable")
      let arriving = message
      if (options.serialise === true) {
        try {
          arriving = copyOf(message, inbox, self.options)
        } catch (error) {
          return ledger.refuse(self.options.node, "unencodable", String(error))
        }
      }
      ledger.sent++
      deliveries.offer(inbox, self.options.node, arriving)
    }

    const join = <M>(joining: JoinOptions<M>) =>
      Effect.acquireRelease(
        Effect.suspend(() => {
          const channel = joining.channel ?? "main"
          const key = keyOf(joining.node, channel)
          if (inboxes.has(key)) {
            return Effect.fail(new NetworkJoinError({ node: joining.node, channel, reason: "taken" }))
          }
          if (!isNodeId(channel)) {
            return Effect.fail(new NetworkJoinError({ node: joining.node, channel, reason: "bad-channel" }))
          }
          // the hub holds endpoints of every type; each pairs its codec with its receiver
          const inbox = makeInbox(joining as unknown as JoinOptions<unknown>)
          inboxes.set(key, inbox)
          return Effect.succeed({ channel, key, inbox })
        }),
        ({ inbox, key }) =>
          Effect.sync(() => {
            inbox.isOpen = false
            inboxes.delete(key)
          })
      ).pipe(Effect.map(({ channel, inbox }): Endpoint<M> => ({
        node: joining.node,
        channel,
        send: (to, message) => send(inbox, channel, to, message),
        reachable: (to) => inbox.isOpen && inboxes.has(keyOf(to, channel)),
        pause: () => {
          inbox.isPaused = true
        },
        resume: () => deliveries.resume(inbox)
      })))

    return { join, stats: Effect.sync(() => ledger.snapshot()) }
  })

/** Ids and channels hold no control characters, so a newline separates them. */
const keyOf = (node: string, channel: string): string => `${node}\n${channel}`
