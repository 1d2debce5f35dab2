import { describe, expect, it } from "@effect/vitest"
import { checkSystem } from "synod/checker/Checker"
import type * as Protocol from "synod/core/Protocol"
import * as Adversary from "synod/model/Adversary"
import * as NetworkModel from "synod/model/NetworkModel"
import * as SystemModel from "synod/model/SystemModel"
import * as TimeModel from "synod/model/TimeModel"
import * as Transitions from "synod/model/Transitions"
import { a, b, c, voting } from "./models.js"
import { agree } from "./twin.js"

/** FloodSet: everybody tells everybody the values it knows, for so many rounds, and decides the least. Consensus with f crashes takes f + 1 rounds. */
type Flood = Protocol.Types<{
  state: { readonly known: ReadonlyArray<number>; readonly round: number; readonly decided: number | undefined }
  message: ReadonlyArray<number>
  timer: "round"
}>

const floodSet = (rounds: number, crashes: number) =>
  SystemModel.make<Flood, undefined>({
    name: "floodset",
    nodes: [a, b, c],
    time: TimeModel.synchronous,
    protocol: (id) => ({
      name: "floodset",
      start: (_, __, out) => {
        out.setTimer("round", 1)
        return { known: [[a, b, c].indexOf(id)], round: 0, decided: undefined }
      },
      onMessage: (state, _, values) => ({
        ...state,
        known: [...new Set([...state.known, ...values])].toSorted((x, y) => x - y)
      }),
      onTimer: (state, _, out) => {
        if (state.round === rounds) return { ...state, decided: state.known[0] }
        out.setTimer("round", 1)
        for (const peer of [a, b, c]) if (peer !== id) out.send(peer, state.known)
        return { ...state, round: state.round + 1 }
      }
    }),
    network: NetworkModel.unordered(),
    faults: { crashes },
    history: SystemModel.noHistory,
    properties: [{
      name: "agreement",
      kind: "always",
      reads: "nodes",
      holds: ({ nodes }) =>
        new Set(nodes.flatMap(({ state }) => state?.decided === undefined ? [] : [state.decided])).size <= 1
    }]
  })

describe("synchronous rounds", () => {
  it("both searches agree, with crashes in mid-send and restarts", () => {
    for (const crashes of [0, 1, 2]) agree(floodSet(2, crashes))
    const votes = voting({ candidates: [a, b], network: NetworkModel.unordered(), faults: { crashes: 1, restarts: 1 } })
    expect(agree({ ...votes, time: TimeModel.synchronous }).distinct).toBeGreaterThan(40)
  })

  it("FloodSet agrees in f + 1 rounds and not in f: a crash reaches one of two, and the trace says which", () => {
    for (const crashes of [1, 2]) {
      expect(checkSystem(floodSet(crashes + 1, crashes)).properties[0]?.verdict).toBe("holds")
    }
    const [agreement] = checkSystem(floodSet(1, 1)).properties
    expect(agreement?.verdict).toBe("violated")
    expect(agreement?.trace?.some(({ event }) => /crash . after messages \[\d\]/.test(event ?? ""))).toBe(true)
  })

  it("a liar who says one thing to one of two in the last round breaks FloodSet; one who is silent does not", () => {
    const model = floodSet(2, 0)
    const { protocol } = model
    const lying = (sends: number): typeof model => {
      const liar = Adversary.protocol<Flood>({ alphabet: [[0]], sends, targets: [b, c], inRounds: true })
      return { ...model, protocol: (id) => id === a ? liar : typeof protocol === "function" ? protocol(id) : protocol }
    }
    for (const sends of [0, 1, 2, 3]) {
      agree(lying(sends))
      expect(checkSystem(lying(sends)).properties[0]?.verdict).toBe(sends === 0 ? "holds" : "violated")
    }
  })

  it("without faults every round is the only event, and there are as many as the protocol wants", () => {
    expect(agree(floodSet(2, 0))).toEqual({ distinct: 4, generated: 4, depth: 4 })
  })
})

/** A monitor that calls another dead when it does not hear from it for 10 ms; the other beats once, at the start. */
type Beat = Protocol.Types<{ state: "waiting" | "heard" | "dead"; message: "beat"; timer: "timeout" | "other" }>

const monitor = (delta: number) =>
  SystemModel.make<Beat, undefined>({
    name: "monitor",
    nodes: [a, b],
    time: TimeModel.partiallySynchronous({ delta, tick: 1 }),
    protocol: (id) => ({
      name: "monitor",
      start: (_, __, out) => {
        if (id === a) out.setTimer("timeout", 10, 12)
        else out.send(a, "beat")
        return "waiting"
      },
      onMessage: (state, _, __, out) => {
        if (state !== "waiting") return state
        out.cancelTimer("timeout")
        return "heard"
      },
      onTimer: (state) => state === "waiting" ? "dead" : state
    }),
    network: NetworkModel.unordered(),
    history: SystemModel.noHistory,
    properties: [{
      name: "accurate once stable",
      kind: "always",
      holds: ({ isStable, nodes }) => !isStable || nodes[0]!.state !== "dead"
    }]
  })

/** Asks every 10 ms until it is answered: the second try is made after GST, whenever that is. */
type Retry = Protocol.Types<
  { state: { readonly tries: number; readonly done: boolean }; message: "ask" | "answer"; timer: "retry" }
>
const retrying = (network: NetworkModel.NetworkModel) =>
  SystemModel.make<Retry, undefined>({
    name: "retrying",
    nodes: [a, b],
    time: TimeModel.partiallySynchronous({ delta: 2, tick: 1 }),
    protocol: (id) => ({
      name: "retrying",
      start: (_, __, out) => {
        if (id === a) out.setTimer("retry", 5)
        return { tries: 0, done: false }
      },
      onMessage: (state, from, message, out) => {
        if (message === "ask") {
          out.send(from, "answer")
          return state
        }
        out.cancelTimer("retry")
        return { ...state, done: true }
      },
      onTimer: (state, _, out) => {
        if (state.tries === 2) return state
        out.send(b, "ask")
        out.setTimer("retry", 5)
        return { ...state, tries: state.tries + 1 }
      }
    }),
    network,
    faults: { drops: 2, crashes: 1, restarts: 1 },
    history: SystemModel.noHistory,
    properties: []
  })

describe("partial synchrony", () => {
  it("both searches agree, on networks that lose until GST", () => {
    let states = 0
    for (const delta of [0, 9, 10]) states += agree(monitor(delta)).distinct
    for (const network of [NetworkModel.unordered({ lossy: true }), NetworkModel.ordered({ lossy: true })]) {
      states += agree(retrying(network), 5_000).distinct
    }
    expect(states).toBeGreaterThan(500)
  })

  it("before GST a timer fires at any moment; after it neither before its range nor after", () => {
    const model = monitor(9)
    const kinds = (system: SystemModel.System<Beat, undefined>) =>
      Transitions.enabled(model, system).map(({ _tag }) => _tag)
    let [system] = Transitions.initial(model)
    expect(kinds(system!)).toEqual(["Deliver", "Fire", "Stabilise"])
    system = Transitions.apply(model, system!, { _tag: "Stabilise" })
    // it was armed some time ago: it may be due by now
    expect(system.nodes[0]!.deadlines).toEqual([[0, 12]])
    for (let tick = 0; tick < 9; tick++) system = Transitions.apply(model, system, { _tag: "Tick" })
    expect(kinds(system)).toEqual(["Deliver", "Fire"]) // the message is due: time stands still
  })

  it("a timer fires within the range that it was armed with, in ticks, and the clock waits for it", () => {
    type Lone = Protocol.Types<{ state: number; message: never; timer: "again" }>
    const model = SystemModel.make<Lone, undefined>({
      name: "lone",
      nodes: [a],
      time: TimeModel.partiallySynchronous({ delta: 1, tick: 10 }),
      protocol: {
        name: "lone",
        start: (_, __, out) => {
          out.setTimer("again", 25, 35)
          return 0
        },
        onMessage: (state) => state,
        onTimer: (state, _, out) => {
          if (state === 0) out.setTimer("again", 25, 35)
          return state + 1
        }
      },
      network: NetworkModel.unordered(),
      history: SystemModel.noHistory,
      properties: []
    })
    agree(model)
    let [system] = Transitions.initial(model)
    system = Transitions.apply(model, system!, { _tag: "Stabilise" })
    const fire = { _tag: "Fire", node: a, timer: "again", outcome: 0 } as const
    const until = (): ReadonlyArray<string> => {
      const may: Array<string> = []
      for (;;) {
        const kinds = Transitions.enabled(model, system!).map(({ _tag }) => _tag)
        may.push(kinds.join("+"))
        if (!kinds.includes("Tick")) return may
        system = Transitions.apply(model, system!, { _tag: "Tick" })
      }
    }
    expect(until()).toEqual(["Fire+Tick", "Fire+Tick", "Fire+Tick", "Fire+Tick", "Fire"]) // armed at some time before GST
    system = Transitions.apply(model, system, fire)
    expect(until()).toEqual(["Tick", "Tick", "Fire+Tick", "Fire+Tick", "Fire"])
  })

  it("what is armed after GST waits for its whole range", () => {
    const model = retrying(NetworkModel.unordered())
    let [system] = Transitions.initial(model)
    system = Transitions.apply(model, system!, { _tag: "Stabilise" })
    system = Transitions.apply(model, system, { _tag: "Fire", node: a, timer: "retry", outcome: 0 })
    const may = () => Transitions.enabled(model, system!).some(({ _tag }) => _tag === "Fire")
    expect(may()).toBe(false)
    const [envelope] = system.network
    system = Transitions.apply(model, system, { _tag: "Deliver", envelope: envelope!, outcome: 0 })
    for (let tick = 0; tick < 2; tick++) system = Transitions.apply(model, system, { _tag: "Tick" })
    expect(Transitions.enabled(model, system).map(({ _tag }) => _tag)).not.toContain("Tick")
  })

  it("a message that nobody minds, or whose receiver is down, is gone when it is due", () => {
    const model = monitor(1)
    let [system] = Transitions.initial(model)
    system = Transitions.apply(model, system!, { _tag: "Fire", node: a, timer: "timeout", outcome: 0 })
    system = Transitions.apply(model, system, { _tag: "Stabilise" })
    system = Transitions.apply(model, system, { _tag: "Tick" })
    expect(system.network.map(({ left }) => left)).toEqual([0])
    expect(Transitions.enabled(model, system)).toEqual([]) // nothing would change but the message
  })

  it("options that make no sense together are refused", () => {
    const model = monitor(1)
    const refused = (changes: object) => () => SystemModel.make({ ...model, ...changes })
    expect(refused({ durability: "delayed" })).toThrow("delayed durability is for asynchronous time")
    expect(refused({ network: NetworkModel.set() })).toThrow("a set keeps messages for ever")
    expect(refused({ time: TimeModel.synchronous, network: NetworkModel.ordered() })).toThrow(
      "rounds know crashes only"
    )
    expect(refused({ faults: { partitions: 1 } })).toThrow("no cut is named")
    expect(refused({ faults: { crashes: -1 } })).toThrow("bound is negative")
    expect(() => TimeModel.partiallySynchronous({ delta: 1, tick: 0 })).toThrow(RangeError)
  })
})
