import { describe, expect, it } from "@effect/vitest"
import { checkSystem } from "synod/checker/Checker"
import type * as Protocol from "synod/core/Protocol"
import * as NetworkModel from "synod/model/NetworkModel"
import * as SystemModel from "synod/model/SystemModel"
import * as Transitions from "synod/model/Transitions"
import { a, b, c, voting } from "./models.js"
import { agree } from "./twin.js"

const faults = { crashes: 1, restarts: 1 }
const network = NetworkModel.unordered()

describe("delayed durability", () => {
  it("both searches agree, on every network, with crashes and nodes that forget", () => {
    let states = 0
    for (const network of [NetworkModel.unordered(), NetworkModel.set(), NetworkModel.ordered({ lossy: true })]) {
      for (const wrong of [undefined, "hasty"] as const) {
        const options = { candidates: [a], network, faults, durability: "delayed" as const, ...(wrong && { wrong }) }
        states += agree(voting(options), 3_000).distinct
        states += agree({ ...voting(options), forgetful: [b] }, 3_000).distinct
      }
    }
    expect(states).toBeGreaterThan(2_000)
  })

  it("a vote that passes the gate elects two; one that waits for it does not; with atomic writes nobody can tell", () => {
    const verdicts = (durability: "atomic" | "delayed", wrong?: "hasty" | "forgets") =>
      checkSystem(voting({ candidates: [a, b], network, faults, durability, ...(wrong && { wrong }) }))
        .properties.map(({ verdict }) => verdict)
    expect(verdicts("delayed")).toEqual(["holds"])
    expect(verdicts("delayed", "hasty")).toEqual(["violated"])
    expect(verdicts("atomic", "hasty")).toEqual(["holds"])
    expect(verdicts("atomic", "forgets")).toEqual(["violated"])
  })

  it("a node that comes back from an older disk votes twice", () => {
    const model = voting({ candidates: [a, b], network, faults })
    expect(checkSystem(model).properties[0]?.verdict).toBe("holds")
    expect(checkSystem({ ...model, forgetful: [c] }).properties[0]?.verdict).toBe("violated")
  })

  /** Writes 1, 2, 3 in steps of their own, each with a gated and a hasty message and something to see. */
  type Writer = Protocol.Types<
    { state: number; message: string; timer: "write"; record: number; durable: ReadonlyArray<number>; event: string }
  >
  const writer = (durability: "atomic" | "delayed") =>
    SystemModel.make<Writer, ReadonlyArray<string>>({
      name: "writer",
      nodes: [a, b],
      protocol: (id) => ({
        name: "writer",
        durable: { empty: [], fold: (durable, record) => [...durable, record] },
        start: (_, durable, out) => {
          if (id === a && durable.length === 0) out.setTimer("write", 1)
          return 0
        },
        onTimer: (written, _, out) => {
          const record = written + 1
          if (record < 3) out.setTimer("write", 1)
          out.send(b, `before ${record}`)
          out.persist(record)
          out.emit(`gated ${record}`)
          out.now.emit(`hasty ${record}`)
          return record
        },
        onMessage: (state) => state,
        onDurable: (state, durable, out) => {
          out.now.emit(`on disk ${durable.join("")}`)
          return state
        }
      }),
      network,
      durability,
      faults: { crashes: 1 },
      history: {
        initial: [],
        onDeliver: (seen) => seen,
        onSend: (seen, { message }) => [...seen, message],
        onEmit: (seen, _, event) => [...seen, event]
      },
      properties: []
    })

  it("what is gated waits for the writes before it, what is not does not, and a crash leaves any prefix", () => {
    const model = writer("delayed")
    agree(model)
    let [system] = Transitions.initial(model)
    const fire = { _tag: "Fire", node: a, timer: "write", outcome: 0 } as const
    system = Transitions.apply(model, system!, fire)
    expect(system.history).toEqual(["before 1", "hasty 1"])
    system = Transitions.apply(model, system, fire)
    expect(system.history).toEqual(["before 1", "hasty 1", "hasty 2"]) // what is sent behind a write of an earlier step waits too
    const one = Transitions.apply(model, system, { _tag: "Durable", node: a, frames: 1, outcome: 0 })
    expect(one.history.slice(3)).toEqual(["gated 1", "before 2", "on disk 1"])
    const two = Transitions.apply(model, system, { _tag: "Durable", node: a, frames: 2, outcome: 0 })
    expect(two.history.slice(3)).toEqual(["gated 1", "before 2", "gated 2", "on disk 12"])
    const disks = Transitions.successors(model, system).filter(({ event }) =>
      event._tag === "Crash" && event.node === a
    )
      .map(({ after }) => after.nodes[0]!.durable)
    expect(disks).toEqual([[], [1], [1, 2]])
  })

  it("with atomic writes the protocol is told in the same step", () => {
    const model = writer("atomic")
    const [system] = Transitions.initial(model)
    const after = Transitions.apply(model, system!, { _tag: "Fire", node: a, timer: "write", outcome: 0 })
    expect(after.history).toEqual(["before 1", "gated 1", "hasty 1", "on disk 1"])
  })
})
