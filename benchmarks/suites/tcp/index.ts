/**
 * Two processes on the loopback: 100-byte messages, encoded and decoded.
 */
import process from "node:process"
import * as Codec from "synod/network/Codec"
import { versionOf } from "../../harness/Checkout.js"
import type { Group, Implementation, Role, Started, Suite } from "../../harness/Suite.js"
import { derived, entry, expected, hand, oneWay, plainLength } from "./Entry.js"
import { startEcho, startOneWay, window } from "./workload.js"

const node = process.version

const rows: ReadonlyArray<readonly [name: string, role: Role, version: string, share?: number]> = [
  ["hand-shaped codec", "ours", versionOf("effect")],
  ["codec from Schema", "ours", versionOf("effect")],
  ["node:net, coalesced", "floor", node],
  ["node:net, a write a message", "peer", node, 0.2],
  ["node:net, JSON lines", "peer", node, 0.2]
]

const peerNames: { readonly [name: string]: string } = {
  "node:net, a write a message": "net",
  "node:net, JSON lines": "json"
}

const implementations = (start: (name: string) => Promise<Started>): ReadonlyArray<Implementation> =>
  rows.map(([name, role, version, share]) => {
    const peer = peerNames[name]
    return {
      name,
      role,
      version,
      ...(share === undefined ? {} : { share }),
      ...(peer === undefined ? {} : { peer }),
      start: () => start(name)
    }
  })

const size = (codec: Codec.Codec<ReturnType<typeof entry>>): number => Codec.encodeSync(codec, entry(oneWay, 1)).length

const sizes = { "bytes hand-shaped": size(hand), "bytes from Schema": size(derived), "bytes of the floor": plainLength }

const roundTrips = (inFlight: number, operations: number): Group => ({
  name: `round trips, ${inFlight} in flight`,
  unit: "round trips per second",
  basis: "wall",
  operations,
  quickOperations: Math.min(operations, 2_000),
  expected: (n) => expected(n),
  settings: { "in flight": inFlight, ...sizes },
  implementations: implementations(startEcho(inFlight)).map((row) => ({ ...row, share: 1 }))
})

export const tcp: Suite = {
  name: "tcp",
  usesDisk: false,
  groups: [
    {
      name: "one way",
      unit: "messages per second",
      basis: "wall",
      operations: 1_500_000,
      quickOperations: 50_000,
      expected,
      settings: { window, ...sizes },
      implementations: implementations(startOneWay)
    },
    roundTrips(1, 10_000),
    roundTrips(16, 50_000),
    roundTrips(256, 200_000)
  ]
}
