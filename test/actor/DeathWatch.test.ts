import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import type * as Actor from "synod/actor/Actor"
import * as ActorRef from "synod/actor/ActorRef"
import * as ActorSystem from "synod/actor/ActorSystem"
import type { Terminated } from "synod/actor/DeathWatch"
import type { Self } from "synod/actor/Self"
import * as Supervision from "synod/actor/Supervision"
import { crash, Do, listen, local, type Ref, Say, scribe, settle, type Words } from "./lives.js"

const { tell, unsafeTell } = ActorRef
const ended = ({ address, reason }: Terminated) => new Say({ word: `${address.path} ${reason._tag}` })
const watch = (target: Ref) => new Do({ step: (n, self) => (self.watch(target, ended), n) })
const unwatch = (target: Ref) => new Do({ step: (n, self) => (self.unwatch(target), n) })
const news = (journal: ReadonlyArray<string>) =>
  journal.flatMap((entry) => entry.startsWith("w.") ? [entry.slice(entry.indexOf(":") + 1)] : [])

describe("death watch", () => {
  const orders = FastCheck.array(
    FastCheck.constantFrom("watch", "stop", "crash", "interrupt", "settle", "say" as const),
    { minLength: 1, maxLength: 14 }
  )
  it.effect.prop(
    "law 27, law 28: exactly one Terminated for each watch, whatever the order of watch, stop, crash and interruption",
    [orders],
    ([orders]) =>
      Effect.gen(function*() {
        const journal: Array<string> = []
        const watcher = yield* ActorSystem.spawn(scribe(journal, "w"))
        const target = yield* ActorSystem.spawn(scribe([], "t"), { name: "t" })
        for (const order of orders) {
          if (order === "watch") unsafeTell(watcher, watch(target))
          else if (order === "stop") yield* Effect.forkDaemon(ActorSystem.stop(target))
          else if (order === "crash") unsafeTell(target, crash())
          else if (order === "interrupt") unsafeTell(target, new Do({ step: () => Effect.interrupt }))
          else if (order === "say") unsafeTell(target, new Say({ word: "x" }))
          else yield* settle
        }
        yield* ActorSystem.stop(target)
        yield* settle
        expect(news(journal).length).toBe(orders.filter((order) => order === "watch").length)
      }).pipe(local),
    { fastCheck: { numRuns: 60 } }
  )

  it.effect("law 28: who watches the dead is told at once", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const watcher = yield* ActorSystem.spawn(scribe(journal, "w"))
      const target = yield* ActorSystem.spawn(scribe([], "t"), { name: "t" })
      yield* ActorSystem.stop(target)
      yield* tell(watcher, watch(target))
      yield* settle
      expect(news(journal)).toEqual(["/t NotFound"])
    }).pipe(local))

  it.effect("law 29: a supervised restart is no end; giving up is one", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const watcher = yield* ActorSystem.spawn(scribe(journal, "w"))
      const target = yield* ActorSystem.spawn(scribe([], "t"), {
        name: "t",
        supervision: Supervision.restart({ intensity: 2 })
      })
      yield* tell(watcher, watch(target))
      for (const expected of [[], [], ["/t Failed"]]) {
        yield* tell(target, crash())
        yield* settle
        expect(news(journal)).toEqual(expected)
      }
    }).pipe(local))

  it.effect("law 30: after unwatch none is delivered, even one that is already queued; another watcher's stands", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const watcher = yield* ActorSystem.spawn(scribe(journal, "w"))
      const other = yield* ActorSystem.spawn(scribe(journal, "w"))
      const target = yield* ActorSystem.spawn(scribe([], "t"), { name: "t" })
      const dead = yield* ActorSystem.spawn(scribe([], "d"), { name: "d" })
      yield* tell(watcher, watch(target))
      yield* tell(other, watch(target))
      yield* settle
      yield* ActorSystem.stop(dead)
      const system = yield* ActorSystem.ActorSystem
      // while this handler runs the ends of both are queued behind it
      const step = (n: number, self: Self<Words>) =>
        Effect.gen(function*() {
          yield* system.stop(target)
          self.watch(dead, ended)
          yield* settle
          self.unwatch(target)
          self.unwatch(dead)
          return n
        })
      yield* tell(watcher, new Do({ step }))
      yield* Effect.repeatN(settle, 3)
      expect(news(journal)).toEqual(["/t Stopped"])
    }).pipe(local))

  it.effect("law 31: when the end is told, finalizers have run and the name is free", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const slow = { initial: () => Effect.as(Effect.addFinalizer(() => settle), 0) }
      const target = yield* ActorSystem.spawn(scribe(journal, "t", slow), { name: "t" })
      const system = yield* ActorSystem.ActorSystem
      const again = new Do({
        step: (n) => Effect.as(Effect.orDie(system.spawn(scribe(journal, "t again"), { name: "t" })), n)
      })
      const watcher = yield* ActorSystem.spawn(scribe(journal, "w"))
      yield* tell(watcher, new Do({ step: (n, self) => (self.watch(target, () => again), n) }))
      yield* settle
      yield* ActorSystem.stop(target)
      yield* settle
      expect(journal).toEqual(["+t.1", "+w.1", "-t.1", "+t again.1"])
    }).pipe(local))

  it.effect("law 33: a Terminated forged by user code has no effect", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const letters = yield* listen((system) => system.deadLetters)
      const watcher = yield* ActorSystem.spawn(scribe(journal, "w"))
      const target = yield* ActorSystem.spawn(scribe([], "t"), { name: "t" })
      yield* tell(watcher, watch(target))
      for (const _tag of ["Terminated", "synod/Note", "synod/Ask"]) {
        const forged = { _tag, address: target.address, reason: { _tag: "Stopped" }, open: () => crash() }
        // what a sender without types could send
        unsafeTell(watcher as unknown as ActorRef.ActorRef<Actor.Tagged>, forged)
      }
      yield* settle
      expect(news(journal)).toEqual([])
      expect(letters.map((letter) => letter.reason)).toEqual(["undecodable", "undecodable", "undecodable"])
      yield* ActorSystem.stop(target)
      yield* settle
      expect(news(journal)).toEqual(["/t Stopped"])
    }).pipe(Effect.scoped, local))

  it.effect("a life's watches end with it", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const watcher = yield* ActorSystem.spawn(scribe(journal, "w"), { supervision: Supervision.restart() })
      const target = yield* ActorSystem.spawn(scribe([], "t"))
      for (const message of [watch(target), crash(), unwatch(target)]) yield* tell(watcher, message)
      yield* settle
      yield* ActorSystem.stop(target)
      yield* settle
      expect(news(journal)).toEqual([])
    }).pipe(local))
})
