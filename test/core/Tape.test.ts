import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Choice from "synod/core/Choice"
import { Exhaustive } from "synod/core/Exhaustive"
import * as Tape from "synod/core/Tape"
import * as TapeJson from "synod/core/TapeJson"

/** A program: what it asks of which stream, in order. */
type Program = ReadonlyArray<readonly [stream: string, n: number, label: string]>

const program: FastCheck.Arbitrary<Program> = FastCheck.array(
  FastCheck.tuple(
    FastCheck.constantFrom("a", "b", "a/b", "~"),
    FastCheck.constantFrom(1, 2, 7, 5_000),
    FastCheck.constantFrom("drop", "delay")
  ),
  { maxLength: 40 }
)

const run = (choice: Choice.Choice, asked: Program): ReadonlyArray<number> =>
  asked.map(([stream, n, label]) => (stream === "~" ? choice : choice.fork(stream)).below(n, label))

const recorded = (asked: Program, seed = 5) => {
  const choice = Tape.record(Choice.random(seed, { drop: 0.2 }))
  const drawn = run(choice, asked)
  return { drawn, tape: throughJson(choice.tape()) }
}

const throughJson = (tape: Tape.Tape): Tape.Tape => {
  const decoded = TapeJson.decodeStreams(JSON.parse(JSON.stringify(tape.streams)))
  if (decoded instanceof TapeJson.MalformedTape) throw decoded
  return decoded
}

const mismatch = (act: () => void): Tape.TapeMismatch | undefined => {
  try {
    act()
    return undefined
  } catch (error) {
    if (error instanceof Tape.TapeMismatch) return error
    throw error
  }
}

const replayOf = (tape: Tape.Tape, asked: Program) =>
  mismatch(() => {
    const choice = Tape.replay(tape)
    run(choice, asked)
    choice.end()
  })

describe("a tape", () => {
  it("recording changes no outcome, and replay gives them all again", () => {
    FastCheck.assert(
      FastCheck.property(program, FastCheck.nat(1_000), (asked, seed) => {
        const { drawn, tape } = recorded(asked, seed)
        assert.deepStrictEqual(drawn, run(Choice.random(seed, { drop: 0.2 }), asked))
        const choice = Tape.replay(tape)
        assert.deepStrictEqual(run(choice, asked), drawn)
        choice.end()
        const bent = Tape.bend(tape)
        assert.deepStrictEqual(run(bent, asked), drawn)
        assert.isUndefined(bent.mismatch)
      }),
      { numRuns: 300, seed: 1 }
    )
  })

  it("one choice more, less or other is a mismatch that names stream, place and label", () => {
    FastCheck.assert(
      FastCheck.property(program.filter(({ length }) => length > 0), FastCheck.nat(), (asked, pick) => {
        const { tape } = recorded(asked)
        const at = pick % asked.length
        const [stream, n, label] = asked[at]!
        const path = stream === "~" ? "" : Choice.pathOf("", stream)
        const index = asked.slice(0, at).filter(([other]) => other === stream).length
        const other = asked.with(at, [stream, n, "other"])
        const found = replayOf(tape, other)
        assert.deepStrictEqual(found && { ...found }, {
          ...new Tape.TapeMismatch(path, index, { label, n }, { label: "other", n })
        })
        const length = asked.filter(([one]) => one === stream).length
        assert.deepInclude({ ...replayOf(tape, [...asked, [stream, n, label]]) }, {
          path,
          index: length,
          expected: undefined,
          actual: { label, n }
        })
        const shorter = replayOf(tape, asked.toSpliced(asked.findLastIndex(([one]) => one === stream), 1))
        assert.deepInclude({ ...shorter }, { path, index: length - 1, actual: undefined })
      }),
      { numRuns: 300, seed: 1 }
    )
  })

  it("survives what happens in other streams", () => {
    const asked: Program = [["a", 7, "delay"], ["b", 7, "delay"], ["a", 7, "delay"]]
    const { drawn, tape } = recorded(asked)
    const choice = Tape.replay(tape)
    assert.strictEqual(choice.fork("a").below(7, "delay"), drawn[0])
    assert.isDefined(mismatch(() => choice.fork("new").below(7, "delay")))
    assert.strictEqual(choice.fork("a").below(7, "delay"), drawn[2])
    assert.strictEqual(choice.fork("b").below(7, "delay"), drawn[1])
  })

  it("bent, takes an outcome only under its own label, cuts it to the range, and says where it first differed", () => {
    const { streams } = { streams: { "": { asked: [["delay", 10, 2], ["drop", 2, 1]], values: [9, 9, 1] } } } as const
    const bent = Tape.bend({ streams })
    assert.strictEqual(bent.below(5, "delay"), 4)
    assert.strictEqual(bent.below(2, "drop"), 0)
    assert.strictEqual(bent.below(2, "drop"), 1)
    assert.strictEqual(bent.below(2, "drop"), 0)
    assert.deepInclude({ ...bent.mismatch }, {
      index: 0,
      expected: { label: "delay", n: 10 },
      actual: { label: "delay", n: 5 }
    })
  })

  it("is its decisions: those that stay are replayed, the others are benign", () => {
    FastCheck.assert(
      FastCheck.property(program, FastCheck.func(FastCheck.boolean()), (asked, keeps) => {
        const { drawn, tape } = recorded(asked)
        const all = Tape.decisions(tape)
        assert.strictEqual(all.length, drawn.filter((value) => value !== 0).length)
        assert.deepStrictEqual(Tape.withDecisions(tape, all), tape)
        const kept = all.filter(({ index, path }) => keeps(path, index))
        const again = run(Tape.replay(throughJson(Tape.withDecisions(tape, kept))), asked)
        const places = new Map<string, number>()
        again.forEach((value, i) => {
          const [stream] = asked[i]!
          const path = stream === "~" ? "" : Choice.pathOf("", stream)
          const index = places.get(path) ?? 0
          places.set(path, index + 1)
          assert.strictEqual(value, kept.find((one) => one.path === path && one.index === index)?.value ?? 0)
        })
      }),
      { numRuns: 200, seed: 1 }
    )
  })

  it.each<[unknown, string]>([
    [[], "streams: is not an object of streams"],
    [{ "/a": 1 }, "streams[\"/a\"]: is not an object { asked, values }"],
    [{ "/a": { asked: [["x", 2]], values: [] } }, "streams[\"/a\"].asked[0]: is not [label, n, times]"],
    [{ "/a": { asked: [["x", -1, 1]], values: [] } }, "streams[\"/a\"].asked[0][1]: is not a range from 0 to 2^32"],
    [{ "/a": { asked: [["x", 2, 0]], values: [] } }, "streams[\"/a\"].asked[0][2]: is not a positive number of times"],
    [{ "/a": { asked: [["x", 2, 1]], values: [2] } }, "streams[\"/a\"].values[0]: is no outcome of x(2): 2"],
    [{ "/a": { asked: [["x", 2, 1]], values: [-1, 1] } }, "streams[\"/a\"].values[1]: answers choice 2 of 1"],
    [{ "/a": { asked: [["x", 2, 1]], values: [0] } }, "streams[\"/a\"].values[0]: is no outcome, nor a number of zeros"]
  ])("what is none is refused with its place: %j", (input, message) => {
    const decoded = TapeJson.decodeStreams(input)
    assert.strictEqual(decoded instanceof TapeJson.MalformedTape ? decoded.message : undefined, message)
  })
})

describe("an exhaustive choice", () => {
  const outcomesOf = (decisions: number, depth: number, act: (choice: Choice.Choice) => string) => {
    const all = new Exhaustive({ decisions, depth })
    const seen: Array<string> = []
    for (let choice = all.next(); choice !== undefined; choice = all.next()) seen.push(act(choice))
    return { all, seen }
  }
  /** What it asks next depends on what it got. */
  const tree = (choice: Choice.Choice): string => {
    const a = choice.below(2, "a")
    const b = a === 0 ? choice.fork("x").below(3, "b") : 0
    return `${a}${b}${choice.below(1, "one")}${choice.below(2, "c")}`
  }

  it("hands out every run within the budget once, those with fewer decisions first", () => {
    const { all, seen } = outcomesOf(3, 10, tree)
    assert.deepStrictEqual(seen, ["0000", "1000", "0100", "0200", "0001", "1001", "0101", "0201"])
    assert.isTrue(all.isComplete)
    assert.deepStrictEqual(outcomesOf(1, 10, tree).seen, seen.slice(0, 5))
  })

  it("is not complete where a run asked for more choices than it may", () => {
    const { all, seen } = outcomesOf(3, 2, tree)
    assert.deepStrictEqual(seen, ["0000", "1000", "0100", "0200", "1001"])
    assert.isFalse(all.isComplete)
  })
})
