/**
 * Reads of a replicated state machine at its own node. What is asked while a confirmation is under way waits for the next one, so that one round serves any number.
 *
 * @internal
 */
import * as Exit from "effect/Exit"
import type { ReadLevel } from "../ReplicatedStateMachine.js"
import { Unavailable } from "../ReplicatedStateMachine.js"
import { backoff } from "./backoff.js"
import type { ClientOptions, Port } from "./Client.js"
import { oncePerTurn } from "./oncePerTurn.js"

interface Reader<S> {
  readonly f: (state: S) => unknown
  readonly onDone: (outcome: Exit.Exit<unknown, Unavailable>) => void
  readonly deadline: number
}

/** Reads that one confirmation serves. */
interface Group<S> {
  readers: ReadonlyArray<Reader<S>>
  attempts: number
  due: number
}

/** Confirmations under way. More than one, so that a read does not always wait for two rounds. */
const maxInflight = 4

/** @internal */
export class Reads<S, C, R> {
  /** The newest index that this node's commands and reads saw. */
  private seen = 0
  private forming: Array<Reader<S>> = []
  private readonly groups = new Set<Group<S>>()
  /** Sequential reads that wait until the local state is new enough. */
  private behind: Array<{ readonly reader: Reader<S>; readonly index: number }> = []
  private readonly flushSoon = oncePerTurn((run) => this.port.soon(run), () => this.pump())
  private isStopped = false
  private refusal: Unavailable["reason"] = "NoLeader"
  size = 0

  constructor(private readonly port: Port<S, C, R>, private readonly options: ClientOptions) {}

  /** A command of this node was answered at this index. */
  saw(index: number): void {
    if (index > this.seen) this.seen = index
  }

  read<A>(
    f: (state: S) => A,
    onDone: (outcome: Exit.Exit<A, Unavailable>) => void,
    level: ReadLevel = "linearizable",
    timeoutMillis = this.options.timeoutMillis
  ): void {
    if (this.isStopped) return onDone(unavailable("Stopped"))
    if (this.size >= this.options.maxPending) return onDone(unavailable("Overloaded"))
    const reader: Reader<S> = {
      f,
      onDone: onDone as Reader<S>["onDone"], // it is given what f returned
      deadline: this.port.now() + timeoutMillis
    }
    this.size++
    if (level === "linearizable") {
      this.forming.push(reader)
      this.port.busy()
      return this.flushSoon()
    }
    const state = this.port.state()
    if (state !== undefined && (level === "stale" || state.applied >= this.seen)) return this.serve([reader])
    this.behind.push({ reader, index: level === "stale" ? 0 : this.seen })
    this.port.busy()
  }

  private pump(): void {
    if (this.isStopped || this.forming.length === 0 || this.groups.size >= maxInflight) return
    const group: Group<S> = { readers: this.forming, attempts: 0, due: 0 }
    this.forming = []
    this.groups.add(group)
    this.attempt(group)
  }

  private attempt(group: Group<S>): void {
    const now = this.port.now()
    const number = ++group.attempts
    group.due = now + this.options.attemptMillis
    const verdict = this.port.request({ _tag: "Read" }, (reply) => {
      if (!this.groups.has(group)) return
      if (reply?._tag === "Readable" && this.port.state() !== undefined) {
        this.groups.delete(group)
        this.serve(group.readers)
        return this.flushSoon()
      }
      if (reply?._tag === "Overloaded" || reply?._tag === "NotLeader") {
        this.refusal = reply._tag === "Overloaded" ? "Overloaded" : "NoLeader"
      }
      if (number === group.attempts) group.due = this.port.now() + backoff(number)
    })
    if (verdict === "stopped") this.stop()
    else if (verdict === "overloaded") group.due = now + backoff(number)
  }

  /** Shows readers the present local state. */
  private serve(readers: ReadonlyArray<Reader<S>>): void {
    const state = this.port.state()!
    this.saw(state.applied)
    for (const reader of readers) {
      let outcome: Exit.Exit<unknown>
      try {
        outcome = Exit.succeed(reader.f(state.machine.state))
      } catch (error) {
        outcome = Exit.die(error)
      }
      this.settle(reader, outcome)
    }
  }

  private settle(reader: Reader<S>, outcome: Exit.Exit<unknown, Unavailable>): void {
    this.size--
    reader.onDone(outcome)
  }

  /** The local state moved on. */
  advanced(applied: number): void {
    if (this.behind.length === 0) return
    const ready = this.behind.filter(({ index }) => index <= applied)
    if (ready.length === 0) return
    this.behind = this.behind.filter(({ index }) => index > applied)
    this.serve(ready.map(({ reader }) => reader))
  }

  tick(now: number): void {
    const late = (reader: Reader<S>) => reader.deadline <= now
    let ended: Array<Reader<S>> = [
      ...this.forming.filter(late),
      ...this.behind.map(({ reader }) => reader).filter(late)
    ]
    this.forming = this.forming.filter((reader) => !late(reader))
    this.behind = this.behind.filter(({ reader }) => !late(reader))
    for (const group of this.groups) {
      ended = ended.concat(group.readers.filter(late))
      group.readers = group.readers.filter((reader) => !late(reader))
      if (group.readers.length === 0) this.groups.delete(group)
      else if (group.due <= now) this.attempt(group)
    }
    for (const reader of ended) this.settle(reader, unavailable(this.refusal))
    this.pump()
  }

  kick(): void {
    for (const group of this.groups) group.due = 0
  }

  stop(): void {
    if (this.isStopped) return
    this.isStopped = true
    const ended = [
      ...this.forming,
      ...this.behind.map(({ reader }) => reader),
      ...[...this.groups].flatMap(({ readers }) => readers)
    ]
    this.forming = []
    this.behind = []
    this.groups.clear()
    for (const reader of ended) this.settle(reader, unavailable("Stopped"))
  }
}

const unavailable = (reason: Unavailable["reason"]) => Exit.fail(new Unavailable({ reason }))
