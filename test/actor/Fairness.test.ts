import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Actor from "synod/actor/Actor"
import * as ActorRef from "synod/actor/ActorRef"
import * as ActorSystem from "synod/actor/ActorSystem"
import { Dispatcher, eventLoop, type Turns } from "synod/actor/Dispatcher"
import * as Mailbox from "synod/actor/Mailbox"
import type { Self } from "synod/actor/Self"
import * as Supervision from "synod/actor/Supervision"
import { deadLetters, settle } from "./support.js"

class Ping extends Actor.Message("Ping", { n: Schema.Int }) {}
class Get extends Actor.Request("Get", { success: Schema.Int }) {}

const local = <A, E>(program: Effect.Effect<A, E, ActorSystem.ActorSystem | Scope.Scope>) =>
  Effect.provide(program, ActorSystem.layerLocal())

/** Tells itself for ever, in one of the ways in which a handler can. */
const endless = {
  "a plain handler": (n: number) => n + 1,
  "an effect that succeeds at once": (n: number) => Effect.succeed(n + 1),
  "an effect that is run": (n: number) => Effect.sync(() => n + 1),
  "an effect that yields": (n: number) => Effect.as(Effect.yieldNow(), n + 1),
  "an effect that awaits a promise": (n: number) => Effect.promise(() => Promise.resolve(n + 1))
}

const looping = (step: (n: number) => number | Effect.Effect<number>) =>
  Actor.make("endless", { messages: [Ping, Get], initial: () => 0 }).on((self: Self<Ping | Get>) => ({
    Ping: (n, message) => {
      ActorRef.unsafeTell(self.ref, message)
      return step(n)
    },
    Get: (n) => Actor.reply(n, n)
  }))

describe("fairness", () => {
  for (const [name, step] of Object.entries(endless)) {
    // a real setTimeout on purpose: it is what such a loop starves. Nothing is compared with the wall clock.
    it.scoped(
      `law 58: timers and I/O run while an actor tells itself for ever, with ${name}`,
      () =>
        local(Effect.gen(function*() {
          const ref = yield* ActorSystem.spawn(looping(step))
          const other = yield* ActorSystem.spawn(
            Actor.make("other", { messages: [Get], initial: () => 0 }).on({ Get: (n) => Actor.reply(n, n + 1) })
          )
          ActorRef.unsafeTell(ref, new Ping({ n: 0 }))
          for (let turn = 0; turn < 3; turn++) {
            yield* Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))
            yield* Effect.async<void>((resume) => void setTimeout(() => resume(Effect.void), 1))
          }
          expect(yield* ActorRef.ask(other, new Get())).toBe(0)
          const before = yield* ActorRef.ask(ref, new Get())
          yield* settle
          const after = yield* ActorRef.ask(ref, new Get())
          expect(before).toBeGreaterThan(0)
          expect(after).toBeGreaterThan(before)
          // and it can be stopped
          yield* ActorSystem.stop(ref)
        })),
      20_000
    )
  }

  it.scoped("law 58: no actor waits for more than one batch of another", () => {
    const log: Array<string> = []
    const actor = (name: string) =>
      ActorSystem.spawn(
        Actor.make(name, { messages: [Ping], initial: () => 0 }).on((self: Self<Ping>) => ({
          Ping: (n, message) => {
            log.push(name)
            if (log.length < 2_000) ActorRef.unsafeTell(self.ref, message)
            return n + 1
          }
        })),
        { mailbox: Mailbox.unbounded }
      )
    return Effect.gen(function*() {
      const [greedy, modest] = [yield* actor("greedy"), yield* actor("modest")]
      for (let n = 0; n < 300; n++) ActorRef.unsafeTell(greedy, new Ping({ n }))
      ActorRef.unsafeTell(modest, new Ping({ n: 0 }))
      yield* settle
      yield* settle
      let [run, longest, turns] = [0, 0, 0]
      // after its last turn the modest one has no mail, and nothing to wait for
      for (const name of log.slice(0, log.lastIndexOf("modest") + 1)) {
        run = name === "greedy" ? run + 1 : 0
        longest = Math.max(longest, run)
        if (name === "modest") turns++
      }
      expect(longest).toBe(32)
      expect(turns).toBeGreaterThan(40)
    }).pipe(
      Effect.provide(Layer.provide(
        ActorSystem.layerLocal(),
        Layer.succeed(Dispatcher, { ...eventLoop, batch: 32, maxMillis: Number.POSITIVE_INFINITY })
      ))
    )
  })

  it.scoped("a system takes its turns from the Dispatcher in the context, and no others", () => {
    const [soon, later]: [Array<() => void>, Array<() => void>] = [[], []]
    const turns: Turns = {
      ...eventLoop,
      soon: (turn) => void soon.push(turn),
      later: (turn) => void later.push(turn),
      now: () => 0
    }
    return Effect.gen(function*() {
      const seen: Array<number> = []
      const ref = yield* ActorSystem.spawn(
        Actor.make("led", { messages: [Ping], initial: () => 0 }).on({
          Ping: (state, { n }) => {
            seen.push(n)
            return state
          }
        })
      )
      ActorRef.unsafeTell(ref, new Ping({ n: 1 }))
      yield* settle
      expect([seen, soon.length]).toEqual([[], 1])
      soon.shift()!()
      expect([seen, later.length]).toEqual([[1], 1])
    }).pipe(Effect.provide(Layer.provide(ActorSystem.layerLocal(), Layer.succeed(Dispatcher, turns))))
  })
})

describe("traps of a cell on a dispatcher", () => {
  for (
    const [how, supervision] of [["stop", Supervision.stop], ["resume", Supervision.resume], [
      "restart",
      Supervision.restart()
    ]] as const
  ) {
    for (const effectful of [false, true]) {
      it.scoped(`zombie: stopped, then crashed in one handler: it stays dead (${how}, ${effectful ? "effectful" : "plain"})`, () =>
        local(Effect.gen(function*() {
          const letters = yield* deadLetters
          const seen: Array<number> = []
          const ref = yield* ActorSystem.spawn(
            Actor.make("zombie", { messages: [Ping], initial: () => 0 }).on((self: Self<Ping>) => ({
              Ping: (_, { n }): number | Effect.Effect<number> => {
                seen.push(n)
                self.stop()
                if (effectful) return Effect.zipRight(Effect.yieldNow(), Effect.die("after the stop"))
                throw new Error("after the stop")
              }
            })),
            { supervision }
          )
          ActorRef.unsafeTell(ref, new Ping({ n: 1 }))
          ActorRef.unsafeTell(ref, new Ping({ n: 2 }))
          yield* ActorSystem.await(ref)
          expect(ActorRef.unsafeTell(ref, new Ping({ n: 3 }))).toBe("terminated")
          yield* settle
          expect(seen).toEqual([1])
          expect(letters.map(({ message, reason }) => [(message as Ping).n, reason]).toSorted()).toEqual([
            [1, "poison"],
            [2, "terminated"],
            [3, "terminated"]
          ])
        })))
    }
  }

  it.scoped("a parked actor, and one that tells itself for ever, can be interrupted from outside: the system closes", () =>
    Effect.gen(function*() {
      const released: Array<string> = []
      const scope = Effect.scoped(local(Effect.gen(function*() {
        for (const [name, message] of [["parked", undefined], ["looping", new Ping({ n: 0 })]] as const) {
          const ref = yield* ActorSystem.spawn(
            Actor.make(name, {
              messages: [Ping],
              initial: () => Effect.as(Effect.addFinalizer(() => Effect.sync(() => void released.push(name))), 0)
            }).on((self: Self<Ping>) => ({
              Ping: (n, ping) => {
                ActorRef.unsafeTell(self.ref, ping)
                return n + 1
              }
            }))
          )
          if (message !== undefined) ActorRef.unsafeTell(ref, message)
        }
        yield* settle
      })))
      expect(Exit.isSuccess(yield* Effect.exit(scope))).toBe(true)
      expect(released).toEqual(["looping", "parked"])
    }))

  it.scoped("order holds across plain, settled, synchronous and waiting handlers", () =>
    local(Effect.gen(function*() {
      const seen: Array<number> = []
      const ways = [
        (n: number) => n + 1,
        (n: number) => Effect.succeed(n + 1),
        (n: number) => Effect.sync(() => n + 1),
        (n: number) => Effect.as(Effect.yieldNow(), n + 1),
        (n: number) => Effect.promise(() => Promise.resolve(n + 1))
      ]
      const ref = yield* ActorSystem.spawn(
        Actor.make("mixed", { messages: [Ping, Get], initial: () => 0 }).on({
          Ping: (state, { n }) => {
            seen.push(n)
            return ways[(n * 7 + (n >> 3)) % ways.length]!(state)
          },
          Get: (n) => Actor.reply(n, n)
        })
      )
      for (let n = 0; n < 1_000; n++) ActorRef.unsafeTell(ref, new Ping({ n }))
      expect(yield* ActorRef.ask(ref, new Get())).toBe(1_000)
      expect(seen).toEqual(Array.from({ length: 1_000 }, (_, n) => n))
    })))

  it.scoped("hand-off: what is told while the fiber ends an effect comes after what was told before", () =>
    local(Effect.gen(function*() {
      const seen: Array<number> = []
      const latch = yield* Deferred.make<void>()
      const ref = yield* ActorSystem.spawn(
        Actor.make("handoff", { messages: [Ping], initial: () => 0 }).on((self: Self<Ping>) => ({
          Ping: (state, { n }) => {
            seen.push(n)
            if (n === 0) return Effect.as(Deferred.await(latch), state)
            if (n === 1) ActorRef.unsafeTell(self.ref, new Ping({ n: 4 }))
            return state
          }
        }))
      )
      ActorRef.unsafeTell(ref, new Ping({ n: 0 }))
      yield* settle
      ActorRef.unsafeTell(ref, new Ping({ n: 1 }))
      yield* Deferred.succeed(latch, undefined)
      ActorRef.unsafeTell(ref, new Ping({ n: 2 }))
      queueMicrotask(() => ActorRef.unsafeTell(ref, new Ping({ n: 3 })))
      yield* settle
      expect(seen.slice(0, 3)).toEqual([0, 1, 2])
      expect(seen.toSorted()).toEqual([0, 1, 2, 3, 4])
    })))

  it.scoped("a fiber forked in a handler belongs to the life's fiber, a scoped one to the life: both end with it", () =>
    local(Effect.gen(function*() {
      const ended: Array<string> = []
      const forever = (name: string) => Effect.onInterrupt(Effect.never, () => Effect.sync(() => void ended.push(name)))
      const ref = yield* ActorSystem.spawn(
        Actor.make("forker", { messages: [Ping], initial: () => 0 }).on({
          Ping: (n) =>
            Effect.fork(forever("forked")).pipe(
              Effect.zipRight(Effect.forkScoped(forever("scoped"))),
              Effect.as(n)
            )
        })
      )
      ActorRef.unsafeTell(ref, new Ping({ n: 0 }))
      yield* settle
      expect(ended).toEqual([])
      yield* ActorSystem.stop(ref)
      yield* settle
      expect(ended.toSorted()).toEqual(["forked", "scoped"])
    })))

  it.scoped("afterBatch: before each wait, once for a batch, with its last state; its crash is the actor's", () =>
    local(Effect.gen(function*() {
      const batches: Array<number> = []
      const ref = yield* ActorSystem.spawn(
        Actor.make("batcher", {
          messages: [Ping, Get],
          initial: () => 0,
          afterBatch: (n) => {
            batches.push(n)
            if (n === 1_000) throw new Error("too much")
            return n
          }
        }).on({ Ping: (state, { n }) => state + n, Get: (n) => Actor.reply(n, n) })
      )
      for (const n of [1, 2, 3]) ActorRef.unsafeTell(ref, new Ping({ n }))
      yield* settle
      // the first wait, right after initial, is one too
      expect(batches).toEqual([0, 6])
      ActorRef.unsafeTell(ref, new Ping({ n: 994 }))
      const { reason } = yield* ActorSystem.await(ref)
      expect(reason._tag).toBe("Failed")
    })))

  it.scoped("a chain of 20,000 asks through effectful handlers' actors is stack-safe", () =>
    local(Effect.gen(function*() {
      let next: ActorRef.ActorRef<Get> | undefined
      for (let i = 0; i < 20_000; i++) {
        const target = next
        next = yield* ActorSystem.spawn(
          Actor.make("link", { messages: [Get], initial: () => 0 }).on({
            Get: (state) =>
              target === undefined
                ? Actor.reply(0, state)
                : Effect.map(
                  Effect.orDie(ActorRef.ask(target, new Get())),
                  (depth) => Actor.reply(depth + 1, state)
                )
          })
        )
      }
      expect(yield* ActorRef.ask(next!, new Get())).toBe(19_999)
    })))

  it.scoped("children nested 200 deep start and stop", () =>
    local(Effect.gen(function*() {
      const log: Array<number> = []
      const nested = (depth: number): Actor.Behavior<Ping, never, never> =>
        Actor.make("nested", {
          messages: [Ping],
          initial: (self: Self<Ping>) =>
            Effect.gen(function*() {
              if (depth > 0) yield* Effect.orDie(self.spawn(nested(depth - 1)))
              yield* Effect.addFinalizer(() => Effect.sync(() => void log.push(depth)))
              return 0
            })
        }).on({ Ping: (n) => n })
      const ref = yield* ActorSystem.spawn(nested(200))
      const stopping = yield* Effect.fork(ActorSystem.stop(ref))
      yield* Fiber.join(stopping)
      expect(log).toEqual(Array.from({ length: 201 }, (_, n) => n))
    })))
})
