/**
 * What happens in the demo: clients at work, a leader that crashes, a node that is cut off and comes back. Whatever is counted here was observed at the members.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { NodeId } from "../../core/NodeId.js"
import type { FaultControl } from "../../network/FaultInjection.js"
import type { KeyValueService } from "../../services/KeyValue.js"
import type { Status } from "../../services/ReplicatedStateMachine.js"
import { CheckFailed } from "../Errors.js"
import { storeDoor } from "./storeDoor.js"
import * as Workload from "./workload.js"

/** A node of the demo: its store, and the faults of its network. */
export interface Member {
  readonly id: NodeId
  readonly store: KeyValueService
  readonly faults: FaultControl
}

/** How the demo is played. */
export interface Options {
  readonly clients: number
  readonly keys: number
  readonly seed: number
  readonly capacity: number
  /** Milliseconds between the acts. */
  readonly pauseMillis: number
  /** A line of the story, as it happens. */
  readonly tell: (line: string) => void
}

/** What was seen. */
export interface Seen {
  /** Lives that members lost, by their incarnations. */
  readonly crashes: number
  /** Lives that supervision began again, by the members' own counters. */
  readonly restarts: number
  /** Cuts under which messages were lost. */
  readonly partitions: number
  /** Leaders that took office, the first one included. */
  readonly elections: number
  readonly workload: Workload.Result
}

/** How long anything may take that must happen soon. */
const patience = 10_000
const requestMillis = 400

/** Plays the demo on running members. */
export const play = (
  members: ReadonlyArray<Member>,
  options: Options
): Effect.Effect<Seen, CheckFailed, Scope.Scope> =>
  Effect.gen(function*() {
    const { tell } = options
    const leaders = yield* followLeaders(members)
    const first = yield* leaderAmong(members, "a first leader")
    const livesBefore = yield* lives(members)
    const workload = Workload.make({
      ...options,
      doors: members.map(({ store }) => storeDoor(store, requestMillis))
    })
    const clients = yield* Effect.forkScoped(workload.run)
    tell(`${first.id} leads; ${options.clients} clients get, put, compare and delete`)
    yield* Effect.sleep(options.pauseMillis)

    const leader = yield* leaderAmong(members, "a leader")
    const before = yield* leader.store.replica.status
    yield* leader.store.replica.crash(new Error("a demonstration"))
    tell(`${leader.id}, the leader, crashes: what was not on its disk is gone`)
    const back = yield* until(
      statusThat(leader, (status) => status.incarnation > before.incarnation && isUp(status)),
      `${leader.id} to be back`
    )
    tell(`${leader.id} is back from its disk, restarted by supervision, in its life number ${back.incarnation}`)
    const next = yield* leaderAmong(members, "a leader after the crash")
    yield* progress(workload, "operations after the crash")
    tell(`${next.id} leads`)
    yield* Effect.sleep(options.pauseMillis)

    const alone = yield* leaderAmong(members, "a leader")
    const others = members.filter((member) => member !== alone)
    const partition = yield* cut(members, alone)
    tell(`the network cuts off ${alone.id}, the leader`)
    const successor = yield* leaderAmong(others, "a leader on the other side")
    tell(`${successor.id} leads the majority`)
    yield* progress(workload, "operations on the majority's side")
    yield* Effect.sleep(options.pauseMillis)
    const partitions = yield* partition.heal
    tell(`the network is whole again`)
    const { commitIndex } = yield* successor.store.replica.status
    yield* until(statusThat(alone, ({ applied }) => applied >= commitIndex), `${alone.id} to catch up`)
    tell(`${alone.id} has caught up`)
    yield* Effect.sleep(options.pauseMillis)

    workload.stop()
    yield* clients
    const result = yield* workload.audit(3)
    const restarts = yield* Effect.forEach(members, ({ store }) => store.replica.stats).pipe(
      Effect.map((stats) => stats.reduce((sum, { restarts }) => sum + restarts, 0))
    )
    const crashes = (yield* lives(members)) - livesBefore
    return { crashes, restarts, partitions, elections: leaders.size, workload: result }
  })

/** What makes the demo a failure; undefined when everything held. */
export const complaint = ({ crashes, partitions, restarts, workload }: Seen, verdict: string): string | undefined => {
  if (verdict !== "consistent") return `the history is not linearizable: ${verdict}`
  const [lost] = workload.lost
  if (lost !== undefined) return `${lost.key}: write ${lost.acknowledged} was acknowledged, and ${lost.found} was read`
  return crashes < 1 || restarts < 1 || partitions < 1
    ? `${crashes} crashes, ${restarts} restarts and ${partitions} partitions were seen, where at least one of each is due`
    : undefined
}

const statusThat = ({ store }: Member, holds: (status: Status) => boolean): Effect.Effect<Status | undefined> =>
  Effect.map(store.replica.status, (status) => holds(status) ? status : undefined)

const isUp = ({ role }: Status): boolean => role !== "restarting" && role !== "stopped"

/** Every leader that took office, as the members tell it. */
const followLeaders = (members: ReadonlyArray<Member>): Effect.Effect<ReadonlySet<string>, never, Scope.Scope> =>
  Effect.gen(function*() {
    const leaders = new Set<string>()
    for (const { id, store } of members) {
      yield* store.replica.statusChanges.pipe(
        Stream.runForEach(({ role, term }) =>
          Effect.sync(() => void (role === "leader" && leaders.add(`${term} ${id}`)))
        ),
        Effect.forkScoped
      )
    }
    return leaders
  })

/** Starts on their storage, over all members: one more for each life that was lost. */
const lives = (members: ReadonlyArray<Member>): Effect.Effect<number> =>
  Effect.forEach(members, ({ store }) => store.replica.status).pipe(
    Effect.map((statuses) => statuses.reduce((sum, { incarnation }) => sum + incarnation, 0))
  )

/** The one of these that leads in the highest term, as soon as the members that know a leader of that term agree that it is this one. */
const leaderAmong = (members: ReadonlyArray<Member>, what: string): Effect.Effect<Member, CheckFailed> =>
  until(
    Effect.forEach(members, ({ store }) => store.replica.status).pipe(Effect.map((statuses) => {
      const term = Math.max(...statuses.map((status) => status.term))
      const at = statuses.findIndex((status) => status.role === "leader" && status.term === term)
      return at < 0 || statuses.some((status) => status.leader !== statuses[at]!.node) ? undefined : members[at]
    })),
    what
  )

/** Waits until clients were acknowledged a hundred times more. */
const progress = (workload: Workload.Workload, what: string): Effect.Effect<unknown, CheckFailed> =>
  Effect.suspend(() => {
    const goal = workload.acknowledged() + 100
    return until(Effect.sync(() => workload.acknowledged() >= goal ? true : undefined), what)
  })

/** Cuts a member off, both ways; `heal` ends that, and says whether it was felt: 1 where messages were lost, else 0. */
const cut = (members: ReadonlyArray<Member>, alone: Member) =>
  Effect.gen(function*() {
    const lost = Effect.forEach(members, ({ faults }) => faults.stats).pipe(
      Effect.map((stats) => stats.reduce((sum, { cut }) => sum + cut, 0))
    )
    const before = yield* lost
    yield* Effect.forEach(members, ({ faults }) => faults.isolate(alone.id), { discard: true })
    return {
      heal: Effect.forEach(members, ({ faults }) => faults.heal, { discard: true }).pipe(
        Effect.zipRight(lost),
        Effect.map((after) => after > before ? 1 : 0)
      )
    }
  })

/** Looks every 10 ms until there is something to see. */
const until = <A>(look: Effect.Effect<A | undefined>, what: string): Effect.Effect<A, CheckFailed> =>
  Effect.gen(function*() {
    const started = yield* Clock.currentTimeMillis
    for (;;) {
      const found = yield* look
      if (found !== undefined) return found
      if ((yield* Clock.currentTimeMillis) - started > patience) {
        return yield* new CheckFailed({ message: `waited ${patience} ms in vain for ${what}` })
      }
      yield* Effect.sleep(10)
    }
  })
