/**
 * A journal on a faulty disk. What the journal below acknowledges waits here, in order, until the disk lets it through; a failure is told to everything that waits.
 */
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import type { Frame, Journal } from "../Storage.js"
import type { AppendError, StorageFailed } from "../StorageError.js"

export interface FaultyDisk {
  readonly stats: { failedJournals: number; delayed: number }
  readonly isStalled: boolean
  /** Set by the open journal: called when a stall ends. */
  onRelease: () => void
  /** The failure that an operation meets now, if any. */
  readonly failure: (operation: string) => StorageFailed | undefined
  /** Whether the frame that met a failure is on the disk all the same. */
  readonly survives: (failure: StorageFailed) => boolean
  readonly delay: () => number
}

export const faultyJournal = (
  below: Journal,
  disk: FaultyDisk,
  sleep: (millis: number) => Effect.Effect<void>
): Effect.Effect<Journal, never, Scope.Scope> =>
  Effect.gen(function*() {
    const scope = yield* Effect.scope
    const runtime = yield* Effect.runtime<never>()
    const after = (millis: number, then: () => void): void => {
      Runtime.runFork(runtime)(Effect.forkIn(Effect.map(sleep(millis), then), scope))
    }
    const journal = new Faulty(below, disk, after)
    disk.onRelease = journal.tell
    yield* Effect.addFinalizer(() => Effect.sync(journal.close))
    return {
      recovered: below.recovered,
      unsafeAppend: journal.append,
      append: (frame) =>
        Effect.async((resume) => {
          journal.append(frame, (error) => resume(error === undefined ? Effect.void : Effect.fail(error)))
        }),
      checkpoint: (bytes, upTo) =>
        Effect.gen(function*() {
          // a number that was not given out is for the journal below to refuse
          if (upTo <= below.stats().lastSequence) yield* journal.told(upTo)
          yield* Effect.suspend(() => journal.strike("the checkpoint"))
          yield* Effect.suspend(() => sleep(disk.delay()))
          yield* Effect.suspend(() => journal.healthy())
          yield* below.checkpoint(bytes, upTo)
        }),
      size: below.size,
      stats: () => ({ ...below.stats(), ...journal.sequences() })
    }
  })

interface Waiting {
  sequence: number
  readonly done: (error?: AppendError) => void
  /** The disk below is still writing; it has answered and the delay runs; it may be told when its turn comes. */
  phase: "writing" | "held" | "due"
  error: AppendError | undefined
}

class Faulty {
  private failed: StorageFailed | undefined
  /** A failure that strikes when the present task is over: nothing is refused inside the append that met it. */
  private striking: StorageFailed | undefined
  private waiting: Array<Waiting> = []
  private listeners: Array<() => void> = []
  private last: number
  private durable: number
  private isClosed = false

  constructor(
    private readonly below: Journal,
    private readonly disk: FaultyDisk,
    private readonly after: (millis: number, then: () => void) => void
  ) {
    this.last = this.durable = below.stats().lastSequence
  }

  readonly append = (frame: Frame, done: (error?: AppendError) => void): number => {
    if (this.failed !== undefined) {
      done(this.failed)
      return 0
    }
    if (this.isClosed) return this.below.unsafeAppend(frame, done)
    const failure = this.striking === undefined ? this.disk.failure("the write") : undefined
    if (failure !== undefined) {
      this.striking = failure
      queueMicrotask(() => this.fail(failure))
    }
    const isWritten = this.striking === undefined || (failure !== undefined && this.disk.survives(failure))
    const entry: Waiting = { sequence: 0, done, phase: "writing", error: undefined }
    const sequence = isWritten ? this.write(frame, entry) : this.last + 1
    if (sequence === 0) return 0
    this.last = entry.sequence = sequence
    this.waiting.push(entry)
    return sequence
  }

  /** Tells what is due, in order, while the disk does not hang. */
  readonly tell = (): void => {
    for (
      let first = this.waiting[0];
      first?.phase === "due" && (this.isClosed || !this.disk.isStalled);
      first = this.waiting[0]
    ) {
      this.waiting.shift()
      if (first.error === undefined) this.durable = first.sequence
      first.done(first.error)
    }
    this.notify()
  }

  /** The journal below closes after this: what it still answers passes at once. */
  readonly close = (): void => {
    this.isClosed = true
    for (const entry of this.waiting) if (entry.phase === "held") entry.phase = "due"
    this.tell()
  }

  /** Until this frame was told, or nothing will be any more. */
  told(upTo: number): Effect.Effect<void> {
    return Effect.async((resume) => {
      const check = (): void => {
        if (this.failed !== undefined || this.durable >= upTo) resume(Effect.void)
        else this.listeners.push(check)
      }
      check()
    })
  }

  strike(operation: string): Effect.Effect<void, StorageFailed> {
    if (this.failed === undefined) {
      const failure = this.disk.failure(operation)
      if (failure !== undefined) this.fail(failure)
    }
    return this.healthy()
  }

  healthy(): Effect.Effect<void, StorageFailed> {
    return this.failed === undefined ? Effect.void : Effect.fail(this.failed)
  }

  sequences(): { readonly lastSequence: number; readonly durableSequence: number } {
    return { lastSequence: this.last, durableSequence: this.durable }
  }

  /** Gives 0 when the journal below refuses the frame, after telling why. */
  private write(frame: Frame, entry: Waiting): number {
    return this.below.unsafeAppend(frame, (error) => {
      if (entry.sequence === 0) return entry.done(error)
      entry.error = error
      const millis = error === undefined && !this.isClosed ? this.disk.delay() : 0
      entry.phase = millis > 0 ? "held" : "due"
      if (millis === 0) return this.tell()
      this.disk.stats.delayed++
      this.after(millis, () => {
        entry.phase = "due"
        this.tell()
      })
    })
  }

  private fail(failure: StorageFailed): void {
    if (this.failed !== undefined) return
    this.failed = failure
    this.disk.stats.failedJournals++
    const lost = this.waiting
    this.waiting = []
    for (const { done } of lost) done(failure)
    this.notify()
  }

  private notify(): void {
    const listeners = this.listeners
    this.listeners = []
    for (const listener of listeners) listener()
  }
}
