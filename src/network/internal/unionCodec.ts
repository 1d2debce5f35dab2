/**
 * Unions: an index, then the member. The member of a value is found by its tag where every member has one, else by the first guard that accepts it.
 */
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as AST from "effect/SchemaAST"
import { CodecError } from "../Bytes.js"
import type { Compile, Node } from "./schemaCodec.js"

export const compileUnion = (ast: AST.Union, go: Compile): Node => {
  const members = ast.types.map(go)
  const indexOf = byTag(ast) ?? byGuard(ast)
  return {
    encode: (value, writer) => {
      const index = indexOf(value)
      if (index < 0) throw new CodecError({ reason: `not a ${String(ast)}`, offset: -1 })
      writer.varint(index)
      members[index]!.encode(value, writer)
    },
    decode: (reader) => (members[reader.varint()] ?? reader.fail("an unknown member of a union")).decode(reader),
    isEmpty: false
  }
}

type IndexOf = (value: unknown) => number

/** A key whose value is a different literal in every member. */
const byTag = (ast: AST.Union): IndexOf | undefined => {
  const literals = ast.types.map(literalsOf)
  for (const key of literals[0]?.keys() ?? []) {
    const tags = new Map<unknown, number>()
    literals.forEach((member, index) => member.has(key) && tags.set(member.get(key), index))
    if (tags.size !== ast.types.length) continue
    return (value) =>
      typeof value === "object" && value !== null ? tags.get((value as Record<PropertyKey, unknown>)[key]) ?? -1 : -1
  }
  return undefined
}

const literalsOf = (ast: AST.AST): Map<PropertyKey, AST.LiteralValue> => {
  if (ast._tag === "Transformation") return literalsOf(ast.to)
  if (ast._tag === "Refinement") return literalsOf(ast.from)
  const surrogate = ast._tag === "Declaration" ? AST.getSurrogateAnnotation(ast) : Option.none()
  if (Option.isSome(surrogate)) return literalsOf(surrogate.value)
  const out = new Map<PropertyKey, AST.LiteralValue>()
  if (ast._tag !== "TypeLiteral") return out
  for (const property of ast.propertySignatures) {
    const type = literalOf(property.type)
    if (!property.isOptional && type !== undefined) out.set(property.name, type.literal)
  }
  return out
}

/** The `_tag` of a TaggedStruct is a literal behind a constructor default. */
const literalOf = (ast: AST.AST): AST.Literal | undefined =>
  ast._tag === "Literal" ? ast : ast._tag === "Transformation" ? literalOf(ast.to) : undefined

const byGuard = (ast: AST.Union): IndexOf => {
  const guards = ast.types.map(guardOf)
  return (value) => guards.findIndex((guard) => guard(value))
}

const guardOf = (ast: AST.AST): (value: unknown) => boolean => {
  switch (ast._tag) {
    case "UndefinedKeyword":
      return (value) => value === undefined
    case "Literal":
      return (value) => value === ast.literal
    case "StringKeyword":
      return (value) => typeof value === "string"
    case "NumberKeyword":
      return (value) => typeof value === "number"
    case "BooleanKeyword":
      return (value) => typeof value === "boolean"
    default:
      return ParseResult.is(Schema.make(ast))
  }
}
