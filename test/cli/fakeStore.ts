import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as NodeId from "synod/core/NodeId"
import type { NetworkService } from "synod/network/Network"
import type { KeyValueService } from "synod/services/KeyValue"
import type { Stats, Status } from "synod/services/ReplicatedStateMachine"
import { OutcomeUnknown, Unavailable } from "synod/services/ReplicatedStateMachine"

/** A store in memory that can be told how to fail: what the HTTP side makes of each answer is under test, not the answers. */
export const fakeStore = () => {
  const entries = new Map<string, string>()
  const control = {
    entries,
    answer: "ok" as "ok" | "unavailable" | "unknown" | "never" | "slow" | "die",
    /** Requests that wait for ever, and who wants to know. */
    waiting: 0,
    onWaiting: () => {},
    /** Ends the wait of a slow answer. */
    release: () => {},
    levels: [] as Array<string | undefined>,
    timeouts: [] as Array<unknown>,
    status: {
      node: NodeId.make("a"),
      role: "leader",
      term: 3,
      leader: NodeId.make("a"),
      commitIndex: 12,
      applied: 10,
      members: ["a", "b", "c"].map(NodeId.make),
      peers: [{ node: NodeId.make("b"), match: 9, lag: 3, mode: "replicate" }],
      incarnation: 2
    } as Status
  }
  const respond = <A>(f: () => A): Effect.Effect<A, Unavailable | OutcomeUnknown> =>
    Effect.suspend((): Effect.Effect<A, Unavailable | OutcomeUnknown> => {
      switch (control.answer) {
        case "ok":
          return Effect.sync(f)
        case "unavailable":
          return new Unavailable({ reason: "NoLeader" })
        case "unknown":
          return new OutcomeUnknown({ reason: "Deadline" })
        case "die":
          return Effect.die(new Error("a bug"))
        case "slow":
          return Effect.async((resume) => {
            control.release = () => resume(Effect.sync(f))
            control.onWaiting()
          })
        case "never":
          control.waiting++
          control.onWaiting()
          return Effect.ensuring(Effect.never, Effect.sync(() => control.waiting--))
      }
    })
  const stats: Stats = {
    restarts: 1,
    steps: 5,
    batches: 4,
    frames: 3,
    checkpoints: 0,
    droppedReplies: 0,
    proposals: 2,
    entries: 2,
    retries: 0,
    pending: 0
  }
  const unused = () => {
    throw new Error("not used over HTTP")
  }
  const store: KeyValueService = {
    get: (key, options) =>
      Effect.suspend(() => {
        control.levels.push(options?.level)
        return control.answer === "ok"
          ? Effect.sync(() => Option.fromNullable(entries.get(key)))
          : Effect.fail(new Unavailable({ reason: "NoLeader" }))
      }),
    put: (key, value, options) =>
      respond(() => {
        control.timeouts.push(options?.timeout)
        entries.set(key, value)
      }),
    delete: (key) => respond(() => entries.delete(key)),
    compareAndSet: (key, expected, value) =>
      respond(() => {
        const found = entries.get(key)
        const written = found === (expected ?? undefined)
        if (written) entries.set(key, value)
        return { written, found: Option.fromNullable(found) }
      }),
    replica: {
      propose: unused,
      read: unused,
      unsafePropose: unused,
      unsafeRead: unused,
      watch: () => Stream.empty,
      status: Effect.sync(() => control.status),
      statusChanges: Stream.empty,
      stats: Effect.succeed(stats),
      crash: unused
    }
  }
  return { control, store }
}

/** Counters of a network that nobody uses. */
export const fakeNetwork: NetworkService = {
  join: () => Effect.die("not used over HTTP"),
  stats: Effect.succeed({
    sent: 7,
    received: 6,
    bytesSent: 70,
    bytesReceived: 60,
    connections: 4,
    dropped: { unreachable: 2 }
  })
}
