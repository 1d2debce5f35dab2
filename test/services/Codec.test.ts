import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Canonical from "synod/core/Canonical"
import { Log } from "synod/core/Log"
import * as NodeId from "synod/core/NodeId"
import { PersistentMap } from "synod/core/PersistentMap"
import { requestId } from "synod/core/Protocol"
import type { Codec } from "synod/network/Codec"
import { CodecError, decodeSync, encodeSync, Reader } from "synod/network/Codec"
import type * as KeyValue from "synod/protocols/key-value/KeyValue"
import type * as Types from "synod/protocols/raft/Types"
import { Batch, batchCodec, batched, Results, resultsCodec, Thrown } from "../../src/services/internal/batch.js"
import { definition } from "../../src/services/internal/keyValue.js"
import { durableCodec, entryCodec, messageCodec, recordCodec } from "../../src/services/internal/raftCodec.js"

const f = FastCheck
const index = f.oneof(f.nat({ max: 300 }), f.nat({ max: 2 ** 40 }))
const text = f.oneof(f.string(), f.fullUnicodeString(), f.constant("\ud800"))
const bytes = f.uint8Array({ maxLength: 40 })
const node = f.constantFrom("a", "node-2", "ü").map(NodeId.make)
const tagged = <T extends string>(tag: T) => f.constant(tag)

const command: FastCheck.Arbitrary<KeyValue.Command> = f.oneof(
  f.record({ _tag: tagged("Put"), key: text, value: text }),
  f.record({ _tag: tagged("Delete"), key: text }),
  f.record({ _tag: tagged("CompareAndSet"), key: text, from: f.option(text, { nil: undefined }), to: text })
)
type Batched = Batch<KeyValue.Command>
const batch: FastCheck.Arbitrary<Batched> = f.array(command, { maxLength: 5 }).map((commands) => {
  const parts = commands.map((one) => encodeSync(definition.command, one))
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return new Batch(commands, whole)
})
const one: FastCheck.Arbitrary<KeyValue.Result | Thrown> = f.oneof(
  f.record({ previous: f.option(text, { nil: undefined }), applied: f.boolean() }),
  text.map((detail) => new Thrown(detail))
)
const results = f.tuple(index, f.array(one, { maxLength: 4 })).map(([revision, found]) =>
  new Results(revision, found.filter((result) => !(result instanceof Thrown)).length, found)
)
const entry: FastCheck.Arbitrary<Types.Entry<Batched>> = f.oneof(
  f.record({ _tag: tagged("NoOp"), term: index }),
  f.record({ _tag: tagged("OpenSession"), term: index }),
  f.record({ _tag: tagged("Command"), term: index, session: index, sequence: index, lowest: index, command: batch })
)
const entries = f.array(entry, { maxLength: 4 })
const snapshot = f.record({ index, term: index, data: bytes })
const record: FastCheck.Arbitrary<Types.Record<Batched>> = f.oneof(
  f.record({ _tag: tagged("Term"), term: index, votedFor: f.option(node, { nil: undefined }) }),
  f.record({ _tag: tagged("Append"), index, entries }),
  f.record({ _tag: tagged("Snapshot"), snapshot, floor: index })
)
const request: FastCheck.Arbitrary<Types.Request<Batched>> = f.oneof(
  f.record({ _tag: tagged("OpenSession") }),
  f.record({ _tag: tagged("Propose"), session: index, sequence: index, lowest: index, command: batch }),
  f.record({ _tag: tagged("Read") })
)
const reply: FastCheck.Arbitrary<Types.Reply<Results<KeyValue.Result>>> = f.oneof(
  f.record({ _tag: tagged("SessionOpened"), session: index }),
  f.record({ _tag: tagged("Applied"), index, result: results }),
  f.record({ _tag: tagged("SessionExpired") }),
  f.record({ _tag: tagged("SessionSuperseded") }),
  f.record({ _tag: tagged("Overloaded") }),
  f.record({ _tag: tagged("LeadershipLost") }),
  f.record({ _tag: tagged("Readable"), index }),
  f.record({ _tag: tagged("NotLeader"), leader: f.option(node, { nil: undefined }) })
)
const id = f.tuple(f.nat({ max: 0x1fffff }), f.nat({ max: 0xffffffff })).map(([life, n]) => requestId(life, n))
type Message = Types.Message<Batched, Results<KeyValue.Result>>
const message: FastCheck.Arbitrary<Message> = f.oneof(
  f.record({ _tag: tagged("RequestVote"), term: index, lastIndex: index, lastTerm: index, preVote: f.boolean() }),
  f.record({ _tag: tagged("Vote"), term: index, granted: f.boolean(), preVote: f.boolean() }),
  f.record({ _tag: tagged("Append"), term: index, prevIndex: index, prevTerm: index, entries, commit: index }),
  f.record({ _tag: tagged("Appended"), term: index, match: index }),
  f.record({ _tag: tagged("Rejected"), term: index, prevIndex: index, hintIndex: index, hintTerm: index }),
  f.record({ _tag: tagged("Heartbeat"), term: index, commit: index, position: index }),
  f.record({ _tag: tagged("Alive"), term: index, position: index }),
  f.record({
    _tag: tagged("SnapshotChunk"),
    term: index,
    index,
    snapshotTerm: index,
    size: index,
    digest: text,
    offset: index,
    data: bytes
  }),
  f.record({ _tag: tagged("SnapshotReceived"), term: index, index, offset: index }),
  f.record({ _tag: tagged("Forward"), id, request }),
  f.record({ _tag: tagged("Forwarded"), id, reply })
)
const durable: FastCheck.Arbitrary<Types.Durable<Batched>> = f.tuple(index, index, entries, snapshot, node, f.boolean())
  .map(([floor, term, some, image, votedFor, isFresh]) => ({
    term,
    votedFor: isFresh ? undefined : votedFor,
    log: some.reduce((log, next) => log.append(next), Log.fromSnapshot<Types.Entry<Batched>>(floor, term)),
    snapshot: isFresh ? undefined : image
  }))

const commands = batchCodec(definition.command)
const outcomes = resultsCodec(definition.result)
const entryOf = entryCodec(commands)
const store = f.array(f.tuple(text, text), { maxLength: 20 }).map((pairs) => PersistentMap.from(pairs))

const suites: ReadonlyArray<readonly [string, Codec<unknown>, FastCheck.Arbitrary<unknown>]> = [
  ["messages", messageCodec(commands, outcomes) as Codec<unknown>, message],
  ["records", recordCodec(entryOf) as Codec<unknown>, record],
  ["durable states", durableCodec(entryOf) as Codec<unknown>, durable],
  ["batches", commands as Codec<unknown>, batch],
  ["results", outcomes as Codec<unknown>, results],
  ["key-value commands", definition.command as Codec<unknown>, command],
  ["stores", definition.state as Codec<unknown>, store]
]

/** Two values alike, whatever their classes: batches and results are no plain records. */
const alike = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => part instanceof Uint8Array ? Canonical.encode(part) : part)

describe("codecs of the services", () => {
  for (const [name, codec, values] of suites) {
    it(`law: decode(encode(x)) is x: ${name}`, () => {
      f.assert(
        f.property(values, (value) => {
          expect(alike(decodeSync(codec, encodeSync(codec, value)))).toBe(alike(value))
        }),
        { numRuns: 300 }
      )
    })

    it(`law: any other bytes give a value or a CodecError, and end: ${name}`, () => {
      f.assert(
        f.property(values, f.nat(), f.nat({ max: 255 }), f.nat(), (value, at, byte, cut) => {
          const encoded = encodeSync(codec, value)
          if (encoded.length === 0) return
          encoded[at % encoded.length] = byte
          try {
            codec.decode(new Reader(encoded.subarray(0, encoded.length - cut % (encoded.length + 1))))
          } catch (error) {
            expect(error).toBeInstanceOf(CodecError)
          }
        }),
        { numRuns: 500 }
      )
    })
  }

  it("law: an image comes back whole: state, revision, sessions in their order of use", () => {
    const machine = batched({ name: "kv", ...definition })
    f.assert(
      f.property(store, index, f.array(f.tuple(index, f.array(f.tuple(index, results)))), (state, revision, table) => {
        const sessions = new Map(table.map(([session, kept]) => [session, {
          lowest: 1,
          used: session + 1,
          results: new Map(kept.map(([sequence, result]) => [sequence, { index: sequence + 2, result }]))
        }]))
        const image = { state: { state, revision }, sessions }
        const back = machine.decode(machine.encode(image))
        expect(alike(back.state)).toBe(alike(image.state))
        expect(alike([...back.sessions].map(([k, s]) => [k, { ...s, results: [...s.results] }]))).toBe(
          alike([...sessions].map(([k, s]) => [k, { ...s, results: [...s.results] }]))
        )
      }),
      { numRuns: 100 }
    )
  })

  it("law: equal states have equal images, whatever made them", () => {
    f.assert(
      f.property(store, (state) => {
        const again = PersistentMap.from([...state].toReversed())
        expect(encodeSync(definition.state, again)).toEqual(encodeSync(definition.state, state))
      }),
      { numRuns: 100 }
    )
  })

  it("law: a throw in apply is a result, leaves the state, and takes no revision", () => {
    const machine = batched<number, number, number>({
      name: "picky",
      initial: 0,
      apply: (state, by) => {
        if (by < 0) throw new Error("negative")
        return [state + by, state + by]
      },
      command: { encode: (n, writer) => writer.number(n), decode: (reader) => reader.number() },
      result: { encode: (n, writer) => writer.number(n), decode: (reader) => reader.number() },
      state: { encode: (n, writer) => writer.number(n), decode: (reader) => reader.number() }
    })
    const { result, state } = machine.apply({ state: 5, revision: 7 }, new Batch([1, -1, 2], new Uint8Array()))
    expect(state).toEqual({ state: 8, revision: 9 })
    expect(result).toEqual(new Results(8, 2, [6, new Thrown("Error: negative"), 8]))
  })
})
