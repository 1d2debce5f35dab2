import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Canonical from "synod/core/Canonical"
import * as Choice from "synod/core/Choice"
import { Gate } from "synod/core/Gate"
import * as Prng from "synod/core/Prng"
import * as Utf8 from "synod/core/Utf8"

const take = (choice: Choice.Choice, n: number): ReadonlyArray<number> =>
  Array.from({ length: n }, () => choice.below(1_000, "draw"))

describe("Prng", () => {
  it("its vectors are pinned: stored seeds and traces depend on them", () => {
    const prng = Prng.make(1)
    assert.deepStrictEqual([prng.next(), prng.next(), prng.next(), prng.next()], [
      1019255492,
      3283967248,
      3270494513,
      3180540723
    ])
  })

  it("both words of a seed count: of 200,000 seeds no two share a stream", () => {
    const word = Prng.make(11)
    const seen = new Set<number>()
    for (let i = 0; i < 200_000; i++) {
      const prng = Prng.make((word.next() & 0xfffff) * 0x100000000 + word.next())
      seen.add((prng.next() & 0xfffff) * 0x100000000 + prng.next())
    }
    assert.strictEqual(seen.size, 200_000)
    assert.notStrictEqual(Prng.make(1).next(), Prng.make(2 ** 32 + 1).next())
    assert.notStrictEqual(Prng.make(1).next(), Prng.make(-1).next())
  })

  it("below stays below, reaches every value, and refuses what is no range", () => {
    const prng = Prng.make(7)
    const counts = [0, 0, 0, 0, 0]
    for (let i = 0; i < 10_000; i++) counts[prng.below(5)]!++
    for (const count of counts) assert.isTrue(count > 1_800 && count < 2_200)
    for (const n of [0, -1, 1.5, NaN, 2 ** 33]) assert.throws(() => prng.below(n), RangeError)
  })
})

describe("Choice", () => {
  it("equal seeds draw alike, other seeds and other paths do not", () => {
    assert.deepStrictEqual(take(Choice.random(5), 50), take(Choice.random(5), 50))
    assert.notDeepEqual(take(Choice.random(5), 50), take(Choice.random(6), 50))
    assert.notDeepEqual(take(Choice.random(5).fork("a"), 50), take(Choice.random(5).fork("b"), 50))
    assert.notDeepEqual(take(Choice.random(5).fork("a/b"), 50), take(Choice.random(5).fork("a").fork("b"), 50))
  })

  it("a fork is independent: what one stream draws never moves another", () => {
    const quiet = Choice.random(5)
    const busy = Choice.random(5)
    take(busy.fork("x"), 100)
    take(busy, 100)
    assert.deepStrictEqual(take(busy.fork("y"), 50), take(quiet.fork("y"), 50))
  })
})

describe("Gate", () => {
  it("releases in order exactly what its frames vouch for", () => {
    const command = FastCheck.oneof(
      FastCheck.constant("write" as const),
      FastCheck.constant("hold" as const),
      FastCheck.nat(30)
    )
    FastCheck.assert(
      FastCheck.property(FastCheck.array(command, { maxLength: 200 }), (commands) => {
        const gate = new Gate<number>()
        const left: Array<number> = []
        let model: Array<{ readonly effect: number; readonly after: number }> = []
        const expected: Array<number> = []
        let written = 0
        let durable = 0
        commands.forEach((next, effect) => {
          if (next === "write") {
            assert.strictEqual(gate.write(), ++written)
          } else if (next === "hold") {
            assert.strictEqual(gate.isOpen, written === durable)
            if (written === durable) return assert.throws(() => gate.hold(effect))
            gate.hold(effect)
            model.push({ effect, after: written })
          } else {
            durable = Math.max(durable, Math.min(written, next))
            gate.release(next, (e) => left.push(e))
            for (const { after, effect: e } of model) if (after <= durable) expected.push(e)
            model = model.filter(({ after }) => after > durable)
          }
          assert.deepStrictEqual(left, expected)
          assert.strictEqual(gate.size, model.length)
        })
      }),
      { numRuns: 300, seed: 1 }
    )
  })
})

describe("Canonical", () => {
  it("equal values have equal encodings, whatever the order of their making; unequal ones do not", () => {
    assert.strictEqual(Canonical.encode({ a: 1, b: 2 }), Canonical.encode({ b: 2, a: 1 }))
    assert.strictEqual(Canonical.encode(new Map([[1, 2], [3, 4]])), Canonical.encode(new Map([[3, 4], [1, 2]])))
    assert.strictEqual(Canonical.encode(new Set(["x", "y"])), Canonical.encode(new Set(["y", "x"])))
    const different = [0, -0, "0", 0n, null, undefined, false, [], {}, new Map(), new Set(), new Uint8Array(), [0], [[
      0
    ]], ["0"]]
    assert.strictEqual(new Set(different.map(Canonical.encode)).size, different.length)
    assert.strictEqual(new Set(different.map(Canonical.fingerprint)).size, different.length)
  })

  it("refuses what has no canonical form, and names its place", () => {
    assert.throws(() => Canonical.encode({ a: [() => 0] }), /\$\.a\[0\]/)
    assert.throws(() => Canonical.encode({ who: new WeakMap() }), /\$\.who: a WeakMap/)
  })
})

describe("Utf8", () => {
  it("decodes what it encodes, and encodes as the platform does", () =>
    FastCheck.assert(
      FastCheck.property(FastCheck.string({ unit: "binary" }), (text) => {
        assert.deepStrictEqual(Utf8.encode(text), Uint8Array.from(new TextEncoder().encode(text)))
        assert.strictEqual(Utf8.decode(Utf8.encode(text)), text)
      }),
      { seed: 1 }
    ))
})
