/**
 * xstate: an actor of `fromTransition`, its leanest logic.
 */
import { createActor, fromTransition } from "xstate"
import { loopTellAll, type Message, plainSteps, receiver, type Tag, type Toolkit } from "../Toolkit.js"

/** An event of xstate has its tag under `type`. */
class Event implements Message {
  readonly type: Tag
  constructor(readonly _tag: Tag, readonly n: number) {
    this.type = _tag
  }
}

const make = (tag: Tag) => (n: number): Event => new Event(tag, n)

interface Ref {
  readonly send: (event: Event) => void
}

export const xstate = (): Toolkit<Ref> => {
  // the messages of this toolkit are all Events
  const tell = (ref: Ref, message: Message): void => ref.send(message as Event)
  return {
    ...plainSteps,
    message: {
      Ping: make("Ping"),
      Pong: make("Pong"),
      Token: make("Token"),
      Count: make("Count"),
      Report: make("Report"),
      Total: make("Total")
    },
    spawn: (initial, handlers) => {
      const receive = receiver(handlers)
      const logic = fromTransition(
        (state: { readonly of: typeof initial }, event: Event) => ({ of: receive(state.of, event) }),
        {
          of: initial
        }
      )
      return Promise.resolve(createActor(logic).start())
    },
    tell,
    tellAll: loopTellAll(tell),
    inject: tell
  }
}
