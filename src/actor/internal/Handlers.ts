/**
 * From a message's tag to its handler. The last one found is kept: a run of equal tags costs one comparison.
 */
export type Handler = (state: unknown, message: unknown) => unknown

export class Table {
  private readonly handlers: ReadonlyMap<string, Handler>
  private lastTag: string | undefined = undefined
  private last: Handler | undefined = undefined

  constructor(handlers: object) {
    this.handlers = new Map(Object.entries(handlers))
  }

  find(tag: string): Handler | undefined {
    if (tag === this.lastTag) return this.last
    const handler = this.handlers.get(tag)
    if (handler === undefined) return undefined
    this.lastTag = tag
    return this.last = handler
  }
}

const tables = new WeakMap<object, Table>()

/** Behaviours whose handlers need no `self` share one table among all their actors. */
export const shared = (handlers: object): Table => {
  const known = tables.get(handlers)
  if (known !== undefined) return known
  const table = new Table(handlers)
  tables.set(handlers, table)
  return table
}
