/** Schema's own tagged classes as messages, while they run: types-test/Actor.tst.ts has their types. */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as Actor from "synod/actor/Actor"
import * as ActorRef from "synod/actor/ActorRef"
import * as ActorSystem from "synod/actor/ActorSystem"
import type { Self } from "synod/actor/Self"
import * as Supervision from "synod/actor/Supervision"
import { failureOf, listen, local, settle } from "./lives.js"

class Deposit extends Schema.TaggedClass<Deposit>()("Deposit", { amount: Schema.Int }) {}
class Poor extends Schema.TaggedError<Poor>()("Poor", { missing: Schema.Int }) {}
class Withdraw extends Schema.TaggedRequest<Withdraw>()("Withdraw", {
  payload: { amount: Schema.Int, how: Schema.Literal("plain", "effect", "later") },
  success: Schema.Int,
  failure: Poor
}) {}
class Break
  extends Schema.TaggedRequest<Break>()("Break", { payload: {}, success: Schema.Int, failure: Schema.Never })
{}
class Settle extends Actor.Message("Settle") {}
type Words = Deposit | Withdraw | Break | Settle

const bank = (owed: Array<Withdraw> = []) =>
  Actor.make("bank", { messages: [Deposit, Withdraw, Break, Settle], initial: () => 0 }).on((self: Self<Words>) => ({
    Deposit: (balance, { amount }) => balance + amount,
    Withdraw: (balance, request) => {
      if (request.how === "later") {
        owed.push(request)
        return Actor.later(balance)
      }
      const { amount, how } = request
      const poor = Effect.fail(new Poor({ missing: amount - balance }))
      if (amount > balance) return how === "plain" ? poor : Effect.zipRight(Effect.yieldNow(), poor)
      const reply = Actor.reply(balance - amount, balance - amount)
      return how === "plain" ? reply : Effect.as(Effect.yieldNow(), reply)
    },
    Break: (): Actor.Reply<number, number> => {
      throw new Error("broken")
    },
    Settle: (balance) => {
      for (const request of owed.splice(0)) {
        self.reply(request, request.amount > balance ? Exit.fail(new Poor({ missing: 1 })) : Exit.succeed(balance))
      }
      return balance
    }
  }))
const withdraw = (amount: number, how: Withdraw["how"]) => new Withdraw({ amount, how })

describe("messages made by Schema.TaggedClass and Schema.TaggedRequest", () => {
  it.effect("are told and asked; a declared failure answers the asker and leaves actor and state alone", () =>
    Effect.gen(function*() {
      const ref = yield* ActorSystem.spawn(bank())
      yield* ActorRef.tell(ref, new Deposit({ amount: 10 }))
      let balance = 10
      for (const how of ["plain", "effect"] as const) {
        expect(yield* ActorRef.ask(ref, withdraw(3, how))).toBe(balance -= 3)
        const refused = failureOf(yield* Effect.exit(ActorRef.ask(ref, withdraw(balance + 5, how))))
        expect(refused).toEqual(new Poor({ missing: 5 }))
      }
      expect(yield* ActorRef.ask(ref, withdraw(0, "plain"))).toBe(4)
    }).pipe(local))

  it.effect("are answered later, with either outcome", () =>
    Effect.gen(function*() {
      const ref = yield* ActorSystem.spawn(bank())
      yield* ActorRef.tell(ref, new Deposit({ amount: 2 }))
      const asking = yield* Effect.fork(Effect.all(
        [withdraw(1, "later"), withdraw(9, "later")].map((request) => Effect.exit(ActorRef.ask(ref, request))),
        { concurrency: "unbounded" }
      ))
      yield* settle
      expect(asking.unsafePoll()).toBeNull()
      yield* ActorRef.tell(ref, new Settle())
      const [paid, refused] = yield* asking
      expect(paid).toEqual(Exit.succeed(2))
      expect(failureOf(refused!)).toEqual(new Poor({ missing: 1 }))
    }).pipe(local))

  it.effect("crash like others: the asker gets ActorTerminated, the message is poison; a declared failure that was only told is no crash", () =>
    Effect.gen(function*() {
      const letters = yield* listen((system) => system.deadLetters)
      const ref = yield* ActorSystem.spawn(bank(), { supervision: Supervision.restart() })
      yield* ActorRef.tell(ref, withdraw(1, "plain"))
      yield* ActorRef.tell(ref, withdraw(1, "effect"))
      yield* ActorRef.tell(ref, new Deposit({ amount: 7 }))
      expect(yield* ActorRef.ask(ref, withdraw(0, "plain"))).toBe(7)
      const request = new Break()
      expect(failureOf(yield* Effect.exit(ActorRef.ask(ref, request)))).toMatchObject({ _tag: "ActorTerminated" })
      expect(yield* ActorRef.ask(ref, withdraw(0, "plain"))).toBe(0)
      yield* settle
      expect(letters.map(({ message, reason }) => [message, reason])).toEqual([[request, "poison"]])
    }).pipe(Effect.scoped, local))
})
