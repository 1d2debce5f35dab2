import { assert, describe, it } from "@effect/vitest"
import { existsSync, readFileSync } from "node:fs"
import * as NodeId from "synod/core/NodeId"
import * as Quorum from "synod/core/Quorum"
import { type Case, parse } from "./datadriven.js"

const folder = new URL("../../../shared/corpora/etcd-raft/quorum/", import.meta.url)
const files = ["majority_commit.txt", "majority_vote.txt"]

const list = (text: string | undefined): ReadonlyArray<string> =>
  text === undefined || text.trim() === "" ? [] : text.split(",").map((word) => word.trim())

/** The quorum of a case, and its values in the order of the distinct ids, first cfg, then cfgj. */
const read = ({ args }: Case) => {
  const incoming = list(args["cfg"])
  const outgoing = args["cfgj"] === "zero" ? [] : list(args["cfgj"])
  const majority = (ids: ReadonlyArray<string>) => Quorum.majority(ids.map(NodeId.make))
  const quorum = args["cfgj"] === undefined
    ? majority(incoming)
    : Quorum.joint(majority(incoming), majority(outgoing))
  const values = list(args["idx"] ?? args["votes"])
  const of = new Map([...new Set([...incoming, ...outgoing])].map((id, i) => [id, values[i] ?? "_"]))
  return { quorum, of: (id: NodeId.NodeId) => of.get(id) ?? "_" }
}

const answer = (given: Case): string => {
  const { of, quorum } = read(given)
  if (given.command === "vote") {
    return `Vote${Quorum.vote(quorum, (id) => of(id) === "_" ? undefined : of(id) === "y")}`
  }
  const index = Quorum.committed(quorum, (id) => of(id) === "_" ? 0 : Number(of(id)))
  return index === Infinity ? "∞" : String(index)
}

describe("etcd-io/raft quorum cases", () => {
  if (!existsSync(folder)) {
    it.skip("the corpus is not here: skipped", () => {})
    return
  }
  it.each(files)("%s", (file) => {
    const cases = parse(readFileSync(new URL(file, folder), "utf8"))
    assert.isAbove(cases.length, 15)
    for (const given of cases) {
      // a picture comes first; its last line is the committed index
      const expected = given.expected.trimEnd().split("\n").at(-1)!.replace("<empty majority quorum>", "")
      assert.strictEqual(answer(given), expected, `${file}:${given.line}`)
    }
  })
})
