/**
 * A replicated key-value store: three processes, fsync, loopback, the client in its own process.
 */
import process from "node:process"
import { versionOf } from "../../harness/Checkout.js"
import type { Group, Implementation, Started, Suite } from "../../harness/Suite.js"
import type { Client } from "./Client.js"
import { isInstalled, version } from "./etcd.js"
import { embeddedPuts, expectedGets, expectedPuts, gets, keyCount, puts, valueBytes } from "./workload.js"

type Load = (connect: () => Promise<Client>) => () => Promise<Started>

const connect = {
  synod: () => import("./synod.js").then((all) => all.connect()),
  floor: () => import("./floor.js").then((all) => all.connect()),
  etcd: () => import("./etcd.js").then((all) => all.connect())
}

const synod = (name: string, load: Load): Implementation => ({
  name,
  role: "ours",
  version: versionOf("effect"),
  start: load(connect.synod)
})

const floor = (load: Load): Implementation => ({
  name: "plain Node, no consensus",
  role: "floor",
  version: process.version,
  start: load(connect.floor)
})

const etcd = (load: Load): Implementation => ({
  name: "etcd",
  role: "external",
  peer: "etcd",
  get version() {
    return version()
  },
  requires: { installed: isInstalled, hint: "etcd is not installed (Debian: etcd-server)" },
  start: load(connect.etcd)
})

const settings = (inFlight: number) => ({
  "in flight": inFlight,
  processes: 3,
  keys: keyCount,
  "value bytes": valueBytes,
  "election ms": 1_000,
  "heartbeat ms": 100
})

/** Rounds of one or two seconds at the rates that a slow disk allows. */
const operations: { readonly [inFlight: number]: number } = { 1: 500, 16: 4_000, 256: 20_000 }

const group = (
  name: string,
  unit: string,
  inFlight: number,
  expected: (n: number) => string,
  implementations: ReadonlyArray<Implementation>
): Group => ({
  name: `${name}, ${inFlight} in flight`,
  unit: `${unit} per second`,
  basis: "wall",
  operations: operations[inFlight]!,
  quickOperations: Math.min(operations[inFlight]!, 500),
  expected,
  settings: settings(inFlight),
  implementations
})

const levels = [1, 16, 256]

export const replicated: Suite = {
  name: "replicated",
  usesDisk: true,
  groups: levels.flatMap((inFlight) => {
    const put: Load = (connect) => puts(connect, inFlight)
    const get: Load = (connect) => gets(connect, inFlight)
    const embedded: Load = (connect) => embeddedPuts(connect, inFlight)
    return [
      group("put", "puts", inFlight, expectedPuts, [
        synod("Raft over TCP", put),
        synod("embedded", embedded),
        floor(put),
        etcd(put)
      ]),
      group("linearizable get", "gets", inFlight, expectedGets, [synod("Raft over TCP", get), floor(get), etcd(get)])
    ]
  })
}
