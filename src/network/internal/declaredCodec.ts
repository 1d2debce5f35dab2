/**
 * The declarations of Effect whose insides are known: Option, Either, ReadonlyMap, ReadonlySet, Uint8Array, Date. Recognised by their type constructor.
 */
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as AST from "effect/SchemaAST"
import { padded } from "./padded.js"
import type { Compile, Node } from "./schemaCodec.js"

export const compile = (ast: AST.Declaration, go: Compile): Node | undefined => {
  const annotation = ast.annotations[AST.TypeConstructorAnnotationId]
  const [first, second] = ast.typeParameters
  switch (Predicate.hasProperty(annotation, "_tag") ? annotation._tag : undefined) {
    case "effect/Option":
      return first && option(go(first))
    case "effect/Either":
      return first && second && either(go(first), go(second))
    case "ReadonlyMap":
      return first && second && map(padded(go(first)), go(second))
    case "ReadonlySet":
      return first && set(padded(go(first)))
    case "Uint8Array":
      // the casts in this file: a Node has lost its type, and the declaration says what arrives
      return { encode: (value, w) => w.blob(value as Uint8Array), decode: (r) => r.blob(), isEmpty: false }
    case "Date":
      return {
        encode: (value, w) => w.number((value as Date).getTime()),
        decode: (r) => new Date(r.number()),
        isEmpty: false
      }
    default:
      return undefined
  }
}

const option = (inner: Node): Node => ({
  encode: (value, writer) => {
    const self = value as Option.Option<unknown>
    writer.boolean(Option.isSome(self))
    if (Option.isSome(self)) inner.encode(self.value, writer)
  },
  decode: (reader) => reader.boolean() ? Option.some(inner.decode(reader)) : Option.none(),
  isEmpty: false
})

/** The type parameters of Either are [right, left]. */
const either = (right: Node, left: Node): Node => ({
  encode: (value, writer) => {
    const self = value as Either.Either<unknown, unknown>
    writer.boolean(Either.isRight(self))
    if (Either.isRight(self)) right.encode(self.right, writer)
    else left.encode(self.left, writer)
  },
  decode: (reader) => reader.boolean() ? Either.right(right.decode(reader)) : Either.left(left.decode(reader)),
  isEmpty: false
})

const map = (key: Node, member: Node): Node => ({
  encode: (value, writer) => {
    const self = value as ReadonlyMap<unknown, unknown>
    writer.varint(self.size)
    for (const [k, v] of self) {
      key.encode(k, writer)
      member.encode(v, writer)
    }
  },
  decode: (reader) => {
    const out = new Map<unknown, unknown>()
    for (let n = reader.count(); n > 0; n--) out.set(key.decode(reader), member.decode(reader))
    return out
  },
  isEmpty: false
})

const set = (element: Node): Node => ({
  encode: (value, writer) => {
    const self = value as ReadonlySet<unknown>
    writer.varint(self.size)
    for (const e of self) element.encode(e, writer)
  },
  decode: (reader) => {
    const out = new Set<unknown>()
    for (let n = reader.count(); n > 0; n--) out.add(element.decode(reader))
    return out
  },
  isEmpty: false
})
