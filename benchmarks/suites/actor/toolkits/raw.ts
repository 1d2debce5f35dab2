/**
 * The floor: one FIFO of plain objects and a loop. No supervision, no bounds, no fairness towards the event loop.
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

/** A message and whom it is for. */
class Envelope {
  constructor(readonly to: Cell, readonly message: Message) {}
}

/** A ring that grows by doubling. */
class Fifo {
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

export const raw = (): Toolkit<Cell> => {
  const fifo = new Fifo()
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
