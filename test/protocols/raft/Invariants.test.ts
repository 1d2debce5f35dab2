import { assert, describe, it } from "@effect/vitest"
import { Log } from "synod/core/Log"
import * as NodeId from "synod/core/NodeId"
import { requestId } from "synod/core/Protocol"
import { Recorder } from "synod/core/Recorder"
import { machine } from "synod/protocols/key-value/KeyValue"
import { Listener } from "synod/protocols/raft/ClientInvariants"
import * as Config from "synod/protocols/raft/Config"
import * as Invariants from "synod/protocols/raft/Invariants"
import type { Live, Member, Told } from "synod/protocols/raft/Members"
import { nothingTold } from "synod/protocols/raft/Members"
import { Monitor } from "synod/protocols/raft/Monitor"
import * as Raft from "synod/protocols/raft/Raft"
import * as StepInvariants from "synod/protocols/raft/StepInvariants"
import type { Entry, Role } from "synod/protocols/raft/Types"
import type { Vocabulary } from "synod/simulation/scenarios/RaftKeyValue"

const ids = ["a", "b", "c"].map((id) => NodeId.make(id))
const [a, b, c] = ids as [NodeId.NodeId, NodeId.NodeId, NodeId.NodeId] // three of them
const protocol = Raft.protocol(Config.make({ machine }))

/** Logs of no-ops by their terms, or of entries. */
const logOf = (entries: ReadonlyArray<number | Entry<unknown>>): Log<Entry<unknown>> =>
  entries.reduce<Log<Entry<unknown>>>(
    (log, entry) => log.append(typeof entry === "number" ? { _tag: "NoOp", term: entry } : entry),
    Log.empty()
  )

const command = (session: number, sequence: number, value = ""): Entry<unknown> => ({
  _tag: "Command",
  term: 1,
  session,
  sequence,
  lowest: 1,
  command: value
})

interface Sketch {
  readonly log?: ReadonlyArray<number | Entry<unknown>>
  /** What is on the disk; by default all of the log. */
  readonly disk?: ReadonlyArray<number | Entry<unknown>>
  readonly term?: number
  readonly votedFor?: NodeId.NodeId
  readonly commit?: number
  readonly applied?: number
  readonly leads?: boolean
  readonly down?: boolean
  readonly sessions?: Live["sessions"]
}

const member = (id: NodeId.NodeId, sketch: Sketch): Member => {
  const out = new Recorder<Vocabulary>(() => 0)
  const log = logOf(sketch.log ?? [])
  const term = sketch.term ?? log.lastTerm
  const durable = { term, votedFor: sketch.votedFor, log, snapshot: undefined }
  const blank = protocol.start({ id, nodes: ids }, Raft.emptyDurable, out)
  const role: Role = sketch.leads === true
    ? { _tag: "Leader", progress: [], pending: Log.empty(), noOp: 1, ownMatch: 0, reads: Log.empty(), sentPosition: 0 }
    : blank.role
  const commit = sketch.commit ?? 0
  const state: Live = {
    ...blank,
    durable,
    role,
    commit,
    applied: sketch.applied ?? commit,
    sessions: sketch.sessions ?? blank.sessions
  }
  return {
    id,
    state: sketch.down === true ? undefined : state,
    durable: { ...durable, log: sketch.disk === undefined ? log : logOf(sketch.disk) }
  }
}

const cluster = (...sketches: readonly [Sketch, Sketch, Sketch]): ReadonlyArray<Member> => [
  member(a, sketches[0]),
  member(b, sketches[1]),
  member(c, sketches[2])
]

/** A table in which command 1 of session 1 took effect at an index. */
const remembering = (index: number): Live["sessions"] =>
  new Map([[1, { lowest: 1, used: index, results: new Map([[1, { index, result: 0 }]]) }]])

/** For each invariant by name, a cluster that breaks it, and one next to it that does not. */
const broken: {
  readonly [name: string]: {
    readonly bad: ReadonlyArray<Member>
    readonly good: ReadonlyArray<Member>
    readonly told?: Told
    readonly toldWell?: Told
  }
} = {
  LogInv: {
    bad: cluster({ log: [1, 1], commit: 2 }, { log: [1, 2], commit: 2 }, {}),
    good: cluster({ log: [1, 1], commit: 1 }, { log: [1, 2] }, {})
  },
  MoreThanOneLeaderInv: {
    bad: cluster({ term: 2, leads: true }, { term: 2, leads: true }, {}),
    good: cluster({ term: 2, leads: true }, { term: 3, leads: true }, {})
  },
  ElectionSafetyInv: {
    bad: cluster({ log: [2], leads: true }, { log: [2, 2] }, {}),
    good: cluster({ log: [2, 2], leads: true }, { log: [2, 2] }, {})
  },
  LogMatchingInv: {
    bad: cluster({ log: [1, 3] }, { log: [2, 3] }, {}),
    good: cluster({ log: [1, 3] }, { log: [2, 4] }, {})
  },
  QuorumLogInv: {
    bad: cluster({ log: [1, 1], commit: 2 }, { log: [1] }, { log: [] }),
    good: cluster({ log: [1, 1], commit: 2 }, { log: [1, 1] }, { log: [] })
  },
  MoreUpToDateCorrectInv: {
    bad: cluster({ log: [1, 1], commit: 2 }, { log: [1, 1] }, { log: [1, 2] }),
    good: cluster({ log: [1, 1], commit: 1 }, { log: [1, 1] }, { log: [1, 2] })
  },
  LeaderCompletenessInv: {
    bad: cluster({ log: [1, 1], commit: 2 }, { log: [1, 1] }, { log: [1], term: 2, leads: true }),
    good: cluster({ log: [1, 1], commit: 2 }, { log: [1, 1], term: 3 }, { log: [1], term: 2, leads: true })
  },
  ElectableHasCommitted: {
    bad: cluster({ log: [1, 2, 4], commit: 2 }, { log: [1, 2] }, { log: [1, 3], down: true }),
    good: cluster({ log: [1, 2, 4], commit: 3 }, { log: [1, 2, 4] }, { log: [1, 3], down: true })
  },
  CommittedIsDurableInv: {
    bad: cluster({ log: [1, 1], commit: 2, disk: [1] }, { log: [1, 1], disk: [1] }, { log: [1, 1] }),
    good: cluster({ log: [1, 1], commit: 2, disk: [1] }, { log: [1, 1] }, { log: [1, 1] })
  },
  NoLogDivergence: {
    bad: cluster({ log: [command(1, 1, "x")], commit: 1 }, { log: [command(1, 1, "y")], commit: 1 }, {}),
    good: cluster({ log: [command(1, 1, "x")], commit: 1 }, { log: [command(1, 1, "x")] }, {})
  },
  CommittedEntriesReachMajority: {
    bad: cluster({ log: [1, 1], commit: 2 }, { log: [1] }, { log: [1] }),
    good: cluster({ log: [1, 1], commit: 2 }, { log: [1] }, { log: [1, 1], down: true })
  },
  LeaderHasAllAckedValues: {
    bad: cluster({ log: [1, command(1, 2)], leads: true, commit: 2 }, { log: [1, command(1, 2)] }, {}),
    good: cluster({ log: [1, command(1, 1)], leads: true, commit: 2 }, { log: [1, command(1, 1)] }, {}),
    told: { acknowledged: [{ index: 2, session: 1, sequence: 1 }], reads: [] },
    toldWell: { acknowledged: [{ index: 2, session: 1, sequence: 1 }], reads: [] }
  },
  StateOrdering: {
    bad: cluster({ log: [1, 1], commit: 1, applied: 2 }, { log: [1, 1] }, {}),
    good: cluster({ log: [1, 1], commit: 2, applied: 1 }, { log: [1, 1] }, {})
  },
  ReadIndexFresh: {
    bad: cluster({}, {}, {}),
    good: cluster({}, {}, {}),
    told: { acknowledged: [], reads: [{ node: a, floor: 2, index: 1 }] },
    toldWell: { acknowledged: [], reads: [{ node: a, floor: 2, index: 2 }] }
  },
  SessionExactlyOnce: {
    bad: cluster(
      { log: [command(1, 1), command(1, 1)], commit: 2, sessions: remembering(1) },
      { log: [command(1, 1), command(1, 1)], commit: 2, sessions: remembering(2) },
      { log: [command(1, 1), command(1, 1)] }
    ),
    good: cluster(
      { log: [command(1, 1), command(1, 1)], commit: 2, sessions: remembering(1) },
      { log: [command(1, 1), command(1, 1)], commit: 2, sessions: remembering(1) },
      { log: [command(1, 1), command(1, 1)] }
    )
  }
}

const uncommitted: readonly [Sketch, Sketch, Sketch] = [
  { log: [command(1, 1), command(1, 1)] },
  { log: [command(1, 1), command(1, 1)] },
  { log: [command(1, 1), command(1, 1)] }
]

/** What a monitor finds when the nodes of an empty cluster come, in this order, to their states: in the first cluster at first, in the last one afterwards. */
const watch = (order: ReadonlyArray<number>, ...clusters: ReadonlyArray<ReadonlyArray<Member>>) => {
  const members = cluster({}, {}, {}).slice()
  const monitor = new Monitor(members)
  const seen = new Set<number>()
  for (const i of order) {
    const before = members[i]!
    members[i] = clusters[seen.has(i) ? clusters.length - 1 : 0]![i]!
    seen.add(i)
    monitor.check(members, i, before)
  }
  return monitor.violation
}

describe("the invariants of a set of nodes", () => {
  it("are all here", () => {
    assert.deepStrictEqual(Object.keys(broken).sort(), Invariants.all.map(({ name }) => name).sort())
  })

  it.each(Invariants.all)("$name is seen to fail, and to hold next to it", ({ name, violated }) => {
    const { bad, good, told = nothingTold, toldWell = nothingTold } = broken[name]!
    assert.isString(violated(bad, told))
    assert.isUndefined(violated(good, toldWell))
    assert.isDefined(Invariants.check(bad, told))
    assert.isUndefined(Invariants.check(good, toldWell))
  })

  const byTheMonitor = Invariants.all.filter(({ name }) => broken[name]!.told === undefined)

  it.each(byTheMonitor)("the monitor finds $name too", ({ name }) => {
    // the nodes come to their states one by one, the lagging disks and logs first: what is committed is there
    assert.isDefined(watch([2, 1, 0], broken[name]!.bad))
    if (name !== "SessionExactlyOnce") assert.isUndefined(watch([2, 1, 0], broken[name]!.good))
    else assert.isUndefined(watch([2, 1, 0, 1, 0], cluster(...uncommitted), broken[name]!.good))
  })

  it("the monitor finds who holds more of a term than its leader, whichever of the two changed last", () => {
    const { bad, good } = broken["ElectionSafetyInv"]!
    assert.strictEqual(watch([0, 1], bad)?.property, "ElectionSafetyInv")
    assert.strictEqual(watch([1, 0], bad)?.property, "ElectionSafetyInv")
    assert.isUndefined(watch([0, 1], good))
    assert.strictEqual(watch([0, 1, 0], good, bad)?.property, "ElectionSafetyInv")
  })
})

/** For each property of a step, one that breaks it, and one that does not. */
const steps: {
  readonly [name: string]: { readonly bad: readonly [Sketch, Sketch]; readonly good: readonly [Sketch, Sketch] }
} = {
  MonotonicTerm: { bad: [{ term: 2 }, { term: 1 }], good: [{ term: 2 }, { term: 2 }] },
  MonotonicVote: {
    bad: [{ term: 2, votedFor: a }, { term: 2, votedFor: b }],
    good: [{ term: 2, votedFor: a }, { term: 3, votedFor: b }]
  },
  MonotonicCommit: {
    bad: [{ log: [1, 1], commit: 2 }, { log: [1, 1], commit: 1 }],
    good: [{ log: [1, 1], commit: 2, down: true }, { log: [1, 1], commit: 1 }]
  },
  MonotonicApplied: {
    bad: [{ log: [1, 1], commit: 2 }, { log: [1, 1], commit: 2, applied: 1 }],
    good: [{ log: [1, 1], commit: 2, applied: 1 }, { log: [1, 1], commit: 2 }]
  },
  CommittedImmutable: {
    bad: [{ log: [1, 1], commit: 2 }, { log: [1, 2], commit: 2 }],
    good: [{ log: [1, 1], commit: 1 }, { log: [1, 2], commit: 1 }]
  }
}

describe("the invariants of a step", () => {
  it("are all here", () => {
    assert.deepStrictEqual(Object.keys(steps).sort(), StepInvariants.all.map(({ name }) => name).sort())
  })

  it.each(StepInvariants.all)("$name is seen to fail, and to hold next to it", ({ name, violated }) => {
    const { bad, good } = steps[name]!
    const step = ([x, y]: readonly [Sketch, Sketch]) => [member(b, x), member(b, y)] as const
    assert.isString(violated(...step(bad)))
    assert.strictEqual(StepInvariants.check(...step(bad))?.property, name)
    assert.isUndefined(StepInvariants.check(...step(good)))
  })

  it("PromisesAreDurable is seen to fail for each kind of promise, and to hold where it is on the disk", () => {
    const vote = { _tag: "Vote", term: 2, granted: true, preVote: false } as const
    const stand = { _tag: "RequestVote", term: 2, lastIndex: 0, lastTerm: 0, preVote: false } as const
    const appended = { _tag: "Appended", term: 1, match: 2 } as const
    const promise = StepInvariants.brokenPromise
    assert.isString(promise(member(b, { term: 2 }), a, vote))
    assert.isString(promise(member(b, { term: 2, votedFor: a }), a, stand))
    assert.isString(promise(member(b, { log: [1, 1], disk: [1] }), a, appended))
    assert.isUndefined(promise(member(b, { term: 2, votedFor: a }), a, vote))
    assert.isUndefined(promise(member(b, { term: 2, votedFor: b }), a, stand))
    assert.isUndefined(promise(member(b, { log: [1, 1] }), a, appended))
    assert.isUndefined(promise(member(b, { term: 1 }), a, { ...vote, preVote: true }))
  })
})

describe("what clients were told", () => {
  it("a listener notes what each answer promises, and at which floor a read was asked", () => {
    const listener = new Listener()
    const propose = { _tag: "Propose", session: 1, sequence: 1, lowest: 1, command: {} } as const
    listener.requested(a, requestId(1, 1), { _tag: "Read" })
    listener.requested(a, requestId(1, 2), propose)
    listener.answered(a, requestId(1, 2), { _tag: "Applied", index: 7, result: 0 })
    listener.requested(b, requestId(1, 1), { _tag: "Read" })
    listener.answered(a, requestId(1, 1), { _tag: "Readable", index: 3 })
    listener.answered(b, requestId(1, 1), { _tag: "Readable", index: 6 })
    listener.answered(b, requestId(1, 9), { _tag: "Readable", index: 1 })
    assert.deepStrictEqual(listener.acknowledged.map(({ index, sequence, session }) => [index, session, sequence]), [
      [7, 1, 1]
    ])
    assert.deepStrictEqual(listener.reads.map(({ floor, index, node }) => [node, floor, index]), [[a, 0, 3], [b, 7, 6]])
    assert.isString(Invariants.all.find(({ name }) => name === "ReadIndexFresh")?.violated([], listener))
  })

  it("the monitor finds a stale read, an acknowledgement of what is not committed, and a command that took effect twice", () => {
    const told = (indices: ReadonlyArray<number>, read?: number) => {
      const members = cluster({}, {}, {}).slice()
      const monitor = new Monitor(members)
      const log = [command(1, 1), command(1, 1)]
      for (const i of [2, 1, 0]) {
        const before = members[i]!
        members[i] = member(ids[i]!, { log, commit: i === 0 ? 2 : 0 })
        monitor.check(members, i, before)
      }
      indices.forEach((index, i) => {
        monitor.requested(a, requestId(1, i), { _tag: "Propose", session: 1, sequence: 1, lowest: 1, command: {} })
        monitor.answered(a, requestId(1, i), { _tag: "Applied", index, result: 0 })
      })
      if (read !== undefined) {
        monitor.requested(a, requestId(1, 9), { _tag: "Read" })
        monitor.answered(a, requestId(1, 9), { _tag: "Readable", index: read })
      }
      return monitor.violation?.property
    }
    assert.isUndefined(told([1, 1], 1))
    assert.strictEqual(told([1, 2]), "SessionExactlyOnce")
    assert.strictEqual(told([3]), "LeaderHasAllAckedValues")
    assert.strictEqual(told([2], 1), "ReadIndexFresh")
  })
})
