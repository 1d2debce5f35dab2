import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import * as Actor from "synod/actor/Actor"
import * as ActorRef from "synod/actor/ActorRef"
import * as ActorSystem from "synod/actor/ActorSystem"
import * as Mailbox from "synod/actor/Mailbox"
import type { Self } from "synod/actor/Self"
import { deadLetters, settle } from "./support.js"

class Item extends Actor.Message("Item", { from: Schema.Int, n: Schema.Int }) {}
class Gate extends Actor.Message("Gate") {}
class Get extends Actor.Request("Get", { success: Schema.Array(Schema.Int) }) {}

/** Keeps what it was told; `Gate` holds its mailbox until the latch opens. */
const keeper = (latch: Effect.Effect<void>) =>
  Actor.make("keeper", { messages: [Item, Gate, Get], initial: (): ReadonlyArray<number> => [] }).on({
    Item: (seen, { n }) => [...seen, n],
    Gate: (seen) => Effect.as(latch, seen),
    Get: (seen) => Actor.reply(seen, seen)
  })

const local = <A, E>(program: Effect.Effect<A, E, ActorSystem.ActorSystem | Scope.Scope>) =>
  Effect.provide(program, ActorSystem.layerLocal())

describe("messaging", () => {
  it.scoped("law 1: what a receiver handles of one sender is what it sent, in order, across plain and effectful handlers", () =>
    local(Effect.gen(function*() {
      const plans = FastCheck.sample(
        FastCheck.array(FastCheck.tuple(FastCheck.nat(3), FastCheck.boolean()), { maxLength: 60 }),
        {
          numRuns: 40,
          seed: 7
        }
      )
      for (const plan of plans) {
        const seen: Array<Item> = []
        const receiver = yield* ActorSystem.spawn(
          Actor.make("receiver", { messages: [Item], initial: () => 0 }).on({
            Item: (count, item) => {
              seen.push(item)
              return item.n % 3 === 0 ? Effect.as(Effect.yieldNow(), count + 1) : count + 1
            }
          })
        )
        let n = 0
        const senders = [0, 1, 2, 3].map((from) =>
          Effect.forEach(plan.filter(([sender]) => sender === from), ([, pauses]) =>
            Effect.zipRight(
              pauses ? Effect.yieldNow() : Effect.void,
              Effect.suspend(() => ActorRef.tell(receiver, new Item({ from, n: n++ })))
            ), { discard: true })
        )
        yield* Effect.all(senders, { concurrency: "unbounded", discard: true })
        yield* settle
        expect(seen.length).toBe(plan.length)
        for (const from of [0, 1, 2, 3]) {
          const own = seen.filter((item) => item.from === from).map((item) => item.n)
          expect(own).toEqual(own.toSorted((a, b) => a - b))
        }
      }
    })))

  it.scoped("law 2: at most one handler is active, the awaiting ones included; law 3: each sees the state that the last returned", () =>
    local(Effect.gen(function*() {
      let active = 0
      let most = 0
      const states: Array<number> = []
      const actor = yield* ActorSystem.spawn(
        Actor.make("one", { messages: [Item], initial: () => 0 }).on({
          Item: (state, { n }) => {
            states.push(state)
            active++
            most = Math.max(most, active)
            const end = () => {
              active--
              return state + 1
            }
            return n % 2 === 0 ? Effect.map(Effect.yieldNow(), end) : end()
          }
        })
      )
      for (let n = 0; n < 100; n++) ActorRef.unsafeTell(actor, new Item({ from: 0, n }))
      // and mail that comes in while a handler waits
      for (let n = 100; n < 200; n++) {
        yield* Effect.yieldNow()
        ActorRef.unsafeTell(actor, new Item({ from: 0, n }))
      }
      yield* settle
      expect([most, active]).toEqual([1, 0])
      expect(states).toEqual(Array.from({ length: 200 }, (_, n) => n))
    })))

  it.scoped("laws 4 and 5: below the bound nothing is lost and nothing comes twice", () =>
    local(Effect.gen(function*() {
      const letters = yield* deadLetters
      const actor = yield* ActorSystem.spawn(keeper(Effect.void), { mailbox: Mailbox.bounded(1_000) })
      for (let n = 0; n < 1_000; n++) expect(ActorRef.unsafeTell(actor, new Item({ from: 0, n }))).toBe("enqueued")
      yield* settle
      expect(yield* ActorRef.ask(actor, new Get())).toEqual(Array.from({ length: 1_000 }, (_, n) => n))
      expect(letters).toEqual([])
    })))

  it.scoped("laws 6 and 7: a tell to a dead actor never fails, and each is one dead letter", () =>
    local(Effect.gen(function*() {
      const letters = yield* deadLetters
      const seen: Array<number> = []
      const actor = yield* ActorSystem.spawn(
        Actor.make("mortal", { messages: [Item], initial: () => 0 }).on({
          Item: (state, { n }) => {
            seen.push(n)
            return state
          }
        })
      )
      yield* ActorSystem.stop(actor)
      yield* ActorRef.tell(actor, new Item({ from: 0, n: 1 }))
      expect(ActorRef.unsafeTell(actor, new Item({ from: 0, n: 2 }))).toBe("terminated")
      yield* settle
      expect(seen).toEqual([])
      expect(letters.map(({ message, reason, to }) => [message, reason, to.path])).toEqual([
        [new Item({ from: 0, n: 1 }), "terminated", actor.address.path],
        [new Item({ from: 0, n: 2 }), "terminated", actor.address.path]
      ])
    })))

  it.scoped("law 8: what is told right after spawn comes after initial, also where initial waits", () =>
    local(Effect.gen(function*() {
      const order: Array<string> = []
      const ref = yield* ActorSystem.spawn(
        Actor.make("late", {
          messages: [Item],
          initial: () =>
            Effect.map(Effect.yieldNow(), () => {
              order.push("initial")
              return 0
            })
        }).on({
          Item: (state) => {
            order.push("item")
            return state
          }
        })
      )
      ActorRef.unsafeTell(ref, new Item({ from: 0, n: 0 }))
      yield* settle
      expect(order).toEqual(["initial", "item"])
    })))

  it.scoped("law 8: an initial that waits is over when spawn returns, and mail to a ref that it gave away waits for it", () =>
    local(Effect.gen(function*() {
      const order: Array<string> = []
      yield* ActorSystem.spawn(
        Actor.make("open", {
          messages: [Item],
          initial: (self: Self<Item>) =>
            Effect.sync(() => ActorRef.unsafeTell(self.ref, new Item({ from: 0, n: 0 }))).pipe(
              Effect.zipRight(settle),
              Effect.map(() => order.push("initial"))
            )
        }).on({
          Item: (state) => order.push(`item in ${state}`)
        })
      )
      order.push("spawned")
      yield* settle
      expect(order.toSorted()).toEqual(["initial", "item in 1", "spawned"])
      expect(order[0]).toBe("initial")
    })))

  it.scoped("law 9: what an actor tells itself comes after the current message", () =>
    local(Effect.gen(function*() {
      const order: Array<string> = []
      const ref = yield* ActorSystem.spawn(
        Actor.make("loop", { messages: [Item], initial: () => 0 }).on((self) => ({
          Item: (state, { n }) => {
            order.push(`begin ${n}`)
            if (n < 2) ActorRef.unsafeTell(self.ref, new Item({ from: 0, n: n + 1 }))
            order.push(`end ${n}`)
            return state
          }
        }))
      )
      ActorRef.unsafeTell(ref, new Item({ from: 0, n: 0 }))
      yield* settle
      expect(order).toEqual(["begin 0", "end 0", "begin 1", "end 1", "begin 2", "end 2"])
    })))

  for (
    const [overflow, verdicts, kept, lost] of [
      ["drop-newest", "dropped", [0, 1, 2], [3, 4]],
      ["fail", "dropped", [0, 1, 2], [3, 4]],
      ["drop-oldest", "enqueued", [2, 3, 4], [0, 1]],
      ["suspend", "dropped", [0, 1, 2], [3, 4]]
    ] as const
  ) {
    it.scoped(`law 10: a mailbox of 3 never holds more; ${overflow} keeps ${kept.join(", ")} of 0 to 4`, () =>
      local(Effect.gen(function*() {
        const letters = yield* deadLetters
        const latch = yield* Deferred.make<void>()
        const actor = yield* ActorSystem.spawn(keeper(Deferred.await(latch)), { mailbox: Mailbox.bounded(3, overflow) })
        ActorRef.unsafeTell(actor, new Gate())
        yield* settle
        const said = [0, 1, 2, 3, 4].map((n) => ActorRef.unsafeTell(actor, new Item({ from: 0, n })))
        expect(said).toEqual(["enqueued", "enqueued", "enqueued", verdicts, verdicts])
        const full = yield* Effect.flip(ActorRef.ask(actor, new Get())).pipe(
          Effect.when(() => overflow !== "drop-oldest")
        )
        if (full._tag === "Some") expect(full.value._tag).toBe("MailboxFull")
        yield* Deferred.succeed(latch, undefined)
        yield* settle
        expect(yield* ActorRef.ask(actor, new Get())).toEqual(kept)
        expect(
          letters.filter(({ message }) => message instanceof Item).map((
            { message, reason }
          ) => [(message as Item).n, reason])
        )
          .toEqual(lost.map((n) => [n, "overflow"]))
      })))
  }

  it.scoped("law 10, suspend: senders wait and enter first come, first served", () =>
    local(Effect.gen(function*() {
      const latch = yield* Deferred.make<void>()
      const actor = yield* ActorSystem.spawn(keeper(Deferred.await(latch)), { mailbox: Mailbox.bounded(2, "suspend") })
      ActorRef.unsafeTell(actor, new Gate())
      yield* settle
      const sent: Array<number> = []
      const senders: Array<Fiber.RuntimeFiber<void>> = []
      for (let n = 0; n < 8; n++) {
        senders.push(yield* Effect.fork(Effect.tap(ActorRef.tell(actor, new Item({ from: n, n })), () => sent.push(n))))
        yield* settle
      }
      expect(sent).toEqual([0, 1])
      yield* Fiber.interrupt(senders[4]!)
      yield* Deferred.succeed(latch, undefined)
      yield* settle
      expect(sent).toEqual([0, 1, 2, 3, 5, 6, 7])
      expect(yield* ActorRef.ask(actor, new Get())).toEqual([0, 1, 2, 3, 5, 6, 7])
    })))

  it.scoped("law 10, suspend: as many enter as there is room, and nobody passes those who wait", () =>
    local(Effect.gen(function*() {
      const verdicts: Array<string> = []
      const seen: Array<number> = []
      const actor = yield* ActorSystem.spawn(
        Actor.make("narrow", { messages: [Item, Gate], initial: () => 0 }).on((self: Self<Item | Gate>) => ({
          Item: (state, { n }) => {
            seen.push(n)
            // room for one is there now, and it is the first waiting sender's
            if (n === 2) verdicts.push(ActorRef.unsafeTell(self.ref, new Item({ from: 1, n: 100 })))
            return Effect.as(Effect.yieldNow(), state)
          },
          Gate: (state) => Effect.as(settle, state)
        })),
        { mailbox: Mailbox.bounded(2, "suspend") }
      )
      const waiting = () => (actor as unknown as { readonly mailbox: { readonly length: number } }).mailbox.length
      let most = 0
      ActorRef.unsafeTell(actor, new Gate())
      const senders: Array<Fiber.RuntimeFiber<void>> = []
      for (let n = 0; n < 8; n++) {
        const sent = Effect.tap(ActorRef.tell(actor, new Item({ from: 0, n })), () => {
          most = Math.max(most, waiting())
        })
        senders.push(yield* Effect.fork(sent))
      }
      yield* Fiber.joinAll(senders)
      yield* settle
      expect([most, verdicts]).toEqual([2, ["dropped"]])
      expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    })))

  it.scoped("law 11: a sender that waits for room is released when the receiver ends", () =>
    local(Effect.gen(function*() {
      const letters = yield* deadLetters
      const actor = yield* ActorSystem.spawn(keeper(Effect.never), {
        mailbox: Mailbox.bounded(1, "suspend"),
        shutdown: "1 second"
      })
      ActorRef.unsafeTell(actor, new Gate())
      yield* settle
      ActorRef.unsafeTell(actor, new Item({ from: 0, n: 0 }))
      const waiting = yield* Effect.fork(ActorRef.tell(actor, new Item({ from: 0, n: 1 })))
      yield* settle
      expect(waiting.unsafePoll()).toBeNull()
      const stopping = yield* Effect.fork(ActorSystem.stop(actor))
      yield* settle
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(stopping)
      yield* Fiber.join(waiting)
      yield* settle
      expect(
        letters.filter(({ message }) => message instanceof Item).map((
          { message, reason }
        ) => [(message as Item).n, reason])
      )
        .toEqual([[0, "terminated"], [1, "terminated"]])
    })))

  it.scoped("law 12: a stop is obeyed before the waiting mail, after the current message", () =>
    local(Effect.gen(function*() {
      const letters = yield* deadLetters
      const seen: Array<number> = []
      const actor = yield* ActorSystem.spawn(
        Actor.make("stopper", { messages: [Item], initial: () => 0 }).on((self) => ({
          Item: (state, { n }) => {
            seen.push(n)
            if (n === 1) self.stop()
            return state
          }
        }))
      )
      for (const n of [0, 1, 2, 3]) ActorRef.unsafeTell(actor, new Item({ from: 0, n }))
      const { reason } = yield* ActorSystem.await(actor)
      yield* settle
      expect([seen, reason._tag]).toEqual([[0, 1], "Stopped"])
      expect(letters.map(({ message, reason }) => [(message as Item).n, reason])).toEqual([[2, "terminated"], [
        3,
        "terminated"
      ]])
    })))

  it.scoped("law 13: an observer of dead letters that throws affects nobody", () =>
    local(Effect.gen(function*() {
      const system = yield* ActorSystem.ActorSystem
      const observer = yield* Effect.forkDaemon(Stream.runForEach(system.deadLetters, () => Effect.die("observer")))
      yield* settle
      const actor = yield* ActorSystem.spawn(keeper(Effect.void))
      const dead = yield* ActorSystem.spawn(keeper(Effect.void))
      yield* ActorSystem.stop(dead)
      expect(ActorRef.unsafeTell(dead, new Item({ from: 0, n: 0 }))).toBe("terminated")
      yield* settle
      expect((yield* Fiber.await(observer))._tag).toBe("Failure")
      expect(ActorRef.unsafeTell(dead, new Item({ from: 0, n: 1 }))).toBe("terminated")
      yield* ActorRef.tell(actor, new Item({ from: 0, n: 5 }))
      expect(yield* ActorRef.ask(actor, new Get())).toEqual([5])
    })))

  it.scoped("a chain of 20,000 actors is stack-safe", () =>
    local(Effect.gen(function*() {
      const done = yield* Deferred.make<number>()
      let next: ActorRef.ActorRef<Item> | undefined
      for (let i = 0; i < 20_000; i++) {
        const target = next
        next = yield* ActorSystem.spawn(
          Actor.make("link", { messages: [Item], initial: () => 0 }).on({
            Item: (state, { n }) => {
              if (target === undefined) Deferred.unsafeDone(done, Effect.succeed(n))
              else ActorRef.unsafeTell(target, new Item({ from: 0, n: n + 1 }))
              return state
            }
          })
        )
      }
      ActorRef.unsafeTell(next!, new Item({ from: 0, n: 0 }))
      expect(yield* Deferred.await(done)).toBe(19_999)
    })))
})
