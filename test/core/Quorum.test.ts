import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as NodeId from "synod/core/NodeId"
import * as Quorum from "synod/core/Quorum"

const ids = ["a", "b", "c", "d", "e", "f", "g"].map(NodeId.make)
const voters = FastCheck.subarray(ids)
const acks = FastCheck.array(FastCheck.nat(20), { minLength: 7, maxLength: 7 })
const votes = FastCheck.array(FastCheck.option(FastCheck.boolean(), { nil: undefined }), { minLength: 7, maxLength: 7 })
const quorum: FastCheck.Arbitrary<Quorum.Quorum> = FastCheck.oneof(
  voters.map(Quorum.majority),
  FastCheck.tuple(voters, voters).map(([a, b]) => Quorum.joint(Quorum.majority(a), Quorum.majority(b)))
)
const ackOf = (values: ReadonlyArray<number>) => (id: NodeId.NodeId) => values[ids.indexOf(id)]!
const voteOf = (values: ReadonlyArray<boolean | undefined>) => (id: NodeId.NodeId) => values[ids.indexOf(id)]
const check = <T>(arbitrary: FastCheck.Arbitrary<T>, law: (value: T) => void) =>
  FastCheck.assert(FastCheck.property(arbitrary, law), { numRuns: 500, seed: 1 })

describe("Quorum", () => {
  it("committed is the largest index for which the votes `ack >= index` are won", () =>
    check(FastCheck.tuple(quorum, acks), ([q, values]) => {
      const wins = (index: number) => Quorum.vote(q, (id) => ackOf(values)(id) >= index) === "Won"
      const found = Quorum.committed(q, ackOf(values))
      if (found === Infinity) return assert.isTrue(wins(1_000))
      assert.isTrue(wins(found))
      assert.isFalse(wins(found + 1))
    }))

  it("the empty majority is neutral inside a joint quorum, joint is idempotent and commutative", () =>
    check(FastCheck.tuple(quorum, quorum, acks, votes), ([a, b, values, answers]) => {
      const same = (x: Quorum.Quorum, y: Quorum.Quorum) => {
        assert.strictEqual(Quorum.committed(x, ackOf(values)), Quorum.committed(y, ackOf(values)))
        assert.strictEqual(Quorum.vote(x, voteOf(answers)), Quorum.vote(y, voteOf(answers)))
      }
      same(Quorum.joint(a, Quorum.majority([])), a)
      same(Quorum.joint(a, a), a)
      same(Quorum.joint(a, b), Quorum.joint(b, a))
    }))

  it("raising an acknowledgement never lowers committed; lowering one below it changes nothing", () =>
    check(FastCheck.tuple(quorum, acks, FastCheck.nat(6), FastCheck.nat(30)), ([q, values, at, value]) => {
      const before = Quorum.committed(q, ackOf(values))
      const after = Quorum.committed(q, ackOf(values.with(at, value)))
      if (value >= values[at]!) assert.isAtLeast(after, before)
      else if (values[at]! < before) assert.strictEqual(after, before)
    }))

  it("Won and Lost are final under further votes", () =>
    check(FastCheck.tuple(quorum, votes, votes), ([q, first, later]) => {
      const before = Quorum.vote(q, voteOf(first))
      if (before !== "Pending") {
        assert.strictEqual(Quorum.vote(q, voteOf(first.map((vote, i) => vote ?? later[i]))), before)
      }
    }))

  it("flexible quorums that do not always meet are refused; the others always meet", () => {
    for (let n = 1; n <= 7; n++) {
      for (let q1 = 0; q1 <= n + 1; q1++) {
        for (let q2 = 0; q2 <= n + 1; q2++) {
          const make = () => Quorum.flexible(ids.slice(0, n), q1, q2)
          if (q1 >= 1 && q2 >= 1 && q1 <= n && q2 <= n && q1 + q2 > n) assert.doesNotThrow(make)
          else assert.throws(make, RangeError)
        }
      }
    }
  })

  it("Byzantine quorums: n >= 3f + 1, distinct ids, any two meet in f + 1 nodes", () => {
    for (let n = 1; n <= 7; n++) {
      for (let f = 0; f <= 3; f++) {
        const make = () => Quorum.byzantine(ids.slice(0, n), f)
        if (n < 3 * f + 1) {
          assert.throws(make, RangeError)
          continue
        }
        const { quorum: q, weak } = make()
        assert.isTrue(q._tag === "Threshold" && 2 * q.size - n >= f + 1 && q.size <= n - f)
        assert.isTrue(weak._tag === "Threshold" && weak.size === f + 1)
      }
    }
    assert.throws(() => Quorum.byzantine([ids[0]!, ids[0]!, ids[1]!, ids[2]!], 1), RangeError)
  })
})
