/**
 * nact: an actor function from state and message to the next state.
 */
import { dispatch, type Ref as NactRef, spawn, start } from "nact"
import { loopTellAll, type Message, plainMessages, plainSteps, receiver, type Toolkit } from "../Toolkit.js"

type Ref = NactRef<Message>

export const nact = (): Toolkit<Ref> => {
  const system = start()
  let count = 0
  const tell = (ref: Ref, message: Message): void => dispatch(ref, message)
  return {
    ...plainSteps,
    message: plainMessages,
    spawn: (initial, handlers) => {
      const receive = receiver(handlers)
      return Promise.resolve(
        spawn(
          system,
          (state: typeof initial | undefined, message: Message) => receive(state ?? initial, message),
          `bench-${count++}`
        )
      )
    },
    tell,
    tellAll: loopTellAll(tell),
    inject: tell
  }
}
