/**
 * Creation: spawn, one message, stop, with at most `alive` actors at a time; and what an idle actor occupies.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as EffectMailbox from "effect/Mailbox"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import { dispatch, spawn, start, stop } from "nact"
import * as Actor from "synod/actor/Actor"
import * as ActorRef from "synod/actor/ActorRef"
import { createActor, fromTransition } from "xstate"
import type { Round, Started } from "../../harness/Suite.js"
import { fold } from "./state.js"
import { system } from "./toolkits/synod.js"

export const alive = 100

/** The sum of what every actor made of its one message. */
export const expected = (n: number): string => {
  let sum = 0
  for (let i = 0; i < n; i++) sum = (sum + fold(1, i)) | 0
  return String(sum)
}

/** What the actors add to. */
const total = { sum: 0 }
const add = (n: number): void => {
  total.sum = (total.sum + fold(1, n)) | 0
}

/** Waves of `alive` actors: all started and told, then all awaited. */
const waves = (wave: (from: number, to: number) => Promise<void> | void): Started => ({
  run: async (n): Promise<Round> => {
    total.sum = 0
    for (let from = 0; from < n; from += alive) await wave(from, Math.min(n, from + alive))
    return { operations: n, checksum: String(total.sum) }
  }
})

class One extends Actor.Message("One", { n: Schema.Int }) {}

/** The actor stops itself after its message; its end is awaited. */
export const synod = async (): Promise<Started> => {
  const { await: ended, spawn } = await system()
  const behavior = Actor.make("one", { messages: [One], initial: () => 0 }).on((self) => ({
    One: (state, { n }) => {
      add(n)
      self.stop()
      return state + 1
    }
  }))
  const wave = (from: number, to: number): Effect.Effect<void> =>
    Effect.gen(function*() {
      const refs: Array<ActorRef.ActorRef<One>> = []
      for (let i = from; i < to; i++) {
        const ref = yield* Effect.orDie(spawn(behavior))
        ActorRef.unsafeTell(ref, new One({ n: i }))
        refs.push(ref)
      }
      for (const ref of refs) yield* ended(ref)
    })
  return waves((from, to) => Effect.runPromise(wave(from, to)))
}

/** A fiber with a Queue that takes one message and ends. */
export const fiber = async (): Promise<Started> =>
  waves((from, to) =>
    Effect.gen(function*() {
      const fibers: Array<Fiber.RuntimeFiber<void>> = []
      for (let i = from; i < to; i++) {
        const queue = yield* Queue.unbounded<number>()
        fibers.push(yield* Effect.forkDaemon(Effect.map(Queue.take(queue), add)))
        queue.unsafeOffer(i)
      }
      for (const one of fibers) yield* Fiber.join(one)
    }).pipe(Effect.runPromise)
  )

const logic = fromTransition((state: number, event: { readonly type: "One"; readonly n: number }) => {
  add(event.n)
  return state + 1
}, 0)

export const xstate = async (): Promise<Started> =>
  waves((from, to) => {
    for (let i = from; i < to; i++) {
      const actor = createActor(logic).start()
      actor.send({ type: "One", n: i })
      actor.stop()
    }
  })

export const nact = async (): Promise<Started> => {
  const system = start()
  return waves((from, to) =>
    new Promise((resolve) => {
      let left = to - from
      for (let i = from; i < to; i++) {
        const ref = spawn(system, (state: number | undefined, n: number) => {
          add(n)
          stop(ref)
          left--
          if (left === 0) resolve()
          return (state ?? 0) + 1
        }, `one-${i}`)
        dispatch(ref, i)
      }
    })
  )
}

/** The share of the heap of one of n idle actors; then each gets a message, to show that it was there. */
const weigh = (create: (n: number) => Promise<Crowd>): Started => ({
  run: async (n): Promise<Round> => {
    total.sum = 0
    const before = heap()
    const crowd = await create(n)
    const value = (heap() - before) / n
    await crowd.tellEach()
    return { operations: n, checksum: String(total.sum), value }
  }
})

interface Crowd {
  /** Sends each its message and resolves when all have handled it and ended. */
  readonly tellEach: () => Promise<void>
}

const heap = (): number => {
  if (globalThis.gc === undefined) throw new Error("run with --expose-gc")
  globalThis.gc()
  globalThis.gc()
  return process.memoryUsage().heapUsed
}

export const weighSynod = async (): Promise<Started> => {
  const { await: ended, spawn } = await system()
  const behavior = Actor.make("one", { messages: [One], initial: () => 0 }).on((self) => ({
    One: (state, { n }) => {
      add(n)
      self.stop()
      return state + 1
    }
  }))
  return weigh(async (n) => {
    // one fiber spawns them all: an actor keeps the references of its spawner, and a fiber each would be weighed with it
    const refs = await Effect.runPromise(Effect.replicateEffect(spawn(behavior), n))
    return {
      tellEach: async () => {
        refs.forEach((ref, i) => ActorRef.unsafeTell(ref, new One({ n: i })))
        await Effect.runPromise(Effect.forEach(refs, (ref) => ended(ref), { discard: true }))
      }
    }
  })
}

const turns = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))

export const weighQueue = async (): Promise<Started> =>
  weigh(async (n) => {
    const queues: Array<Queue.Queue<number>> = []
    const fibers: Array<Fiber.RuntimeFiber<void>> = []
    for (let i = 0; i < n; i++) {
      const queue = Effect.runSync(Queue.unbounded<number>())
      queues.push(queue)
      fibers.push(Effect.runFork(Effect.map(Queue.take(queue), add)))
    }
    await turns()
    return {
      tellEach: async () => {
        queues.forEach((queue, i) => queue.unsafeOffer(i))
        await Effect.runPromise(Fiber.joinAll(fibers))
      }
    }
  })

export const weighMailbox = async (): Promise<Started> =>
  weigh(async (n) => {
    const mailboxes: Array<EffectMailbox.Mailbox<number>> = []
    const fibers: Array<Fiber.RuntimeFiber<void>> = []
    for (let i = 0; i < n; i++) {
      const mailbox = Effect.runSync(EffectMailbox.make<number>())
      mailboxes.push(mailbox)
      fibers.push(Effect.runFork(Effect.map(Effect.orDie(mailbox.take), add)))
    }
    await turns()
    return {
      tellEach: async () => {
        mailboxes.forEach((mailbox, i) => mailbox.unsafeOffer(i))
        await Effect.runPromise(Fiber.joinAll(fibers))
      }
    }
  })

export const weighXstate = async (): Promise<Started> =>
  weigh(async (n) => {
    const actors = Array.from({ length: n }, () => createActor(logic).start())
    return {
      tellEach: async () => {
        actors.forEach((actor, i) => actor.send({ type: "One", n: i }))
        for (const actor of actors) actor.stop()
      }
    }
  })
