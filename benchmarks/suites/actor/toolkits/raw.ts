/**
 * The floors: one FIFO and a loop. No supervision, no bounds, no fairness towards the event loop.
 */
import {
  type Handler,
  loopTellAll,
  type Message,
  plainMessages,
  plainSteps,
  receiver,
  type Toolkit
} from "../Toolkit.js"

class Cell {
  constructor(public state: unknown, readonly receive: Handler<unknown>) {}
}

/** Target and message in turn, in a ring that grows by doubling. */
class Fifo {
  private slots: Array<Cell | Message | undefined> = Array.from({ length: 1024 })
  private head = 0
  private tail = 0
  private isArmed = false

  push(cell: Cell, message: Message): void {
    const { slots, tail } = this
    slots[tail] = cell
    slots[tail + 1] = message
    this.tail = (tail + 2) & (slots.length - 1)
    if (this.tail === this.head) this.grow()
    if (this.isArmed) return
    this.isArmed = true
    queueMicrotask(this.drain)
  }

  private readonly drain = (): void => {
    while (this.head !== this.tail) {
      const { head, slots } = this
      // a slot at an even place holds a cell, the one behind it a message
      const cell = slots[head] as Cell
      const message = slots[head + 1] as Message
      slots[head] = undefined
      slots[head + 1] = undefined
      this.head = (head + 2) & (slots.length - 1)
      cell.state = cell.receive(cell.state, message)
    }
    this.isArmed = false
  }

  private grow(): void {
    const { head, slots } = this
    this.slots = [...slots.slice(head), ...slots.slice(0, head), ...Array.from<undefined>({ length: slots.length })]
    this.head = 0
    this.tail = slots.length
  }
}

/** A message and whom it is for. */
class Envelope {
  constructor(readonly to: Cell, readonly message: Message) {}
}

/** The same ring with one plain object a place. */
class EnvelopeFifo {
  private slots: Array<Envelope | undefined> = Array.from({ length: 1024 })
  private head = 0
  private tail = 0
  private isArmed = false

  push(to: Cell, message: Message): void {
    const { slots, tail } = this
    slots[tail] = new Envelope(to, message)
    this.tail = (tail + 1) & (slots.length - 1)
    if (this.tail === this.head) this.grow()
    if (this.isArmed) return
    this.isArmed = true
    queueMicrotask(this.drain)
  }

  private readonly drain = (): void => {
    while (this.head !== this.tail) {
      const { head, slots } = this
      const { message, to } = slots[head]!
      slots[head] = undefined
      this.head = (head + 1) & (slots.length - 1)
      to.state = to.receive(to.state, message)
    }
    this.isArmed = false
  }

  private grow(): void {
    const { head, slots } = this
    this.slots = [...slots.slice(head), ...slots.slice(0, head), ...Array.from<undefined>({ length: slots.length })]
    this.head = 0
    this.tail = slots.length
  }
}

const overFifo = (fifo: Fifo | EnvelopeFifo): Toolkit<Cell> => {
  const tell = (cell: Cell, message: Message): void => fifo.push(cell, message)
  return {
    ...plainSteps,
    message: plainMessages,
    // the cell holds the state untyped between two handlers of one type
    spawn: (initial, handlers) => Promise.resolve(new Cell(initial, receiver(handlers) as Handler<unknown>)),
    tell,
    tellAll: loopTellAll(tell),
    inject: tell
  }
}

/** One FIFO of plain objects: what a program writes. */
export const raw = (): Toolkit<Cell> => overFifo(new EnvelopeFifo())

/** The same without an object a message: as little as can be. */
export const unboxed = (): Toolkit<Cell> => overFifo(new Fifo())
