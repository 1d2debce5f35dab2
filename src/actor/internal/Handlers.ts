/**
 * From a message's tag to its handler. The first two have fields of their own: with a map for all, an actor of two tags in turn (`synod bench actor --case big`)
 * ran at 0.75 of its speed.
 */
export type Handler = (state: unknown, message: unknown) => unknown

export class Table {
  private readonly firstTag: string | undefined
  private readonly first: Handler | undefined
  private readonly secondTag: string | undefined
  private readonly second: Handler | undefined
  private readonly others: ReadonlyMap<string, Handler>

  constructor(handlers: object) {
    const [first, second, ...others] = Object.entries(handlers)
    this.firstTag = first?.[0]
    this.first = first?.[1]
    this.secondTag = second?.[0]
    this.second = second?.[1]
    this.others = new Map(others)
  }

  find(tag: string): Handler | undefined {
    if (tag === this.firstTag) return this.first
    if (tag === this.secondTag) return this.second
    return this.others.get(tag)
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
