import { describe, expect, it } from "@effect/vitest"
import type { Turns } from "synod/actor/Dispatcher"
import { DispatchLoop, type Runnable } from "synod/actor/internal/DispatchLoop"

/** An event loop by hand: microtasks and macrotasks run when the test says so, and time is a number. */
class FakeTurns implements Turns {
  readonly microtasks: Array<() => void> = []
  readonly macrotasks: Array<() => void> = []
  time = 0
  constructor(readonly batch: number, readonly slice: number, readonly maxMillis = Number.POSITIVE_INFINITY) {}
  readonly soon = (turn: () => void) => void this.microtasks.push(turn)
  readonly later = (turn: () => void) => void this.macrotasks.push(turn)
  readonly now = () => this.time

  /** All microtasks, those that they queue too. Returns how many ran. */
  drainMicrotasks(limit = 10_000): number {
    let ran = 0
    for (let task = this.microtasks.shift(); task !== undefined; task = this.microtasks.shift()) {
      task()
      if (++ran > limit) throw new Error("the microtasks do not end")
    }
    return ran
  }

  /** One macrotask and the microtasks after it. */
  turn(): boolean {
    const task = this.macrotasks.shift()
    task?.()
    this.drainMicrotasks()
    return task !== undefined
  }
}

/** A cell with mail to count and nothing else. `onMessage` may send more. */
class FakeCell implements Runnable {
  mail = 0
  queued = false
  handled = 0
  mostInOneRun = 0
  constructor(
    readonly loop: DispatchLoop,
    readonly order: Array<string>,
    readonly name: string,
    readonly onMessage: (cell: FakeCell) => void = () => {}
  ) {}

  tell(n = 1): void {
    this.mail += n
    if (this.queued) return
    this.queued = true
    this.loop.schedule(this)
  }
  readonly waiting = () => this.mail
  readonly run = (limit: number) => {
    let done = 0
    while (done < limit && this.mail > 0) {
      this.mail--
      done++
      this.handled++
      this.onMessage(this)
    }
    this.mostInOneRun = Math.max(this.mostInOneRun, done)
    this.order.push(`${this.name}${done}`)
    return done
  }
  readonly endBatch = () => {
    this.order.push(`${this.name}|`)
    this.queued = this.mail > 0
    return this.queued
  }
}

describe("DispatchLoop", () => {
  it("law 58: no cell runs more than one batch while another is ready", () => {
    const turns = new FakeTurns(4, 1_000)
    const loop = new DispatchLoop(turns)
    const order: Array<string> = []
    const [a, b] = [new FakeCell(loop, order, "a"), new FakeCell(loop, order, "b")]
    a.tell(10)
    b.tell(5)
    turns.drainMicrotasks()
    expect(order).toEqual(["a4", "a|", "b4", "b|", "a4", "a|", "b1", "b|", "a2", "a|"])
  })

  it("a batch is the mail present at its start: what a handler sends itself waits for the next", () => {
    const turns = new FakeTurns(100, 1_000)
    const loop = new DispatchLoop(turns)
    const order: Array<string> = []
    const a = new FakeCell(loop, order, "a", (cell) => {
      if (cell.handled <= 3) cell.mail++
    })
    a.tell(2)
    turns.drainMicrotasks()
    expect(order).toEqual(["a2", "a|", "a2", "a|", "a1", "a|"])
  })

  it("law 58: the budget is refilled from a macrotask only, however often microtasks come back", () => {
    const turns = new FakeTurns(512, 1_000)
    const loop = new DispatchLoop(turns)
    // as a handler that returns an Effect does: the ring runs empty, and a microtask later there is mail again
    const loopAlways = new FakeCell(loop, [], "a", (cell) => turns.soon(() => cell.tell()))
    loopAlways.tell()
    turns.drainMicrotasks()
    const first = loopAlways.handled
    expect(first).toBeGreaterThan(100)
    expect(first).toBeLessThanOrEqual(1_000)
    expect(turns.macrotasks.length).toBe(1)
    for (let turn = 2; turn <= 20; turn++) {
      expect(turns.turn()).toBe(true)
      expect(loopAlways.handled).toBeLessThanOrEqual(1_000 * turn)
    }
    expect(loopAlways.handled).toBeGreaterThan(19 * 100)
  })

  it("what a fiber drains by itself is paid from the same budget", () => {
    const turns = new FakeTurns(512, 100)
    const loop = new DispatchLoop(turns)
    loop.budget = 0 // a fiber spent it
    const a = new FakeCell(loop, [], "a")
    a.tell(5)
    expect([turns.microtasks.length, turns.macrotasks.length]).toEqual([0, 1])
    turns.turn()
    expect(a.handled).toBe(5)
    expect(loop.budget).toBeLessThan(100)
  })

  it("an idle loop asks for nothing: after the mail is handled no macrotask follows another", () => {
    const turns = new FakeTurns(512, 100)
    const loop = new DispatchLoop(turns)
    new FakeCell(loop, [], "a").tell(3)
    turns.drainMicrotasks()
    let turnsTaken = 0
    while (turns.turn()) expect(++turnsTaken).toBeLessThan(3)
    expect([turns.microtasks.length, turns.macrotasks.length]).toEqual([0, 0])
  })

  it("a slice that takes long ends early, looked at after each 64 messages", () => {
    const turns = new FakeTurns(512, 1_000, 10)
    const loop = new DispatchLoop(turns)
    const slow = new FakeCell(loop, [], "slow", () => {
      turns.time += 0.1
    })
    slow.tell(1_000)
    turns.drainMicrotasks()
    expect(slow.handled).toBe(128) // 10 ms are over at the 100th
    turns.turn()
    expect(slow.handled).toBe(256)
  })

  it("the time belongs to the turn of the event loop too: many short drains end as one long one does", () => {
    const turns = new FakeTurns(512, 1_000, 10)
    const loop = new DispatchLoop(turns)
    const slow = new FakeCell(loop, [], "slow", (cell) => {
      turns.time += 1
      turns.soon(() => cell.tell())
    })
    slow.tell()
    turns.drainMicrotasks()
    expect(slow.handled).toBeLessThanOrEqual(64)
  })

  it("a cell whose mail went elsewhere costs a turn and no more", () => {
    const turns = new FakeTurns(4, 1_000)
    const loop = new DispatchLoop(turns)
    const order: Array<string> = []
    const [a, b] = [new FakeCell(loop, order, "a"), new FakeCell(loop, order, "b")]
    a.tell(2)
    b.tell(1)
    a.mail = 0
    turns.drainMicrotasks()
    expect(order).toEqual(["a0", "a|", "b1", "b|"])
  })
})
