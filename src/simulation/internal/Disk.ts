/**
 * The simulated disk of a node: frames are written by one flush at a time, as a prefix. A crash keeps what was flushed and a prefix of the flush in flight; a disk
 * that lies says that a flush is done and forgets it in a crash, unless a later one was honest.
 *
 * @internal
 */
import type { Choice } from "../../core/Choice.js"
import { chance } from "../../core/Choice.js"
import type { Durable, Vocabulary } from "../../core/Protocol.js"

type Frame<P extends Vocabulary> = ReadonlyArray<P["record"]>

/** @internal */
export class Disk<P extends Vocabulary> {
  /** The fold of what is on it. */
  contents: P["durable"]
  /** Written, not flushed: the first `inFlight` of them are on their way. */
  private frames: Array<Frame<P>> = []
  private inFlight = 0
  private isLying = false
  /** What is there since before the first flush that was a lie; `undefined` while there is none. */
  private truth: { readonly contents: P["durable"] } | undefined
  private readonly lost: Choice
  private readonly latency: Choice
  private readonly slow: Choice
  private readonly survivors: Choice

  constructor(private readonly durable: Durable<P> | undefined, choice: Choice) {
    this.contents = durable?.empty
    this.latency = choice.fork("latency")
    this.slow = choice.fork("slowDisk")
    this.survivors = choice.fork("survivors")
    this.lost = choice.fork("lostFlush")
  }

  /** Whether there is something to flush, and no flush in flight. */
  get isReady(): boolean {
    return this.inFlight === 0 && this.frames.length > 0
  }

  write(frame: Frame<P>): void {
    this.frames.push(frame)
  }

  /** Begins to flush everything written so far; answers how many microseconds it takes. */
  begin(mayBeSlow: boolean, mayLie: boolean): number {
    this.inFlight = this.frames.length
    this.isLying = mayLie && chance(this.lost, "lostFlush")
    const extra = mayBeSlow && chance(this.slow, "slowDisk") ? this.slow.below(100_000, "slow") : 0
    return 100 + this.latency.below(2_000, "write") + extra
  }

  /** The flush ended; answers how many frames it flushed. */
  end(): number {
    const count = this.inFlight
    this.inFlight = 0
    this.truth = this.isLying ? this.truth ?? { contents: this.contents } : undefined
    this.keep(count)
    this.frames = count === this.frames.length ? [] : this.frames.slice(count)
    return count
  }

  /** The node lost power; answers how many frames of the flush in flight are on the disk. */
  crash(): number {
    if (this.truth !== undefined) this.contents = this.truth.contents
    this.truth = undefined
    const survived = this.survivors.below(this.inFlight + 1, "survivors")
    this.keep(survived)
    this.frames = []
    this.inFlight = 0
    return survived
  }

  private keep(count: number): void {
    if (this.durable === undefined) return
    let { contents } = this
    for (let i = 0; i < count; i++) {
      for (const record of this.frames[i]!) contents = this.durable.fold(contents, record)
    }
    this.contents = contents
  }
}
