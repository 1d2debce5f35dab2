import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Actor from "synod/actor/Actor"
import * as ActorRef from "synod/actor/ActorRef"
import * as ActorSystem from "synod/actor/ActorSystem"
import * as Mailbox from "synod/actor/Mailbox"
import type { Self } from "synod/actor/Self"
import * as Supervision from "synod/actor/Supervision"
import { deadLetters, settle } from "./support.js"

class Item extends Actor.Message("Item", { n: Schema.Int }) {}
class Open extends Actor.Message("Open") {}
class Shut extends Actor.Message("Shut") {}
class Boom extends Actor.Message("Boom") {}
class Get extends Actor.Request("Get", { success: Schema.Int }) {}

type Words = Item | Open | Shut | Boom | Get

/** Handles items while it is open, and puts them aside while it is shut. */
const door = (seen: Array<number>, refused: Array<number> = [], effectful = false) =>
  Actor.make("door", { messages: [Item, Open, Shut, Boom, Get], initial: () => ({ open: false }) }).on((
    self: Self<Words>
  ) => ({
    Item: (state, item) => {
      if (state.open) {
        seen.push(item.n)
        return state
      }
      if (effectful) {
        return self.stash(item).pipe(
          Effect.catchTag("StashFull", (error) => Effect.sync(() => refused.push(error.capacity))),
          Effect.as(state)
        )
      }
      if (!self.unsafeStash(item)) refused.push(item.n)
      return state
    },
    Open: () => {
      self.unstashAll()
      return { open: true }
    },
    Shut: () => ({ open: false }),
    Boom: (): { open: boolean } => {
      throw new Error("boom")
    },
    Get: (state, request) => {
      if (!state.open) {
        self.unsafeStash(request)
        return Actor.later(state)
      }
      return Actor.reply(seen.length, state)
    }
  }))

const local = <A, E>(program: Effect.Effect<A, E, ActorSystem.ActorSystem | Scope.Scope>) =>
  Effect.provide(program, ActorSystem.layerLocal())

const tellAll = (ref: ActorRef.ActorRef<Words>, messages: ReadonlyArray<Words>) => {
  for (const message of messages) ActorRef.unsafeTell(ref, message)
}

describe("stash", () => {
  it.scoped("law 43: what was stashed comes in the order of arrival, before newer mail", () =>
    local(Effect.gen(function*() {
      const seen: Array<number> = []
      const ref = yield* ActorSystem.spawn(door(seen))
      tellAll(ref, [new Item({ n: 1 }), new Item({ n: 2 }), new Open(), new Item({ n: 3 }), new Item({ n: 4 })])
      yield* settle
      expect(seen).toEqual([1, 2, 3, 4])
    })))

  it.effect.prop(
    "law 43: whatever the doors do, the items are handled in the order sent, each once, restashed or not",
    [
      FastCheck.array(FastCheck.constantFrom("item", "item", "item", "open", "shut"), { maxLength: 60 }),
      FastCheck.boolean()
    ],
    ([words, effectful]) =>
      local(Effect.gen(function*() {
        const seen: Array<number> = []
        const ref = yield* ActorSystem.spawn(door(seen, [], effectful))
        let n = 0
        for (const word of words) {
          ActorRef.unsafeTell(ref, word === "item" ? new Item({ n: n++ }) : word === "open" ? new Open() : new Shut())
        }
        ActorRef.unsafeTell(ref, new Open())
        yield* settle
        expect(seen).toEqual(Array.from({ length: n }, (_, i) => i))
      })).pipe(Effect.scoped),
    { fastCheck: { numRuns: 60 } }
  )

  it.scoped("law 43: a replayed message may be stashed again inside the replay", () =>
    local(Effect.gen(function*() {
      const order: Array<string> = []
      let round = 0
      const ref = yield* ActorSystem.spawn(
        Actor.make("again", { messages: [Item, Open], initial: () => 0 }).on((self: Self<Item | Open>) => ({
          Item: (state, item) => {
            if (item.n > round) self.unsafeStash(item)
            else order.push(`${round}:${item.n}`)
            return state
          },
          Open: (state) => {
            round++
            self.unstashAll()
            return state
          }
        }))
      )
      for (const n of [2, 1, 3, 1]) ActorRef.unsafeTell(ref, new Item({ n }))
      for (let i = 0; i < 3; i++) ActorRef.unsafeTell(ref, new Open())
      yield* settle
      expect(order).toEqual(["1:1", "1:1", "2:2", "3:3"])
    })))

  for (const effectful of [false, true]) {
    it.scoped(`law 43: the stash counts against the mailbox, and its overflow is ${effectful ? "the error StashFull" : "false"}`, () =>
      local(Effect.gen(function*() {
        const letters = yield* deadLetters
        const [seen, refused]: [Array<number>, Array<number>] = [[], []]
        const ref = yield* ActorSystem.spawn(door(seen, refused, effectful), { mailbox: Mailbox.bounded(3, "fail") })
        for (let n = 0; n < 3; n++) {
          expect(ActorRef.unsafeTell(ref, new Item({ n }))).toBe("enqueued")
          yield* settle
        }
        // three are stashed: there is no room for another message
        expect(ActorRef.unsafeTell(ref, new Open())).toBe("dropped")
        yield* settle
        expect(letters.map(({ message, reason }) => [message, reason])).toEqual([[new Open(), "overflow"]])
        expect(refused).toEqual([])
        yield* ActorSystem.stop(ref)
        yield* settle
        expect(letters.slice(1).map(({ message, reason }) => [(message as Item).n, reason])).toEqual(
          [0, 1, 2].map((n) => [n, "stash-lost"])
        )
        expect(seen).toEqual([])
      })))
  }

  for (const effectful of [false, true]) {
    it.scoped(`law 43: a stash that finds no room changes nothing (${effectful ? "effectful" : "plain"})`, () =>
      local(Effect.gen(function*() {
        const [seen, refused]: [Array<number>, Array<number>] = [[], []]
        const ref = yield* ActorSystem.spawn(
          Actor.make("twice", { messages: [Item, Open], initial: () => 0 }).on((self: Self<Item | Open>) => ({
            Item: (state, item) => {
              if (state > 0) {
                seen.push(item.n)
                return state
              }
              // the second copy finds the bound of 2 reached where one message waits
              if (!effectful) {
                for (let i = 0; i < 3; i++) if (!self.unsafeStash(item)) refused.push(item.n)
                return state
              }
              return self.stash(item).pipe(
                Effect.repeatN(2),
                Effect.catchTag("StashFull", (error) => Effect.sync(() => void refused.push(error.capacity))),
                Effect.as(state)
              )
            },
            Open: () => {
              self.unstashAll()
              return 1
            }
          })),
          { mailbox: Mailbox.bounded(2, "fail") }
        )
        tellAll(ref as ActorRef.ActorRef<Words>, [new Item({ n: 7 }), new Open()])
        yield* settle
        expect(refused).toEqual(effectful ? [2] : [7, 7])
        expect(seen).toEqual([7])
      })))
  }

  it.scoped("law 43: what is stashed takes its room at once, not after the batch", () =>
    local(Effect.gen(function*() {
      const verdicts: Array<string> = []
      const ref = yield* ActorSystem.spawn(
        Actor.make("narrow", { messages: [Item], initial: () => 0 }).on((self: Self<Item>) => ({
          Item: (state, item) => {
            self.unsafeStash(item)
            verdicts.push(ActorRef.unsafeTell(self.ref, new Item({ n: 100 })))
            return state
          }
        })),
        { mailbox: Mailbox.bounded(3, "fail") }
      )
      for (const n of [1, 2, 3]) ActorRef.unsafeTell(ref, new Item({ n }))
      yield* settle
      expect(verdicts).toEqual(["dropped", "dropped", "dropped"])
    })))

  it.scoped("law 43: room that the stash gives back lets waiting senders in, behind the replay", () =>
    local(Effect.gen(function*() {
      const seen: Array<number> = []
      const ref = yield* ActorSystem.spawn(door(seen), { mailbox: Mailbox.bounded(2, "suspend") })
      tellAll(ref, [new Item({ n: 0 })])
      yield* settle
      tellAll(ref, [new Open(), new Item({ n: 1 })].slice(0, 1))
      const senders = yield* Effect.forEach([1, 2, 3], (n) => Effect.fork(ActorRef.tell(ref, new Item({ n }))))
      yield* settle
      yield* Fiber.joinAll(senders)
      yield* settle
      expect(seen).toEqual([0, 1, 2, 3])
    })))

  it.scoped("a stashed request is answered when it comes again, and ends when the actor does", () =>
    local(Effect.gen(function*() {
      const seen: Array<number> = []
      const ref = yield* ActorSystem.spawn(door(seen))
      const asking = yield* Effect.fork(ActorRef.ask(ref, new Get()))
      yield* settle
      expect(asking.unsafePoll()).toBeNull()
      ActorRef.unsafeTell(ref, new Open())
      expect(yield* Fiber.join(asking)).toBe(0)

      ActorRef.unsafeTell(ref, new Shut())
      const letters = yield* deadLetters
      const request = new Get()
      const lost = yield* Effect.fork(Effect.flip(ActorRef.ask(ref, request)))
      yield* settle
      yield* ActorSystem.stop(ref)
      expect((yield* Fiber.join(lost))._tag).toBe("ActorTerminated")
      yield* settle
      expect(letters.map(({ message, reason }) => [message, reason])).toEqual([[request, "stash-lost"]])
    })))

  it.scoped("law 14 holds for a stash: a restart replays it to the new life, before the mail that waits", () =>
    local(Effect.gen(function*() {
      const letters = yield* deadLetters
      const seen: Array<string> = []
      let life = 0
      const ref = yield* ActorSystem.spawn(
        Actor.make("reborn", { messages: [Item, Boom], initial: () => ++life }).on((self: Self<Item | Boom>) => ({
          Item: (state, item) => {
            if (state === 1) self.unsafeStash(item)
            else seen.push(`${state}:${item.n}`)
            return state
          },
          Boom: (): number => {
            throw new Error("boom")
          }
        })),
        { supervision: Supervision.restart(), mailbox: Mailbox.bounded(4, "fail") }
      )
      for (const message of [new Item({ n: 0 }), new Item({ n: 1 }), new Boom(), new Item({ n: 2 })]) {
        ActorRef.unsafeTell(ref, message)
      }
      yield* settle
      expect(seen).toEqual(["2:0", "2:1", "2:2"])
      expect(letters.map(({ reason }) => reason)).toEqual(["poison"])
      // the bound is whole again
      const said = [3, 4, 5, 6, 7].map((n) => ActorRef.unsafeTell(ref, new Item({ n })))
      expect(said).toEqual(["enqueued", "enqueued", "enqueued", "enqueued", "dropped"])
    })))

  it.scoped("law 15 holds for a stash: a message that is stashed and then crashes is poison, and not replayed", () =>
    local(Effect.gen(function*() {
      const letters = yield* deadLetters
      const seen: Array<number> = []
      const ref = yield* ActorSystem.spawn(
        Actor.make("both", { messages: [Item, Open], initial: () => 0 }).on((self: Self<Item | Open>) => ({
          Item: (_, item): number => {
            seen.push(item.n)
            self.unsafeStash(item)
            throw new Error("after the stash")
          },
          Open: (state) => {
            self.unstashAll()
            return state
          }
        })),
        { supervision: Supervision.resume }
      )
      tellAll(ref as ActorRef.ActorRef<Words>, [new Item({ n: 1 }), new Open()])
      yield* settle
      expect(seen).toEqual([1])
      expect(letters.map(({ message, reason }) => [message, reason])).toEqual([[new Item({ n: 1 }), "poison"]])
    })))
})
