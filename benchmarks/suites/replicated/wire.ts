/**
 * The client protocol of these benches, over the package's own network.
 */
import type { Codec } from "synod/network/Codec"

export type Request =
  | { readonly _tag: "Put"; readonly id: number; readonly key: string; readonly value: string }
  | { readonly _tag: "Get"; readonly id: number; readonly key: string }
  | { readonly _tag: "Leader"; readonly id: number }
  | {
    readonly _tag: "Embedded"
    readonly id: number
    readonly n: number
    readonly inFlight: number
    readonly round: number
  }

/** `value` is what a Get found, or the answer to the others; `error` is empty when all went well. */
export interface Reply {
  readonly id: number
  readonly error: string
  readonly value: string | undefined
}

const kinds = ["Put", "Get", "Leader", "Embedded"] as const

export const request: Codec<Request> = {
  encode: (value, writer) => {
    writer.u8(kinds.indexOf(value._tag))
    writer.varint(value.id)
    if (value._tag === "Put" || value._tag === "Get") writer.string(value.key)
    if (value._tag === "Put") writer.string(value.value)
    if (value._tag === "Embedded") {
      for (const number of [value.n, value.inFlight, value.round]) {
        writer.varint(number)
      }
    }
  },
  decode: (reader) => {
    const _tag = kinds[reader.u8()] ?? reader.fail("an unknown request")
    const id = reader.varint()
    switch (_tag) {
      case "Put":
        return { _tag, id, key: reader.string(), value: reader.string() }
      case "Get":
        return { _tag, id, key: reader.string() }
      case "Leader":
        return { _tag, id }
      case "Embedded":
        return { _tag, id, n: reader.varint(), inFlight: reader.varint(), round: reader.varint() }
    }
  }
}

export const reply: Codec<Reply> = {
  encode: ({ error, id, value }, writer) => {
    writer.varint(id)
    writer.string(error)
    writer.boolean(value !== undefined)
    if (value !== undefined) writer.string(value)
  },
  decode: (reader) => ({
    id: reader.varint(),
    error: reader.string(),
    value: reader.boolean() ? reader.string() : undefined
  })
}

/** Both directions on one channel. */
export type Talk = { readonly _tag: "Ask"; readonly request: Request } | {
  readonly _tag: "Answer"
  readonly reply: Reply
}

export const talk: Codec<Talk> = {
  encode: (value, writer) => {
    writer.boolean(value._tag === "Ask")
    if (value._tag === "Ask") request.encode(value.request, writer)
    else reply.encode(value.reply, writer)
  },
  decode: (reader) =>
    reader.boolean()
      ? { _tag: "Ask", request: request.decode(reader) }
      : { _tag: "Answer", reply: reply.decode(reader) }
}
