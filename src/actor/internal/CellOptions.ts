/** How one actor is kept: what its spawner said, and the defaults. */
import * as Duration from "effect/Duration"
import type { SpawnOptions } from "../ActorSystem.js"
import * as Mailbox from "../Mailbox.js"
import * as Supervision from "../Supervision.js"

export interface CellOptions {
  readonly mailbox: Mailbox.Mailbox
  readonly supervision: Supervision.Supervision
  readonly drain: "dead-letter" | "process"
  readonly shutdownMillis: number
}

const standard: CellOptions = {
  mailbox: Mailbox.standard,
  supervision: Supervision.stop,
  drain: "dead-letter",
  shutdownMillis: 5_000
}

export const cellOptions = (options: SpawnOptions | undefined): CellOptions =>
  options === undefined ? standard : {
    mailbox: options.mailbox ?? standard.mailbox,
    supervision: options.supervision ?? standard.supervision,
    drain: options.drain ?? standard.drain,
    shutdownMillis: options.shutdown === undefined ? standard.shutdownMillis : Duration.toMillis(options.shutdown)
  }
