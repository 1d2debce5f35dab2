/**
 * A decorator of `Storage` whose disks fail, fill up, slow down and hang, over memory and over real files alike. It gives the same tag back, and
 * `DiskFaults`, which changes the faults at run time.
 *
 * A failure is what `Storage` promises of one: every frame that was not acknowledged hears it, the journal is failed for ever, and whether those frames are there
 * at the next open is anybody's guess (after ENOSPC, EDQUOT and EROFS the frame that failed is not; after EIO the `Choice` draws). A journal is opened anew once
 * the fault has gone. Delays run on the Clock and keep the order. Each node and kind of fault draws from its own stream of the `Choice`, where 0 is benign.
 * Non-goals: crashes that lose what was not synced (`MemoryDisk.crash`), damage to bytes that were synced.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Choice from "../core/Choice.js"
import type { NodeId } from "../core/NodeId.js"
import { faultyJournal } from "./internal/faultyJournal.js"
import { Storage, type StorageService } from "./Storage.js"
import { StorageFailed } from "./StorageError.js"

/**
 * What a failing disk says: the disk or the quota is full, an input or output error (a failed fsync too), the file system turned read-only.
 *
 * @since 0.1.0
 * @category models
 */
export type FailureCode = "ENOSPC" | "EDQUOT" | "EIO" | "EROFS"

/**
 * What a disk does to its journal. Absent = never.
 *
 * @since 0.1.0
 * @category models
 */
export interface Faults {
  /** Opens, appends and checkpoints fail: each with `probability` in [0, 1], always when it is absent. */
  readonly failure?: { readonly code: FailureCode; readonly probability?: number | undefined } | undefined
  /** How much later than it happened something is acknowledged, in milliseconds: drawn evenly from min to max. */
  readonly delay?: { readonly min: number; readonly max: number } | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Plan {
  /** The source of every decision. Default `Choice.benign`: only certain failures and smallest delays happen. */
  readonly choice?: Choice.Choice | undefined
  /** Of every node without faults of its own. */
  readonly faults?: Faults | undefined
}

/**
 * What was done since the layer was built.
 *
 * @since 0.1.0
 * @category models
 */
export interface FaultStats {
  /** Journals that failed: one failure each. */
  readonly failedJournals: number
  readonly failedOpens: number
  /** Acknowledgements that were held back. */
  readonly delayed: number
}

/**
 * The faults of the running disks. Every change holds from the next operation.
 *
 * @since 0.1.0
 * @category models
 */
export interface FaultControl {
  readonly setFaults: (faults: Faults) => Effect.Effect<void>
  /** Replaces the faults of one node's disk. */
  readonly setNode: (node: NodeId, faults: Faults) => Effect.Effect<void>
  /** The disk hangs: nothing is acknowledged until `release` or `heal`. */
  readonly stall: (node: NodeId) => Effect.Effect<void>
  readonly release: (node: NodeId) => Effect.Effect<void>
  /** Ends every fault and every stall. A journal that failed stays failed. */
  readonly heal: Effect.Effect<void>
  readonly stats: Effect.Effect<FaultStats>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class DiskFaults extends Context.Tag("synod/DiskFaults")<DiskFaults, FaultControl>() {}

/**
 * Decorates the storage below.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (plan: Plan = {}): Layer.Layer<Storage | DiskFaults, never, Storage> =>
  Layer.effectContext(Effect.map(Storage, (storage) => {
    const { control, decorated } = make(storage, plan)
    return Context.make(Storage, decorated).pipe(Context.add(DiskFaults, control))
  }))

/**
 * The decorator behind `layer`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  storage: StorageService,
  plan: Plan = {}
): { readonly decorated: StorageService; readonly control: FaultControl } => {
  const stats = { failedJournals: 0, failedOpens: 0, delayed: 0 }
  const source = (plan.choice ?? Choice.benign).fork("disk")
  const disks = new Map<NodeId, Disk>()
  let common: Faults = plan.faults ?? {}
  const diskOf = (node: NodeId): Disk => {
    const known = disks.get(node)
    if (known !== undefined) return known
    const disk = new Disk(node, source.fork(node), stats, () => common)
    disks.set(node, disk)
    return disk
  }

  const open: StorageService["open"] = (options) =>
    Effect.suspend(() => {
      const disk = diskOf(options.node)
      const failure = disk.failure("the opening")
      if (failure !== undefined) {
        stats.failedOpens++
        return Effect.fail(failure)
      }
      return Effect.gen(function*() {
        const clock = yield* Effect.clock
        const below = yield* storage.open(options)
        return yield* faultyJournal(below, disk, (millis) => Clock.sleep(millis).pipe(Effect.withClock(clock)))
      })
    })

  return {
    decorated: { open },
    control: {
      setFaults: (faults) =>
        Effect.sync(() => {
          common = faults
        }),
      setNode: (node, faults) =>
        Effect.sync(() => {
          diskOf(node).own = faults
        }),
      stall: (node) =>
        Effect.sync(() => {
          diskOf(node).isStalled = true
        }),
      release: (node) => Effect.sync(() => diskOf(node).release()),
      heal: Effect.sync(() => {
        common = {}
        for (const disk of disks.values()) {
          disk.own = undefined
          disk.release()
        }
      }),
      stats: Effect.sync(() => ({ ...stats }))
    }
  }
}

/** One node's disk: what it does now, and the streams from which it decides. */
class Disk {
  own: Faults | undefined
  isStalled = false
  /** Called when a stall ends. */
  onRelease: () => void = () => {}
  private readonly failing: Choice.Choice
  private readonly surviving: Choice.Choice
  private readonly delaying: Choice.Choice

  constructor(
    private readonly node: NodeId,
    choice: Choice.Choice,
    readonly stats: { failedJournals: number; failedOpens: number; delayed: number },
    private readonly common: () => Faults
  ) {
    this.failing = choice.fork("failure")
    this.surviving = choice.fork("survival")
    this.delaying = choice.fork("delay")
  }

  /** The failure that this operation meets, if any. */
  failure(operation: string): StorageFailed | undefined {
    const { failure } = this.own ?? this.common()
    if (failure === undefined) return undefined
    const { code, probability = 1 } = failure
    if (!Choice.happens(this.failing, probability, "fail")) return undefined
    return new StorageFailed({ operation, file: `faulty:${this.node}`, code, cause: new Error(`${code}: injected`) })
  }

  /** Whether the frame that met this failure is on the disk all the same. */
  survives(failure: StorageFailed): boolean {
    return failure.code === "EIO" && this.surviving.below(2, "survives") === 1
  }

  delay(): number {
    const { delay } = this.own ?? this.common()
    if (delay === undefined) return 0
    const { max, min } = delay
    return max <= min ? min : min + this.delaying.below(Math.floor(max - min) + 1, "millis")
  }

  release(): void {
    this.isStalled = false
    this.onRelease()
  }
}
