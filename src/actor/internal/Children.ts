/**
 * The children of an actor, or the roots of a system: by name, in start order. The reverse of it is the stop order.
 */
import type { Cell } from "./Cell.js"

export class Children {
  private readonly byName = new Map<string, Cell>()
  private counter = 0

  get size(): number {
    return this.byName.size
  }

  has(name: string): boolean {
    return this.byName.has(name)
  }

  get(name: string): Cell | undefined {
    return this.byName.get(name)
  }

  /** A name that nobody here has. */
  freshName(base: string): string {
    let name = `${base}-${++this.counter}`
    while (this.byName.has(name)) name = `${base}-${++this.counter}`
    return name
  }

  add(cell: Cell): void {
    this.byName.set(cell.name, cell)
  }

  remove(cell: Cell): void {
    if (this.byName.get(cell.name) === cell) this.byName.delete(cell.name)
  }

  inStartOrder(): Array<Cell> {
    return [...this.byName.values()]
  }

  inStopOrder(): Array<Cell> {
    return this.inStartOrder().toReversed()
  }
}
