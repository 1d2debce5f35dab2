import { describe, expect, it } from "@effect/vitest"
import { existsSync, readFileSync } from "node:fs"
import { checkFile, type Model } from "synod/consistency/CheckFile"
import type { History } from "synod/consistency/History"
import { type Format, ImportError, type Input, parse, toSynod } from "synod/consistency/Import"
import { check, checkWith } from "synod/consistency/Linearizability"
import { casRegister, type RegisterInput, type Value } from "synod/consistency/Specification"

const corpora = new URL("../../../shared/corpora/", import.meta.url)

interface Expected {
  readonly [file: string]: { readonly model: string; readonly linearizable: boolean }
}

const present = (name: string) => existsSync(new URL(`${name}/expected.json`, corpora))
const expectations = (name: string): Expected =>
  present(name) ? JSON.parse(readFileSync(new URL(`${name}/expected.json`, corpora), "utf8")) : {}
const read = (name: string, file: string) => readFileSync(new URL(`${name}/${file}`, corpora), "utf8")
const existing = (name: string) =>
  Object.entries(expectations(name)).filter(([file]) => existsSync(new URL(`${name}/${file}`, corpora)))

const formatOf = (name: string, file: string): { format: Format; model: Model } =>
  name === "knossos"
    ? { format: "jepsen-edn", model: "cas-register" }
    : file.startsWith("kv/")
    ? { format: "porcupine-kv", model: "kv" }
    : { format: "porcupine-etcd", model: "cas-register" }

const etcdHistories = (): ReadonlyArray<readonly [History<RegisterInput, Value>, boolean]> =>
  existing("porcupine").filter(([file]) => file.startsWith("jepsen/")).map(([file, { linearizable }]) => {
    const imported = parse(read("porcupine", file), "porcupine-etcd")
    if (imported instanceof ImportError) throw imported
    // this importer yields register inputs only
    return [imported.history as History<Input, Value> as History<RegisterInput, Value>, linearizable]
  })

for (const [name, count] of [["porcupine", 55], ["knossos", 40]] as const) {
  describe.skipIf(!present(name))(`corpus ${name} (skipped where ../shared/corpora is absent)`, () => {
    it("is whole", () => {
      expect(existing(name).length).toBe(count)
    })
    for (const [file, { linearizable }] of existing(name)) {
      it(`${file} is ${linearizable ? "linearizable" : "not linearizable"}`, () => {
        const result = checkFile(read(name, file), formatOf(name, file))
        if (result instanceof ImportError) throw result
        expect(result.verdict).toBe(linearizable ? "consistent" : "inconsistent")
      })
      it(`${file} imports again as it was exported`, () => {
        const imported = parse(read(name, file), formatOf(name, file).format)
        if (imported instanceof ImportError) throw imported
        const again = parse(toSynod(imported.history), "synod")
        if (again instanceof ImportError) throw again
        expect(again.history).toEqual(imported.history)
      })
    }
  })
}

describe.skipIf(!present("porcupine"))(
  "the commit rule on the etcd logs (skipped where ../shared/corpora is absent)",
  () => {
    it("committing what is pure in this state only gives wrong verdicts: the corpus catches the tempting pruning", () => {
      const wrong = etcdHistories().filter(([history, linearizable]) =>
        (checkWith("pure-in-this-state", casRegister(), history, {}).verdict === "consistent") !== linearizable
      )
      expect(wrong.length).toBeGreaterThan(0)
    })

    it("the search without commits agrees on every log, longest prefix included", () => {
      for (const [history] of etcdHistories()) {
        const a = check(casRegister(), history)
        const b = checkWith("never", casRegister(), history, {})
        expect(a.verdict).toBe(b.verdict)
        if (a.verdict === "inconsistent" && b.verdict === "inconsistent") expect(a.longestPrefix).toBe(b.longestPrefix)
      }
    })
  }
)
