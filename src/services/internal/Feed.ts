/**
 * The newest executed commands of a node, for watchers. It numbers by revision, so that the replay after a crash repeats nothing and a snapshot that jumped ahead
 * is seen as a gap. Bounded: what falls off is gone, and who still wanted it fails with `Compacted`.
 *
 * @internal
 */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Applied } from "../ReplicatedStateMachine.js"
import { Compacted } from "../ReplicatedStateMachine.js"
import type { Batch, Results } from "./batch.js"
import { Thrown } from "./batch.js"

interface Executed<C, R> {
  readonly index: number
  readonly command: Batch<C>
  readonly result: Results<R>
}

interface Kept<C, R> extends Executed<C, R> {
  readonly first: number
  readonly last: number
}

/** @internal */
export class Feed<C, R> {
  private batches: Array<Kept<C, R>> = []
  /** Revisions up to it are not kept. */
  private floor = 0
  private last = 0
  private isClosed = false
  private waiting = new Set<() => void>()

  private bytes = 0

  /** Keeps at least `capacity` commands, unless they are more than `maxBytes`, and at most about twice as much. */
  constructor(private readonly capacity: number, private readonly maxBytes = 16_777_216) {}

  /** The state of a node that has told nothing yet. */
  begin(revision: number): void {
    if (this.batches.length === 0 && revision > this.last) this.floor = this.last = revision
  }

  push({ command, index, result }: Executed<C, R>): void {
    const first = result.revision
    const last = first + result.executed - 1
    if (last <= this.last || last < first) return // a new life executes again what the last one told
    if (first !== this.last + 1) {
      this.batches = []
      this.bytes = 0
      this.floor = first - 1
    }
    this.batches.push({ index, command, result, first, last })
    this.last = last
    this.bytes += command.bytes.length
    if (this.last - this.floor > 2 * this.capacity || this.bytes > 2 * this.maxBytes) this.trim()
    if (this.waiting.size > 0) this.wake()
  }

  /** About half of what is kept goes at once, so that each batch is moved a bounded number of times. The newest batch stays. */
  private trim(): void {
    let keep = this.batches.length - 1
    let bytes = this.batches[keep]!.command.bytes.length
    while (keep > 0 && this.batches[keep]!.first > this.last - this.capacity + 1) {
      bytes += this.batches[keep - 1]!.command.bytes.length
      if (bytes > this.maxBytes) break
      keep--
    }
    this.floor = this.batches[keep]!.first - 1
    this.batches = this.batches.slice(keep)
    this.bytes = this.batches.reduce((sum, { command }) => sum + command.bytes.length, 0)
  }

  private wake(): void {
    const { waiting } = this
    this.waiting = new Set()
    for (const resume of waiting) resume()
  }

  close(): void {
    this.isClosed = true
    this.wake()
  }

  /** From revision `from` on, without gap or repetition; ends when the node does. */
  watch(from: number | undefined): Stream.Stream<Applied<C, R>, Compacted> {
    return Stream.suspend(() => {
      let next = from ?? this.last + 1
      const pull: Effect.Effect<Chunk.Chunk<Applied<C, R>>, Option.Option<Compacted>> = Effect.suspend(() => {
        if (next <= this.floor) return Effect.fail(Option.some(new Compacted({ wanted: next, floor: this.floor })))
        if (next <= this.last) {
          const some = this.slice(next)
          next += some.length
          return Effect.succeed(Chunk.unsafeFromArray(some))
        }
        if (this.isClosed) return Effect.fail(Option.none())
        return Effect.zipRight(this.more, pull)
      })
      return Stream.repeatEffectChunkOption(pull)
    })
  }

  private readonly more: Effect.Effect<void> = Effect.async<void>((resume) => {
    const wake = () => resume(Effect.void)
    this.waiting.add(wake)
    return Effect.sync(() => this.waiting.delete(wake))
  })

  /** The rest of the batch that holds a revision, which is kept. */
  private slice(revision: number): Array<Applied<C, R>> {
    let low = 0
    let high = this.batches.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.batches[middle]!.last < revision) low = middle + 1
      else high = middle
    }
    const { command, first, index, result } = this.batches[low]!
    const found: Array<Applied<C, R>> = []
    let next = first
    for (let i = 0; i < command.commands.length; i++) {
      const one = result.results[i]
      if (one instanceof Thrown) continue // it has no revision
      if (next >= revision) {
        found.push({ revision: next, index, command: command.commands[i]!, result: one as R }) // one result a command
      }
      next++
    }
    return found
  }
}
