/**
 * What a Raft cluster is told once. All nodes should be told the same.
 *
 * @since 0.1.0
 */
import type { Millis } from "../../core/Protocol.js"
import type { Rules } from "./Rules.js"
import { published } from "./Rules.js"
import type { StateMachine } from "./Types.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Config<S, C, R> {
  readonly machine: StateMachine<S, C, R>
  /** T: timeouts are drawn in [T, 2T]; a leader that was not heard for T may be replaced. Default 300. */
  readonly electionTimeout: Millis
  /** At most T / 3, or an election may interrupt a healthy leader. Default 60. */
  readonly heartbeatInterval: Millis
  /** Entries in one Append. Default 512. */
  readonly maxEntriesPerMessage: number
  /** Bytes of entries in one Append, by `sizeOf`; one larger entry passes alone. Default 256 KiB. */
  readonly maxBytesPerMessage: number
  /** Unanswered Appends to one peer. Default 16. */
  readonly maxInflight: number
  /** Unanswered bytes to one peer. Default 4 MiB. */
  readonly maxInflightBytes: number
  /** Entries that a leader may hold uncommitted before it answers `Overloaded`. Its no-op is exempt. Default 8,192. */
  readonly maxUncommitted: number
  /** Reads that may wait at a node before it answers `Overloaded`. Default 8,192. */
  readonly maxReads: number
  /** A snapshot is taken when so many entries were applied since the last one. Default 16,384. */
  readonly snapshotEvery: number
  /** And one when so many bytes of entries, by `sizeOf`, were applied since the last one, or as many as that one has. Default: no such bound. */
  readonly snapshotBytes: number
  /** Entries kept behind a snapshot for peers that are a little slow. Default 1,024. */
  readonly snapshotTail: number
  /** Bytes of such entries. Default: no such bound. */
  readonly snapshotTailBytes: number
  /** Bytes of a snapshot in one message. Default 64 KiB. */
  readonly snapshotChunk: number
  /** A larger image is refused. Default 1 GiB. */
  readonly maxSnapshotBytes: number
  /** Sessions kept, least recently used evicted. Default 1,024. */
  readonly maxSessions: number
  /** Results kept for one session. Default 4,096. */
  readonly maxReplies: number
  /** The size of a command in bytes, for the bounds above. Default: 128 each. */
  readonly sizeOf: (command: C) => number
  /** The rules of safety; only tests that plant a bug replace one. */
  readonly rules: Rules
}

/**
 * Completes a configuration by the defaults. Throws a `RangeError` that names the option where one makes no sense.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <S, C, R>(
  options: Partial<Config<S, C, R>> & { readonly machine: StateMachine<S, C, R> }
): Config<S, C, R> => {
  const config: Config<S, C, R> = {
    electionTimeout: 300,
    heartbeatInterval: 60,
    maxEntriesPerMessage: 512,
    maxBytesPerMessage: 262_144,
    maxInflight: 16,
    maxInflightBytes: 4_194_304,
    maxUncommitted: 8_192,
    maxReads: 8_192,
    snapshotEvery: 16_384,
    snapshotBytes: Number.MAX_SAFE_INTEGER,
    snapshotTail: 1_024,
    snapshotTailBytes: Number.MAX_SAFE_INTEGER,
    snapshotChunk: 65_536,
    maxSnapshotBytes: 1_073_741_824,
    maxSessions: 1_024,
    maxReplies: 4_096,
    sizeOf: () => 128,
    rules: published,
    ...options
  }
  for (const name of bounds) {
    const value = config[name]
    if (!(value >= 1 && value <= Number.MAX_SAFE_INTEGER)) {
      throw new RangeError(`raft: ${name} must be at least 1, got ${value}`)
    }
  }
  if (config.heartbeatInterval * 3 > config.electionTimeout) {
    throw new RangeError(
      `raft: heartbeatInterval (${config.heartbeatInterval}) must be at most a third of electionTimeout (${config.electionTimeout})`
    )
  }
  if (!(config.snapshotTail >= 0)) throw new RangeError(`raft: snapshotTail must not be negative`)
  if (!(config.snapshotTailBytes >= 0)) throw new RangeError(`raft: snapshotTailBytes must not be negative`)
  return config
}

const bounds = [
  "electionTimeout",
  "heartbeatInterval",
  "maxEntriesPerMessage",
  "maxBytesPerMessage",
  "maxInflight",
  "maxInflightBytes",
  "maxUncommitted",
  "maxReads",
  "snapshotEvery",
  "snapshotBytes",
  "snapshotChunk",
  "maxSnapshotBytes",
  "maxSessions",
  "maxReplies"
] as const
