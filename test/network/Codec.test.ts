import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Equal from "effect/Equal"
import * as FastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"
import * as Codec from "../../src/network/Codec.js"
import type { Field } from "../../src/network/internal/recordCodec.js"
import * as RecordCodec from "../../src/network/internal/recordCodec.js"

class Put extends Schema.TaggedClass<Put>()("Put", { key: Schema.String, value: Schema.Number }) {}
class Get extends Schema.TaggedClass<Get>()("Get", { key: Schema.String }) {}
class Point extends Schema.Class<Point>("Point")({ x: Schema.Int, at: Schema.Date }) {}
interface Tree {
  readonly value: number
  readonly children: ReadonlyArray<Tree>
}
const Tree = Schema.Struct({
  value: Schema.Int,
  children: Schema.Array(Schema.suspend((): Schema.Schema<Tree> => Tree))
})
enum Colour {
  Red,
  Green = "green"
}

const AppendEntries = Schema.TaggedStruct("AppendEntries", {
  term: Schema.NonNegativeInt,
  prev: Schema.Int,
  entries: Schema.Array(Schema.Struct({ term: Schema.Int, command: Schema.Uint8ArrayFromSelf }))
})

const cases: Record<string, Schema.Schema.AnyNoContext> = {
  string: Schema.String,
  number: Schema.Number,
  int: Schema.Int,
  boolean: Schema.Boolean,
  bigint: Schema.BigIntFromSelf,
  bytes: Schema.Uint8ArrayFromSelf,
  literals: Schema.Literal("a", 1, null, true, 3n),
  enums: Schema.Enums(Colour),
  "template literal": Schema.TemplateLiteral("a", Schema.Number),
  "optional fields": Schema.Struct({
    a: Schema.optional(Schema.String),
    b: Schema.optionalWith(Schema.Int, { exact: true }),
    c: Schema.NullOr(Schema.Boolean)
  }),
  "optional with a default": Schema.Struct({ a: Schema.optionalWith(Schema.Int, { default: () => 7 }) }),
  "optional as Option": Schema.Struct({ a: Schema.optionalWith(Schema.String, { as: "Option" }) }),
  option: Schema.Option(Schema.DateFromString),
  either: Schema.Either({ left: Schema.String, right: Schema.Int }),
  map: Schema.ReadonlyMap({ key: Schema.String, value: Schema.Int }),
  set: Schema.ReadonlySet(Schema.Literal("x", "y")),
  record: Schema.Record({ key: Schema.String, value: Schema.Int }),
  "struct with a record": Schema.Struct(
    { a: Schema.Int },
    Schema.Record({ key: Schema.TemplateLiteral("k", Schema.String), value: Schema.Int })
  ),
  tuple: Schema.Tuple(Schema.String, Schema.optionalElement(Schema.Int)),
  "tuple with rest": Schema.Tuple([Schema.String], Schema.Boolean, Schema.Int),
  "list of nothing": Schema.Array(Schema.Literal("only")),
  "tagged union": Schema.Union(Put, Get, AppendEntries),
  "untagged union": Schema.Union(Schema.Int, Schema.Number, Schema.String, Schema.Array(Schema.Int), Schema.Undefined),
  class: Point,
  recursive: Tree,
  "transformation at a leaf": Schema.Struct({ n: Schema.NumberFromString, t: Schema.Trim }),
  "a declaration that is a leaf": Schema.Duration,
  "a declaration of a collection": Schema.Chunk(Schema.Int),
  unknown: Schema.Struct({ any: Schema.JsonNumber, more: Schema.parseJson(Schema.Struct({ a: Schema.Int })) }),
  refinement: Schema.Struct({ name: Schema.NonEmptyString, port: Schema.Int.pipe(Schema.between(0, 65_535)) }),
  branded: Schema.String.pipe(Schema.brand("NodeId"))
}

/** Deep equality that also holds for Effect data, dates, bytes and -0. */
const same = (a: unknown, b: unknown): void => {
  if (!Equal.equals(a, b)) assert.deepStrictEqual(a, b)
}

describe("Codec.fromSchema", () => {
  for (const [name, schema] of Object.entries(cases)) {
    const codec = Codec.fromSchema(schema)

    it(`gives back every value: ${name}`, () => {
      FastCheck.assert(
        FastCheck.property(
          Arbitrary.make(schema),
          (value) => same(Codec.decodeSync(codec, Codec.encodeSync(codec, value)), value)
        ),
        { numRuns: 200, seed: 1 }
      )
    })

    it(`garbage throws CodecError or gives a value the Schema accepts: ${name}`, () => {
      const is = Schema.is(schema)
      FastCheck.assert(
        FastCheck.property(FastCheck.uint8Array({ maxLength: 64 }), (bytes) => {
          try {
            const value = Codec.decodeSync(codec, bytes)
            assert.isTrue(is(value), `accepted ${String(value)}`)
          } catch (error) {
            assert.instanceOf(error, Codec.CodecError)
          }
        }),
        { numRuns: 300, seed: 2 }
      )
    })

    it(`every proper prefix and every flipped bit is handled: ${name}`, () => {
      const is = Schema.is(schema)
      for (const value of FastCheck.sample(Arbitrary.make(schema), { numRuns: 5, seed: 3 })) {
        const bytes = Codec.encodeSync(codec, value)
        for (let bit = 0; bit < Math.min(bytes.length, 200) * 8; bit++) {
          const damaged = bytes.slice()
          damaged[bit >> 3]! ^= 1 << (bit & 7)
          for (const candidate of [damaged, bytes.slice(0, bit >> 3)]) {
            try {
              assert.isTrue(is(Codec.decodeSync(codec, candidate)))
            } catch (error) {
              assert.instanceOf(error, Codec.CodecError)
            }
          }
        }
      }
    })
  }

  it("numbers keep NaN, infinities, -0 and the whole safe range", () => {
    const codec = Codec.fromSchema(Schema.Number)
    for (
      const n of [
        NaN,
        Infinity,
        -Infinity,
        -0,
        0,
        239,
        240,
        255,
        256,
        -1,
        -255,
        -256,
        2 ** 53 - 1,
        1 - 2 ** 53,
        2 ** 53,
        1e300,
        0.1
      ]
    ) {
      assert.isTrue(Object.is(Codec.decodeSync(codec, Codec.encodeSync(codec, n)), n), String(n))
    }
    FastCheck.assert(
      FastCheck.property(FastCheck.maxSafeInteger(), (n) => Codec.decodeSync(codec, Codec.encodeSync(codec, n)) === n)
    )
  })

  it("strings keep every code unit, lone surrogates included", () => {
    const codec = Codec.fromSchema(Schema.String)
    FastCheck.assert(
      FastCheck.property(
        FastCheck.string({ unit: "binary", maxLength: 200 }),
        (s) => Codec.decodeSync(codec, Codec.encodeSync(codec, s)) === s
      )
    )
    for (const s of ["\ud800", "a\udc00b", "\ud83d\ude00", "\ufeffx", "é".repeat(1_000), "x".repeat(5_000)]) {
      assert.strictEqual(Codec.decodeSync(codec, Codec.encodeSync(codec, s)), s)
    }
  })

  it("a record from the network cannot change a prototype", () => {
    const codec = Codec.fromSchema(Schema.Record({ key: Schema.String, value: Schema.Unknown }))
    const evil: Record<string, unknown> = JSON.parse("{\"__proto__\": {\"admin\": true}}")
    const decoded = Codec.decodeSync(codec, Codec.encodeSync(codec, evil))
    assert.strictEqual(Object.getPrototypeOf(decoded), Object.prototype)
    assert.deepStrictEqual(Object.keys(decoded), ["__proto__"])
  })

  it("a class comes back as an instance of the class", () => {
    const codec = Codec.fromSchema(Schema.Union(Put, Get))
    assert.instanceOf(Codec.decodeSync(codec, Codec.encodeSync(codec, new Put({ key: "a", value: 1 }))), Put)
  })

  it("a count beyond the frame is refused before anything is allocated", () => {
    const codec = Codec.fromSchema(Schema.Array(Schema.Literal("only")))
    const writer = new Codec.Writer()
    writer.varint(Number.MAX_SAFE_INTEGER)
    assert.throws(() => Codec.decodeSync(codec, writer.finish()), "more elements than the frame can hold")
  })

  it("nesting is bounded in both directions", () => {
    const codec = Codec.fromSchema(Tree)
    let deep: Tree = { value: 0, children: [] }
    for (let i = 0; i < 100_000; i++) deep = { value: 0, children: [deep] }
    assert.throws(() => Codec.encodeSync(codec, deep), "nesting beyond")
    const unknown = Codec.fromSchema(Schema.Unknown)
    // kind 8 is an array; each holds one more
    assert.throws(
      () => Codec.decodeSync(unknown, new Uint8Array(200_000).map((_, i) => i % 2 === 0 ? 8 : 1)),
      "nesting beyond"
    )
  })

  it("left-over bytes are refused", () => {
    assert.throws(() => Codec.decodeSync(Codec.fromSchema(Schema.Int), Uint8Array.of(1, 1)), "1 bytes too many")
  })

  it("an AppendEntries is compact", () => {
    const codec = Codec.fromSchema(AppendEntries)
    const message = AppendEntries.make({ term: 3, prev: 1_000, entries: [{ term: 3, command: new Uint8Array(64) }] })
    assert.strictEqual(Codec.encodeSync(codec, message).length, 71)
  })
})

describe("recordCodec", () => {
  it("what is generated and what is interpreted agree, whatever the fields are called", () => {
    const number: Field[1] = {
      encode: (value, writer) => writer.number(value as number),
      decode: (reader) => reader.number(),
      isEmpty: false
    }
    const names = FastCheck.uniqueArray(
      FastCheck.oneof(
        FastCheck.constantFrom("__proto__", "constructor", "\"", "\\", "\n", "\u2028", "a]: 1, [b", "value", "n0", "0"),
        FastCheck.string()
      ),
      { maxLength: 8 }
    )
    FastCheck.assert(
      FastCheck.property(names, (fields) => {
        const nodes = fields.map((name): Field => [name, number])
        const fast = RecordCodec.generated(nodes)!
        const slow = RecordCodec.interpreted(nodes)
        const value = Object.fromEntries(fields.map((name, i) => [name, i - 1]))
        const bytes = [fast, slow].map((codec) => {
          const writer = new Codec.Writer()
          codec.encode(value, writer)
          return writer.finish()
        })
        assert.deepStrictEqual(bytes[0], bytes[1])
        for (const codec of [fast, slow]) {
          const decoded = codec.decode(new Codec.Reader(bytes[0]!))
          assert.deepStrictEqual(Object.entries(decoded).toSorted(), Object.entries(value).toSorted())
          assert.strictEqual(Object.getPrototypeOf(decoded), Object.prototype)
        }
      }),
      { numRuns: 500, seed: 4 }
    )
  })
})

describe("Reader", () => {
  it("copies bytes out of any array, a Buffer included: what is decoded outlives its frame, and pieces do not overlap", () => {
    const codec = Codec.fromSchema(Schema.Uint8ArrayFromSelf)
    const sizes = [0, 1, 64, 65, 100, 2_048, 2_049, 5_000, ...Array.from({ length: 200 }, (_, i) => 65 + i)]
    const decoded = sizes.map((size, i) => {
      const frame = Buffer.from(Codec.encodeSync(codec, new Uint8Array(size).fill(i)))
      const bytes = Codec.decodeSync(codec, frame)
      frame.fill(255)
      return bytes
    })
    decoded.forEach((bytes, i) => {
      assert.strictEqual(Object.getPrototypeOf(bytes), Uint8Array.prototype)
      assert.deepStrictEqual(bytes, new Uint8Array(sizes[i]!).fill(i))
    })
  })
})

describe("Codec.cached", () => {
  it("encodes an immutable value once", () => {
    let encodings = 0
    const inner = Codec.fromSchema(Schema.Struct({ a: Schema.Int }))
    const codec = Codec.cached<{ readonly a: number }>({
      encode: (value, writer) => {
        encodings++
        inner.encode(value, writer)
      },
      decode: inner.decode
    })
    const value = { a: 7 }
    const bytes = codec.encodeCached(value)
    assert.strictEqual(codec.encodeCached(value), bytes)
    assert.deepStrictEqual(Codec.encodeSync(codec, value), bytes)
    assert.deepStrictEqual(Codec.decodeSync(codec, bytes), value)
    assert.strictEqual(encodings, 1)
  })
})
