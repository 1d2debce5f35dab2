import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import * as Choice from "../../src/core/Choice.js"
import type { NodeId } from "../../src/core/NodeId.js"
import * as FaultInjection from "../../src/network/FaultInjection.js"
import * as Grudge from "../../src/network/Grudge.js"
import * as Network from "../../src/network/Network.js"
import { a, b, c, text, turn } from "./support.js"

const build = (plan: FaultInjection.Plan, nodes: ReadonlyArray<NodeId> = [a, b]) =>
  Effect.gen(function*() {
    const context = yield* Layer.build(Layer.provide(FaultInjection.layer(plan), Network.layerMemory()))
    const network = Context.get(context, Network.Network)
    const control = Context.get(context, FaultInjection.FaultInjection)
    const got: Array<string> = []
    const endpoints = new Map<NodeId, Network.Endpoint<string>>()
    for (const node of nodes) {
      const receive = (from: NodeId, message: string) => got.push(`${from}${node}:${message}`)
      endpoints.set(node, yield* network.join({ node, codec: text, receive }))
    }
    const send = (from: NodeId, to: NodeId, message: string) => endpoints.get(from)!.send(to, message)
    /** What arrived since the last look. */
    const taken = Effect.map(turn, () => got.splice(0))
    return { control, send, taken, endpoints }
  })

const hundred = Array.from({ length: 100 }, (_, i) => String(i))
const arrived = hundred.map((message) => `ab:${message}`)

describe("FaultInjection", () => {
  it.scoped("without faults every message passes, in order", () =>
    Effect.gen(function*() {
      const { send, taken } = yield* build({})
      for (const message of hundred) send(a, b, message)
      assert.deepStrictEqual(yield* taken, arrived)
    }))

  it.scoped("the benign choice is a clean run under any plan", () =>
    Effect.gen(function*() {
      const { control, send, taken } = yield* build({
        choice: Choice.benign,
        faults: {
          loss: 0.9,
          duplication: 0.9,
          reordering: { probability: 0.9 },
          corruption: { probability: 0.9, mode: "checked" },
          delay: { _tag: "Uniform", min: 0, max: 100 }
        }
      })
      for (const message of hundred) send(a, b, message)
      assert.deepStrictEqual(yield* taken, arrived)
      assert.strictEqual((yield* control.stats).passed, 100)
    }))

  it.scoped("a grudge is one-way; heal ends it", () =>
    Effect.gen(function*() {
      const { control, endpoints, send, taken } = yield* build({ grudge: Grudge.oneWay([b], [a]) })
      send(a, b, "cut")
      send(b, a, "open")
      assert.deepStrictEqual(yield* taken, ["ba:open"])
      assert.isFalse(endpoints.get(a)!.reachable(b))
      yield* control.heal
      send(a, b, "healed")
      assert.deepStrictEqual(yield* taken, ["ab:healed"])
      assert.strictEqual((yield* control.stats).cut, 1)
    }))

  it.scoped("messages in flight are lost when a cut appears", () =>
    Effect.gen(function*() {
      const { control, send, taken } = yield* build({ faults: { delay: { _tag: "Constant", millis: 10 } } })
      send(a, b, "delayed")
      yield* control.partition(Grudge.components([a], [b]))
      yield* TestClock.adjust("20 millis")
      yield* control.heal
      assert.deepStrictEqual(yield* taken, [])
      // also between leaving and arriving
      yield* control.setFaults({})
      send(a, b, "leaving")
      yield* control.partition(Grudge.oneWay([b], [a]))
      assert.deepStrictEqual(yield* taken, [])
      assert.strictEqual((yield* control.stats).cut, 2)
    }))

  it.scoped("an isolated node hears nobody and nobody hears it; it still hears itself", () =>
    Effect.gen(function*() {
      const { control, send, taken } = yield* build({}, [a, b, c])
      yield* control.isolate(b)
      for (const [from, to] of [[a, b], [b, a], [b, c], [c, b], [a, c], [b, b]] as const) send(from, to, "x")
      assert.sameMembers(yield* taken, ["ac:x", "bb:x"])
    }))

  it.scoped("loss and duplication come at their rates and are counted", () =>
    Effect.gen(function*() {
      const { control, send, taken } = yield* build({
        choice: Choice.random(1),
        faults: { loss: 0.2, duplication: 0.1 }
      })
      for (let i = 0; i < 10_000; i++) send(a, b, "x")
      const received = (yield* Effect.zipRight(Effect.repeatN(turn, 20), taken)).length
      const { duplicated, lost } = yield* control.stats
      assert.strictEqual(received, 10_000 - lost + duplicated)
      assert.approximately(lost, 2_000, 200)
      assert.approximately(duplicated, 800, 150)
    }))

  it.scoped("varying delays keep a link's order", () =>
    Effect.gen(function*() {
      const { control, send, taken } = yield* build({
        choice: Choice.random(2),
        faults: { delay: { _tag: "LongTail", min: 1, typical: 5, tail: 100, probability: 0.2 } }
      })
      for (const message of hundred) send(a, b, message)
      assert.deepStrictEqual(yield* taken, [])
      yield* TestClock.adjust("100 millis")
      assert.deepStrictEqual(yield* taken, arrived)
      assert.strictEqual((yield* control.stats).delayed, 100)
    }))

  it.scoped("a message without delay does not overtake one that is due now", () =>
    Effect.gen(function*() {
      const { control, send, taken } = yield* build({ faults: { delay: { _tag: "Constant", millis: 5 } } })
      send(a, b, "slow")
      yield* control.setFaults({})
      send(a, b, "fast")
      assert.deepStrictEqual(yield* taken, [])
      yield* TestClock.adjust("5 millis")
      assert.deepStrictEqual(yield* taken, ["ab:slow", "ab:fast"])
    }))

  it.scoped("a message sent at the very moment another is due does not overtake it", () =>
    Effect.gen(function*() {
      const sent: Array<string> = []
      const join = <M>({ channel = "main", node }: Network.JoinOptions<M>) =>
        Effect.succeed<Network.Endpoint<M>>({
          node,
          channel,
          send: (to, message) => {
            sent.push(`${to}:${String(message)}`)
            if (to === c) answer()
          },
          reachable: () => true,
          pause: () => {},
          resume: () => {}
        })
      const { control, decorated } = yield* FaultInjection.make({ join, stats: Effect.never }, {
        faults: { delay: { _tag: "Constant", millis: 5 } }
      })
      const endpoint = yield* decorated.join({ node: a, codec: text, receive: () => {} })
      const answer = () => endpoint.send(b, "fast")
      endpoint.send(c, "first")
      endpoint.send(b, "slow")
      yield* control.setFaults({})
      yield* TestClock.adjust("5 millis")
      assert.deepStrictEqual(sent, ["c:first", "b:slow", "b:fast"])
    }))

  it.scoped("reordering loses nothing and changes the order", () =>
    Effect.gen(function*() {
      const { control, send, taken } = yield* build({
        choice: Choice.random(3),
        faults: { reordering: { probability: 0.3, within: 10 } }
      })
      for (const message of hundred) send(a, b, message)
      yield* TestClock.adjust("20 millis")
      const got = yield* taken
      assert.sameMembers(got, arrived)
      assert.notDeepEqual(got, arrived)
      assert.isAbove((yield* control.stats).reordered, 10)
    }))

  it.scoped("corruption is a counted loss when checked, and a changed message or a loss when not", () =>
    Effect.gen(function*() {
      const corruption = (mode: "checked" | "unchecked") => ({ corruption: { probability: 1, mode } })
      const { control, send, taken } = yield* build({ choice: Choice.random(4), faults: corruption("checked") })
      for (const message of hundred) send(a, b, message)
      assert.deepStrictEqual(yield* taken, [])
      assert.strictEqual((yield* control.stats).corrupted, 100)
      yield* control.setFaults(corruption("unchecked"))
      for (let i = 0; i < 100; i++) send(a, b, "a longer message")
      const got = yield* taken
      assert.isAbove(got.length, 0)
      assert.isAbove(got.filter((message) => message !== "ab:a longer message").length, got.length / 2)
    }))

  it.scoped("faults of one link leave the others alone, in both senses: other links, other streams", () =>
    Effect.gen(function*() {
      const run = (linkFaults: FaultInjection.LinkFaults) =>
        Effect.gen(function*() {
          const { control, send, taken } = yield* build({ choice: Choice.random(5), faults: { loss: 0.5 } }, [a, b, c])
          yield* control.setLink(a, c, linkFaults)
          for (const message of hundred) {
            send(a, c, message)
            send(a, b, message)
          }
          return yield* taken
        })
      const one = yield* run({ loss: 1 })
      const two = yield* run({ duplication: 1 })
      const toB = (got: ReadonlyArray<string>) => got.filter((message) => message.startsWith("ab"))
      assert.strictEqual(one.length, toB(one).length)
      assert.strictEqual(two.length - toB(two).length, 200)
      assert.deepStrictEqual(toB(one), toB(two))
    }))

  it.scoped("what is held back is bounded", () =>
    Effect.gen(function*() {
      const { control, send } = yield* build({ maxInFlight: 10, faults: { delay: { _tag: "Constant", millis: 1 } } })
      for (const message of hundred) send(a, b, message)
      const { delayed, overflowed } = yield* control.stats
      assert.deepStrictEqual([delayed, overflowed], [10, 90])
    }))
})

describe("Grudge", () => {
  const nodes = ["1", "2", "3", "4", "5"].map((id) => id as NodeId) // test names, all of them valid

  it("in a majorities-ring every node hears a majority, no two the same", () => {
    const grudge = Grudge.majoritiesRing(nodes)
    const heard = nodes.map((receiver) => nodes.filter((sender) => !Grudge.cuts(grudge, receiver, sender)))
    assert.deepStrictEqual(heard.map((group) => group.length), [3, 3, 3, 3, 3])
    assert.strictEqual(new Set(heard.map((group) => group.join())).size, 5)
    nodes.forEach((node, i) => assert.isTrue(heard[i]!.includes(node)))
  })

  it("only the bridge joins the halves, and the union of two grudges is both", () => {
    const grudge = Grudge.bridge(nodes[2]!, nodes.slice(0, 3), nodes.slice(2))
    for (const node of nodes) {
      assert.isFalse(Grudge.cuts(grudge, node, nodes[2]!) || Grudge.cuts(grudge, nodes[2]!, node))
    }
    assert.isTrue(Grudge.cuts(grudge, nodes[0]!, nodes[4]!) && Grudge.cuts(grudge, nodes[4]!, nodes[0]!))
    assert.isFalse(Grudge.cuts(grudge, nodes[0]!, nodes[1]!))
    const both = Grudge.union(grudge, Grudge.oneWay([nodes[0]!], [nodes[1]!]))
    assert.isTrue(Grudge.cuts(both, nodes[0]!, nodes[1]!) && Grudge.cuts(both, nodes[0]!, nodes[4]!))
    assert.isFalse(Grudge.cuts(both, nodes[1]!, nodes[0]!))
  })
})
