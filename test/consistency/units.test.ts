import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { checkFile } from "synod/consistency/CheckFile"
import { fromEvents, type History, makeRecorder, MalformedHistory } from "synod/consistency/History"
import { type Format, formats, ImportError, type Input, parse, toSynod } from "synod/consistency/Import"
import { check, checkWith } from "synod/consistency/Linearizability"
import {
  casRegister,
  keyValue,
  type KeyValueInput,
  type RegisterInput,
  type Value
} from "synod/consistency/Specification"
import { forEachObject } from "./objects.js"

const registerHistory = (fill: (recorder: ReturnType<typeof makeRecorder<RegisterInput, Value>>) => void) => {
  const recorder = makeRecorder<RegisterInput, Value>()
  fill(recorder)
  return recorder.history()
}

describe("recorder", () => {
  it("pairs calls and returns by position, and a later event does not change an earlier history", () => {
    const recorder = makeRecorder<RegisterInput, Value>()
    recorder.invoke("a", { _tag: "Write", value: 1 }, 10)
    recorder.invoke("b", { _tag: "Read" })
    recorder.ok("a", null)
    const before = recorder.history()
    recorder.info("b")
    expect(before.events.length).toBe(3)
    expect(recorder.size).toBe(4)
    expect(before.operations).toEqual([
      { outcome: "ok", id: 0, process: "a", input: { _tag: "Write", value: 1 }, output: null, call: 0, return: 2 },
      { outcome: "unknown", id: 1, process: "b", input: { _tag: "Read" }, call: 1 }
    ])
  })

  it("refuses a second open operation, a completion without one, and a process after an unknown outcome", () => {
    const recorder = makeRecorder<RegisterInput, Value>()
    expect(() => recorder.ok(1, null)).toThrow(MalformedHistory)
    recorder.invoke(1, { _tag: "Read" })
    expect(() => recorder.invoke(1, { _tag: "Read" })).toThrow(/previous operation is open/)
    recorder.info(1)
    expect(() => recorder.invoke(1, { _tag: "Read" })).toThrow(/new process id/)
    expect(recorder.size).toBe(2)
  })

  it("holds no more operations than its capacity, and still completes those it has", () => {
    const recorder = makeRecorder<RegisterInput, Value>({ capacity: 1 })
    expect(recorder.invoke(1, { _tag: "Read" })).toBe(true)
    expect(recorder.invoke(2, { _tag: "Read" })).toBe(false)
    recorder.ok(1, null)
    expect(recorder.history().operations.length).toBe(1)
  })

  it("fromEvents says which event breaks a rule", () => {
    const result = fromEvents<RegisterInput, Value>([
      { type: "invoke", process: 1, input: { _tag: "Read" } },
      { type: "ok", process: 2, output: null }
    ])
    expect(result).toBeInstanceOf(MalformedHistory)
    expect(result).toMatchObject({ _tag: "MalformedHistory", position: 1, process: 2 })
  })
})

describe("unknown outcomes", () => {
  const timedOutWrite = (outcome: "info" | "fail") =>
    registerHistory((recorder) => {
      recorder.invoke(1, { _tag: "Write", value: 1 })
      recorder[outcome](1)
      recorder.invoke(2, { _tag: "Read" })
      recorder.ok(2, null)
      recorder.invoke(2, { _tag: "Read" })
      recorder.ok(2, 1)
    })

  it("a write that timed out may take effect long after it was given up", () => {
    expect(check(casRegister(), timedOutWrite("info"))).toMatchObject({
      verdict: "consistent",
      linearization: [1, 0, 2]
    })
  })

  it("the same write recorded as failed is a false alarm, with the prefix that can be explained", () => {
    expect(check(casRegister(), timedOutWrite("fail"))).toMatchObject({
      verdict: "inconsistent",
      longestPrefix: 5,
      linearization: [1],
      blocked: 2
    })
  })
})

/** n concurrent increments that nothing tells apart until a read that no order explains: exponential for any search. */
const hard = (key: string, n: number) => {
  const recorder = makeRecorder<KeyValueInput, Value>()
  for (let i = 0; i < n; i++) recorder.invoke(`${key}${i}`, { _tag: "Append", key, value: `${i},` })
  for (let i = 0; i < n; i++) recorder.ok(`${key}${i}`, null)
  recorder.invoke(`${key}r`, { _tag: "Get", key })
  recorder.ok(`${key}r`, "impossible")
  return recorder.history()
}

const easyRefutation = (): History<KeyValueInput, Value> => {
  const recorder = makeRecorder<KeyValueInput, Value>()
  recorder.invoke("e", { _tag: "Get", key: "easy" })
  recorder.ok("e", "never written")
  return recorder.history()
}

describe("budgets", () => {
  const concatenated = () => {
    const history = fromEvents([...hard("hard", 14).events, ...easyRefutation().events])
    if (history instanceof MalformedHistory) throw history
    return history
  }

  it("a hard key does not hide an easy refutation: partitions take turns", () => {
    expect(checkWith("pure-in-every-state", keyValue(), concatenated(), { steps: 20_000 })).toMatchObject({
      verdict: "inconsistent",
      partition: "easy"
    })
    // With one slice as long as the budget, the turn of the easy key never comes.
    const whole = checkWith("pure-in-every-state", keyValue(), concatenated(), { steps: 20_000, slice: 20_000 })
    expect(whole).toMatchObject({ verdict: "unknown" })
  })

  it("steps exhausted is unknown, and the bound holds", () => {
    const result = check(keyValue(), hard("k", 14), { steps: 10_000 })
    expect(result).toMatchObject({ verdict: "unknown", reason: "steps", undecided: 1 })
    expect(result.steps).toBeLessThan(10_100)
  })

  it("memory exhausted is unknown", () => {
    expect(check(keyValue(), hard("k", 14), { memory: 1_000_000 })).toMatchObject({
      verdict: "unknown",
      reason: "memory"
    })
  })

  it("a caller's deadline is unknown", () => {
    let slices = 0
    const result = check(keyValue(), hard("k", 14), { isInterrupted: () => ++slices > 3 })
    expect(result).toMatchObject({ verdict: "unknown", reason: "interrupted" })
    expect(slices).toBe(4)
  })

  it("an empty history is consistent", () => {
    expect(check(casRegister(), registerHistory(() => {}))).toEqual({
      verdict: "consistent",
      operations: 0,
      steps: 0,
      linearization: []
    })
  })
})

describe("import: a malformed line is one error with its line", () => {
  const etcd = (lines: ReadonlyArray<string>) => lines.map((line) => `INFO  jepsen.util - ${line}`).join("\n")
  const kv = "{:process 0, :type :invoke, :f :get, :key \"4\", :value nil}"
  const cases: ReadonlyArray<readonly [name: string, format: Format, text: string, line: number]> = [
    ["not an event", "porcupine-etcd", `${etcd(["0 :invoke :read nil"])}\nhello`, 2],
    ["a value that is no number", "porcupine-etcd", etcd(["0 :invoke :write x"]), 1],
    ["a cas without a pair", "porcupine-etcd", etcd(["0 :invoke :cas [1]"]), 1],
    ["a completion of another function", "porcupine-etcd", etcd(["0 :invoke :read nil", "0 :ok :write 1"]), 2],
    ["a completion without an invocation", "porcupine-etcd", etcd(["0\t:invoke\t:read\tnil", "1 :ok :read nil"]), 2],
    ["two open operations", "porcupine-etcd", etcd(["0 :invoke :read nil", "0 :invoke :read nil"]), 2],
    ["an unclosed map", "porcupine-kv", `${kv}\n{:process 1`, 2],
    ["an odd number of forms", "porcupine-kv", "{:process 0 :type :invoke :f :get :key \"a\" :value}", 1],
    ["an unknown function", "porcupine-kv", `\n${kv.replace(":get", ":pop")}`, 2],
    ["another key at the completion", "porcupine-kv", `${kv}\n${kv.replace(":invoke", ":ok").replace("4", "5")}`, 2],
    ["text between maps", "jepsen-edn", "[\n{:process 0 :type :invoke :f :read}\nfoo]", 3],
    ["a wrong bracket", "jepsen-edn", "[{:process 0\n :value [1 2)}]", 2],
    ["an unclosed string", "jepsen-edn", "[\n{:process \"0}]", 2],
    ["an unclosed vector", "jepsen-edn", "\n[{:process 0 :type :invoke :f :read}", 2],
    ["a process that is a string", "jepsen-edn", "{:process \"0\" :type :invoke :f :read}", 1],
    ["an unknown type", "jepsen-edn", "{:process 0 :type :maybe :f :read}", 1],
    ["a cas without a pair", "jepsen-edn", "; why\n{:process 0 :type :invoke :f :cas :value 3}", 2],
    ["not an access", "isovista", "w(1,1,0,0)\nx(1,1,0,0)", 2],
    ["a negative key", "isovista", "w(-1,1,0,0)", 1],
    ["a number that is too large", "isovista", "w(1,99999999999999999,0,0)", 1],
    ["a transaction in two sessions", "isovista", "w(1,1,0,0)\n\nw(2,1,1,0)", 3],
    ["a transaction in two parts", "isovista", "w(1,1,0,0)\nw(1,2,0,1)\nw(2,1,0,0)", 3],
    ["a lock without a holder", "synod", "{\"type\":\"invoke\",\"process\":1,\"f\":\"acquire\",\"key\":\"l\"}", 1],
    [
      "nothing to enqueue",
      "synod",
      "{\"type\":\"invoke\",\"process\":1,\"f\":\"enqueue\",\"key\":\"q\",\"value\":null}",
      1
    ],
    [
      "an increment by a half",
      "synod",
      "{\"type\":\"invoke\",\"process\":1,\"f\":\"increment\",\"key\":\"c\",\"by\":0.5}",
      1
    ],
    [
      "a function that is a property of objects",
      "synod",
      "{\"type\":\"invoke\",\"process\":1,\"f\":\"toString\",\"key\":\"c\"}",
      1
    ],
    ["not JSON", "synod", "{\"type\":\"invoke\",\"process\":1,\"f\":\"read\"}\n{", 2],
    ["an array", "synod", "[]", 1],
    ["no process", "synod", "{\"type\":\"invoke\",\"f\":\"read\"}", 1],
    ["no output", "synod", "{\"type\":\"invoke\",\"process\":1,\"f\":\"read\"}\n\n{\"type\":\"ok\",\"process\":1}", 3],
    ["an unknown type", "synod", "{\"type\":\"done\",\"process\":1}", 1],
    ["a key on a register's function", "synod", "{\"type\":\"invoke\",\"process\":1,\"f\":\"read\",\"key\":\"a\"}", 1]
  ]
  for (const [name, format, text, line] of cases) {
    it(`${format}: ${name}`, () => {
      const result = parse(text, format)
      expect(result).toBeInstanceOf(ImportError)
      expect(result).toMatchObject({ _tag: "ImportError", line })
    })
  }

  it("no text makes an importer throw", () => {
    const piece = FastCheck.constantFrom(
      "{",
      "}",
      "[",
      "]",
      "(",
      ")",
      ":process",
      ":type",
      " 1 ",
      "\"",
      "\\",
      ";",
      "\n",
      "#{",
      ":f",
      "nil",
      "{}"
    )
    FastCheck.assert(
      FastCheck.property(
        FastCheck.oneof(FastCheck.string(), FastCheck.array(piece).map((all) => all.join(""))),
        (text) => {
          for (const format of formats) {
            const result = parse(text, format)
            expect(result instanceof ImportError ? result.line : 1).toBeGreaterThan(0)
          }
        }
      ),
      { numRuns: 2000, seed: 1 }
    )
  })
})

describe("formats", () => {
  it("jepsen-edn: list, comments, any order, nemesis skipped, fail means that it did not happen", () => {
    const text = `( ; a list
      {:f :write, :value 1 :type :invoke :process 0 :index 0 :time 12}
      {:process :nemesis, :type :info, :f :start, :value {:a #{1}}}
      {:type :fail :process 0 :f :write :value 1 :error [:timeout "a } b"]}
      {:process 0 :type :invoke :f :read :value 7} {:process 0 :type :ok :f :read :value nil})`
    expect(checkFile(text, { format: "jepsen-edn", model: "cas-register" })).toMatchObject({
      verdict: "consistent",
      operations: 2
    })
  })

  it("porcupine-etcd: a failed cas is an answer, so it can refute", () => {
    const text = ["0 :invoke :write 1", "0 :ok :write 1", "0 :invoke :cas [1 2]", "0 :fail :cas [1 2]"]
      .map((line) => `INFO  jepsen.util - ${line}`).join("\n")
    expect(checkFile(text, { format: "porcupine-etcd", model: "cas-register" })).toMatchObject({
      verdict: "inconsistent",
      longestPrefix: 3
    })
  })

  it("synod: what is exported imports again as an equal history, times and outcomes included", () => {
    const recorder = makeRecorder<KeyValueInput, Value>()
    recorder.invoke("a", { _tag: "Put", key: "k", value: "line\n\"quoted\"" }, 1.5)
    recorder.invoke(2, { _tag: "Cas", key: "k", from: null, to: 3 }, 2)
    recorder.invoke(3, { _tag: "Append", key: "k", value: "x" })
    recorder.invoke(4, { _tag: "Delete", key: "l" })
    recorder.ok("a", null, 3)
    recorder.ok(2, false)
    recorder.fail(3)
    recorder.info(4, 9)
    recorder.invoke(5, { _tag: "Get", key: "k" })
    const history = recorder.history()
    const imported = parse(toSynod(history), "synod")
    expect(imported).toMatchObject({ lines: history.events.map((_, i) => i + 1), initial: null })
    expect(imported).toHaveProperty("history", history)
    expect(checkFile(toSynod(history), { format: "synod", model: "kv" })).toMatchObject({ verdict: "consistent" })
  })

  it("synod: every operation of every object comes back as it was", () => {
    const recorder = makeRecorder<Input, Value>()
    let process = 0
    forEachObject(({ input }) => {
      for (const each of FastCheck.sample(input, { numRuns: 20, seed: 9 })) {
        recorder.invoke(++process, each as Input)
        recorder.ok(process, null)
      }
    })
    const history = recorder.history()
    expect(new Set(history.operations.map((operation) => operation.input._tag)).size).toBe(21)
    expect(parse(toSynod(history), "synod")).toHaveProperty("history", history)
  })

  it("isovista: transactions whole, and the same accesses one by one; a 0 that nobody wrote is the initial value", () => {
    const imported = parse("r(1,0,7,3)\nw(1,5,7,3)\nr(2,0,8,4)\nw(2,0,9,5)\nw(1,6,7,-1)\nr(1,5,7,-1)\n", "isovista")
    expect(imported).toMatchObject({
      isTimed: false,
      lines: [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6],
      transactions: {
        initial: null,
        transactions: [
          {
            id: 3,
            session: 7,
            outcome: "committed",
            accesses: [{ kind: "read", key: "1", value: null }, { kind: "write", key: "1", value: 5 }]
          },
          { id: 4, session: 8, outcome: "committed", accesses: [{ kind: "read", key: "2", value: 0 }] },
          { id: 5, session: 9, outcome: "committed" },
          { id: -1, session: 7, outcome: "aborted" }
        ]
      }
    })
    if (imported instanceof ImportError) throw imported
    expect(imported.history.operations.map(({ outcome }) => outcome)).toEqual(["ok", "ok", "ok", "ok", "fail", "fail"])
  })

  it("isovista has no real time, so it is not asked for linearizability; synod has no transactions", () => {
    expect(checkFile("w(1,1,0,0)", { format: "isovista", model: "kv" })).toMatchObject({ _tag: "ImportError" })
    expect(checkFile("w(1,1,0,0)", { format: "isovista", model: "kv", consistency: "eventual" }))
      .toMatchObject({ _tag: "ImportError" })
    expect(checkFile("", { format: "synod", model: "kv", consistency: "causal", over: "transactions" }))
      .toMatchObject({ _tag: "ImportError" })
    expect(checkFile("w(1,1,0,0)", { format: "isovista", model: "kv", consistency: "causal" }))
      .toMatchObject({ verdict: "consistent", over: "transactions" })
  })

  it("an operation that the model does not have is an error with its line", () => {
    const text = "\n{\"type\":\"invoke\",\"process\":1,\"f\":\"cas\",\"from\":1,\"to\":2}\n"
    expect(checkFile(text, { format: "synod", model: "register" })).toMatchObject({ _tag: "ImportError", line: 2 })
    expect(checkFile(text, { format: "synod", model: "kv" })).toMatchObject({ _tag: "ImportError", line: 2 })
    expect(checkFile(text, { format: "synod", model: "cas-register" })).toMatchObject({ verdict: "consistent" })
  })
})
