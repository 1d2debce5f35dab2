import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Protocol from "synod/core/Protocol"
import { TimerQueue } from "../../src/node/internal/TimerQueue.js"
import type { Bench } from "./support.js"
import { a, b, bench } from "./support.js"

/** A protocol that does what it is told: each message is a list of effects. */
type Order =
  | readonly ["send" | "now", string]
  | readonly ["self", string]
  | readonly ["persist", string]
  | readonly ["emit", string]
  | readonly ["arm", string, number]
  | readonly ["cancel", string]
  | readonly ["throw"]
type Puppet = Protocol.Types<{
  state: ReadonlyArray<string>
  message: ReadonlyArray<Order>
  timer: string
  request: ReadonlyArray<Order>
  reply: string
  event: string
  record: string
  durable: ReadonlyArray<string>
}>

const obey = (out: Protocol.Outbox<Puppet>, orders: ReadonlyArray<Order>): void => {
  for (const order of orders) {
    switch (order[0]) {
      case "send":
        out.send(b, [["emit", order[1]]])
        break
      case "now":
        out.now.send(b, [["emit", order[1]]])
        break
      case "self":
        out.now.send(a, [["emit", order[1]]])
        break
      case "persist":
        out.persist(order[1])
        break
      case "emit":
        out.emit(order[1])
        break
      case "arm":
        out.setTimer(order[1], order[2])
        break
      case "cancel":
        out.cancelTimer(order[1])
        break
      case "throw":
        throw new Error("told to")
    }
  }
}

const puppet = Protocol.make<Puppet>({
  name: "puppet",
  durable: { empty: [], fold: (durable, record) => [...durable, record] },
  start: (_, durable) => durable,
  onMessage: (state, _, orders, out) => {
    obey(out, orders)
    return [...state, "message"]
  },
  onRequest: (state, id, orders, out) => {
    obey(out, orders)
    out.reply(id, "done")
    return state
  },
  onTimer: (state, timer, out) => {
    out.now.emit(`timer ${timer}`)
    return state
  },
  onDurable: (state, durable, out) => {
    out.now.emit(`durable ${durable.join("")}`)
    return state
  }
})

const started = (options: Parameters<typeof bench<Puppet>>[1] = {}): Bench<Puppet> => {
  const it = bench(puppet, options)
  it.driver.start()
  it.driver.endBatch()
  return it
}
const sent = (text: string) => ["send", b, [["emit", text]]]

describe("Driver", () => {
  it("law: the records of a batch are one frame, and gated effects wait for it", () => {
    const { driver, frames, log } = started()
    driver.message(b, [["send", "before"], ["persist", "1"], ["send", "after"], ["now", "at once"]])
    driver.message(b, [["emit", "later step"], ["persist", "2"]])
    expect(log).toEqual([sent("before"), sent("at once")])
    driver.endBatch()
    expect(frames).toEqual([{ position: 1, records: ["1", "2"] }])
    driver.durable(1)
    driver.endBatch()
    expect(log.slice(2)).toEqual([["write", 1], sent("after"), ["emit", "later step"], ["emit", "durable 12"]])
  })

  it("law: what follows a frame that is being written waits for its own frame only", () => {
    const { driver, log } = started()
    driver.message(b, [["persist", "1"], ["send", "one"]])
    driver.endBatch()
    driver.message(b, [["send", "waits for 1"], ["persist", "2"], ["send", "two"]])
    driver.endBatch()
    driver.durable(1)
    driver.endBatch()
    expect(log).toEqual([["write", 1], ["write", 2], sent("one"), sent("waits for 1"), ["emit", "durable 1"]])
    driver.durable(2)
    driver.endBatch()
    expect(log.slice(5)).toEqual([sent("two"), ["emit", "durable 12"]])
  })

  it("law: a later position stands for the earlier ones: one fold, one onDurable", () => {
    const { driver, log } = started()
    for (const record of ["1", "2", "3"]) {
      driver.message(b, [["persist", record]])
      driver.endBatch()
    }
    driver.durable(3)
    driver.endBatch()
    expect(log.slice(3)).toEqual([["emit", "durable 123"]])
    expect(driver.durableState).toEqual({ durable: ["1", "2", "3"], position: 3 })
    driver.durable(2)
    driver.endBatch()
    expect(log.length).toBe(4)
  })

  it("law: timers of 0 run at the end of the batch, before its frame, once", () => {
    const { driver, log } = started()
    driver.message(b, [["arm", "flush", 0], ["persist", "1"]])
    driver.message(b, [["arm", "flush", 0], ["arm", "other", 0], ["cancel", "other"], ["now", "x"]])
    driver.endBatch()
    expect(log).toEqual([sent("x"), ["emit", "timer flush"], ["write", 1]])
    expect(driver.hasOwnWork).toBe(false)
  })

  it("law: due timers run before any other input of a batch", () => {
    const it = started()
    it.driver.message(b, [["arm", "lease", 10]])
    it.driver.endBatch()
    it.now = 10
    it.driver.message(b, [["now", "input"]])
    expect(it.log).toEqual([["emit", "timer lease"], sent("input")])
  })

  it("law: a message to oneself is gated, and a step of its own", () => {
    const { driver, log } = started()
    driver.message(b, [["persist", "1"], ["self", "echo"], ["now", "same step"]])
    driver.endBatch()
    expect(log).toEqual([sent("same step"), ["write", 1]])
    driver.durable(1)
    driver.endBatch()
    expect(log.slice(2)).toEqual([["emit", "durable 1"]])
    expect(driver.hasOwnWork).toBe(true)
    driver.tick()
    expect(log.slice(3)).toEqual([["emit", "echo"]])
  })

  it("law: own steps without end leave others their turn", () => {
    type Loop = Protocol.Types<{ state: number; message: "again"; timer: "more" }>
    const { driver } = bench(Protocol.make<Loop>({
      name: "loop",
      start: (_, __, out) => {
        out.send(a, "again")
        out.setTimer("more", 0)
        return 0
      },
      onMessage: (n, _, __, out) => {
        out.send(a, "again")
        return n + 1
      },
      onTimer: (n, _, out) => {
        out.setTimer("more", 0)
        return n + 100
      }
    }))
    driver.start()
    driver.endBatch()
    expect(driver.state).toBe(100)
    expect(driver.hasOwnWork).toBe(true)
    driver.tick()
    driver.endBatch()
    expect(driver.state).toBe(301)
  })

  it("law: refused frames keep their order and are written when there is room", () => {
    const it = started()
    it.room = 1
    for (const record of ["1", "2", "3"]) {
      it.driver.message(b, [["persist", record], ["send", record]])
      if (record === "3") it.room = 1 // room for one: the third must not take it before the second
      it.driver.endBatch()
    }
    expect(it.frames.map((frame) => frame.position)).toEqual([1])
    expect(it.driver.isBlocked).toBe(true)
    expect(it.driver.retryWrites()).toBe(false)
    it.room = 1
    expect(it.driver.retryWrites()).toBe(true)
    expect(it.frames).toEqual([1, 2, 3].map((position) => ({ position, records: [String(position)] })))
    expect(it.driver.isBlocked).toBe(false)
  })

  it("law: a batch that outgrows the frame is cut between steps, never within one", () => {
    const { driver, frames, log } = started({ frameBytes: 10 })
    driver.message(b, [["persist", "long record"], ["persist", "of one step"], ["send", "1"]])
    driver.message(b, [["persist", "x"], ["send", "2"]])
    driver.endBatch()
    expect(frames.map((frame) => frame.records)).toEqual([["long record", "of one step"], ["x"]])
    driver.durable(1)
    expect(log.filter((entry) => Array.isArray(entry) && entry[0] === "send")).toEqual([sent("1")])
  })

  it("law: requests are answered behind the gate, and it starts from what was durable", () => {
    const { driver, log } = started({ durable: ["0"] })
    expect(driver.state).toEqual(["0"])
    driver.request(Protocol.requestId(1, 7), [["persist", "1"]])
    driver.endBatch()
    expect(log).toEqual([["write", 1]])
    driver.durable(1)
    expect(log[1]).toEqual(["reply", Protocol.requestId(1, 7), "done"])
  })

  it("law: a handler that throws has no effect", () => {
    const { driver, frames, log } = started()
    expect(() => driver.message(b, [["now", "x"], ["persist", "1"], ["throw"]])).toThrow("told to")
    expect([...log, ...frames]).toEqual([])
  })
})

describe("TimerQueue", () => {
  const script = FastCheck.array(
    FastCheck.oneof(
      FastCheck.tuple(
        FastCheck.constant("arm" as const),
        FastCheck.constantFrom("x", "y", "z"),
        FastCheck.integer({ min: 1, max: 9 })
      ),
      FastCheck.tuple(
        FastCheck.constant("cancel" as const),
        FastCheck.constantFrom("x", "y", "z"),
        FastCheck.constant(0)
      ),
      FastCheck.tuple(
        FastCheck.constant("pass" as const),
        FastCheck.constant(""),
        FastCheck.integer({ min: 1, max: 12 })
      )
    ),
    { maxLength: 60, size: "max" }
  )

  it("law: fires what a table of deadlines says, in order, and never what was cancelled or re-armed", () => {
    FastCheck.assert(
      FastCheck.property(script, (steps) => {
        const queue = new TimerQueue<string>()
        const twin = new Map<string, { at: number; armed: number }>()
        let now = 0
        let armed = 0
        for (const [kind, timer, amount] of steps) {
          if (kind === "arm") {
            queue.arm(timer, now + amount)
            twin.set(timer, { at: now + amount, armed: ++armed })
          } else if (kind === "cancel") {
            queue.cancel(timer)
            twin.delete(timer)
          } else {
            now += amount
            const due = [...twin].filter(([, { at }]) => at <= now).sort(([, x], [, y]) =>
              x.at - y.at || x.armed - y.armed
            )
            for (const [expected] of due) {
              expect(queue.due(now)?.timer).toBe(expected)
              twin.delete(expected)
            }
            expect(queue.due(now)).toBeUndefined()
            const next = queue.next()
            for (const { at } of twin.values()) expect(next).toBeLessThanOrEqual(at)
          }
        }
      }),
      { numRuns: 500 }
    )
  })
})
