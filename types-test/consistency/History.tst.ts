import * as History from "synod/consistency/History"
import { describe, expect, test } from "tstyche"

describe("History", () => {
  test("is covariant in inputs and outputs", () => {
    expect<History.History<"get", 1>>().type.toBeAssignableTo<History.History<string, number>>()
    expect<History.History<string, number>>().type.not.toBeAssignableTo<History.History<"get", 1>>()
  })

  test("only an operation that ended well has an output and a return", () => {
    type Operation = History.Operation<string, number>
    expect<keyof Extract<Operation, { readonly outcome: "ok" }>>().type.toBe<
      "outcome" | "id" | "process" | "input" | "output" | "call" | "return"
    >()
    expect<keyof Exclude<Operation, { readonly outcome: "ok" }>>().type.toBe<
      "outcome" | "id" | "process" | "input" | "call"
    >()
  })

  test("events that make no history come back as a value, not as a throw", () => {
    expect(History.fromEvents([] as ReadonlyArray<History.Event<string, number>>)).type.toBe<
      History.History<string, number> | History.MalformedHistory
    >()
  })

  test("a recorder takes the inputs and outputs of its history", () => {
    const recorder = History.makeRecorder<string, number>()
    expect(recorder.invoke).type.toBeCallableWith(1, "get")
    expect(recorder.invoke).type.not.toBeCallableWith(1, 2)
    expect(recorder.ok).type.toBeCallableWith("client", 2)
    expect(recorder.ok).type.not.toBeCallableWith("client", "two")
    expect(recorder.history()).type.toBe<History.History<string, number>>()
  })
})
