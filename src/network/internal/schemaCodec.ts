/**
 * Derives a codec from a Schema AST, for the values of its Type side. Structs are their fields in order behind a bitmap of the optional ones, unions an
 * index and the member, literals nothing. Recursion goes through a box that is filled when its node is done.
 */
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as AST from "effect/SchemaAST"
import { CodecError, type Reader, type Writer } from "../Bytes.js"
import * as declared from "./declaredCodec.js"
import * as dynamic from "./dynamicCodec.js"
import { padded } from "./padded.js"
import { type Field, recordOf } from "./recordCodec.js"
import { compileUnion } from "./unionCodec.js"

/** A codec that has lost its type. `isEmpty`: some value takes no byte, so a list of it pads, and a count never exceeds the bytes that follow. */
export interface Node {
  encode: (value: unknown, writer: Writer) => void
  decode: (reader: Reader) => unknown
  isEmpty: boolean
}

export type Compile = (ast: AST.AST) => Node

export const compile = (root: AST.AST): Node => {
  const known = new Map<AST.AST, Node>()
  const go: Compile = (ast) => {
    const seen = known.get(ast)
    if (seen !== undefined) return seen
    const box: Node = { encode: unfilled, decode: unfilled, isEmpty: true }
    known.set(ast, box)
    return Object.assign(box, compileNode(ast, go))
  }
  return go(root)
}

const unfilled = (): never => {
  throw new CodecError({ reason: "a codec was used while it was being derived", offset: -1 })
}

const compileNode = (ast: AST.AST, go: Compile): Node => {
  switch (ast._tag) {
    case "StringKeyword":
      return leaf((value: string, writer) => writer.string(value), (reader) => reader.string())
    case "NumberKeyword":
      return leaf((value: number, writer) => writer.number(value), (reader) => reader.number())
    case "BooleanKeyword":
      return leaf((value: boolean, writer) => writer.boolean(value), (reader) => reader.boolean())
    case "BigIntKeyword":
      return leaf((value: bigint, writer) => writer.bigint(value), (reader) => reader.bigint())
    case "UndefinedKeyword":
    case "VoidKeyword":
      return constant(undefined)
    case "Literal":
      return constant(ast.literal)
    case "UniqueSymbol":
      return constant(ast.symbol)
    case "Enums":
      return compileEnums(ast)
    case "TemplateLiteral":
      return checked(leaf((value: string, writer) => writer.string(value), (reader) => reader.string()), ast)
    case "UnknownKeyword":
    case "AnyKeyword":
      return { encode: dynamic.encode, decode: dynamic.decode, isEmpty: false }
    case "ObjectKeyword":
      return checked({ encode: dynamic.encode, decode: dynamic.decode, isEmpty: false }, ast)
    case "NeverKeyword":
    case "SymbolKeyword":
      return refused(ast)
    case "Refinement":
      return compileRefinement(ast, go)
    case "TupleType":
      return compileTuple(ast, go)
    case "TypeLiteral":
      return ast.indexSignatures.length > 1 || ast.propertySignatures.some((p) => typeof p.name === "symbol")
        ? throughSchema(ast, go)
        : compileStruct(ast, go)
    case "Union":
      return compileUnion(ast, go)
    case "Suspend":
      return compileSuspend(ast, go)
    case "Declaration":
      return declared.compile(ast, go) ?? throughSchema(ast, go)
    case "Transformation":
      return compileTransformation(ast, go)
  }
}

/** A typed pair as a Node: the AST promises that only such values arrive. */
const leaf = <A>(encode: (value: A, writer: Writer) => void, decode: (reader: Reader) => A): Node => ({
  encode: encode as Node["encode"],
  decode,
  isEmpty: false
})

const constant = (value: unknown): Node => ({ encode: () => {}, decode: () => value, isEmpty: true })

const refused = (ast: AST.AST): Node => {
  const error = () => new CodecError({ reason: `${String(ast)} has no encoding`, offset: -1 })
  return {
    encode: () => {
      throw error()
    },
    decode: () => {
      throw error()
    },
    isEmpty: false
  }
}

const checked = (node: Node, ast: AST.AST): Node => {
  const is = ParseResult.is(Schema.make(ast))
  return {
    ...node,
    decode: (reader) => {
      const value = node.decode(reader)
      return is(value) ? value : reader.fail(`not a ${String(ast)}`)
    }
  }
}

const compileEnums = (ast: AST.Enums): Node => {
  const values = ast.enums.map((member) => member[1])
  return leaf(
    (value: string | number, writer) => writer.varint(values.indexOf(value)),
    (reader) => values[reader.varint()] ?? reader.fail("an unknown member of an enumeration")
  )
}

/** A chain of refinements is one node: the innermost filter first, as the Schema itself does it. */
const compileRefinement = (ast: AST.Refinement, go: Compile): Node => {
  const chain = [ast]
  for (let from = ast.from; from._tag === "Refinement"; from = from.from) chain.unshift(from)
  const from = go(chain[0]!.from)
  return {
    encode: (value, writer) => from.encode(value, writer),
    decode: (reader) => {
      const value = from.decode(reader)
      for (let i = 0; i < chain.length; i++) {
        const refinement = chain[i]!
        if (refinement.filter(value, AST.defaultParseOption, refinement)._tag === "Some") {
          reader.fail(`not a ${String(refinement)}`)
        }
      }
      return value
    },
    isEmpty: from.isEmpty
  }
}

const compileSuspend = (ast: AST.Suspend, go: Compile): Node => {
  const inner = go(ast.f())
  return {
    encode: (value, writer) => writer.nested(() => inner.encode(value, writer)),
    decode: (reader) => reader.nested(() => inner.decode(reader)),
    isEmpty: true
  }
}

const compileTuple = (ast: AST.TupleType, go: Compile): Node => {
  const elements = ast.elements.map((element) => padded(go(element.type)))
  const [repeated, ...trailing] = ast.rest.map((rest) => padded(go(rest.type)))
  const required = ast.elements.filter((element) => !element.isOptional).length + trailing.length
  const most = repeated === undefined ? elements.length : Number.MAX_SAFE_INTEGER
  const nodeAt = (i: number, n: number): Node => {
    if (i < elements.length) return elements[i]!
    const fromEnd = i - (n - trailing.length)
    return fromEnd >= 0 ? trailing[fromEnd]! : repeated!
  }
  const isPlainArray = elements.length === 0 && trailing.length === 0
  return {
    encode: (value, writer) => {
      const list = value as ReadonlyArray<unknown> // the AST says so
      writer.varint(list.length)
      for (let i = 0; i < list.length; i++) {
        ;(isPlainArray ? repeated! : nodeAt(i, list.length)).encode(list[i], writer)
      }
    },
    decode: (reader) => {
      const n = reader.count()
      if (n < required || n > most) reader.fail(`${n} elements in a tuple of ${required} or more`)
      const out: Array<unknown> = []
      for (let i = 0; i < n; i++) out.push((isPlainArray ? repeated! : nodeAt(i, n)).decode(reader))
      return out
    },
    isEmpty: false
  }
}

const compileStruct = (ast: AST.TypeLiteral, go: Compile): Node => {
  // a struct with a symbol among its names went through its Schema
  const required = ast.propertySignatures.filter((p) => !p.isOptional).map((p): Field => [p.name as string, go(p.type)])
  const optional = ast.propertySignatures.filter((p) => p.isOptional).map((p) => [p.name, go(p.type)] as const)
  const names = new Set<PropertyKey>(ast.propertySignatures.map((p) => p.name))
  const signature = ast.indexSignatures[0]
  const index = signature === undefined
    ? undefined
    : { key: go(signature.parameter), value: go(signature.type), is: ParseResult.is(Schema.make(signature.parameter)) }
  const mask = (optional.length + 7) >> 3
  const fixed = recordOf(required)
  if (mask === 0 && index === undefined) return { ...fixed, isEmpty: required.every((field) => field[1].isEmpty) }
  return {
    encode: (value, writer) => {
      const record = value as Record<PropertyKey, unknown> // the AST says so
      fixed.encode(record, writer)
      if (mask > 0) encodeOptional(record, optional, mask, writer)
      if (index === undefined) return
      const keys = Object.keys(record).filter((key) => !names.has(key) && index.is(key))
      writer.varint(keys.length)
      for (const key of keys) {
        index.key.encode(key, writer)
        index.value.encode(record[key], writer)
      }
    },
    decode: (reader) => {
      const out = fixed.decode(reader)
      if (mask > 0) {
        const present = reader.raw(mask)
        for (let i = 0; i < optional.length; i++) {
          if ((present[i >> 3]! & (1 << (i & 7))) !== 0) out[optional[i]![0]] = optional[i]![1].decode(reader)
        }
      }
      if (index === undefined) return out
      for (let n = reader.count(); n > 0; n--) {
        const key = index.key.decode(reader) as string // symbols are refused by the key's node
        if (names.has(key)) reader.fail("a field among the entries of a record")
        dynamic.setKey(out, key, index.value.decode(reader))
      }
      return out
    },
    isEmpty: false
  }
}

const encodeOptional = (
  record: Record<PropertyKey, unknown>,
  optional: ReadonlyArray<readonly [PropertyKey, Node]>,
  mask: number,
  writer: Writer
): void => {
  const at = writer.length
  for (let i = 0; i < mask; i++) writer.u8(0)
  for (let i = 0; i < optional.length; i++) {
    const [name, node] = optional[i]!
    if (record[name] === undefined && !(name in record)) continue
    writer.bytes[at + (i >> 3)]! |= 1 << (i & 7)
    node.encode(record[name], writer)
  }
}

const compileTransformation = (ast: AST.Transformation, go: Compile): Node => {
  if (ast.to._tag !== "Declaration") return go(ast.to)
  return compileClass(ast, ast.to, go) ?? declared.compile(ast.to, go) ?? throughSchema(ast, go)
}

/** `Schema.Class` and its family: both the class and its transformation carry a surrogate, and the transformation's decode constructs without validation. */
const compileClass = (ast: AST.Transformation, to: AST.Declaration, go: Compile): Node | undefined => {
  const surrogate = AST.getSurrogateAnnotation(to)
  const { transformation } = ast
  if (
    Option.isNone(surrogate) || Option.isNone(AST.getSurrogateAnnotation(ast)) ||
    !AST.isFinalTransformation(transformation)
  ) return undefined
  const fields = go(surrogate.value)
  return {
    encode: fields.encode,
    decode: (reader) => {
      const properties = fields.decode(reader)
      const made = transformation.decode(properties, AST.defaultParseOption, ast, properties)
      return Either.isEither(made) && Either.isRight(made) ? made.right : reader.fail(`not a ${String(to)}`)
    },
    isEmpty: fields.isEmpty
  }
}

/** The slow and general way: the Schema's own encoding, and that as plain data. */
const throughSchema = (ast: AST.AST, go: Compile): Node => {
  const schema = Schema.make<unknown, unknown>(ast)
  const encode = ParseResult.encodeUnknownEither(schema)
  const decode = ParseResult.decodeUnknownEither(schema)
  const encodedAst = AST.encodedAST(ast)
  const isStructural = ast._tag === "Transformation" && encodedAst !== ast && encodedAst._tag !== "Declaration"
  const inner = isStructural ? go(encodedAst) : { encode: dynamic.encode, decode: dynamic.decode, isEmpty: false }
  return {
    encode: (value, writer) => {
      const encoded = encode(value)
      if (Either.isLeft(encoded)) throw new CodecError({ reason: `not a ${String(ast)}`, offset: -1 })
      inner.encode(encoded.right, writer)
    },
    decode: (reader) => {
      const decoded = decode(inner.decode(reader))
      return Either.isRight(decoded) ? decoded.right : reader.fail(`not a ${String(ast)}`)
    },
    isEmpty: inner.isEmpty
  }
}
