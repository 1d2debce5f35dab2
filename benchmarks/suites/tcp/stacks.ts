import { derived, hand } from "./Entry.js"
import type { Stack } from "./Link.js"
import { coalesced, eachWrite, jsonLines } from "./plain.js"
import { synod } from "./synod.js"

/** By name: the server process finds its own here. */
export const stacks: ReadonlyArray<Stack> = [
  synod("hand-shaped codec", hand),
  synod("codec from Schema", derived),
  coalesced,
  eachWrite,
  jsonLines
]
