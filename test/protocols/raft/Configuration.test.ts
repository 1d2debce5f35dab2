import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import type { NodeId } from "../../../src/core/NodeId.js"
import * as Id from "../../../src/core/NodeId.js"
import * as Quorum from "../../../src/core/Quorum.js"
import * as Configuration from "../../../src/protocols/raft/Configuration.js"
import type { Case } from "../../core/datadriven.js"
import { parse } from "../../core/datadriven.js"

const corpus = new URL("../../../../shared/corpora/etcd-raft/confchange/", import.meta.url)
const present = existsSync(corpus)

const texts: { readonly [Tag in Configuration.ConfigurationError["_tag"]]: string } = {
  NoVoters: "removed all voters",
  SeveralVoters: "more than one voter changed without entering joint config",
  SimpleInJoint: "can't apply simple config change in joint config",
  AlreadyJoint: "config is already joint",
  NotJoint: "can't leave a non-joint config",
  JointFromNothing: "can't make a zero-voter config joint"
}

const tags = { v: "AddVoter", l: "AddLearner", r: "Remove" } as const

const changesOf = (input: ReadonlyArray<string>): ReadonlyArray<Configuration.Change> =>
  input.join(" ").split(" ").filter((token) => /^[vlr]/.test(token) && token.slice(1) !== "0")
    .map((token) => ({ _tag: tags[token[0] as "v" | "l" | "r"], id: Id.make(token.slice(1)) }))

const list = (ids: ReadonlyArray<NodeId>) => `(${[...ids].sort((a, b) => Number(a) - Number(b)).join(" ")})`

const step = (configuration: Configuration.Configuration, test: Case): Configuration.Result => {
  switch (test.command) {
    case "simple":
      return Configuration.simple(configuration, changesOf(test.input))
    case "enter-joint":
      return Configuration.enterJoint(configuration, changesOf(test.input), test.args["autoleave"] === "true")
    case "leave-joint":
      return Configuration.leaveJoint(configuration)
    default:
      throw new Error(`line ${test.line}: unknown command ${test.command}`)
  }
}

/** Plays a file and returns the text of each case; `next` is what etcd's progress shows: the case number at which a node came. */
const play = (cases: ReadonlyArray<Case>): ReadonlyArray<string> => {
  let configuration = Configuration.make([])
  let next = new Map<string, number>()
  return cases.map((test, i) => {
    const result = step(configuration, test)
    if (result._tag === "Refused") return texts[result.error._tag]
    configuration = result.configuration
    for (const { _tag, id } of test.command === "leave-joint" ? [] : changesOf(test.input)) {
      if (_tag === "Remove" && !configuration.outgoing.includes(id)) next.delete(id)
      else if (_tag !== "Remove" && !next.has(id)) next.set(id, Math.max(i, 1))
    }
    const members = [...Configuration.members(configuration)].sort((a, b) => Number(a) - Number(b))
    next = new Map([...next].filter(([id]) => members.some((member) => member === id)))
    const { autoLeave, learners, learnersNext, outgoing, voters } = configuration
    const head = `voters=${list(voters)}${outgoing.length > 0 ? `&&${list(outgoing)}` : ""}`
      + (learners.length > 0 ? ` learners=${list(learners)}` : "")
      + (learnersNext.length > 0 ? ` learners_next=${list(learnersNext)}` : "") + (autoLeave ? " autoleave" : "")
    return [
      head,
      ...members.map((id) => `${id}: StateProbe match=0 next=${next.get(id)}${learners.includes(id) ? " learner" : ""}`)
    ].join("\n")
  })
}

describe("Configuration: etcd-io/raft confchange", () => {
  if (!present) it.skip("SKIPPED, no data: shared/corpora/etcd-raft/confchange is absent", () => {})
  for (const file of present ? readdirSync(corpus).filter((name) => name.endsWith(".txt")) : []) {
    it(`${file} in full text`, () => {
      const cases = parse(readFileSync(new URL(file, corpus), "utf8"))
      expect(cases.length).toBeGreaterThan(0)
      expect(play(cases)).toEqual(cases.map((test) => test.expected))
    })
  }
})

describe("Configuration: laws", () => {
  const ids = ["1", "2", "3", "4", "5"].map(Id.make)
  const change = FastCheck.record({
    _tag: FastCheck.constantFrom("AddVoter" as const, "AddLearner" as const, "Remove" as const),
    id: FastCheck.constantFrom(...ids)
  })
  const command = FastCheck.record({
    kind: FastCheck.constantFrom("simple", "enter", "leave"),
    changes: FastCheck.array(change, { maxLength: 4 })
  })
  const subsets = Array.from({ length: 2 ** ids.length }, (_, mask) => ids.filter((_, i) => mask >> i & 1))
  const wins = (configuration: Configuration.Configuration) =>
    subsets.filter((set) => Quorum.vote(Configuration.quorum(configuration), (id) => set.includes(id)) === "Won")

  it("consecutive configurations intersect, and the invariants of the lists hold", () => {
    FastCheck.assert(FastCheck.property(FastCheck.array(command, { maxLength: 8 }), (commands) => {
      let configuration = Configuration.make([ids[0]!])
      for (const { changes, kind } of commands) {
        const result = kind === "simple"
          ? Configuration.simple(configuration, changes)
          : kind === "enter"
          ? Configuration.enterJoint(configuration, changes, false)
          : Configuration.leaveJoint(configuration)
        if (result._tag === "Refused") continue
        const after = result.configuration
        const old = wins(configuration)
        expect(wins(after).every((a) => old.every((b) => a.some((id) => b.includes(id))))).toBe(true)
        expect(after.voters.length).toBeGreaterThan(0)
        expect(after.learners.some((id) => after.voters.includes(id) || after.outgoing.includes(id))).toBe(false)
        expect(after.learnersNext.every((id) => after.outgoing.includes(id) && !after.voters.includes(id))).toBe(true)
        configuration = after
      }
    }))
  })

  it("each refusal names its reason", () => {
    const [a, b, c] = ids as [NodeId, NodeId, NodeId]
    const one = Configuration.make([a])
    const joint = Configuration.enterJoint(one, [{ _tag: "AddVoter", id: b }], true)
    if (joint._tag === "Refused") throw new Error("refused")
    const tag = (result: Configuration.Result) => result._tag === "Refused" ? result.error : undefined
    expect(tag(Configuration.leaveJoint(one))).toEqual({ _tag: "NotJoint" })
    expect(tag(Configuration.enterJoint(Configuration.make([]), [], false))).toEqual({ _tag: "JointFromNothing" })
    expect(tag(Configuration.enterJoint(joint.configuration, [], false))).toEqual({
      _tag: "AlreadyJoint",
      outgoing: [a]
    })
    expect(tag(Configuration.simple(joint.configuration, []))).toEqual({ _tag: "SimpleInJoint", outgoing: [a] })
    expect(tag(Configuration.simple(one, [{ _tag: "Remove", id: a }]))).toEqual({ _tag: "NoVoters" })
    expect(tag(Configuration.simple(one, [{ _tag: "AddVoter", id: b }, { _tag: "AddVoter", id: c }])))
      .toEqual({ _tag: "SeveralVoters", changed: [b, c] })
  })
})
