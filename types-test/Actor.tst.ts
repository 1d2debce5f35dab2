import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Actor from "synod/actor/Actor"
import type { ActorTerminated, AskTimeout, MailboxFull, SpawnError, StashFull } from "synod/actor/ActorError"
import * as ActorRef from "synod/actor/ActorRef"
import * as ActorSystem from "synod/actor/ActorSystem"
import type { Self } from "synod/actor/Self"
import * as Supervision from "synod/actor/Supervision"
import { describe, expect, test } from "tstyche"

class Deposit extends Actor.Message("Deposit", { amount: Schema.Int }) {}
class Close extends Actor.Message("Close") {}
class Balance extends Actor.Request("Balance", { success: Schema.Int }) {}
class Withdraw extends Actor.Request("Withdraw", {
  payload: { amount: Schema.Int },
  success: Schema.Int,
  failure: Schema.String
}) {}
class Tagged extends Schema.TaggedClass<Tagged>()("Tagged", { n: Schema.Int }) {}
class Asked extends Schema.TaggedRequest<Asked>()("Asked", {
  payload: { n: Schema.Int },
  success: Schema.NumberFromString,
  failure: Schema.Date
}) {}

class Bank extends Context.Tag("Bank")<Bank, { readonly log: (text: string) => Effect.Effect<void> }>() {}
class Mint extends Context.Tag("Mint")<Mint, { readonly start: Effect.Effect<number, "no mint"> }>() {}

type Asking = ActorTerminated | AskTimeout | MailboxFull

describe("messages", () => {
  test("have a tag and typed fields; without fields the constructor takes nothing", () => {
    expect(new Deposit({ amount: 1 })._tag).type.toBe<"Deposit">()
    expect(new Deposit({ amount: 1 }).amount).type.toBe<number>()
    expect(Deposit).type.not.toBeConstructableWith({ amount: "1" })
    expect(Deposit).type.not.toBeConstructableWith()
    expect(Close).type.toBeConstructableWith()
    expect(Close).type.not.toBeConstructableWith({ amount: 1 })
  })

  test("an asked one knows its answer and its failure, a told one has neither", () => {
    expect<Actor.Success<Withdraw>>().type.toBe<number>()
    expect<Actor.Failure<Withdraw>>().type.toBe<string>()
    expect<Actor.Failure<Balance>>().type.toBe<never>()
    expect<Actor.Success<Deposit>>().type.toBe<never>()
    expect<Actor.Success<Asked>>().type.toBe<number>()
    expect<Actor.Failure<Asked>>().type.toBe<Date>()
    expect<Actor.Success<Tagged>>().type.toBe<never>()
  })
})

const account = Actor.make("Account", { messages: [Deposit, Balance, Withdraw], initial: () => 0 })

describe("handlers", () => {
  test("see the exact state and message; plain and effectful answers are both taken", () => {
    account.on({
      Deposit: (balance, message) => {
        expect(balance).type.toBe<number>()
        expect(message).type.toBe<Deposit>()
        return balance
      },
      Balance: (balance) => Actor.reply(balance, balance),
      Withdraw: (balance, { amount }) =>
        balance < amount ? Effect.fail("too little") : Effect.succeed(Actor.reply(amount, balance - amount))
    })
    expect(account.on({
      Deposit: (balance, { amount }) => Effect.succeed(balance + amount),
      Balance: (balance) => Actor.later(balance),
      Withdraw: () => Effect.fail("never")
    })).type.toBe<Actor.Behavior<Deposit | Balance | Withdraw, never, never>>()
  })

  const Balance_ = (balance: number) => Actor.reply(balance, balance)
  const Withdraw_ = (balance: number) => Actor.reply(balance, balance)
  const Deposit_ = (balance: number) => balance

  test("must be one for each message", () => {
    expect(account.on).type.not.toBeCallableWith({ Deposit: Deposit_, Balance: Balance_ })
    expect(account.on).type.toBeCallableWith({ Deposit: Deposit_, Balance: Balance_, Withdraw: Withdraw_ })
  })

  test("must return the state, with the declared answer and failure", () => {
    const others = { Balance: Balance_, Withdraw: Withdraw_ }
    expect(account.on).type.not.toBeCallableWith({ ...others, Deposit: () => "a string" })
    expect(account.on).type.not.toBeCallableWith({ ...others, Deposit: () => Effect.succeed("a string") })
    // what is told declares no failure
    expect(account.on).type.not.toBeCallableWith({ ...others, Deposit: () => Effect.fail("undeclared") })
    const rest = { Deposit: Deposit_, Balance: Balance_ }
    expect(account.on).type.not.toBeCallableWith({ ...rest, Withdraw: (n: number) => Actor.reply("a string", n) })
    expect(account.on).type.not.toBeCallableWith({ ...rest, Withdraw: (n: number) => n })
    expect(account.on).type.not.toBeCallableWith({ ...rest, Withdraw: () => Effect.fail(new Date(0)) })
    expect(account.on).type.not.toBeCallableWith({ ...rest, Withdraw: () => Actor.reply(1, "a string") })
  })

  test("Schema's own classes are messages too", () => {
    expect(
      Actor.make("own", { messages: [Tagged, Asked], initial: () => 0 }).on({
        Tagged: (n, message) => n + message.n,
        Asked: (n, message) => message.n > n ? Effect.fail(new Date(0)) : Actor.reply(message.n, n)
      })
    ).type.toBe<Actor.Behavior<Tagged | Asked, never, never>>()
  })
})

describe("Actor.interruptible", () => {
  test("changes no type of an effect, and stands where a handler's effect does", () => {
    const effect = {} as Effect.Effect<number, "no", Bank>
    expect(Actor.interruptible(effect)).type.toBe<Effect.Effect<number, "no", Bank>>()
    expect(Actor.interruptible).type.not.toBeCallableWith(1)
    expect(
      Actor.make("patient", { messages: [Balance], initial: () => 0 }).on({
        Balance: (n) => Actor.interruptible(Effect.as(Effect.flatMap(Bank, ({ log }) => log("x")), Actor.reply(n, n)))
      })
    ).type.toBe<Actor.Behavior<Balance, never, Bank>>()
  })
})

describe("a behaviour's E and R", () => {
  test("come from initial and from every handler; the Scope is the life's", () => {
    const behavior = Actor.make("needs", {
      messages: [Deposit, Balance],
      initial: () =>
        Effect.gen(function*() {
          const mint = yield* Mint
          yield* Effect.addFinalizer(() => Effect.void)
          return yield* mint.start
        })
    }).on({
      Deposit: (balance, { amount }) =>
        Effect.gen(function*() {
          const bank = yield* Bank
          yield* bank.log("deposit")
          yield* Effect.addFinalizer(() => Effect.void)
          return balance + amount
        }),
      Balance: (balance) => Actor.reply(balance, balance)
    })
    expect(behavior).type.toBe<Actor.Behavior<Deposit | Balance, "no mint", Mint | Bank>>()
    expect(ActorSystem.spawn(behavior)).type.toBe<
      Effect.Effect<
        ActorRef.ActorRef<Deposit | Balance>,
        "no mint" | SpawnError,
        Mint | Bank | ActorSystem.ActorSystem
      >
    >()
  })

  test("handlers made from self keep theirs", () => {
    expect(
      Actor.make("selfish", { messages: [Deposit], initial: () => 0 }).on((self) => {
        expect(self).type.toBe<Self<Deposit>>()
        return { Deposit: (n, { amount }) => Effect.as(Effect.flatMap(Bank, ({ log }) => log("x")), n + amount) }
      })
    ).type.toBe<Actor.Behavior<Deposit, never, Bank>>()
  })

  test("self.spawn asks for what the child needs", () => {
    const child = Actor.make("child", {
      messages: [Close],
      initial: () => Effect.flatMap(Mint, ({ start }) => start)
    }).on({ Close: (n) => n })
    const self = {} as Self<Deposit>
    expect(self.spawn(child)).type.toBe<Effect.Effect<ActorRef.ActorRef<Close>, "no mint" | SpawnError, Mint>>()
    expect(
      Actor.make("parent", { messages: [Deposit], initial: () => 0 }).on((self) => ({
        Deposit: (n) => Effect.as(Effect.orDie(self.spawn(child)), n)
      }))
    ).type.toBe<Actor.Behavior<Deposit, never, Mint>>()
    expect(self.stash).type.toBe<(message: Deposit) => Effect.Effect<void, StashFull>>()
  })

  test("stopping's needs count", () => {
    expect(
      Actor.make("stopping", {
        messages: [Close],
        initial: () => 0,
        stopping: (state) => {
          expect(state).type.toBe<number>()
          return Effect.flatMap(Bank, ({ log }) => log("stopping"))
        }
      }).on({ Close: (n) => n })
    ).type.toBe<Actor.Behavior<Close, never, Bank>>()
  })
})

describe("a state", () => {
  const make = <I>(initial: () => I) => ({ messages: [Close], initial }) as const
  test("is not an Effect: an Option, Either or Exit would be run, not stored", () => {
    expect(Actor.make).type.toBeCallableWith("x", make(() => ({ found: Option.some(1) })))
    expect(Actor.make).type.not.toBeCallableWith("x", make(() => Option.some(1)))
    expect(Actor.make).type.not.toBeCallableWith("x", make(() => Either.right(1)))
    expect(Actor.make).type.not.toBeCallableWith("x", make(() => Exit.succeed(1)))
  })
  test("also where it is one of several, or what an Effect makes", () => {
    expect(Actor.make).type.not.toBeCallableWith("x", make((): number | Option.Option<number> => 1))
    expect(Actor.make).type.not.toBeCallableWith("x", make(() => Effect.succeed(Option.some(1))))
    expect(Actor.make).type.not.toBeCallableWith("x", make(() => Ref.make(1)))
  })
  test("may be any value, or an Effect of one that may fail or never succeed", () => {
    expect(Actor.make).type.toBeCallableWith("x", make((): number | undefined => 1))
    expect(Actor.make).type.toBeCallableWith("x", make(() => Effect.succeed({ n: 1 })))
    expect(Actor.make).type.toBeCallableWith("x", make(() => Effect.fail("no")))
  })
})

describe("ActorRef", () => {
  const ref = {} as ActorRef.ActorRef<Deposit | Balance | Withdraw | Asked>

  test("is contravariant: who takes more may stand where less is sent", () => {
    expect<ActorRef.ActorRef<Deposit | Close>>().type.toBeAssignableTo<ActorRef.ActorRef<Deposit>>()
    expect<ActorRef.ActorRef<Deposit>>().type.not.toBeAssignableTo<ActorRef.ActorRef<Deposit | Close>>()
    expect<ActorRef.ActorRef<Deposit>>().type.toBeAssignableTo<ActorRef.ActorRef<never>>()
  })

  test("takes its messages and no others", () => {
    expect(ActorRef.tell(ref, new Deposit({ amount: 1 }))).type.toBe<Effect.Effect<void>>()
    expect(ActorRef.unsafeTell(ref, new Deposit({ amount: 1 }))).type.toBe<ActorRef.Verdict>()
    expect(ActorRef.tell).type.not.toBeCallableWith(ref, new Close())
    expect(ActorRef.unsafeTell).type.not.toBeCallableWith(ref, new Close())
  })

  test("an ask has the request's answer, its failure, and three of its own", () => {
    expect(ActorRef.ask(ref, new Balance())).type.toBe<Effect.Effect<number, Asking>>()
    expect(ActorRef.ask(ref, new Withdraw({ amount: 1 }), { timeout: "1 second" })).type.toBe<
      Effect.Effect<number, string | Asking>
    >()
    expect(ActorRef.ask(ref, new Asked({ n: 1 }))).type.toBe<Effect.Effect<number, Date | Asking>>()
    expect(ActorRef.ask(new Balance())(ref)).type.toBe<Effect.Effect<number, Asking>>()
  })

  test("what is only told cannot be asked", () => {
    expect(ActorRef.ask).type.not.toBeCallableWith(ref, new Deposit({ amount: 1 }))
  })
})

describe("Supervision.group", () => {
  test("gives each child's ref by its id, and their E and R together", () => {
    const one = Actor.make("one", { messages: [Deposit], initial: () => Effect.flatMap(Mint, ({ start }) => start) })
      .on({ Deposit: (n) => n })
    const two = Actor.make("two", { messages: [Balance], initial: () => 0 }).on({ Balance: (n) => Actor.reply(n, n) })
    const started = ActorSystem.spawnGroup(Supervision.group({
      strategy: "one-for-all",
      children: [{ id: "one", behavior: one }, { id: "two", behavior: two }]
    }))
    type Started = Effect.Effect.Success<typeof started>
    expect<Started["children"]["one"]>().type.toBe<ActorRef.ActorRef<Deposit>>()
    expect<Started["children"]["two"]>().type.toBe<ActorRef.ActorRef<Balance>>()
    expect<keyof Started["children"]>().type.toBe<"one" | "two">()
    expect<Effect.Effect.Error<typeof started>>().type.toBe<SpawnError | "no mint">()
    expect<Effect.Effect.Context<typeof started>>().type.toBe<Mint | ActorSystem.ActorSystem>()
    expect<Scope.Scope>().type.not.toBeAssignableTo<Effect.Effect.Context<typeof started>>()
  })
})
