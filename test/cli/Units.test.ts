import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import type { Seen } from "synod/cli/internal/demoStory"
import { complaint } from "synod/cli/internal/demoStory"
import { render, single } from "synod/cli/internal/prometheus"
import { percentile } from "synod/cli/internal/workload"
import { oneLine } from "synod/cli/Output"
import { makeRecorder } from "synod/consistency/History"

describe("what the demo calls a failure", () => {
  const seen = (change: Partial<Seen>, lost: Seen["workload"]["lost"] = []): Seen => ({
    crashes: 1,
    restarts: 1,
    partitions: 1,
    elections: 2,
    workload: {
      history: makeRecorder<never, never>().history(),
      operations: 1,
      acknowledged: 1,
      failed: 0,
      unknown: 0,
      latencies: [1],
      throughput: 1,
      lost
    },
    ...change
  })
  it("is a history without an explanation, a lost write, or a fault that was not felt", () => {
    assert.isUndefined(complaint(seen({}), "consistent"))
    assert.match(complaint(seen({}), "inconsistent")!, /not linearizable/)
    assert.match(complaint(seen({}), "unknown")!, /not linearizable/)
    assert.match(complaint(seen({}, [{ key: "own1", acknowledged: 7, found: "6" }]), "consistent")!, /own1: write 7/)
    for (const change of [{ crashes: 0 }, { restarts: 0 }, { partitions: 0 }]) {
      assert.match(complaint(seen(change), "consistent")!, /at least one of each is due/)
    }
  })
})

describe("text for others to read", () => {
  it("is one line, whatever is put in", () => {
    assert.strictEqual(oneLine("\u001b[31mred\u001b[0m\n\n next\r\u0007"), "red; next??")
    FastCheck.assert(
      FastCheck.property(FastCheck.string({ unit: "binary" }), (text) => {
        // oxlint-disable-next-line no-control-regex -- none of them may be left
        assert.notMatch(oneLine(text), /[\u0000-\u001f\u007f]/)
      })
    )
  })

  it("is Prometheus' format, with what labels hold escaped, and no family without samples", () => {
    const labelled = {
      name: "b",
      help: "two\nlines",
      type: "gauge" as const,
      samples: [{ labels: { l: "a\"\\\n" }, value: 0.5 }]
    }
    const empty = { name: "c", help: "none", type: "gauge" as const, samples: [] }
    assert.strictEqual(
      render([single("counter", "a_total", "one", Infinity), labelled, empty]),
      [
        "# HELP a_total one",
        "# TYPE a_total counter",
        "a_total +Inf",
        "# HELP b two\\nlines",
        "# TYPE b gauge",
        "b{l=\"a\\\"\\\\\\n\"} 0.5",
        ""
      ].join("\n")
    )
  })

  it("percentiles are values that were measured", () => {
    const values = Array.from({ length: 100 }, (_, i) => i + 1)
    assert.deepStrictEqual([percentile(values, 0.5), percentile(values, 0.99), percentile([], 0.5)], [51, 100, 0])
  })
})
