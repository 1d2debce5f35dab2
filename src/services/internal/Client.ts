/**
 * The client of a replicated state machine at its own node: batches, the session, retries across leaders, deadlines. Synchronous; its owner gives it turns.
 *
 * Exactly once: a batch is one sequence of the session, and is handed over again with the same sequence until it is answered.
 * Honest ends: a batch counts its `open` attempts, those handed over and not refused for certain. A command that ends at its deadline is `Unavailable` where none is
 * open (then it leaves the batch, so that it never will be executed), `OutcomeUnknown` otherwise.
 *
 * @internal
 */
import * as Exit from "effect/Exit"
import type { Codec } from "../../network/Codec.js"
import { Writer } from "../../network/Codec.js"
import type { Reply, Request, State } from "../../protocols/raft/Types.js"
import type { Outcome } from "../ReplicatedStateMachine.js"
import { ApplyFailed, OutcomeUnknown, Unavailable } from "../ReplicatedStateMachine.js"
import { backoff } from "./backoff.js"
import type { Results, Versioned } from "./batch.js"
import { Batch, Thrown } from "./batch.js"
import { oncePerTurn } from "./oncePerTurn.js"
import { Reads } from "./Reads.js"

/** What the client needs of its node. */
export interface Port<S, C, R> {
  /** Asks the local protocol. Where it refuses, `onReply` is never called. */
  readonly request: (
    request: Request<Batch<C>>,
    onReply: (reply: Reply<Results<R>> | undefined) => void
  ) => "accepted" | "overloaded" | "stopped"
  readonly state: () => State<Versioned<S>, Batch<C>, Results<R>> | undefined
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
  /** Calls `turn` at the end of this turn of the event loop. */
  readonly soon: (turn: () => void) => void
  /** Something waits: `tick` is needed from now on. */
  readonly busy: () => void
}

/** @internal */
export interface ClientOptions {
  readonly timeoutMillis: number
  /** How long an attempt may stay without an answer before the next one is made. */
  readonly attemptMillis: number
  /** Batches under way; what comes meanwhile forms the next one. */
  readonly maxInflight: number
  readonly maxBatchCommands: number
  readonly maxBatchBytes: number
  readonly maxCommandBytes: number
  /** Commands and reads that may wait. */
  readonly maxPending: number
}

interface Operation<R> {
  readonly onDone: (outcome: Outcome<R>) => void
  readonly deadline: number
}

/** A batch under way. `operations[i]` is undefined where command i was given up. */
class Flight<C, R> {
  /** Attempts that were handed over and not refused for certain. */
  open = 0
  attempts = 0
  /** When the next attempt is due. */
  due = 0
  isDone = false
  /** No operation ends before it. */
  deadline: number
  constructor(
    readonly session: number,
    readonly sequence: number,
    public batch: Batch<C>,
    public operations: Array<Operation<R> | undefined>
  ) {
    this.deadline = earliest(operations)
  }
}

const earliest = (operations: ReadonlyArray<{ readonly deadline: number } | undefined>): number => {
  let deadline = Infinity
  for (const operation of operations) {
    if (operation !== undefined && operation.deadline < deadline) deadline = operation.deadline
  }
  return deadline
}

/** @internal */
export class Client<S, C, R> {
  readonly counters = { proposals: 0, entries: 0, retries: 0 }
  readonly reads: Reads<S, C, R>
  private isStopped = false
  private session: number | undefined
  private openAttempts = 0
  private openDue = 0
  private sequence = 0
  /** In the order of sequences; flights of an expired session are in it until they end. */
  private readonly flights = new Set<Flight<C, R>>()
  /** What forms the next batches: `operations[i]` waits for `commands[i]`. */
  private commands: Array<C> = []
  private operations: Array<Operation<R>> = []
  private readonly writer = new Writer(4_096)
  private readonly flushSoon = oncePerTurn((run) => this.port.soon(run), () => this.pump())
  private pending = 0
  private refusal: Unavailable["reason"] = "NoLeader"

  constructor(
    private readonly port: Port<S, C, R>,
    private readonly command: Codec<C>,
    private readonly options: ClientOptions
  ) {
    this.reads = new Reads(port, options)
  }

  /** Commands and reads that wait for their end. */
  get size(): number {
    return this.pending + this.reads.size
  }

  propose(command: C, onDone: (outcome: Outcome<R>) => void, timeoutMillis = this.options.timeoutMillis): void {
    if (this.isStopped) return onDone(unavailable("Stopped"))
    if (this.pending >= this.options.maxPending) return onDone(unavailable("Overloaded"))
    this.counters.proposals++
    this.pending++
    this.commands.push(command)
    this.operations.push({ onDone, deadline: this.port.now() + timeoutMillis })
    this.port.busy()
    this.flushSoon()
  }

  /** Hands over as many batches as may be under way. */
  private pump(): void {
    if (this.isStopped || this.operations.length === 0) return
    if (this.session === undefined) return this.openSession()
    while (this.operations.length > 0 && this.flights.size < this.options.maxInflight) {
      const flight = this.form(this.session)
      if (flight !== undefined) this.attempt(flight)
    }
  }

  /** The next batch, as large as the bounds permit; undefined where no command of it could be encoded. */
  private form(session: number): Flight<C, R> | undefined {
    const { maxBatchBytes, maxBatchCommands } = this.options
    const { writer } = this
    const commands: Array<C> = []
    const operations: Array<Operation<R>> = []
    writer.reset()
    let taken = 0
    for (; taken < this.operations.length && commands.length < maxBatchCommands; taken++) {
      const command = this.commands[taken]!
      const operation = this.operations[taken]!
      const before = writer.length
      const defect = this.encode(command)
      if (defect !== undefined) this.settle(operation, Exit.die(defect))
      else if (writer.length > maxBatchBytes && commands.length > 0) {
        writer.truncate(before)
        break
      } else {
        commands.push(command)
        operations.push(operation)
      }
    }
    this.commands = this.commands.slice(taken)
    this.operations = this.operations.slice(taken)
    if (commands.length === 0) return undefined
    const flight = new Flight<C, R>(session, ++this.sequence, new Batch(commands, writer.finish()), operations)
    this.flights.add(flight)
    this.counters.entries++
    return flight
  }

  /** Appends a command to the writer, or gives the reason why it cannot travel. */
  private encode(command: C): unknown {
    const before = this.writer.length
    try {
      this.command.encode(command, this.writer)
    } catch (error) {
      this.writer.truncate(before)
      return error
    }
    const size = this.writer.length - before
    if (size <= this.options.maxCommandBytes) return undefined
    this.writer.truncate(before)
    return new RangeError(`a command of ${size} bytes: the limit is ${this.options.maxCommandBytes}`)
  }

  private attempt(flight: Flight<C, R>): void {
    const now = this.port.now()
    const number = ++flight.attempts
    if (number > 1) this.counters.retries++
    flight.due = now + this.options.attemptMillis * Math.min(8, 2 ** (number - 1))
    flight.open++
    const verdict = this.port.request({
      _tag: "Propose",
      session: flight.session,
      sequence: flight.sequence,
      lowest: this.lowest(flight),
      command: flight.batch
    }, (reply) => this.onReply(flight, number, reply))
    if (verdict === "accepted") return
    flight.open--
    flight.due = now + backoff(number)
    if (verdict === "stopped") this.stop()
    else this.refusal = "Overloaded"
  }

  /** The oldest sequence of its session that still waits: everything below was answered or given up. */
  private lowest(flight: Flight<C, R>): number {
    for (const other of this.flights) if (other.session === flight.session) return other.sequence
    return flight.sequence
  }

  private onReply(flight: Flight<C, R>, attempt: number, reply: Reply<Results<R>> | undefined): void {
    if (flight.isDone) return
    switch (reply?._tag) {
      case "Applied":
        return this.applied(flight, reply.index, reply.result)
      case "NotLeader":
      case "Overloaded":
        if (reply.forwarded !== true) flight.open-- // another node refused one copy of it, which says nothing of others
        this.refusal = reply._tag === "Overloaded" ? "Overloaded" : "NoLeader"
        if (attempt === flight.attempts) flight.due = this.port.now() + backoff(attempt)
        return
      case "SessionExpired":
        flight.open--
        return this.expired(flight)
      case "SessionSuperseded": // its results were evicted
        return this.giveUp(flight, unknown("SessionExpired"))
      default: // leadership lost, or the local life ended: it may be in the log
        if (attempt === flight.attempts) flight.due = this.port.now() + backoff(attempt)
    }
  }

  private applied(flight: Flight<C, R>, index: number, { results }: Results<R>): void {
    this.end(flight)
    this.reads.saw(index)
    const { operations } = flight
    for (let i = 0; i < operations.length; i++) {
      const operation = operations[i]
      if (operation === undefined) continue
      const result = results[i] as R | Thrown // one result a command
      this.settle(
        operation,
        result instanceof Thrown ? Exit.die(new ApplyFailed({ detail: result.detail })) : Exit.succeed(result)
      )
    }
    this.flushSoon()
  }

  /** The session is gone. This attempt was not executed; whether another one was before is known only if there is none. */
  private expired(flight: Flight<C, R>): void {
    if (flight.session === this.session) this.session = undefined
    if (flight.open > 0) return this.giveUp(flight, unknown("SessionExpired"))
    this.end(flight)
    const commands: Array<C> = []
    const operations: Array<Operation<R>> = []
    flight.operations.forEach((operation, i) => {
      if (operation === undefined) return
      commands.push(flight.batch.commands[i]!)
      operations.push(operation)
    })
    this.commands = [...commands, ...this.commands]
    this.operations = [...operations, ...this.operations]
    this.flushSoon()
  }

  private end(flight: Flight<C, R>): void {
    flight.isDone = true
    this.flights.delete(flight)
  }

  private giveUp(flight: Flight<C, R>, outcome: Outcome<R>): void {
    this.end(flight)
    for (const operation of flight.operations) if (operation !== undefined) this.settle(operation, outcome)
    this.flushSoon()
  }

  private settle(operation: Operation<R>, outcome: Outcome<R>): void {
    this.pending--
    operation.onDone(outcome)
  }

  private openSession(): void {
    const now = this.port.now()
    if (now < this.openDue) return
    const attempt = ++this.openAttempts
    this.openDue = now + this.options.attemptMillis
    const retryAt = (due: number) => {
      if (attempt === this.openAttempts) this.openDue = due
    }
    const verdict = this.port.request({ _tag: "OpenSession" }, (reply) => {
      if (this.session !== undefined) return
      if (reply?._tag !== "SessionOpened") {
        if (reply?._tag === "Overloaded" || reply?._tag === "NotLeader") {
          this.refusal = reply._tag === "Overloaded" ? "Overloaded" : "NoLeader"
        }
        return retryAt(this.port.now() + backoff(attempt))
      }
      this.session = reply.session
      this.sequence = 0
      this.openAttempts = 0
      this.openDue = 0
      this.pump()
    })
    if (verdict === "stopped") this.stop()
    else if (verdict === "overloaded") retryAt(now + backoff(attempt))
  }

  /** Deadlines and retries. */
  tick(): void {
    const now = this.port.now()
    for (const flight of this.flights) {
      if (flight.deadline <= now) this.expire(flight, now)
      if (!flight.isDone && flight.due <= now) this.attempt(flight)
    }
    if (this.operations.some((operation) => operation.deadline <= now)) {
      const waiting = this.operations.map((operation, i) => [operation, this.commands[i]!] as const)
      const left = waiting.filter(([operation]) => operation.deadline > now)
      this.operations = left.map(([operation]) => operation)
      this.commands = left.map(([, command]) => command)
      for (const [operation] of waiting) {
        if (operation.deadline <= now) this.settle(operation, unavailable(this.refusal))
      }
    }
    this.pump()
    this.reads.tick(now)
  }

  private expire(flight: Flight<C, R>, now: number): void {
    const outcome = flight.open > 0 ? unknown("Deadline") : unavailable(this.refusal)
    const ended = flight.operations.filter((operation) => operation !== undefined && operation.deadline <= now)
    flight.operations = flight.operations.map((operation) => ended.includes(operation) ? undefined : operation)
    flight.deadline = earliest(flight.operations)
    if (flight.deadline === Infinity) this.end(flight)
    else if (flight.open === 0) this.shrink(flight)
    for (const operation of ended) if (operation !== undefined) this.settle(operation, outcome)
  }

  /** Takes the commands that were given up out of a batch that nobody has: it is a promise that they are not executed. */
  private shrink(flight: Flight<C, R>): void {
    const { batch, operations } = flight
    const commands = batch.commands.filter((_, i) => operations[i] !== undefined)
    this.writer.reset()
    for (const command of commands) this.command.encode(command, this.writer)
    flight.batch = new Batch(commands, this.writer.finish())
    flight.operations = operations.filter((operation) => operation !== undefined)
  }

  /** There is a leader, or a new life of the node: whatever waits is asked again at once. */
  kick(): void {
    for (const flight of this.flights) flight.due = 0
    this.openDue = 0
    this.reads.kick()
    this.tick()
  }

  /** The node has ended for good. */
  stop(): void {
    if (this.isStopped) return
    this.isStopped = true
    for (const flight of this.flights) {
      this.giveUp(flight, flight.open > 0 ? unknown("Stopped") : unavailable("Stopped"))
    }
    const { operations } = this
    this.operations = []
    this.commands = []
    for (const operation of operations) this.settle(operation, unavailable("Stopped"))
    this.reads.stop()
  }
}

const unavailable = (reason: Unavailable["reason"]) => Exit.fail(new Unavailable({ reason }))

const unknown = (reason: OutcomeUnknown["reason"]) => Exit.fail(new OutcomeUnknown({ reason }))
