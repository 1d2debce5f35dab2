/**
 * Ours: the actor room, with plain handlers and with handlers that return Effects.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Actor from "synod/actor/Actor"
import * as ActorRef from "synod/actor/ActorRef"
import * as ActorSystem from "synod/actor/ActorSystem"
import * as Mailbox from "synod/actor/Mailbox"
import { type Handlers, loopTellAll, type Message, plainSteps, type Tag, type Toolkit } from "../Toolkit.js"

const fields = { n: Schema.Int }
class Ping extends Actor.Message("Ping", fields) {}
class Pong extends Actor.Message("Pong", fields) {}
class Token extends Actor.Message("Token", fields) {}
class Count extends Actor.Message("Count", fields) {}
class Report extends Actor.Message("Report", fields) {}
class Total extends Actor.Message("Total", fields) {}
const classes = { Ping, Pong, Token, Count, Report, Total }

type Ref = ActorRef.ActorRef<Message>

const message = {
  Ping: (n: number) => new Ping({ n }),
  Pong: (n: number) => new Pong({ n }),
  Token: (n: number) => new Token({ n }),
  Count: (n: number) => new Count({ n }),
  Report: (n: number) => new Report({ n }),
  Total: (n: number) => new Total({ n })
}

/** The local system, for the life of the worker. */
export const system = (): Promise<ActorSystem.ActorSystemService> =>
  Effect.runPromise(
    Layer.buildWithScope(ActorSystem.layerLocal(), Effect.runSync(Scope.make())).pipe(
      Effect.map((context) => Context.get(context, ActorSystem.ActorSystem))
    )
  )

const spawnIn = (system: ActorSystem.ActorSystemService) => <S>(initial: S, handlers: Handlers<S>): Promise<Ref> => {
  const own = Object.keys(handlers).map((tag) => classes[tag as Tag])
  // the workloads' handlers are made of data, so Actor.make cannot see which messages they are for
  const behavior = Actor.make("bench", { messages: own, initial: () => initial as object })
    .on(handlers as never) as Actor.Behavior<Message, never, never>
  return Effect.runPromise(system.spawn(behavior, { mailbox: Mailbox.unbounded }))
}

/** Handlers return the next state; they tell synchronously. */
export const plain = async (): Promise<Toolkit<Ref>> => {
  const tell = (ref: Ref, message: Message): unknown => ActorRef.unsafeTell(ref, message)
  return { ...plainSteps, message, spawn: spawnIn(await system()), tell, tellAll: loopTellAll(tell), inject: tell }
}

/** Handlers return an Effect of the next state; telling is an Effect. */
export const effectful = async (): Promise<Toolkit<Ref, Effect.Effect<void>>> => ({
  message,
  spawn: spawnIn(await system()),
  tell: (ref, message) => ActorRef.tell(ref, message),
  tellAll: (ref, messages) => Effect.forEach(messages, (message) => ActorRef.tell(ref, message), { discard: true }),
  // the step of this toolkit is an Effect of the state: workloads only pass it on
  after: <S>(told: Effect.Effect<void>, state: S) => Effect.as(told, state) as S,
  step: <S>(state: S) => Effect.succeed(state) as S,
  inject: (ref, message) => void ActorRef.unsafeTell(ref, message)
})
