import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Canonical from "synod/core/Canonical"
import { PersistentMap } from "synod/core/PersistentMap"

type Step = { readonly _tag: "set"; readonly key: string; readonly value: number } | {
  readonly _tag: "delete"
  readonly key: string
}

/** Found by search: pairs whose 32-bit hashes are equal, so that collision nodes are on the path. */
const colliding = (() => {
  const seen = new Map<number, string>()
  const pairs: Array<string> = []
  const hashOf = (key: string): number => {
    let hash = 0x811c9dc5
    for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
    return hash >>> 0 // the mixing after it is a bijection
  }
  for (let i = 0; i < 400_000 && pairs.length < 6; i++) {
    const key = `${(Math.imul(i, 0x9e3779b1) >>> 0).toString(36)}${(i * 7_919).toString(36)}`
    const hash = hashOf(key)
    const other = seen.get(hash)
    if (other !== undefined) pairs.push(other, key)
    else seen.set(hash, key)
  }
  return pairs
})()

const key = FastCheck.oneof(
  FastCheck.constantFrom("", "a", "b", "A", "é", "\ud800", ...colliding),
  FastCheck.integer({ min: 0, max: 300 }).map((n) => `k${n}`)
)
const step: FastCheck.Arbitrary<Step> = FastCheck.oneof(
  FastCheck.record({ _tag: FastCheck.constant("set" as const), key, value: FastCheck.integer({ min: 0, max: 3 }) }),
  FastCheck.record({ _tag: FastCheck.constant("delete" as const), key })
)
const steps = FastCheck.array(step, { maxLength: 400, size: "max" })

const sorted = (entries: Iterable<readonly [string, number]>) => [...entries].sort(([a], [b]) => a < b ? -1 : 1)

describe("PersistentMap", () => {
  it("law: agrees with Map after every step, and no version changes afterwards", () => {
    expect(colliding.length).toBeGreaterThanOrEqual(2)
    FastCheck.assert(FastCheck.property(steps, (script) => {
      let map = PersistentMap.empty<number>()
      const twin = new Map<string, number>()
      const versions: Array<readonly [PersistentMap<number>, string]> = []
      for (const { _tag, ...change } of script) {
        if (_tag === "set" && "value" in change) {
          map = map.set(change.key, change.value)
          twin.set(change.key, change.value)
        } else {
          map = map.delete(change.key)
          twin.delete(change.key)
        }
        expect(map.size).toBe(twin.size)
        expect(map.get(change.key)).toBe(twin.get(change.key))
        expect(map.has(change.key)).toBe(twin.has(change.key))
        if (versions.length < 20) versions.push([map, JSON.stringify(sorted(twin))])
      }
      expect(sorted(map)).toEqual(sorted(twin))
      for (const [version, content] of versions) expect(JSON.stringify(version)).toBe(content)
    }))
  })

  it("law: the order of iteration and the encoding depend on the content alone", () => {
    FastCheck.assert(FastCheck.property(steps, FastCheck.infiniteStream(FastCheck.nat()), (script, random) => {
      let map = PersistentMap.empty<number>()
      for (const change of script) {
        map = change._tag === "set" ? map.set(change.key, change.value) : map.delete(change.key)
      }
      const shuffled = [...map].map((entry) => [random.next().value as number, entry] as const)
        .sort(([a], [b]) => a - b).map(([, entry]) => entry)
      let detour = PersistentMap.from<number>([...colliding, "x", "y"].map((extra) => [extra, 9]))
      for (const [k, v] of shuffled) detour = detour.set(k, v)
      for (const extra of [...colliding, "x", "y"]) if (!map.has(extra)) detour = detour.delete(extra)
      expect([...detour]).toEqual([...map])
      expect(Canonical.encode(detour)).toBe(Canonical.encode(map))
    }))
  })

  it("law: what changes nothing gives the same map", () => {
    FastCheck.assert(
      FastCheck.property(steps, key, (script, absent) => {
        let map = PersistentMap.empty<number>()
        for (const change of script) if (change._tag === "set") map = map.set(change.key, change.value)
        for (const [k, v] of map) expect(map.set(k, v)).toBe(map)
        if (!map.has(absent)) expect(map.delete(absent)).toBe(map)
      }),
      { numRuns: 30 }
    )
  })

  it("law: a draft does what one change after the other does, and no map that was finished changes afterwards", () => {
    FastCheck.assert(FastCheck.property(steps, FastCheck.integer({ min: 1, max: 60 }), (script, every) => {
      let map = PersistentMap.empty<number>()
      const draft = PersistentMap.draft(map)
      const versions: Array<readonly [PersistentMap<number>, string]> = []
      for (const [i, change] of script.entries()) {
        const before = map
        map = change._tag === "set" ? map.set(change.key, change.value) : map.delete(change.key)
        if (change._tag === "set") draft.set(change.key, change.value)
        else expect(draft.delete(change.key)).toBe(before !== map)
        expect(draft.get(change.key)).toBe(map.get(change.key))
        expect(draft.size).toBe(map.size)
        if (i % every !== 0) continue
        const finished = draft.finish()
        expect([...finished]).toEqual([...map])
        expect(finished.size).toBe(map.size)
        expect(draft.finish()).toBe(finished)
        versions.push([finished, JSON.stringify(map)])
      }
      for (const [version, content] of versions) expect(JSON.stringify(version)).toBe(content)
    }))
  })

  it("law: a draft that changes nothing finishes as the map that it began with", () => {
    const map = PersistentMap.from([...colliding, "a", "b"].map((k) => [k, 1] as const))
    const draft = PersistentMap.draft(map)
    for (const [k, v] of map) draft.set(k, v)
    expect(draft.delete("absent")).toBe(false)
    expect(draft.finish()).toBe(map)
  })

  it("empties to the one empty map", () => {
    let map = PersistentMap.from([...colliding, "a", "b"].map((k) => [k, 1] as const))
    for (const [k] of map) map = map.delete(k)
    expect(map).toBe(PersistentMap.empty())
  })
})
