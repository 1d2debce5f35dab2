import { describe, expect, it } from "@effect/vitest"
import { existsSync, readFileSync } from "node:fs"
import { checkFile, type Model } from "synod/consistency/CheckFile"
import { log, type LogInput } from "synod/consistency/Collections"
import * as Consistency from "synod/consistency/Consistency"
import { type Event, fromEvents, type History, MalformedHistory } from "synod/consistency/History"
import { type Format, ImportError, type Input, parse, toSynod } from "synod/consistency/Import"
import { check, checkWith } from "synod/consistency/Linearizability"
import {
  casRegister,
  keyValue,
  type KeyValueInput,
  type RegisterInput,
  type Value
} from "synod/consistency/Specification"
import { fromHistory, type Transactions, Unsupported } from "synod/consistency/Transactions"

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

const untimed = Consistency.levels.filter((level) => level !== "linearizable" && level !== "eventual")
const all = (verdict: string) => Object.fromEntries(untimed.map((level) => [level, verdict]))

const judge = (file: string, over: "operations" | "transactions") =>
  Object.fromEntries(untimed.map((consistency) => {
    const result = checkFile(read("isovista", file), { format: "isovista", model: "kv", consistency, over })
    if (result instanceof ImportError) throw result
    expect(result.over).toBe(over)
    return [consistency, result.verdict]
  }))

describe.skipIf(!existsSync(new URL("isovista", corpora)))(
  "corpus isovista (skipped where ../shared/corpora is absent)",
  () => {
    for (const over of ["transactions", "operations"] as const) {
      it(`yugabyte_tcc.txt over ${over} violates causal consistency, as it is labelled: a session does not read its own write`, () => {
        expect(judge("yugabyte_tcc.txt", over)).toEqual({
          ...all("inconsistent"),
          "monotonic-reads": "consistent",
          "monotonic-writes": "consistent",
          "writes-follow-reads": "consistent"
        })
      })

      it(`sample_history.txt over ${over}, 20,000 operations without a label, has every level: there is one order of all`, () => {
        const imported = parse(read("isovista", "sample_history.txt"), "isovista")
        if (imported instanceof ImportError) throw imported
        const transactions = over === "transactions"
          ? imported.transactions!
          // this importer yields gets and puts only
          : fromHistory(keyValue(), imported.history as History<Input, Value> as History<KeyValueInput, Value>)
        if (transactions instanceof Unsupported) throw transactions
        const verdicts = [...Consistency.checkAll(transactions)].map(([level, { verdict }]) => [level, verdict])
        expect(Object.fromEntries(verdicts)).toEqual(all("consistent"))
      })
    }

    it("the violation is that of the lines: transactions 6 and 7 of session 1 write key 15, and 8 reads what 6 wrote", () => {
      const text = read("isovista", "yugabyte_tcc.txt")
      for (const line of ["w(15,2,1,6)", "w(15,3,1,7)", "r(15,2,1,8)"]) expect(text).toContain(line)
      const result = checkFile(text, { format: "isovista", model: "kv", consistency: "causal" })
      expect(result).toMatchObject({ violation: { pattern: "WriteCORead", operations: [6, 7, 8] } })
    })

    it("yugabyte_tcc.txt imports again, operation by operation, as it was exported", () => {
      const imported = parse(read("isovista", "yugabyte_tcc.txt"), "isovista")
      if (imported instanceof ImportError) throw imported
      const again = parse(toSynod(imported.history), "synod")
      if (again instanceof ImportError) throw again
      expect(again.history).toEqual(imported.history)
    })
  }
)

/** The transactions of a dbcop history: little-endian bincode, as the corpus describes it. Failed events and transactions are skipped. */
const dbcop = (bytes: Buffer): Transactions => {
  let at = 0
  const integer = () => Number(bytes.readBigInt64LE((at += 8) - 8))
  const byte = () => bytes.readUInt8(at++)
  const list = <A>(read: () => A): ReadonlyArray<A> => Array.from({ length: integer() }, read)
  at += 5 * 8
  for (let i = 0; i < 3; i++) list(byte)
  const sessions = list(() =>
    list(() => {
      const accesses = list(() => {
        const kind = byte() === 1 ? "write" as const : "read" as const
        const [key, value] = [integer(), integer()]
        return { kind, key: String(key), value, isDone: byte() === 1 }
      })
      return { accesses: accesses.filter(({ isDone }) => isDone), isDone: byte() === 1 }
    })
  )
  expect(at).toBe(bytes.length)
  const transactions = sessions.flatMap((members, session) =>
    members.filter(({ isDone }) => isDone).map(({ accesses }) => ({ session, outcome: "committed" as const, accesses }))
  ).map((each, id) => ({ ...each, id }))
  return { initial: 0, transactions }
}

const snapshot = new URL("polysi-dbcop/20_10_15_10000_0.5_uniform-0.bincode", corpora)

describe.skipIf(!existsSync(snapshot))("corpus polysi-dbcop (skipped where ../shared/corpora is absent)", () => {
  it("a history of a store with snapshot isolation has all that follows from causal convergence", () => {
    const transactions = dbcop(readFileSync(snapshot))
    expect(transactions.transactions.length).toBe(200)
    for (const level of untimed.filter((level) => Consistency.implies("causal-convergence", level))) {
      expect(Consistency.checkTransactions(level, transactions).verdict, level).toBe("consistent")
    }
  })
})

interface ElleCase {
  readonly name: string
  readonly history: ReadonlyArray<
    { readonly process: number; readonly type: "invoke" | "ok"; readonly value: ReadonlyArray<ReadonlyArray<unknown>> }
  >
}

describe.skipIf(!existsSync(new URL("elle", corpora)))(
  "corpus elle (skipped where ../shared/corpora is absent)",
  () => {
    it("strong-SI, whose transactions are single operations on one log: serializable, yet stale in real time", () => {
      const cases: ReadonlyArray<ElleCase> = JSON.parse(read("elle", "list-append-cases.json"))
      const { history } = cases.find(({ name }) => name === "strong-SI")!
      const events = fromEvents(history.map(({ process, type, value }): Event<LogInput, Value> => {
        const [f, key, argument] = value[0]!
        if (value.length !== 1) throw new Error("not a single operation")
        if (type === "ok") return { type, process, output: f === "r" ? JSON.stringify(argument) : null }
        return f === "r"
          ? { type, process, input: { _tag: "Entries", key: String(key) } }
          : { type, process, input: { _tag: "Append", key: String(key), value: Number(argument) } }
      }))
      if (events instanceof MalformedHistory) throw events
      expect(Consistency.check("linearizable", log(), events).verdict).toBe("inconsistent")
      expect(Consistency.check("sequential", log(), events).verdict).toBe("consistent")
    })
  }
)
