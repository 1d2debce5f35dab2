import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Canonical from "synod/core/Canonical"
import * as Sessions from "synod/protocols/raft/Sessions"

type Step = { readonly kind: "open" } | {
  readonly kind: "command"
  readonly session: number
  readonly sequence: number
  readonly lowest: number
}

const limits = { maxSessions: 3, maxReplies: 4 }

const step: FastCheck.Arbitrary<Step> = FastCheck.oneof(
  FastCheck.constant({ kind: "open" as const }),
  FastCheck.record({
    kind: FastCheck.constant("command" as const),
    session: FastCheck.nat(4),
    sequence: FastCheck.integer({ min: 1, max: 12 }),
    lowest: FastCheck.integer({ min: 1, max: 6 })
  }),
  FastCheck.record({
    kind: FastCheck.constant("command" as const),
    session: FastCheck.nat(1),
    sequence: FastCheck.integer({ min: 1, max: 12 }),
    lowest: FastCheck.integer({ min: 1, max: 6 })
  })
)

/** Applies steps in batches of these sizes, and tells what each command found. */
const replay = (steps: ReadonlyArray<Step>, sizes: ReadonlyArray<number>) => {
  let table: Sessions.Sessions<number> = Sessions.empty
  const found: Array<string> = []
  const opened: Array<number> = []
  let index = 0
  for (let i = 0, batch = 0; i < steps.length; batch++) {
    const draft = new Sessions.Draft<number>(table, limits)
    const before = Canonical.encode([...table])
    const end = i + 1 + (sizes[batch % sizes.length] ?? 0)
    for (; i < steps.length && i < end; i++) {
      const next = steps[i]!
      index++
      if (next.kind === "open") {
        draft.open(index)
        opened.push(index)
        continue
      }
      const session = opened[next.session] ?? 999
      const seen = draft.lookup(session, next.sequence)
      found.push(seen._tag === "Seen" ? `Seen ${seen.index}` : seen._tag)
      if (seen._tag !== "New") continue
      draft.touch(session, index, next.lowest)
      draft.keep(session, next.sequence, index, index * 10)
    }
    assert.strictEqual(Canonical.encode([...table]), before, "a draft changes its base")
    table = draft.done()
    assert.isAtMost(table.size, limits.maxSessions)
    for (const { results } of table.values()) assert.isAtMost(results.size, limits.maxReplies)
  }
  return {
    found,
    table: Canonical.encode([...table].map(([id, session]) => [id, { ...session, results: [...session.results] }]))
  }
}

describe("sessions", () => {
  it("replicas that apply one log in different batches come to the same table, in the same order", () =>
    FastCheck.assert(
      FastCheck.property(
        FastCheck.array(step, { maxLength: 40 }),
        FastCheck.array(FastCheck.nat(5), { minLength: 1, maxLength: 5 }),
        (steps, sizes) => {
          assert.deepStrictEqual(replay(steps, sizes), replay(steps, [0]))
          assert.deepStrictEqual(replay(steps, [100]), replay(steps, [0]))
        }
      ),
      { numRuns: 300, seed: 1 }
    ))

  it("a command takes effect once: its retry gets the first result, until the client has acknowledged it", () => {
    const draft = new Sessions.Draft<string>(Sessions.empty, limits)
    draft.open(1)
    draft.touch(1, 2, 1)
    draft.keep(1, 1, 2, "first")
    assert.deepStrictEqual(draft.lookup(1, 1), { _tag: "Seen", index: 2, result: "first" })
    draft.touch(1, 3, 2)
    assert.deepStrictEqual(draft.lookup(1, 1), { _tag: "Superseded" })
    assert.deepStrictEqual(draft.lookup(7, 1), { _tag: "Expired" })
  })

  it("the least recently used session goes first", () => {
    const draft = new Sessions.Draft<string>(Sessions.empty, limits)
    for (const id of [1, 2, 3]) draft.open(id)
    draft.touch(1, 4, 1)
    const later = new Sessions.Draft<string>(draft.done(), limits)
    later.open(5)
    assert.deepStrictEqual([...later.done().keys()], [1, 3, 5])
  })
})
