/** Codecs of list elements. */
import type { Node } from "./schemaCodec.js"

/** An element of a list takes at least one byte, see `Node.isEmpty`. */
export const padded = (node: Node): Node =>
  !node.isEmpty ? node : {
    encode: (value, writer) => {
      writer.u8(0)
      node.encode(value, writer)
    },
    decode: (reader) => {
      if (reader.u8() !== 0) reader.fail("a pad byte that is not zero")
      return node.decode(reader)
    },
    isEmpty: false
  }
