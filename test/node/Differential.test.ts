/**
 * One trace, two drivers: the production `Driver` and the simulator's `SimulatedNode` go through the same inputs, and after each one their states, what is on
 * their disks and everything that left them must be equal. Time, disk and choices are given to both by hand.
 */
import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Canonical from "synod/core/Canonical"
import type { Choice } from "synod/core/Choice"
import * as Protocol from "synod/core/Protocol"
import * as KeyValue from "synod/protocols/key-value/KeyValue"
import * as Config from "synod/protocols/raft/Config"
import * as Raft from "synod/protocols/raft/Raft"
import type * as Types from "synod/protocols/raft/Types"
import * as Faults from "synod/simulation/Faults"
import type { Host } from "../../src/simulation/internal/Node.js"
import { SimulatedNode } from "../../src/simulation/internal/Node.js"
import { a, b, bench } from "./support.js"

type Input<P extends Protocol.Vocabulary> =
  | { readonly _tag: "message"; readonly message: P["message"] }
  | { readonly _tag: "request"; readonly request: P["request"] }
  /** A millisecond passes, so many times. */
  | { readonly _tag: "pass"; readonly millis: number }
  /** The flush in flight ends. */
  | { readonly _tag: "disk" }

const draw = (n: number): number => 7 % n
const choice: Choice = {
  below: (n, label) => label === "timer" || label === "choose" ? draw(n) : 0, // the disk's own draws have no twin
  fork: () => choice
}
/** So long is a millisecond for the simulated node: an input and everything that it causes take 50 of its microseconds, and time goes on by whole ones. */
const millisecond = 100_000

/** What both drivers are to the test. */
interface Subject<P extends Protocol.Vocabulary> {
  readonly log: Array<unknown>
  readonly input: (input: Input<P>, id: Protocol.RequestId) => void
  readonly state: () => P["state"]
  readonly durable: () => P["durable"]
}

const production = <P extends Protocol.Vocabulary>(protocol: Protocol.Protocol<P>): Subject<P> => {
  const it = bench(protocol, { draw })
  const { driver } = it
  let inFlight = 0
  /** One flush at a time, of everything that was written when it began. */
  const endBatch = () => {
    driver.endBatch()
    if (inFlight <= driver.durableState.position) inFlight = it.frames.at(-1)?.position ?? 0
  }
  const settle = () => {
    endBatch()
    while (driver.hasOwnWork) {
      driver.tick()
      endBatch()
    }
  }
  driver.start()
  settle()
  return {
    log: it.log,
    state: () => driver.state,
    durable: () => driver.durableState.durable,
    input: (input, id) => {
      switch (input._tag) {
        case "message":
          driver.message(b, input.message)
          break
        case "request":
          driver.request(id, input.request)
          break
        case "disk":
          driver.durable(inFlight)
          break
        case "pass":
          for (let i = 0; i < input.millis; i++) {
            it.now++
            driver.tick()
            settle()
          }
      }
      settle()
    }
  }
}

const simulated = <P extends Protocol.Vocabulary>(protocol: Protocol.Protocol<P>): Subject<P> => {
  const log: Array<unknown> = []
  let events: Array<{ readonly time: number; readonly run: () => void }> = []
  const flushes: Array<() => void> = []
  const host: { -readonly [K in keyof Host<P>]: Host<P>[K] } = {
    scenario: { nodes: [a, b] },
    plan: Faults.none,
    healed: true,
    digest: new Canonical.Digest(),
    now: 0,
    at: (delay, run) => void events.push({ time: host.now + delay, run }),
    send: (_, to, message) => void log.push(["send", to, message]),
    emit: (_, event) => void log.push(["emit", event]),
    reply: (_, id, reply) => void log.push(["reply", id, reply]),
    stepped: () => {},
    flushing: () => void flushes.push(events.pop()!.run) // it has just been scheduled
  }
  const node = new SimulatedNode<P>(host, a, 0, protocol, choice, millisecond / 10)
  /** Runs what is due until `time`, in order. */
  const until = (time: number) => {
    for (;;) {
      const next = events.reduce<typeof events[number] | undefined>(
        (first, event) => event.time <= time && (first === undefined || event.time < first.time) ? event : first,
        undefined
      )
      if (next === undefined) break
      events = events.filter((event) => event !== next)
      host.now = next.time
      next.run()
    }
    host.now = time
  }
  let millis = 0
  let inputs = 0
  const settle = () => until(millis * millisecond + ++inputs * 50)
  node.boot()
  settle()
  return {
    log,
    state: () => node.current,
    durable: () => node.durable,
    input: (input, id) => {
      switch (input._tag) {
        case "message":
          node.receive(b, input.message)
          break
        case "request":
          node.request(id, input.request)
          break
        case "disk":
          flushes.shift()?.()
          break
        case "pass":
          for (let i = 0; i < input.millis; i++) {
            millis++
            settle()
          }
      }
      settle()
    }
  }
}

const outcome = (run: () => void): string => {
  try {
    run()
    return "done"
  } catch (error) {
    return String(error)
  }
}

/** What left since it was last asked. */
const effectsOf = (log: Array<unknown>): Array<string> =>
  log.splice(0).filter((entry) => Array.isArray(entry) && entry[0] !== "write").map(Canonical.encode)

const compare = <P extends Protocol.Vocabulary>(
  protocol: Protocol.Protocol<P>,
  inputs: ReadonlyArray<Input<P>>
): number => {
  const ours = production(protocol)
  const theirs = simulated(protocol)
  for (const [i, input] of inputs.entries()) {
    const id = Protocol.requestId(1, i)
    const end = outcome(() => ours.input(input, id))
    expect(outcome(() => theirs.input(input, id))).toBe(end)
    if (end !== "done") return i
    expect(Canonical.encode(theirs.state())).toBe(Canonical.encode(ours.state()))
    expect(Canonical.encode(theirs.durable())).toBe(Canonical.encode(ours.durable()))
    const left = [effectsOf(ours.log), effectsOf(theirs.log)]
    if (input._tag === "pass") left.forEach((effects) => effects.sort()) // timers of one deadline have no order among them
    expect(left[1]).toEqual(left[0])
  }
  return inputs.length
}

type Order = readonly ["send" | "now" | "self" | "persist" | "emit" | "arm" | "end" | "cancel" | "throw", number]
type Puppet = Protocol.Types<{
  state: ReadonlyArray<number | string>
  message: ReadonlyArray<Order>
  timer: string | readonly ["peer", number]
  request: ReadonlyArray<Order>
  reply: string
  event: string
  record: number
  durable: ReadonlyArray<number>
}>

const obey = (out: Protocol.Outbox<Puppet>, orders: ReadonlyArray<Order>): void => {
  for (const [kind, n] of orders) {
    if (kind === "send") out.send(b, [["emit", n]])
    else if (kind === "now") out.now.send(b, [["emit", n]])
    else if (kind === "self") out.send(a, [["emit", n], ["persist", n]])
    else if (kind === "persist") out.persist(n)
    else if (kind === "emit") out.emit(`${n} ${out.choose(3, "choose")}`)
    else if (kind === "arm") out.setTimer(n % 2 === 0 ? `t${n % 4}` : ["peer", n % 3], n, n + n % 5)
    else if (kind === "end") out.setTimer(`end${n % 2}`, 0)
    else if (kind === "cancel") out.cancelTimer(n % 2 === 0 ? `t${n % 4}` : ["peer", n % 3])
    else throw new Error("told to")
  }
}

const puppet = Protocol.make<Puppet>({
  name: "puppet",
  durable: { empty: [], fold: (durable, record) => [...durable, record] },
  start: () => [],
  onMessage: (state, _, orders, out) => {
    obey(out, orders)
    return [...state, "message"]
  },
  onRequest: (state, id, orders, out) => {
    obey(out, orders)
    out.reply(id, "gated")
    out.now.reply(id, "at once")
    return [...state, "request"]
  },
  onTimer: (state, timer, out) => {
    out.now.emit(`timer ${JSON.stringify(timer)}`)
    out.emit("behind the gate")
    return [...state, "timer"]
  },
  onDurable: (state, durable, out) => {
    out.now.emit(`durable ${durable.join()}`)
    if (durable.length % 3 === 0) out.persist(100 + durable.length)
    return [...state, durable.length]
  }
})

const f = FastCheck
const kinds = ["send", "now", "self", "persist", "persist", "emit", "arm", "arm", "end", "cancel"] as const
const orders = f.array(f.tuple(f.constantFrom(...kinds), f.integer({ min: 1, max: 9 })), { maxLength: 5 })
const time: FastCheck.Arbitrary<Input<never>> = f.oneof(
  f.record({ _tag: f.constant("pass" as const), millis: f.integer({ min: 1, max: 12 }) }),
  f.record({ _tag: f.constant("disk" as const) })
)

describe("the production driver and the simulated node", () => {
  it("law: agree on a protocol that does whatever it is told", () => {
    const input: FastCheck.Arbitrary<Input<Puppet>> = f.oneof(
      f.record({ _tag: f.constant("message" as const), message: orders }),
      f.record({ _tag: f.constant("request" as const), request: orders }),
      time,
      time
    )
    let longest = 0
    f.assert(
      f.property(f.array(input, { maxLength: 60, size: "max" }), (inputs) => {
        longest = Math.max(longest, compare(puppet, inputs))
      }),
      { numRuns: 300 }
    )
    expect(longest).toBeGreaterThan(30)
  })

  it("law: agree on Raft, whatever its peers say", () => {
    type Kv = Types.Raft<KeyValue.Store, KeyValue.Command, KeyValue.Result>
    const small = f.integer({ min: 0, max: 4 })
    const tagged = <T extends string>(tag: T) => f.constant(tag)
    const entry: FastCheck.Arbitrary<Types.Entry<KeyValue.Command>> = f.oneof(
      f.record({ _tag: tagged("NoOp"), term: small }),
      f.record({ _tag: tagged("OpenSession"), term: small }),
      f.record({
        _tag: tagged("Command"),
        term: small,
        session: small,
        sequence: small,
        lowest: small,
        command: f.record({ _tag: tagged("Put"), key: f.constantFrom("x", "y"), value: f.constantFrom("1", "2") })
      })
    )
    const message: FastCheck.Arbitrary<Kv["message"]> = f.oneof(
      f.record({ _tag: tagged("Vote"), term: small, granted: f.boolean(), preVote: f.boolean() }),
      f.record({ _tag: tagged("Vote"), term: small, granted: f.constant(true), preVote: f.boolean() }),
      f.record({ _tag: tagged("RequestVote"), term: small, lastIndex: small, lastTerm: small, preVote: f.boolean() }),
      f.record({
        _tag: tagged("Append"),
        term: small,
        prevIndex: small,
        prevTerm: small,
        entries: f.array(entry, { maxLength: 3 }),
        commit: small
      }),
      f.record({ _tag: tagged("Appended"), term: small, match: small }),
      f.record({ _tag: tagged("Heartbeat"), term: small, commit: small, position: small }),
      f.record({ _tag: tagged("Alive"), term: small, position: small })
    )
    const request: FastCheck.Arbitrary<Kv["request"]> = f.oneof(
      f.record({ _tag: tagged("OpenSession") }),
      f.record({ _tag: tagged("Read") }),
      f.record({
        _tag: tagged("Propose"),
        session: small,
        sequence: small,
        lowest: f.constant(1),
        command: f.record({ _tag: tagged("Put"), key: f.constant("x"), value: f.constantFrom("1", "2") })
      })
    )
    const input: FastCheck.Arbitrary<Input<Kv>> = f.oneof(
      f.record({ _tag: tagged("message"), message }),
      f.record({ _tag: tagged("message"), message }),
      f.record({ _tag: tagged("request"), request }),
      f.record({ _tag: tagged("disk") }),
      f.record({ _tag: tagged("pass"), millis: f.constantFrom(1, 5, 12) })
    )
    const protocol = Raft.protocol(Config.make<KeyValue.Store, KeyValue.Command, KeyValue.Result>({
      machine: KeyValue.machine,
      electionTimeout: 10,
      heartbeatInterval: 3
    }))
    let longest = 0
    let leaders = 0
    const elected: ReadonlyArray<Input<Kv>> = [
      { _tag: "pass", millis: 20 },
      { _tag: "message", message: { _tag: "Vote", term: 1, granted: true, preVote: true } },
      { _tag: "disk" },
      { _tag: "message", message: { _tag: "Vote", term: 1, granted: true, preVote: false } }
    ]
    f.assert(
      f.property(f.boolean(), f.array(input, { maxLength: 80, size: "max" }), (leads, rest) => {
        const inputs = leads ? [...elected, ...rest] : rest
        longest = Math.max(longest, compare(protocol, inputs))
        const alone = production(protocol)
        outcome(() => inputs.forEach((one, i) => alone.input(one, Protocol.requestId(1, i))))
        if (alone.log.some((one) => Canonical.encode(one).includes("LeaderElected"))) leaders++
      }),
      { numRuns: 200 }
    )
    expect(longest).toBeGreaterThan(40)
    expect(leaders).toBeGreaterThan(50)
  })
})
