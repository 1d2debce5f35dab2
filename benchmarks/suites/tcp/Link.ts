/**
 * One workload, several stacks: what a stack gives the two processes.
 */
import type { Entry } from "./Entry.js"

export interface Link {
  /** To the other process. */
  readonly send: (entry: Entry) => void
}

export interface Stack {
  readonly name: string
  /** The receiving process: calls `onEntry` for what the client sends. */
  readonly serve: (ports: Ports, onEntry: (entry: Entry) => void) => Promise<Link>
  /** The sending process; ready when the other side is reachable. */
  readonly connect: (ports: Ports, onEntry: (entry: Entry) => void) => Promise<Link>
}

/** Both are free ports on the loopback. A stack with one connection uses the server's only. */
export interface Ports {
  readonly server: number
  readonly client: number
}
