/**
 * An account as an actor: told, asked, crashed, restarted. Run it with `npm run example -- account`.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect, Logger, LogLevel, Schema } from "effect"
import { Actor, ActorRef, ActorSystem, Supervision } from "synod"

class Deposit extends Actor.Message("Deposit", { amount: Schema.Int }) {}
class Audit extends Actor.Message("Audit") {}
class Withdraw extends Actor.Request("Withdraw", {
  payload: { amount: Schema.Int },
  success: Schema.Int,
  failure: Schema.String
}) {}
class Balance extends Actor.Request("Balance", { success: Schema.Int }) {}

const Account = Actor.make("Account", { messages: [Deposit, Audit, Withdraw, Balance], initial: () => 0 }).on({
  Deposit: (balance, { amount }) => balance + amount, // a plain value: no Effect is interpreted
  Audit: () => {
    throw new Error("the books do not balance") // a crash: its supervisor decides
  },
  Withdraw: (balance, { amount }) =>
    amount > balance
      ? Effect.fail(`only ${balance} left`) // declared: the asker hears of it, the actor goes on
      : Actor.reply(balance - amount, balance - amount),
  Balance: (balance) => Actor.reply(balance, balance)
})

const program = Effect.gen(function*() {
  const alice = yield* ActorSystem.spawn(Account, {
    name: "alice",
    supervision: Supervision.restart({ intensity: 3, period: "5 seconds" })
  })
  yield* ActorRef.tell(alice, new Deposit({ amount: 30 }))
  yield* Console.log("withdrawn, left:", yield* ActorRef.ask(alice, new Withdraw({ amount: 10 })))
  yield* Console.log("refused:", yield* Effect.flip(ActorRef.ask(alice, new Withdraw({ amount: 99 }))))

  yield* ActorRef.tell(alice, new Audit())
  yield* ActorRef.tell(alice, new Deposit({ amount: 5 })) // waits in the mailbox, which outlives the crash
  yield* Console.log("after the restart:", yield* ActorRef.ask(alice, new Balance(), { timeout: "1 second" }))

  yield* ActorSystem.stop(alice)
  const gone = yield* Effect.flip(ActorRef.ask(alice, new Balance()))
  yield* Console.log("asked too late:", gone._tag)
})

program.pipe(
  Effect.provide(ActorSystem.layerLocal()),
  Logger.withMinimumLogLevel(LogLevel.Error), // the crash would be logged as a warning
  NodeRuntime.runMain
)

/* prints
withdrawn, left: 20
refused: only 20 left
after the restart: 5
asked too late: ActorTerminated
*/
