/** Counters of a network, and its log: one line a peer and reason. */
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import type { DropReason, NetworkStats } from "../Network.js"

/** Beyond it further peers go unlogged: a stranger must not fill the memory. */
const maxLogged = 1_024

export class Ledger {
  sent = 0
  received = 0
  bytesSent = 0
  bytesReceived = 0
  connections = 0
  private readonly dropped: { [reason in DropReason]?: number } = {}
  private readonly logged = new Set<string>()

  constructor(private readonly runtime: Runtime.Runtime<never>) {}

  drop(reason: DropReason): void {
    this.dropped[reason] = (this.dropped[reason] ?? 0) + 1
  }

  /** Counts, and logs the first of its kind. */
  refuse(peer: string, reason: DropReason, detail = ""): void {
    this.drop(reason)
    const key = `${peer} ${reason}`
    if (this.logged.has(key) || this.logged.size >= maxLogged) return
    this.logged.add(key)
    Runtime.runFork(this.runtime)(
      Effect.logWarning(`network: ${reason}${detail && ` (${detail})`}`).pipe(Effect.annotateLogs({ peer, reason }))
    )
  }

  snapshot(): NetworkStats {
    const { bytesReceived, bytesSent, connections, received, sent } = this
    return { sent, received, bytesSent, bytesReceived, connections, dropped: { ...this.dropped } }
  }
}

export const make: Effect.Effect<Ledger> = Effect.map(Effect.runtime<never>(), (runtime) => new Ledger(runtime))
