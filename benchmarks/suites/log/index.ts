/**
 * A durable log under closed-loop load: a batch of records, then all of them durable, then the next batch.
 * After every round the log is opened again and read back: the checksum is of what the disk gave.
 */
import process from "node:process"
import { versionOf } from "../../harness/Checkout.js"
import type { Group, Implementation, Suite } from "../../harness/Suite.js"
import { startFloor } from "./floor.js"
import { expected, recordBytes } from "./records.js"
import { startSynod } from "./synod.js"

const implementations = (batch: number): ReadonlyArray<Implementation> => [
  { name: "Storage.layerFile", role: "ours", version: versionOf("effect"), start: startSynod(batch) },
  { name: "append + fdatasync", role: "floor", version: process.version, start: startFloor(batch) }
]

const group = (name: string, batch: number, operations: number): Group => ({
  name,
  unit: "records per second",
  basis: "wall",
  operations,
  quickOperations: batch * 20,
  expected,
  settings: { "record bytes": recordBytes, batch, "segment MiB": 16 },
  implementations: implementations(batch)
})

export const log: Suite = {
  name: "log",
  usesDisk: true,
  groups: [
    group("batch 1", 1, 1_500),
    group("batch 16", 16, 24_000),
    group("batch 256", 256, 307_200)
  ]
}
