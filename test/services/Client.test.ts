/** The client against a node by hand: every answer, in any order, and what the caller is told. */
import { describe, expect, it } from "@effect/vitest"
import * as Exit from "effect/Exit"
import type { Codec } from "synod/network/Codec"
import type { Reply, Request } from "synod/protocols/raft/Types"
import type { Outcome } from "synod/services/ReplicatedStateMachine"
import type { Batch, Versioned } from "../../src/services/internal/batch.js"
import { Results, Thrown } from "../../src/services/internal/batch.js"
import type { ClientOptions } from "../../src/services/internal/Client.js"
import { Client } from "../../src/services/internal/Client.js"

type Asked = {
  readonly request: Request<Batch<string>>
  readonly answer: (reply: Reply<Results<string>> | undefined) => void
}

const text: Codec<string> = {
  encode: (value, writer) => {
    if (value === "unencodable") throw new Error("no")
    writer.string(value)
  },
  decode: (reader) => reader.string()
}

const bench = (options: Partial<ClientOptions> = {}) => {
  const asked: Array<Asked> = []
  const turns: Array<() => void> = []
  const it = {
    now: 0,
    verdict: "accepted" as "accepted" | "overloaded" | "stopped",
    asked,
    ended: [] as Array<string>,
    turn: () => {
      for (let next = turns.shift(); next !== undefined; next = turns.shift()) next()
    },
    /** The newest request of that kind that was handed over. */
    last: (tag: Asked["request"]["_tag"]) => asked.filter(({ request }) => request._tag === tag).at(-1)!,
    batches: () =>
      asked.flatMap(({ request }) =>
        request._tag === "Propose" ? [`${request.session}.${request.sequence} ${request.command.commands.join()}`] : []
      ),
    propose: (command: string, timeout?: number) => {
      client.propose(command, (outcome) => it.ended.push(`${command}: ${show(outcome)}`), timeout)
    },
    tick: (to: number) => {
      it.now = to
      client.tick()
      it.turn()
    }
  }
  const client: Client<string, string, string> = new Client<string, string, string>(
    {
      request: (request, answer) => {
        if (it.verdict === "accepted") asked.push({ request, answer })
        return it.verdict
      },
      state: () => ({ applied: 0, machine: { state: "state", revision: 0 } satisfies Versioned<string> }) as never,
      now: () => it.now,
      soon: (next) => turns.push(next),
      busy: () => {}
    },
    text,
    {
      timeoutMillis: 1_000,
      attemptMillis: 100,
      maxInflight: 2,
      maxBatchCommands: 3,
      maxBatchBytes: 100,
      maxCommandBytes: 50,
      maxPending: 8,
      ...options
    }
  )
  return Object.assign(it, { client })
}

/** A client whose session 7 is open. */
const opened = (options: Partial<ClientOptions> = {}) => {
  const it = bench(options)
  it.propose("first")
  it.turn()
  it.last("OpenSession").answer({ _tag: "SessionOpened", session: 7 })
  it.last("Propose").answer(applied(8, ["done"]))
  it.turn()
  it.ended.length = 0
  it.asked.length = 0
  return it
}

const applied = (index: number, results: ReadonlyArray<string | Thrown>): Reply<Results<string>> => ({
  _tag: "Applied",
  index,
  result: new Results(1, results.length, results)
})

const show = (outcome: Outcome<string>): string =>
  Exit.match(outcome, {
    onSuccess: (value) => value,
    onFailure: (cause) =>
      cause._tag === "Fail"
        ? `${cause.error._tag} ${cause.error.reason}`
        : cause._tag === "Die"
        ? `defect ${String((cause.defect as Error).message)}`
        : cause._tag
  })

describe("Client", () => {
  it("opens a session first, and sends what waited in one batch", () => {
    const it = bench()
    for (const command of ["a", "b"]) it.propose(command)
    it.turn()
    expect(it.asked.map(({ request }) => request._tag)).toEqual(["OpenSession"])
    it.last("OpenSession").answer({ _tag: "SessionOpened", session: 3 })
    expect(it.batches()).toEqual(["3.1 a,b"])
    it.last("Propose").answer(applied(4, ["x", "y"]))
    expect(it.ended).toEqual(["a: x", "b: y"])
  })

  it("law: bounded batches, a bounded number of them, and the lowest sequence that still waits", () => {
    const it = opened()
    for (const command of ["a", "b", "c", "d", "e", "f", "g"]) it.propose(command)
    it.turn()
    expect(it.batches()).toEqual(["7.2 a,b,c", "7.3 d,e,f"])
    const [first, second] = it.asked
    second!.answer(applied(10, ["d", "e", "f"]))
    it.turn()
    expect(it.batches().at(-1)).toBe("7.4 g")
    expect(it.asked.map(({ request }) => request._tag === "Propose" ? request.lowest : 0)).toEqual([2, 2, 2])
    first!.answer(applied(9, ["a", "b", "c"]))
    it.propose("h")
    it.turn()
    expect(it.last("Propose").request).toMatchObject({ sequence: 5, lowest: 4 })
  })

  it("law: a retry carries the same sequence, and any attempt's answer ends it, once", () => {
    const it = opened()
    it.propose("a")
    it.turn()
    it.tick(100)
    it.tick(300)
    expect(it.batches()).toEqual(["7.2 a", "7.2 a", "7.2 a"])
    it.asked[0]!.answer(applied(9, ["once"]))
    it.asked[2]!.answer(applied(9, ["once"]))
    expect(it.ended).toEqual(["a: once"])
    expect(it.client.counters.retries).toBe(2)
  })

  it("law: refused by this node every time: Unavailable", () => {
    const it = opened()
    it.propose("a")
    it.turn()
    for (let now = 0; now <= 1_100; now += 50) {
      it.asked.splice(0).forEach(({ answer }) => answer({ _tag: "NotLeader", leader: undefined }))
      it.tick(now)
    }
    expect(it.ended).toEqual(["a: Unavailable NoLeader"])
  })

  it("law: one attempt without a certain refusal: OutcomeUnknown", () => {
    for (
      const reply of [undefined, { _tag: "LeadershipLost" }, {
        _tag: "NotLeader",
        leader: undefined,
        forwarded: true
      }] as const
    ) {
      const it = opened()
      it.propose("a")
      it.turn()
      it.asked[0]!.answer(reply)
      for (let now = 50; now <= 1_100; now += 50) {
        it.tick(now)
        it.asked.splice(1).forEach(({ answer }) => answer({ _tag: "NotLeader", leader: undefined }))
      }
      expect(it.ended).toEqual(["a: OutcomeUnknown Deadline"])
    }
  })

  it("law: Unavailable leaves its batch, so that a later attempt does not carry it", () => {
    const it = opened()
    it.propose("short", 100)
    it.propose("long", 10_000)
    it.turn()
    it.asked[0]!.answer({ _tag: "NotLeader", leader: undefined })
    it.verdict = "overloaded"
    it.tick(150)
    expect(it.ended).toEqual(["short: Unavailable NoLeader"])
    it.verdict = "accepted"
    it.tick(1_000)
    expect(it.batches()).toEqual(["7.2 short,long", "7.2 long"])
    it.last("Propose").answer(applied(12, ["ok"]))
    expect(it.ended[1]).toBe("long: ok")
  })

  it("law: what was given up as unknown stays in its batch, whose other answers keep their places", () => {
    const it = opened()
    it.propose("short", 100)
    it.propose("long", 10_000)
    it.turn()
    it.tick(150)
    expect(it.ended).toEqual(["short: OutcomeUnknown Deadline"])
    it.last("Propose").answer(applied(12, ["late", "ok"]))
    expect(it.ended).toEqual(["short: OutcomeUnknown Deadline", "long: ok"])
  })

  it("law: an expired session is replaced, and what certainly was not executed is asked again in the new one", () => {
    const it = opened()
    it.propose("a")
    it.turn()
    it.asked[0]!.answer({ _tag: "SessionExpired" })
    it.turn()
    it.last("OpenSession").answer({ _tag: "SessionOpened", session: 50 })
    expect(it.batches()).toEqual(["7.2 a", "50.1 a"])
    it.last("Propose").answer(applied(51, ["ok"]))
    expect(it.ended).toEqual(["a: ok"])
  })

  it("law: a session that expires while another attempt is open leaves the outcome unknown", () => {
    const it = opened()
    it.propose("a")
    it.turn()
    it.tick(100)
    it.asked[1]!.answer({ _tag: "SessionExpired" })
    expect(it.ended).toEqual(["a: OutcomeUnknown SessionExpired"])
  })

  it("a throw in apply, a value without an encoding and one that is too large are the caller's defects", () => {
    const it = opened()
    it.propose("a")
    it.propose("unencodable")
    it.propose("x".repeat(60))
    it.propose("b")
    it.turn()
    expect(it.batches()).toEqual(["7.2 a,b"])
    it.asked[0]!.answer(applied(9, [new Thrown("bad"), "ok"]))
    expect(it.ended).toEqual([
      "unencodable: defect no",
      `${"x".repeat(60)}: defect a command of 61 bytes: the limit is 50`,
      "a: defect apply threw: bad",
      "b: ok"
    ])
  })

  it("law: beyond its bound it refuses at once", () => {
    const it = opened({ maxPending: 2 })
    for (const command of ["a", "b", "c"]) it.propose(command)
    expect(it.ended).toEqual(["c: Unavailable Overloaded"])
  })

  it("law: at the end every caller is told, and honestly", () => {
    const it = opened()
    for (const command of ["a", "b", "c", "d", "e", "f", "g"]) it.propose(command)
    it.turn()
    it.asked[1]!.answer({ _tag: "NotLeader", leader: undefined })
    it.client.reads.read((state) => state, (exit) => it.ended.push(`read: ${Exit.isFailure(exit)}`))
    it.client.stop()
    it.propose("late")
    expect(it.ended).toEqual([
      ..."abc".split("").map((command) => `${command}: OutcomeUnknown Stopped`),
      ..."defg".split("").map((command) => `${command}: Unavailable Stopped`),
      "read: true",
      "late: Unavailable Stopped"
    ])
    expect(it.client.size).toBe(0)
  })

  it("law: reads that are asked together are confirmed together, and those asked meanwhile by the next round", () => {
    const it = opened()
    const seen: Array<number> = []
    const read = (n: number) => it.client.reads.read(() => n, () => seen.push(n))
    for (const n of [1, 2, 3]) read(n)
    it.turn()
    read(4)
    it.turn()
    expect(it.asked.map(({ request }) => request._tag)).toEqual(["Read", "Read"])
    it.asked[0]!.answer({ _tag: "Readable", index: 0 })
    expect(seen).toEqual([1, 2, 3])
    it.asked[1]!.answer({ _tag: "Readable", index: 0 })
    expect(seen).toEqual([1, 2, 3, 4])
  })
})
