/**
 * What the script of a page knows of a trace: the states, in which equal trees are stored once.
 */
import type { Trace } from "../../Trace.js"
import { changes } from "../../Trace.js"
import type { Value } from "../../Value.js"
import { text, view } from "../../Value.js"
import { cut } from "./markup.js"

/** A tree of the pool: a leaf is its text; the others are their kind, and then the places of what they hold. */
type Node = string | ReadonlyArray<string | number>

/** Letters of a label, and of each side of a change; the trees below them are whole. */
const limit = 1_000
const side = 300

export interface Data {
  /** Of a place in a state space: the numbers of its choices, one a step. The page opens at the last. */
  readonly path: ReadonlyArray<number> | null
  readonly pool: ReadonlyArray<Node>
  readonly steps: ReadonlyArray<{
    readonly label: string
    readonly state: ReadonlyArray<readonly [name: string, tree: number]>
    readonly changes: ReadonlyArray<readonly [path: string, before: string | null, after: string | null]>
    readonly claims: ReadonlyArray<readonly [name: string, holds: boolean, isInvariant: boolean]>
  }>
  readonly messages: ReadonlyArray<
    readonly [from: string, to: string, tree: number, sent: number, ended: number, fate: string, isCopy: boolean]
  >
}

export const dataOf = (trace: Trace, path?: ReadonlyArray<number> | undefined): Data => {
  const pool = new Pool()
  const shown = (value: Value | undefined): string | null => value === undefined ? null : cut(text(value), side)
  return {
    path: path ?? null,
    pool: pool.nodes,
    steps: trace.steps.map(({ claims, label, state }, i) => ({
      label: cut(label, limit),
      state: state.map(({ name, value }) => [name, pool.place(value)] as const),
      changes: changes(trace, i).map(({ after, before, path }) => [path, shown(before), shown(after)] as const),
      claims: claims.map(({ holds, isInvariant, name }) => [name, holds, isInvariant] as const)
    })),
    messages: trace.messages.map(({ content, ended, fate, from, isCopy, sent, to }) =>
      [from, to, pool.place(content), sent, ended ?? -1, fate, isCopy] as const
    )
  }
}

class Pool {
  readonly nodes: Array<Node> = []
  private readonly places = new Map<string, number>()

  place(value: Value): number {
    const node = this.nodeOf(value)
    const key = JSON.stringify(node)
    const found = this.places.get(key)
    if (found !== undefined) return found
    this.places.set(key, this.nodes.length)
    return this.nodes.push(node) - 1
  }

  private nodeOf(value: Value): Node {
    const shape = view(value)
    switch (shape._tag) {
      case "Leaf":
        return shape.text
      case "List":
      case "Set":
        return [shape._tag, ...shape.items.map((item) => this.place(item))]
      case "Map":
        return [shape._tag, ...shape.entries.flatMap(([key, item]) => [this.place(key), this.place(item)])]
      case "Record":
        return [shape._tag, ...shape.fields.flatMap(([name, item]) => [name, this.place(item)])]
    }
  }
}
