import { assert, describe, it } from "@effect/vitest"
import * as NodeNet from "node:net"
import { kept, renewed } from "../../benchmarks/suites/actor/state.js"
import type { Toolkit } from "../../benchmarks/suites/actor/Toolkit.js"
import {
  mailboxEffectful,
  mailboxPlain,
  queueEffectful,
  queuePlain
} from "../../benchmarks/suites/actor/toolkits/effect.js"
import { nact } from "../../benchmarks/suites/actor/toolkits/nact.js"
import { raw } from "../../benchmarks/suites/actor/toolkits/raw.js"
import { effectful, plain } from "../../benchmarks/suites/actor/toolkits/synod.js"
import { xstate } from "../../benchmarks/suites/actor/toolkits/xstate.js"
import * as Workloads from "../../benchmarks/suites/actor/workloads.js"
import { frameWriter, onFrames } from "../../benchmarks/suites/replicated/frames.js"
import { closedLoop } from "../../benchmarks/suites/replicated/workload.js"
import { entry, firstIndex, hand, plainLength, readPlain, writePlain } from "../../benchmarks/suites/tcp/Entry.js"
import * as Codec from "../../src/network/Codec.js"

const { big, bursts, flood, forkJoin, pingPong, ring } = Workloads
const workloads = { pingPong, flood, bursts, ring, forkJoin, big }
/** A multiple of the ring's size and of the crowd's two messages. */
const n = 3_200

const toolkits: { readonly [name: string]: () => Promise<Toolkit<never, never>> } = {
  "ours, plain": plain as never,
  "ours, effectful": effectful as never,
  "raw loop": async () => raw() as never,
  "Effect Queue": async () => queuePlain() as never,
  "Effect Queue, effectful": async () => queueEffectful() as never,
  "Effect Mailbox": async () => mailboxPlain() as never,
  "Effect Mailbox, effectful": async () => mailboxEffectful() as never,
  xstate: async () => xstate() as never,
  nact: async () => nact() as never
}

describe("actor workloads give the same result on every toolkit, round after round", () => {
  for (const [name, toolkit] of Object.entries(toolkits)) {
    it.each(Object.keys(workloads) as ReadonlyArray<keyof typeof workloads>)(`${name}: %s`, async (workload) => {
      const { expected, start } = workloads[workload]
      for (const style of [renewed, kept]) {
        const started = await start(await toolkit(), style)
        for (let round = 0; round < 2; round++) {
          assert.deepStrictEqual(await started.run(n), { operations: n, checksum: expected(n) })
        }
      }
    })
  }

  it("a toolkit that changes one message is found out by every workload", async () => {
    const lying = (): Toolkit<never> => {
      const honest = raw()
      let sent = 0
      const tell = (ref: Parameters<typeof honest.tell>[0], message: Parameters<typeof honest.tell>[1]): unknown => {
        sent++
        const isSpoilt = sent === 500 && message._tag !== "Report"
        return honest.tell(
          ref,
          isSpoilt ? honest.message[message._tag](message._tag === "Ping" ? 0 : message.n + 1) : message
        )
      }
      return {
        ...honest,
        tell,
        inject: tell,
        tellAll: (ref: never, messages: Parameters<typeof honest.tellAll>[1]) =>
          messages.forEach((message) => tell(ref, message))
      } as never
    }
    for (const workload of [flood, bursts, ring, forkJoin, big]) {
      const started = await workload.start(lying(), renewed)
      assert.notStrictEqual((await started.run(n)).checksum, workload.expected(n))
    }
  })
})

describe("messages of the network suites", () => {
  it("the hand-shaped form is 100 bytes, as the floor's, and both give every field back", () => {
    for (const i of [0, 1, 63, 64, 1_000_000]) {
      const value = entry(1, i)
      const encoded = Codec.encodeSync(hand, value)
      assert.strictEqual(encoded.length, plainLength)
      assert.deepStrictEqual(Codec.decodeSync(hand, encoded), value)
      const bytes = new Uint8Array(plainLength + 3)
      writePlain(value, bytes, 3)
      assert.deepStrictEqual(readPlain(bytes, 3), value)
      assert.strictEqual(value.index, firstIndex + i)
    }
  })

  it("the floor's frames survive any cutting of the stream", async () => {
    const server = NodeNet.createServer()
    const port = await new Promise<number>((resolve) =>
      server.listen(0, "127.0.0.1", () => resolve((server.address() as NodeNet.AddressInfo).port))
    )
    const frames = ["", "a", "some bytes", "x".repeat(70_000)]
    const received = new Promise<ReadonlyArray<string>>((resolve) =>
      server.once("connection", (socket) => {
        const bodies: Array<string> = []
        onFrames(socket, (body) => {
          bodies.push(body.toString("latin1"))
          if (bodies.length === frames.length) resolve(bodies)
        })
      })
    )
    const socket = NodeNet.connect(port, "127.0.0.1")
    const send = frameWriter(socket)
    for (const text of frames) send(Buffer.from(text.slice(0, 3)), Buffer.from(text.slice(3)))
    assert.deepStrictEqual(await received, frames)
    socket.destroy()
    server.close()
  })
})

describe("a closed loop", () => {
  it("never has more under way than it may, and starts each operation once", async () => {
    const started: Array<number> = []
    let underWay = 0
    let most = 0
    await closedLoop(100, 7, (i, done) => {
      started.push(i)
      most = Math.max(most, ++underWay)
      setImmediate(() => {
        underWay--
        done()
      })
    })
    assert.deepStrictEqual(started, Array.from({ length: 100 }, (_, i) => i))
    assert.strictEqual(most, 7)
  })

  it("fails with the first operation that fails", async () => {
    const broken = closedLoop(10, 2, (i, done) => setImmediate(() => done(i === 5 ? new Error("five") : undefined)))
    assert.strictEqual(await broken.then(() => "succeeded", (error: Error) => error.message), "five")
  })
})
