/**
 * Actors of bare Effect: a fiber that takes from a Queue or a Mailbox for ever, and handles what it took.
 */
import * as Effect from "effect/Effect"
import * as Mailbox from "effect/Mailbox"
import * as Queue from "effect/Queue"
import {
  type Handlers,
  loopTellAll,
  type Message,
  plainMessages,
  plainSteps,
  receiver,
  type Toolkit
} from "../Toolkit.js"

type Steps<Told> = Pick<Toolkit<unknown, Told>, "after" | "step">

const effectSteps: Steps<Effect.Effect<unknown>> = {
  // the step of these toolkits is an Effect of the state: workloads only pass it on
  after: <S>(told: Effect.Effect<unknown>, state: S) => Effect.as(told, state) as S,
  step: <S>(state: S) => Effect.succeed(state) as S
}

/** One handler call for one message: a value, or an Effect of it. */
const handle = <S>(
  initial: S,
  handlers: Handlers<S>,
  isEffectful: boolean
): (message: Message) => Effect.Effect<void> => {
  const receive = receiver(handlers)
  let state = initial
  const keep = (next: S): void => {
    state = next
  }
  return isEffectful
    ? (message) => Effect.map(receive(state, message) as Effect.Effect<S>, keep)
    : (message) => Effect.sync(() => keep(receive(state, message)))
}

const queueSpawn =
  (isEffectful: boolean) => async <S>(initial: S, handlers: Handlers<S>): Promise<Queue.Queue<Message>> => {
    const queue = Effect.runSync(Queue.unbounded<Message>())
    Effect.runFork(Effect.forever(Effect.flatMap(Queue.take(queue), handle(initial, handlers, isEffectful))))
    return queue
  }

/** Plain handlers, told synchronously. */
export const queuePlain = (): Toolkit<Queue.Queue<Message>> => {
  const tell = (queue: Queue.Queue<Message>, message: Message): unknown => queue.unsafeOffer(message)
  return {
    ...plainSteps,
    message: plainMessages,
    spawn: queueSpawn(false),
    tell,
    tellAll: loopTellAll(tell),
    inject: tell
  }
}

export const queueEffectful = (): Toolkit<Queue.Queue<Message>, Effect.Effect<unknown>> => ({
  ...effectSteps,
  message: plainMessages,
  spawn: queueSpawn(true),
  tell: (queue, message) => Queue.offer(queue, message),
  tellAll: (queue, messages) => Queue.offerAll(queue, messages),
  inject: (queue, message) => void queue.unsafeOffer(message)
})

/** Takes all that is there at once: the faster idiom of a Mailbox. */
const mailboxSpawn =
  (isEffectful: boolean) => async <S>(initial: S, handlers: Handlers<S>): Promise<Mailbox.Mailbox<Message>> => {
    const mailbox = Effect.runSync(Mailbox.make<Message>())
    const handleOne = handle(initial, handlers, isEffectful)
    Effect.runFork(
      Effect.forever(
        Effect.flatMap(mailbox.takeAll, ([messages]) => Effect.forEach(messages, handleOne, { discard: true }))
      )
    )
    return mailbox
  }

export const mailboxPlain = (): Toolkit<Mailbox.Mailbox<Message>> => {
  const tell = (mailbox: Mailbox.Mailbox<Message>, message: Message): unknown => mailbox.unsafeOffer(message)
  return {
    ...plainSteps,
    message: plainMessages,
    spawn: mailboxSpawn(false),
    tell,
    tellAll: loopTellAll(tell),
    inject: tell
  }
}

export const mailboxEffectful = (): Toolkit<Mailbox.Mailbox<Message>, Effect.Effect<unknown>> => ({
  ...effectSteps,
  message: plainMessages,
  spawn: mailboxSpawn(true),
  tell: (mailbox, message) => mailbox.offer(message),
  tellAll: (mailbox, messages) => mailbox.offerAll(messages),
  inject: (mailbox, message) => void mailbox.unsafeOffer(message)
})
