/**
 * What a suite is made of: groups of implementations of one workload, measured beside each other in turns.
 */

/** What one round of an implementation reports. A round is whole only when `checksum` is the expected one. */
export interface Round {
  /** Operations that were completed, in the group's unit. */
  readonly operations: number
  /** A value that depends on every message of the round. */
  readonly checksum: string
  /** Seconds of the measured part, where a round also prepares and verifies; the whole round when absent. */
  readonly wallSeconds?: number
  /** Of single operations, in milliseconds. */
  readonly latency?: Latency
  /** The measured quantity itself, for groups on the basis "value". */
  readonly value?: number
}

export interface Latency {
  readonly p50: number
  readonly p99: number
}

/** Runs one round of `n` operations; the implementation lives on between rounds, as in a long-running program. */
export interface Started {
  readonly run: (n: number) => Round | Promise<Round>
  readonly stop?: () => void | Promise<void>
}

/**
 * `ours` is compared with every `peer` and `floor`. A floor is the least that the platform asks for the same work. An `external` peer is another
 * program, measured only on request (`--against`).
 */
export type Role = "ours" | "peer" | "floor" | "external"

export interface Implementation {
  readonly name: string
  readonly role: Role
  /** The name for `--against`; the same for all variants of one peer. */
  readonly peer?: string
  readonly version: string
  /** The share of the group's operations that this implementation runs a round: slow peers run fewer, and the report says so. */
  readonly share?: number
  /** Runs in the worker process of this implementation. */
  readonly start: () => Promise<Started>
  /** A program that speaks the worker's line protocol itself, instead of a Node worker; undefined where it is not installed. */
  readonly command?: () => ReadonlyArray<string> | undefined
  /** Whether the program that this needs is installed, and which to install when not. */
  readonly requires?: { readonly installed: () => boolean; readonly hint: string }
}

export interface Group {
  readonly name: string
  readonly unit: string
  /** cpu: operations per CPU second of the process tree; wall: per second; value: what the rounds report, less is better. */
  readonly basis: "cpu" | "wall" | "value"
  readonly operations: number
  /** For `--quick`. */
  readonly quickOperations: number
  /** The checksum of a whole round of `n` operations, computed without any of the implementations. */
  readonly expected: (n: number) => string
  readonly implementations: ReadonlyArray<Implementation>
  /** Settings that the numbers depend on: sizes, bounds, batch. */
  readonly settings: { readonly [name: string]: string | number }
}

export interface Suite {
  readonly name: string
  /** Whether fdatasync is measured before and after. */
  readonly usesDisk: boolean
  readonly groups: ReadonlyArray<Group>
}
