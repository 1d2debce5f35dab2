/**
 * One life of a node: a driver on an open journal and a joined network, from one start to the next crash. Its Scope closes both.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ActorRef } from "../../actor/ActorRef.js"
import { unsafeTell } from "../../actor/ActorRef.js"
import type { Self } from "../../actor/Self.js"
import * as Prng from "../../core/Prng.js"
import type { RequestId, Vocabulary } from "../../core/Protocol.js"
import { emptyDurable, requestId } from "../../core/Protocol.js"
import { CodecError, Reader } from "../../network/Codec.js"
import type { Endpoint, NetworkJoinError } from "../../network/Network.js"
import { Network } from "../../network/Network.js"
import type { Frame, Journal, Recovered } from "../../storage/Storage.js"
import { Storage } from "../../storage/Storage.js"
import type { AppendError, CheckpointError, OpenError } from "../../storage/StorageError.js"
import { RecoveryFailed } from "../NodeError.js"
import type { NodeOptions } from "../ProtocolNode.js"
import { Driver } from "./Driver.js"
import * as Fragments from "./Fragments.js"
import type { Letter, Question } from "./Letters.js"
import { Crash, Deliver, Durable, Tick } from "./Letters.js"
import { Pieces } from "./Pieces.js"

/** What all lives of a node share. */
export class Shared<P extends Vocabulary> {
  life: Life<P> | undefined
  isTerminated = false
  /** Lives that began. */
  lives = 0
  /** Of the lives that ended. */
  readonly totals = { steps: 0, batches: 0, frames: 0, checkpoints: 0 }
  droppedReplies = 0
  /** Asked and not answered, queued or handled. */
  readonly questions = new Set<Question<P>>()
  /** Messages of the network in the mailbox. */
  backlog = 0

  constructor(readonly options: NodeOptions<P>) {}

  answer(question: Question<P>, reply: P["reply"] | undefined): void {
    if (this.questions.delete(question)) guarded(() => question.onReply(reply))
  }

  terminate(): void {
    this.isTerminated = true
    for (const question of this.questions) this.answer(question, undefined)
  }
}

/** Opens the journal, recovers, joins the network and starts the protocol. */
export const open = <P extends Vocabulary>(
  shared: Shared<P>,
  self: Self<Letter<P>>,
  seed: number
): Effect.Effect<Life<P>, OpenError | NetworkJoinError | RecoveryFailed, Network | Storage | Scope.Scope> =>
  Effect.gen(function*() {
    const { options } = shared
    const clock = yield* Clock.clockWith(Effect.succeed)
    const storage = yield* Storage
    const journal = yield* storage.open({
      node: options.node,
      cluster: options.cluster,
      journal: options.channel
    })
    const durable = yield* recover(options, journal.recovered)
    const prng = Prng.make(seed, `${options.node}/${journal.recovered.incarnation}`)
    const now = () => Number(clock.unsafeCurrentTimeNanos()) / 1e6
    const life = new Life<P>(shared, self, journal, durable, (n) => prng.below(n), now)
    yield* Effect.addFinalizer(() => Effect.sync(() => life.end()))
    const network = yield* Network
    life.endpoint = yield* network.join<P["message"]>({
      node: options.node,
      channel: options.channel,
      codec: options.codecs.message,
      receive: (from, message) => life.deliver(new Deliver<P>(from, message))
    })
    shared.lives++
    shared.life = life
    life.driver.start()
    life.settle()
    return life
  })

const recover = <P extends Vocabulary>(
  options: NodeOptions<P>,
  recovered: Recovered
): Effect.Effect<P["durable"], RecoveryFailed> =>
  Effect.try({
    try: () => {
      const { codecs, protocol } = options
      let durable = emptyDurable(protocol)
      if (recovered.checkpoint !== undefined) {
        const reader = new Reader(recovered.checkpoint)
        durable = codecs.durable.decode(reader)
      }
      for (const bytes of Fragments.join(recovered.frames)) {
        const reader = new Reader(bytes)
        while (reader.remaining > 0) durable = protocol.durable?.fold(durable, codecs.record.decode(reader))
      }
      return durable
    },
    catch: (error) => {
      if (error instanceof CodecError) return new RecoveryFailed({ node: options.node, detail: error.message })
      throw error // a fold that throws is a bug of the protocol
    }
  })

/** @internal */
export class Life<P extends Vocabulary> {
  readonly driver: Driver<P>
  endpoint: Endpoint<P["message"]> | undefined
  /** Handled and not answered. */
  private readonly pending = new Map<RequestId, Question<P>>()
  private sequence = 0
  /** The journal's number of the newest frame that the driver knows to be durable. */
  private sequenceDurable: number
  /** The newest durable position, and its number. */
  private noted = 0
  private sequenceNoted: number
  /** Appends that the disk has not answered. */
  private open = 0
  /** How much of the frame that is being appended was taken. */
  private offset = 0
  private isNoted = false
  private failure: AppendError | undefined
  private onRoom: (() => void) | undefined
  private armed: number | undefined
  private isPaused = false
  private isOver = false
  /** Bytes of frames that a next open would replay. */
  private bytes: number
  private checkpointAt: number
  private isCheckpointing = false
  checkpoints = 0

  constructor(
    private readonly shared: Shared<P>,
    private readonly self: Self<Letter<P>>,
    private readonly journal: Journal,
    durable: P["durable"],
    draw: (n: number) => number,
    private readonly now: () => number
  ) {
    const { options } = shared
    this.sequenceDurable = this.sequenceNoted = journal.recovered.checkpointUpTo + journal.recovered.frames.length
    this.bytes = journal.size()
    this.checkpointAt = options.checkpointBytes ?? defaultCheckpointBytes
    this.driver = new Driver<P>({
      protocol: options.protocol,
      self: { id: options.node, nodes: options.nodes },
      durable,
      record: options.codecs.record,
      sinks: {
        send: (to, message) => this.endpoint!.send(to, message), // joined before the start
        reply: (id, reply) => this.reply(id, reply),
        emit: (event) => guarded(() => options.onEvent?.(event)),
        write: (position, bytes) => this.write(position, bytes),
        now,
        draw
      }
    })
  }

  get incarnation(): number {
    return this.journal.recovered.incarnation
  }

  get ref(): ActorRef<Letter<P>> {
    return this.self.ref
  }

  deliver(letter: Deliver<P>): void {
    if (unsafeTell(this.ref, letter) !== "enqueued") return
    if (++this.shared.backlog > maxBacklog && !this.isPaused) this.pause(true)
  }

  private pause(isPaused: boolean): void {
    this.isPaused = isPaused
    if (isPaused) this.endpoint?.pause()
    else this.endpoint?.resume()
  }

  ask(question: Question<P>): void {
    const id = requestId(this.incarnation, this.sequence++)
    this.pending.set(id, question)
    this.driver.request(id, question.request)
  }

  private reply(id: RequestId, reply: P["reply"]): void {
    const question = this.pending.get(id)
    if (question === undefined) {
      this.shared.droppedReplies++
      return
    }
    this.pending.delete(id)
    this.shared.answer(question, reply)
  }

  /** Appends a frame, in pieces where it is large. False: the disk's queue was full before the last piece; the next call goes on from there. */
  private write(position: number, bytes: Uint8Array): boolean {
    do {
      const end = Math.min(bytes.length, this.offset + Fragments.maxBytes)
      if (!this.append(position, Fragments.cut(bytes, this.offset, end), end === bytes.length)) return false
      this.bytes += end - this.offset
      this.offset = end
    } while (this.offset < bytes.length)
    this.offset = 0
    return true
  }

  private append(position: number, frame: Frame, isLast: boolean): boolean {
    let refusal: AppendError | undefined
    let sequence = 0
    this.open++
    sequence = this.journal.unsafeAppend(frame, (error) => {
      this.open--
      if (error?._tag === "StorageOverloaded") refusal = error
      else this.onDurable(isLast ? position : this.noted, sequence, error)
    })
    if (this.failure !== undefined) throw this.failure
    if (refusal === undefined) return true
    if (this.open > 0) return false
    throw refusal // nothing is on its way, so there will never be more room
  }

  /** The disk speaks, at any time. */
  private onDurable(position: number, sequence: number, error: AppendError | undefined): void {
    if (this.isOver) return
    if (error !== undefined) this.failure ??= error
    else if (position > this.noted) {
      this.noted = position
      this.sequenceNoted = sequence
    }
    if (this.onRoom !== undefined) {
      this.onRoom()
    } else if (!this.isNoted) {
      this.isNoted = true
      unsafeTell(this.ref, new Durable<P>(this))
    }
  }

  /** Tells the driver how far the disk is. Throws where the disk failed. */
  notice(): void {
    this.isNoted = false
    if (this.failure !== undefined) throw this.failure
    this.driver.durable(this.noted)
    this.sequenceDurable = this.sequenceNoted
  }

  /** A step that waits until the disk takes what it refused. */
  whenRoom(step: () => void): Effect.Effect<this> {
    if (!this.isPaused) this.pause(true)
    const wait = Effect.async<void>((resume) => {
      if (this.isNoted) return resume(Effect.void) // its letter waits behind this step
      this.onRoom = () => {
        this.onRoom = undefined
        resume(Effect.void)
      }
    })
    return Effect.flatMap(wait, () =>
      Effect.suspend(() => {
        this.notice()
        if (!this.driver.retryWrites()) return this.whenRoom(step)
        step()
        return Effect.succeed(this)
      }))
  }

  /** Ends a batch: writes its frame, arms the timer, and sees whether a checkpoint is due. */
  settle(): this {
    this.driver.endBatch()
    const next = this.driver.nextTimer
    if (next !== this.armed) {
      this.armed = next
      if (next === undefined) this.self.timers.cancel("wake")
      else {
        const delay = Duration.millis(Math.max(0, Math.ceil(next - this.now())))
        this.self.timers.once("wake", delay, new Tick<P>(this, "timer"))
      }
    }
    if (this.driver.hasOwnWork) unsafeTell(this.ref, new Tick<P>(this, "timer"))
    if (this.isPaused && !this.driver.isBlocked && this.shared.backlog < maxBacklog / 2) this.pause(false)
    if (this.bytes > this.checkpointAt && !this.isCheckpointing && this.driver.durableState.position === this.noted) {
      this.isCheckpointing = true
      unsafeTell(this.ref, new Tick<P>(this, "checkpoint"))
    }
    return this
  }

  /** A timer, or more own work. */
  tick(): void {
    this.armed = undefined
    this.driver.tick()
  }

  /** Replaces what is durable by its fold; the disk's part runs beside the mailbox. */
  readonly checkpoint: Effect.Effect<void> = Effect.suspend(() => {
    const pieces = new Pieces(this.shared.options.codecs.durable, this.driver.durableState.durable)
    const replaced = this.bytes
    const usual = this.shared.options.checkpointBytes ?? defaultCheckpointBytes
    return Effect.matchEffect(this.journal.checkpoint(pieces, this.sequenceDurable), {
      onSuccess: () =>
        Effect.sync(() => {
          this.checkpoints++
          this.isCheckpointing = false
          this.bytes -= replaced // frames that were on their way count as replaced, though they stay: less than a batch
          // a fold that is large by itself is written again only when as much was appended
          this.checkpointAt = Math.max(usual, 2 * pieces.written)
        }),
      onFailure: (error) => this.failed(error)
    })
  })

  private failed(error: CheckpointError): Effect.Effect<void> {
    switch (error._tag) {
      case "StorageClosed": // the end of this life
        return Effect.void
      case "StorageFailed":
        return Effect.sync(() => void unsafeTell(this.ref, new Crash(error)))
      case "StorageTooLarge":
        this.isCheckpointing = false
        this.checkpointAt *= 2
        return Effect.logWarning(`no checkpoint of node ${this.shared.options.node}: ${error.message}`)
    }
  }

  /** The Scope of this life closes. */
  end(): void {
    const { shared } = this
    this.isOver = true
    if (shared.life === this) shared.life = undefined
    guarded(() => shared.options.onLifeEnd?.())
    shared.totals.steps += this.driver.counters.steps
    shared.totals.batches += this.driver.counters.batches
    shared.totals.frames += this.driver.counters.frames
    shared.totals.checkpoints += this.checkpoints
    for (const question of this.pending.values()) shared.answer(question, undefined)
    this.pending.clear()
  }
}

/** At 16 MiB a busy leader made one each second: 44 k puts a second at 256 in flight, against 51 k at 64 MiB and 54 k at 256 MiB. */
const defaultCheckpointBytes = 67_108_864

/** Messages of the network that may wait in the mailbox before the network is paused. */
const maxBacklog = 16_384

/** A callback's throw is its owner's: it must not look like a bug of the protocol. */
const guarded = (call: () => void): void => {
  try {
    call()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
