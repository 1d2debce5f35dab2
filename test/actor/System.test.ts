import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Supervisor from "effect/Supervisor"
import * as Actor from "synod/actor/Actor"
import * as ActorRef from "synod/actor/ActorRef"
import * as ActorSystem from "synod/actor/ActorSystem"
import * as Mailbox from "synod/actor/Mailbox"
import { Do, failureOf, hold, local, Say, scribe, settle } from "./lives.js"

class Hop extends Actor.Message("Hop", {}) {}
class Pause extends Actor.Message("Pause", {}) {}
class Ping extends Actor.Request("Ping", { success: Schema.Number }) {}

describe.sequential("closing the system", () => {
  it.effect("law 47: it leaves no fiber, timer or listener, with 10,000 actors under load, in a bounded number of loop turns", () =>
    Effect.gen(function*() {
      const before = process.getActiveResourcesInfo()
      const track = yield* Supervisor.track
      const turns = yield* Effect.gen(function*() {
        const scope = yield* Scope.make()
        const context = yield* Layer.buildWithScope(ActorSystem.layerLocal(), scope)
        let released = 0
        const refs: Array<ActorRef.ActorRef<Hop | Pause | Ping>> = []
        const busy = Actor.make("busy", {
          messages: [Hop, Pause, Ping],
          initial: (self) => {
            self.timers.every("tick", "1 second", new Hop())
            return Effect.acquireRelease(Effect.succeed(0), () => Effect.sync(() => released++))
          }
        }).on((self) => ({
          Hop: (n) => {
            const next: ActorRef.ActorRef<Hop> = refs[(n * 7_919 + refs.length) % refs.length]!
            ActorRef.unsafeTell(next, new Hop())
            return n + 1
          },
          Pause: (n) => Effect.as(self.pipe(Effect.never, () => new Hop()), n),
          Ping: (n) => Actor.later(n)
        }))
        yield* Effect.gen(function*() {
          for (let i = 0; i < 10_000; i++) {
            refs.push(yield* ActorSystem.spawn(busy, { mailbox: Mailbox.bounded(64, "drop-oldest") }))
          }
          for (const ref of refs) {
            ActorRef.unsafeTell(ref, new Hop())
            ActorRef.unsafeTell(ref, new Pause())
          }
          for (const ref of refs.slice(0, 100)) yield* Effect.fork(Effect.exit(ActorRef.ask(ref, new Ping())))
          yield* settle
        }).pipe(Effect.provide(context))
        let turns = 0
        let counting = true
        const count = () => {
          turns++
          if (counting) setImmediate(count)
        }
        setImmediate(count)
        yield* Scope.close(scope, Exit.void)
        counting = false
        expect(released).toBe(10_000)
        const { stats } = yield* Effect.provide(ActorSystem.ActorSystem, context)
        expect(yield* stats).toMatchObject({ spawned: 10_000, ended: 10_000 })
        return turns
      }).pipe(Effect.supervised(track))
      yield* settle
      yield* settle
      const left = process.getActiveResourcesInfo()
      expect((yield* track.value).length).toBe(0)
      expect(turns).toBeLessThan(2_000)
      // the runner's own timers may end meanwhile; none may come
      for (const one of before) if (left.includes(one)) left.splice(left.indexOf(one), 1)
      expect(left).toEqual([])
    }))

  it.effect("law 47: a finalizer that spawns, and one that tells, find the system closing", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(ActorSystem.layerLocal(), scope)
      const seen: Array<unknown> = []
      const behavior = scribe([], "a", {
        initial: (_, self) =>
          Effect.as(
            Effect.addFinalizer(() =>
              Effect.gen(function*() {
                seen.push(failureOf(yield* Effect.exit(self.spawn(scribe([], "child")))))
                seen.push(ActorRef.unsafeTell(self.ref, new Say({ word: "late" })))
              })
            ),
            0
          )
      })
      yield* Effect.provide(ActorSystem.spawn(behavior), context)
      yield* Scope.close(scope, Exit.void)
      expect(seen).toMatchObject([{ _tag: "SpawnError", reason: "SystemClosing" }, "terminated"])
      const late = yield* Effect.exit(Effect.provide(ActorSystem.spawn(behavior), context))
      expect(failureOf(late)).toMatchObject({ _tag: "SpawnError", reason: "SystemClosing" })
    }))

  it.effect("names: taken, empty and with a slash are refused; a name is free after the end", () =>
    Effect.gen(function*() {
      const spawn = (name: string) => Effect.exit(ActorSystem.spawn(scribe([], "a"), { name }))
      const first = yield* ActorSystem.spawn(scribe([], "a"), { name: "a" })
      expect(failureOf(yield* spawn("a"))).toMatchObject({ reason: "NameTaken", path: "/a" })
      for (const name of ["", "a/b"]) expect(failureOf(yield* spawn(name))).toMatchObject({ reason: "InvalidName" })
      yield* ActorSystem.stop(first)
      const second = yield* spawn("a")
      expect(Exit.isSuccess(second) && second.value.address.path).toBe("/a")
      expect(Exit.isSuccess(second) && second.value.address.incarnation).not.toBe(first.address.incarnation)
    }).pipe(local))

  it.effect("a child cannot be spawned into a parent that is between two lives", () =>
    Effect.gen(function*() {
      const journal: Array<string> = []
      const ref = yield* ActorSystem.spawn(scribe(journal, "a"))
      let outcome: unknown
      const step = new Do({
        step: (n, self) =>
          Effect.as(
            Effect.addFinalizer(() =>
              Effect.zipRight(
                Effect.map(Effect.exit(self.spawn(scribe(journal, "late"))), (exit) => {
                  outcome = failureOf(exit)
                }),
                hold(journal, "x").pipe(Effect.scoped)
              )
            ),
            n
          )
      })
      yield* ActorRef.tell(ref, step)
      yield* settle
      yield* ActorSystem.stop(ref)
      expect(outcome).toMatchObject({ reason: "SystemClosing" })
      expect(journal).toEqual(["+a.1", "+x", "-x", "-a.1"])
    }).pipe(local))
})
