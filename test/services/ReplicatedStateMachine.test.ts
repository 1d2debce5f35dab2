import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as Network from "synod/network/Network"
import * as KeyValue from "synod/services/KeyValue"
import * as Raft from "synod/services/Raft"
import * as ReplicatedStateMachine from "synod/services/ReplicatedStateMachine"
import * as Storage from "synod/storage/Storage"
import { going, names } from "./support.js"

/** Accounts by Schemas: commands and results are unions, the state is a record. */
class Accounts extends ReplicatedStateMachine.Tag<Accounts>()("Accounts", {
  command: Schema.Union(
    Schema.TaggedStruct("Deposit", { name: Schema.String, amount: Schema.Int }),
    Schema.TaggedStruct("Withdraw", { name: Schema.String, amount: Schema.Int })
  ),
  result: Schema.Union(
    Schema.TaggedStruct("Done", { balance: Schema.Int }),
    Schema.TaggedStruct("Refused", { missing: Schema.Int })
  ),
  state: Schema.Record({ key: Schema.String, value: Schema.Int }),
  initial: {},
  apply: (accounts, command) => {
    const balance = accounts[command.name] ?? 0
    switch (command._tag) {
      case "Deposit":
        if (command.amount < 0) throw new Error("a deposit is not negative")
        return [{ ...accounts, [command.name]: balance + command.amount }, {
          _tag: "Done",
          balance: balance + command.amount
        }]
      case "Withdraw":
        return balance < command.amount
          ? [accounts, { _tag: "Refused", missing: command.amount - balance }]
          : [{ ...accounts, [command.name]: balance - command.amount }, {
            _tag: "Done",
            balance: balance - command.amount
          }]
    }
  }
}) {}

const cluster = Effect.gen(function*() {
  // every message passes its codec
  const ground = yield* Layer.build(Layer.merge(Network.layerMemory({ serialise: true }), Storage.layerMemory))
  return yield* Effect.forEach(names, (node) =>
    Effect.map(
      Layer.build(
        Accounts.layer.pipe(
          Layer.provide(Raft.layer({ node, nodes: names, snapshotEvery: 8, seed: node.charCodeAt(0) })),
          Layer.provide(Layer.succeedContext(ground))
        )
      ),
      (context) => Context.get(context, Accounts)
    ))
})

describe("ReplicatedStateMachine", () => {
  it.scoped("a machine of one's own: commands, results and state by Schema, at every node alike", () =>
    going(Effect.gen(function*() {
      const [a, b, c] = yield* cluster
      expect(yield* a!.propose({ _tag: "Deposit", name: "alice", amount: 10 })).toEqual({ _tag: "Done", balance: 10 })
      expect(yield* b!.propose({ _tag: "Withdraw", name: "alice", amount: 3 })).toEqual({ _tag: "Done", balance: 7 })
      expect(yield* c!.propose({ _tag: "Withdraw", name: "alice", amount: 9 })).toEqual({ _tag: "Refused", missing: 2 })
      expect(yield* b!.read((accounts) => accounts["alice"])).toBe(7)
    })))

  it.scoped("law: a throw in apply is the caller's defect, changes nothing, and every replica goes on alike", () =>
    going(Effect.gen(function*() {
      const replicas = yield* cluster
      const [a, b] = replicas
      yield* a!.propose({ _tag: "Deposit", name: "alice", amount: 10 })
      const exit = yield* Effect.exit(b!.propose({ _tag: "Deposit", name: "alice", amount: -1 }))
      const defect = Exit.isFailure(exit) ? Option.getOrThrow(Cause.dieOption(exit.cause)) : undefined
      expect(defect).toBeInstanceOf(ReplicatedStateMachine.ApplyFailed)
      expect((defect as Error).message).toBe("apply threw: Error: a deposit is not negative")
      for (const replica of replicas) {
        expect(yield* replica.read((accounts) => accounts)).toEqual({ alice: 10 })
        expect((yield* replica.stats).restarts).toBe(0)
      }
    })))

  it.scoped("law: a reader's throw is the reader's defect, and a value that no Schema knows the proposer's", () =>
    going(Effect.gen(function*() {
      const [a] = yield* cluster
      const thrown = yield* Effect.exit(a!.read(() => {
        throw new Error("mine")
      }))
      expect(Exit.isFailure(thrown) && Cause.isDie(thrown.cause)).toBe(true)
      const wrong = yield* Effect.exit(
        a!.propose(
          { _tag: "Deposit", name: 3, amount: 1 } as unknown as { _tag: "Deposit"; name: string; amount: number }
        )
      )
      expect(Exit.isFailure(wrong) && Cause.isDie(wrong.cause)).toBe(true)
      expect(yield* a!.propose({ _tag: "Deposit", name: "x", amount: 1 })).toEqual({ _tag: "Done", balance: 1 })
    })))

  it.scoped("law: replaying the log, and starting from any snapshot, gives the state again", () =>
    going(Effect.gen(function*() {
      const replicas = yield* cluster
      const [a] = replicas
      for (let i = 1; i <= 40; i++) {
        yield* a!.propose({ _tag: "Deposit", name: `n${i % 7}`, amount: i })
        if (i % 15 === 0) { for (const replica of replicas) yield* replica.crash(new Error("all at once")) }
      }
      const total = (accounts: Readonly<Record<string, number>>) =>
        Object.values(accounts).reduce((sum, n) => sum + n, 0)
      for (const replica of replicas) expect(yield* replica.read(total)).toBe(820)
    })))

  it.scoped("law: the synchronous doors answer as the effects do, and numbers of commands have no gap", () =>
    going(Effect.gen(function*() {
      const [a] = yield* cluster
      const results = yield* Effect.async<ReadonlyArray<unknown>>((resume) => {
        const seen: Array<unknown> = []
        const note = (outcome: Exit.Exit<unknown, unknown>) => {
          seen.push(Exit.isSuccess(outcome) ? outcome.value : outcome.cause)
          if (seen.length === 3) a!.unsafeRead((accounts) => accounts["x"], note)
          if (seen.length === 4) resume(Effect.succeed(seen))
        }
        for (const amount of [1, 2, 3]) a!.unsafePropose({ _tag: "Deposit", name: "x", amount }, note)
      })
      expect(results).toEqual([
        { _tag: "Done", balance: 1 },
        { _tag: "Done", balance: 3 },
        { _tag: "Done", balance: 6 },
        6
      ])
      const applied = yield* Stream.runCollect(Stream.take(a!.watch({ from: 1 }), 3))
      expect(Chunk.toReadonlyArray(applied).map(({ result, revision }) => [revision, result])).toEqual([
        [1, { _tag: "Done", balance: 1 }],
        [2, { _tag: "Done", balance: 3 }],
        [3, { _tag: "Done", balance: 6 }]
      ])
    })))

  it.scoped("two machines of a node keep their journals in one folder, and both come back", () =>
    going(Effect.gen(function*() {
      const directory = yield* Effect.acquireRelease(
        Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "synod-machines-"))),
        (directory) => Effect.sync(() => fs.rmSync(directory, { recursive: true, force: true }))
      )
      const both = Layer.merge(Accounts.layer, KeyValue.KeyValue.layer).pipe(
        Layer.provide(Raft.layer({ node: "a", nodes: ["a"] })),
        Layer.provide(Layer.merge(Network.layerMemory(), Storage.layerFile({ directory, segmentBytes: 65_536 })))
      )
      yield* Effect.gen(function*() {
        yield* (yield* Accounts).propose({ _tag: "Deposit", name: "alice", amount: 10 })
        yield* (yield* KeyValue.KeyValue).put("colour", "blue")
      }).pipe(Effect.provide(both))
      const found = yield* Effect.gen(function*() {
        return [
          yield* (yield* Accounts).read((accounts) => accounts["alice"]),
          yield* (yield* KeyValue.KeyValue).get("colour")
        ]
      }).pipe(Effect.provide(both))
      expect(found).toEqual([10, Option.some("blue")])
    })))

  it.scoped("a machine that runs already at this node is refused with a typed error", () =>
    Effect.gen(function*() {
      const ground = yield* Layer.build(Layer.merge(Network.layerMemory(), Storage.layerMemory))
      const raft = Layer.provide(Raft.layer({ node: "a", nodes: names }), Layer.succeedContext(ground))
      const twice = Layer.provide(Layer.merge(Accounts.layer, Layer.fresh(Accounts.layer)), raft)
      expect((yield* Effect.flip(Layer.build(twice)))._tag).toBe("SpawnError")
    }))

  it("options that make no sense are refused at once, by name", () => {
    expect(() => Raft.layer({ node: "x", nodes: names })).toThrow(/not among nodes/)
    expect(() => Raft.layer({ node: "a", nodes: ["a", "a"] })).toThrow(/twice/)
    expect(() => Raft.layer({ node: "", nodes: [""] })).toThrow(RangeError)
    expect(() => Raft.layer({ node: "a", nodes: names, electionTimeout: 100, heartbeatInterval: 50 })).toThrow(
      /heartbeat/
    )
  })
})
