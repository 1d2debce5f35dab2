import { describe, expect, it } from "@effect/vitest"
import { checkSystem } from "synod/checker/Checker"
import type { RegisterInput, Value } from "synod/consistency/Specification"
import { register } from "synod/consistency/Specification"
import type * as Protocol from "synod/core/Protocol"
import type { ClientHistory } from "synod/model/ClientHistory"
import * as History from "synod/model/ClientHistory"
import * as NetworkModel from "synod/model/NetworkModel"
import * as SystemModel from "synod/model/SystemModel"
import * as Workload from "synod/model/Workload"
import { a, b } from "./models.js"
import { agree } from "./twin.js"

type Input = Extract<RegisterInput, { readonly _tag: "Read" | "Write" }>

/** A primary that answers a write when the backup has it (or at once), and a backup that answers reads (or not). */
type Words = Protocol.Types<{
  state: { readonly value: Value; readonly waiting: Protocol.RequestId | undefined }
  message: { readonly _tag: "Copy"; readonly value: Value } | { readonly _tag: "Copied" }
  request: Input
  reply: Value
  event: "copied"
  record: Value
  durable: Value
}>

const replicated = (options: {
  readonly waits: boolean
  readonly faults?: Partial<SystemModel.Used>
  readonly durability?: "atomic" | "delayed"
}) =>
  SystemModel.make<Words, ClientHistory<Input, Value>>({
    name: "primary and backup",
    nodes: [a, b],
    protocol: (id) => ({
      name: "primary and backup",
      durable: { empty: null, fold: (_, value) => value },
      start: (_, value) => ({ value, waiting: undefined }),
      onRequest: (state, request, input, out) => {
        if (input._tag !== "Write") {
          out.reply(request, state.value)
          return state
        }
        out.persist(input.value)
        out.send(id === a ? b : a, { _tag: "Copy", value: input.value })
        if (!options.waits) out.reply(request, null)
        return { value: input.value, waiting: options.waits ? request : undefined }
      },
      onMessage: (state, from, message, out) => {
        if (message._tag === "Copied") {
          if (state.waiting === undefined) return state
          out.reply(state.waiting, null)
          return { ...state, waiting: undefined }
        }
        out.persist(message.value)
        out.send(from, { _tag: "Copied" })
        out.emit("copied")
        return { ...state, value: message.value }
      }
    }),
    network: NetworkModel.unordered(),
    faults: options.faults,
    durability: options.durability ?? "atomic",
    clients: [
      Workload.script([a], [{ _tag: "Write", value: 1 }]),
      Workload.script([b], [{ _tag: "Read" }, { _tag: "Read" }]),
      Workload.script([a], [{ _tag: "Read" }])
    ],
    history: History.record<Words, Input, Value>({
      input: (request) => request,
      meaning: (output) => ({ _tag: "Ok", output })
    }),
    properties: [History.linearizable(register())]
  })

describe("clients of a model", () => {
  it("both searches agree, with crashes that cut operations off and with delayed writes", () => {
    for (const waits of [true, false]) {
      for (const faults of [{}, { crashes: 1, restarts: 1 }]) {
        for (const durability of ["atomic", "delayed"] as const) {
          expect(agree(replicated({ waits, faults, durability })).distinct).toBeGreaterThan(30)
        }
      }
    }
  })

  it("a write that is answered before the backup has it is not linearizable", () => {
    const [violated] = checkSystem(replicated({ waits: false })).properties
    expect(violated?.verdict).toBe("violated")
    const events = violated?.trace?.at(-1)?.state.history.events.map(({ process, type }) => `${process} ${type}`)
    expect(events).toContain("0.0 ok") // before the read of the backup began
  })

  it("one that waits is, while nobody reads the primary", () => {
    const model = replicated({ waits: true })
    expect(checkSystem({ ...model, clients: model.clients.slice(0, 2) }).properties[0]?.verdict).toBe("holds")
    // the primary shows a value that the backup does not have yet
    expect(checkSystem(model).properties[0]?.verdict).toBe("violated")
  })

  it("a client whose node crashed goes on as another process, and a late answer finds nobody", () => {
    const model = replicated({ waits: true, faults: { crashes: 1, restarts: 1 } })
    const writes = Workload.script<Words>([a], [{ _tag: "Write", value: 1 }, { _tag: "Write", value: 2 }])
    const report = checkSystem({
      ...model,
      clients: [writes],
      properties: [{
        name: "somebody was cut off and asked again",
        kind: "sometimes",
        holds: ({ history }) => history.events.some(({ process, type }) => type === "invoke" && process === "0.1")
      }]
    })
    expect(report.properties[0]?.verdict).toBe("holds")
  })
})
