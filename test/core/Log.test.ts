import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { Log } from "synod/core/Log"

interface Entry {
  readonly term: number
  readonly id: number
}

/** The slow twin: an array and its floor. */
interface Model {
  readonly floor: number
  readonly floorTerm: number
  readonly entries: ReadonlyArray<Entry>
}

const agrees = (log: Log<Entry>, model: Model): void => {
  const last = model.floor + model.entries.length
  assert.deepStrictEqual([...log.entries()], [...model.entries])
  assert.strictEqual(log.floor, model.floor)
  assert.strictEqual(log.last, last)
  assert.strictEqual(log.length, model.entries.length)
  assert.strictEqual(log.termAt(model.floor), model.floorTerm)
  assert.strictEqual(log.lastTerm, model.entries.at(-1)?.term ?? model.floorTerm)
  assert.isUndefined(log.at(model.floor))
  assert.isUndefined(log.at(last + 1))
  assert.isUndefined(log.termAt(model.floor - 1))
}

const sharedSlowly = (a: Log<Entry>, b: Log<Entry>): number => {
  const end = Math.min(a.last, b.last)
  let i = Math.min(end, Math.max(a.floor, b.floor))
  while (i < end && a.at(i + 1) === b.at(i + 1)) i++
  return i
}

const command = FastCheck.record({
  /** Which of the versions so far is the ground of the next: futures diverge. */
  version: FastCheck.nat(1_000),
  kind: FastCheck.constantFrom("append", "append", "append", "many", "truncate", "compact" as const),
  amount: FastCheck.nat(700),
  term: FastCheck.nat(5)
})

describe("Log", () => {
  it("every version equals an array for ever, whatever other versions become", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.array(command, { maxLength: 40 }), (commands) => {
        let ids = 0
        const versions: Array<readonly [Log<Entry>, Model]> = [
          [Log.empty<Entry>(), { floor: 0, floorTerm: 0, entries: [] }],
          [Log.fromSnapshot<Entry>(300, 2), { floor: 300, floorTerm: 2, entries: [] }]
        ]
        for (const { amount, kind, term, version } of commands) {
          const [log, model] = versions[versions.length - 1 - version % Math.min(3, versions.length)]!
          const n = model.entries.length
          switch (kind) {
            case "append":
            case "many": {
              const added = Array.from({ length: kind === "append" ? 1 : amount }, () => ({ term, id: ids++ }))
              let next = log
              for (const entry of added) next = next.append(entry)
              versions.push([next, { ...model, entries: [...model.entries, ...added] }])
              break
            }
            case "truncate": {
              const keep = n === 0 ? 0 : amount % n
              versions.push([log.truncateFrom(model.floor + keep + 1), {
                ...model,
                entries: model.entries.slice(0, keep)
              }])
              break
            }
            case "compact": {
              const drop = amount % (n + 1)
              versions.push([log.compactTo(model.floor + drop), {
                floor: model.floor + drop,
                floorTerm: drop === 0 ? model.floorTerm : model.entries[drop - 1]!.term,
                entries: model.entries.slice(drop)
              }])
            }
          }
        }
        for (const [log, model] of versions) agrees(log, model)
        for (let i = 0; i < versions.length; i++) {
          for (const j of [0, i >> 1, i - 1]) {
            const [a] = versions[i]!
            const [b] = versions[Math.max(0, j)]!
            assert.strictEqual(a.sharedUpTo(b), sharedSlowly(a, b))
            assert.strictEqual(b.sharedUpTo(a), sharedSlowly(a, b))
          }
        }
      }),
      { numRuns: 200, seed: 1 }
    )
  })

  it("two folds of the same entries share them: the second appends nothing", () => {
    const entries = Array.from({ length: 1_000 }, (_, id) => ({ term: 1, id }))
    const ahead = entries.reduce((log, entry) => log.append(entry), Log.empty<Entry>())
    const behind = entries.slice(0, 500).reduce((log, entry) => log.append(entry), Log.empty<Entry>())
    let prefix = ahead.truncateFrom(501)
    for (const entry of entries.slice(500)) prefix = prefix.append(entry)
    assert.deepStrictEqual(Reflect.get(prefix, "spine") === Reflect.get(ahead, "spine"), true)
    assert.strictEqual(behind.last, 500)
  })

  it("a slice keeps its bounds, but never comes back empty while there is an entry", () => {
    const log = [10, 10, 50, 10].reduce((l, id) => l.append({ term: 1, id }), Log.empty<Entry>())
    const ids = (entries: ReadonlyArray<Entry>) => entries.map(({ id }) => id)
    assert.deepStrictEqual(ids(log.slice(1, 10, 20, ({ id }) => id)), [10, 10])
    assert.deepStrictEqual(ids(log.slice(3, 10, 20, ({ id }) => id)), [50])
    assert.deepStrictEqual(ids(log.slice(1, 3)), [10, 10, 50])
    assert.deepStrictEqual(ids(log.slice(5, 3)), [])
  })

  it("hintIndex is the largest index up to a bound whose term is not larger", () => {
    const log = [1, 1, 3, 3, 5].reduce((l, term) => l.append({ term, id: 0 }), Log.empty<Entry>())
    assert.deepStrictEqual([5, 4, 2, 0].map((term) => log.hintIndex(9, term)), [5, 4, 2, 0])
    assert.strictEqual(log.hintIndex(3, 9), 3)
    assert.strictEqual(log.compactTo(2).hintIndex(9, 0), 2)
  })

  it("refuses to cut or compact what it does not hold", () => {
    const log = Log.fromSnapshot<Entry>(5, 1).append({ term: 1, id: 0 })
    assert.throws(() => log.truncateFrom(5), RangeError)
    assert.throws(() => log.compactTo(4), RangeError)
    assert.throws(() => log.compactTo(7), RangeError)
  })
})
