import { describe, expect, it } from "@effect/vitest"
import { checkSystem } from "synod/checker/Checker"
import * as NodeId from "synod/core/NodeId"
import type * as Protocol from "synod/core/Protocol"
import * as NetworkModel from "synod/model/NetworkModel"
import * as SystemModel from "synod/model/SystemModel"
import { exploreSystem } from "./oracle.js"

/** Stateright's unit models, beside those of test/checker. Its counts are those of `open-counts.json`. */
type Words = Protocol.Types<{ state: string; message: "hello"; timer: "tick" }>

const a = NodeId.make("a")

const alone = (name: string, protocol: Omit<Protocol.Protocol<Words>, "name" | "onMessage">) =>
  SystemModel.make<Words, undefined>({
    name,
    nodes: [a],
    protocol: { name, onMessage: (state) => state, ...protocol },
    network: NetworkModel.set({ remembersLast: true }),
    history: SystemModel.noHistory,
    properties: []
  })

const units: ReadonlyArray<readonly [states: number, model: SystemModel.SystemModel<Words, undefined>]> = [
  [
    1,
    alone("a message to nobody", {
      start: (_, __, out) => {
        out.send(NodeId.make("nobody"), "hello")
        return "sent"
      }
    })
  ],
  [
    2,
    alone("a timer that fires once", {
      start: (_, __, out) => {
        out.setTimer("tick", 1)
        return "idle"
      },
      onTimer: (state) => state
    })
  ],
  [
    4,
    // Stateright keeps a choice in the state until an event of its own makes it: here that event is a timer
    alone("a choice of three", {
      start: (_, __, out) => {
        out.setTimer("tick", 1)
        return "undecided"
      },
      onTimer: (_, __, out) => `choice ${out.choose(3, "one of three")}`
    })
  ]
]

describe("unit models", () => {
  for (const [states, model] of units) {
    it(`${model.name} has ${states} states`, () => {
      const report = checkSystem(model)
      expect([report.distinctStates, report.complete]).toEqual([states, true])
      expect(exploreSystem(model).distinct).toBe(states)
    })
  }
})
