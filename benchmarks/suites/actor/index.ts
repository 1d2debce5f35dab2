/**
 * Actor messaging in one process, per CPU second of that process, garbage collection and compiler included.
 */
import process from "node:process"
import { versionOf } from "../../harness/Checkout.js"
import type { Group, Implementation, Role, Started, Suite } from "../../harness/Suite.js"
import { erlang } from "./erlang.js"
import { kept, renewed, type Style } from "./state.js"
import type { Toolkit } from "./Toolkit.js"
import {
  big,
  burst,
  bursts,
  crowd,
  flood,
  forkJoin,
  joiners,
  pingPong,
  ring,
  ringSize,
  type Workload
} from "./workloads.js"

const effect = versionOf("effect")

/** Each worker loads the one toolkit that it measures. */
const toolkit = {
  synod: () => import("./toolkits/synod.js").then((all) => all.plain()),
  raw: () => import("./toolkits/raw.js").then((all) => all.raw()),
  queue: () => import("./toolkits/effect.js").then((all) => all.queuePlain()),
  mailbox: () => import("./toolkits/effect.js").then((all) => all.mailboxPlain()),
  xstate: () => import("./toolkits/xstate.js").then((all) => all.xstate()),
  nact: () => import("./toolkits/nact.js").then((all) => all.nact()),
  synodEffectful: () => import("./toolkits/synod.js").then((all) => all.effectful()),
  queueEffectful: () => import("./toolkits/effect.js").then((all) => all.queueEffectful()),
  mailboxEffectful: () => import("./toolkits/effect.js").then((all) => all.mailboxEffectful())
}

const row = (
  name: string,
  role: Role,
  peer: string | undefined,
  version: string,
  start: () => Promise<Started>,
  share = 1
): Implementation => ({ name, role, version, share, start, ...(peer === undefined ? {} : { peer }) })

const started = <Ref, Told>(workload: Workload, load: () => Promise<Toolkit<Ref, Told>>, style: Style) => async () =>
  workload.start(await load(), style)

/** `part`: how much of the work the others do, which are slower by an order of magnitude. */
const plain = (workload: Workload, erlangName: string, part: number): ReadonlyArray<Implementation> => [
  row("new state", "ours", undefined, effect, started(workload, toolkit.synod, renewed)),
  row("state kept", "ours", undefined, effect, started(workload, toolkit.synod, kept)),
  row("raw loop", "floor", undefined, process.version, started(workload, toolkit.raw, renewed)),
  row("raw loop, state kept", "floor", undefined, process.version, started(workload, toolkit.raw, kept)),
  row("Effect Queue loop", "peer", "queue", effect, started(workload, toolkit.queue, renewed), 0.1 * part),
  row("Effect Mailbox loop", "peer", "mailbox", effect, started(workload, toolkit.mailbox, renewed), 0.1 * part),
  row("xstate", "peer", "xstate", versionOf("xstate"), started(workload, toolkit.xstate, renewed), 0.5 * part),
  row("nact", "peer", "nact", versionOf("nact"), started(workload, toolkit.nact, renewed), 0.05 * part),
  erlang(erlangName)
]

const effectful = (workload: Workload): ReadonlyArray<Implementation> => [
  row("effectful handlers", "ours", undefined, effect, started(workload, toolkit.synodEffectful, renewed)),
  row("Effect Queue loop", "peer", "queue", effect, started(workload, toolkit.queueEffectful, renewed)),
  row("Effect Mailbox loop", "peer", "mailbox", effect, started(workload, toolkit.mailboxEffectful, renewed))
]

const dispatcher = { batch: 512, slice: 1_024, mailbox: "unbounded" }

interface Shape {
  readonly name: string
  readonly unit: string
  readonly workload: Workload
  readonly erlang: string
  readonly operations: number
  /** The share of the peers, for which `operations` would take too long: 1 unless told. */
  readonly part?: number
  /** The number of operations must be a multiple of it, in every share. */
  readonly multiple: number
  readonly settings?: { readonly [name: string]: string | number }
}

const shapes: ReadonlyArray<Shape> = [
  {
    name: "ping-pong",
    unit: "round trips per CPU second",
    workload: pingPong,
    erlang: "pingpong",
    operations: 8_000_000,
    part: 0.25,
    multiple: 1
  },
  {
    name: "counting, flood",
    unit: "messages per CPU second",
    workload: flood,
    erlang: "flood",
    operations: 2_000_000,
    multiple: 1
  },
  {
    name: "counting, bursts",
    unit: "messages per CPU second",
    workload: bursts,
    erlang: "bursts",
    operations: 4_000_000,
    multiple: 1,
    settings: { burst }
  },
  {
    name: "ring",
    unit: "hops per CPU second",
    workload: ring,
    erlang: "ring",
    operations: 8_000_000,
    part: 0.25,
    multiple: ringSize,
    settings: { actors: ringSize }
  },
  {
    name: "fork-join",
    unit: "messages per CPU second",
    workload: forkJoin,
    erlang: "forkjoin",
    operations: 2_000_000,
    multiple: 1,
    settings: { actors: joiners }
  },
  {
    name: "big",
    unit: "messages per CPU second",
    workload: big,
    erlang: "big",
    operations: 4_096_000,
    multiple: 2 * crowd,
    settings: { actors: crowd }
  }
]

const messaging = shapes.map(({ erlang, name, operations, part = 1, settings, unit, workload }): Group => ({
  name,
  unit,
  basis: "cpu",
  operations,
  quickOperations: operations / 10,
  expected: workload.expected,
  settings: { ...settings, ...dispatcher },
  implementations: plain(workload, erlang, part)
}))

const messagingEffectful = shapes.filter(({ name }) => name !== "counting, flood").map((
  { name, operations, part = 1, settings, unit, workload }
): Group => ({
  name: `effectful ${name}`,
  unit,
  basis: "cpu",
  operations: operations * part / 10,
  quickOperations: operations * part / 100,
  expected: workload.expected,
  settings: { ...settings, ...dispatcher },
  implementations: effectful(workload)
}))

type Asks = typeof import("./ask.js")
const ask = (pick: (all: Asks) => () => Promise<Started>) => (): Promise<Started> =>
  import("./ask.js").then((all) => pick(all)())
type Creations = typeof import("./creation.js")
const creation = (pick: (all: Creations) => () => Promise<Started>) => (): Promise<Started> =>
  import("./creation.js").then((all) => pick(all)())

const folded = (n: number): string => {
  let hash = 0
  for (let i = 0; i < n; i++) hash = (Math.imul(hash, 31) + i) | 0
  return String(hash)
}

const each = (n: number): string => {
  let sum = 0
  for (let i = 0; i < n; i++) sum = (sum + 31 + i) | 0
  return String(sum)
}

const experimental = versionOf("@effect/experimental")

export const actor: Suite = {
  name: "actor",
  usesDisk: false,
  groups: [
    ...messaging,
    {
      name: "ask from a fiber",
      unit: "asks per CPU second",
      basis: "cpu",
      operations: 300_000,
      quickOperations: 30_000,
      expected: folded,
      settings: { "under way": 1 },
      implementations: [
        row("ActorRef.ask", "ours", undefined, effect, ask((all) => all.synod)),
        row("Effect Queue + Deferred", "peer", "queue", effect, ask((all) => all.queueDeferred)),
        row("Machine.send", "peer", "machine", experimental, ask((all) => all.machine), 0.2),
        row("nact query", "peer", "nact", versionOf("nact"), ask((all) => all.nact), 0.2),
        erlang("ask")
      ]
    },
    {
      name: "tell from a fiber",
      unit: "tells per CPU second",
      basis: "cpu",
      operations: 1_000_000,
      quickOperations: 100_000,
      expected: folded,
      settings: { mailbox: 1_024 },
      implementations: [
        row("ActorRef.tell", "ours", undefined, effect, ask((all) => all.synodTell)),
        row("Effect Queue.offer", "peer", "queue", effect, ask((all) => all.queueTell)),
        row("Machine.send", "peer", "machine", experimental, ask((all) => all.machine), 0.05)
      ]
    },
    {
      name: "creation",
      unit: "actors per CPU second",
      basis: "cpu",
      operations: 100_000,
      quickOperations: 10_000,
      expected: each,
      settings: { alive: 100 },
      implementations: [
        row("spawn, one message, stop", "ours", undefined, effect, creation((all) => all.synod)),
        row("fiber with a Queue", "peer", "queue", effect, creation((all) => all.fiber)),
        row("xstate", "peer", "xstate", versionOf("xstate"), creation((all) => all.xstate)),
        row("nact", "peer", "nact", versionOf("nact"), creation((all) => all.nact), 0.2),
        erlang("creation")
      ]
    },
    {
      name: "idle memory",
      unit: "bytes of heap an actor",
      basis: "value",
      operations: 100_000,
      quickOperations: 10_000,
      expected: each,
      settings: {},
      implementations: [
        row("actor", "ours", undefined, effect, creation((all) => all.weighSynod)),
        row("fiber with a Queue", "peer", "queue", effect, creation((all) => all.weighQueue)),
        row("fiber with a Mailbox", "peer", "mailbox", effect, creation((all) => all.weighMailbox)),
        row("xstate", "peer", "xstate", versionOf("xstate"), creation((all) => all.weighXstate)),
        erlang("memory")
      ]
    },
    ...messagingEffectful
  ]
}
