/**
 * The messaging workloads (after Savina: ping-pong, counting, thread ring, fork-join throughput, big), once for all toolkits.
 * Actors live on between rounds and start each one from a fresh state.
 */
import type { Round, Started } from "../../harness/Suite.js"
import { fold, type Style } from "./state.js"
import type { Message, Toolkit } from "./Toolkit.js"

export interface Workload {
  readonly start: <Ref, Told>(toolkit: Toolkit<Ref, Told>, style: Style) => Promise<Started>
  readonly expected: (n: number) => string
}

/** A round: `begin` is called with a callback that ends it. */
const rounds = (begin: (n: number, finish: (result: number) => void) => void): Started => ({
  run: (n) =>
    new Promise<Round>((resolve) => begin(n, (result) => resolve({ operations: n, checksum: String(result) })))
})

const idle = (): void => {}

/** n round trips between two actors. */
export const pingPong: Workload = {
  start: async <Ref, Told>(toolkit: Toolkit<Ref, Told>, style: Style) => {
    const { after, inject, message, spawn, step, tell } = toolkit
    let finish: (result: number) => void = idle
    const ping: Ref = await spawn(style.fresh(), {
      Pong: (state, { n }) => {
        const next = style.received(state, n)
        if (n > 0) return after(tell(pong, message.Ping(n - 1)), next)
        finish(next.hash)
        return step(style.fresh())
      }
    })
    const pong: Ref = await spawn(style.fresh(), {
      Ping: (state, { n }) => after(tell(ping, message.Pong(n)), style.received(state, n))
    })
    return rounds((n, end) => {
      finish = end
      inject(pong, message.Ping(n - 1))
    })
  },
  expected: (n) => {
    let hash = 0
    for (let i = n - 1; i >= 0; i--) hash = fold(hash, i)
    return String(hash)
  }
}

const ascending = (n: number): string => {
  let hash = 0
  for (let i = 0; i < n; i++) hash = fold(hash, i)
  return String(hash)
}

/** n messages to one actor at once, then its count is asked for. */
export const flood: Workload = {
  start: async <Ref, Told>(toolkit: Toolkit<Ref, Told>, style: Style) => {
    const { inject, message, spawn, step } = toolkit
    let finish: (result: number) => void = idle
    const counter: Ref = await spawn(style.fresh(), {
      Count: (state, { n }) => step(style.received(state, n)),
      Report: (state) => {
        finish(state.hash)
        return step(style.fresh())
      }
    })
    return rounds((n, end) => {
      finish = end
      for (let i = 0; i < n; i++) inject(counter, message.Count(i))
      inject(counter, message.Report(0))
    })
  },
  expected: ascending
}

export const burst = 256

/** n messages in bursts: an actor sends `burst` of them and waits until the counter says that it has them all. */
export const bursts: Workload = {
  start: async <Ref, Told>(toolkit: Toolkit<Ref, Told>, style: Style) => {
    const { after, inject, message, spawn, step, tell, tellAll } = toolkit
    let finish: (result: number) => void = idle
    let total = 0
    const counter: Ref = await spawn(style.fresh(), {
      Count: (state, { n }) => {
        const next = style.received(state, n)
        if (next.count % burst !== 0 && next.count !== total) return step(next)
        if (next.count < total) return after(tell(producer, message.Report(next.count)), next)
        finish(next.hash)
        return step(style.fresh())
      }
    })
    const producer: Ref = await spawn(style.fresh(), {
      Report: (state, { n }) => {
        const messages: Array<Message> = []
        for (let i = n; i < n + burst && i < total; i++) messages.push(message.Count(i))
        return after(tellAll(counter, messages), state)
      }
    })
    return rounds((n, end) => {
      finish = end
      total = n
      inject(producer, message.Report(0))
    })
  },
  expected: ascending
}

export const ringSize = 100

/** What a hop makes of the token, so that its last value tells whether all hops were made. */
const hop = (n: number): number => (Math.imul(n, 1_103_515_245) + 12_345) | 0

/** One token, n hops around a ring. */
export const ring: Workload = {
  start: async <Ref, Told>(toolkit: Toolkit<Ref, Told>, style: Style) => {
    const { after, inject, message, spawn, step, tell } = toolkit
    let finish: (result: number) => void = idle
    let laps = 0
    const members: Array<Ref> = []
    members.push(
      await spawn(style.fresh(), {
        Token: (state, { n }) => {
          if (state.count < laps) return after(tell(members[1]!, message.Token(hop(n))), style.received(state, n))
          finish(n)
          return step(style.fresh())
        }
      })
    )
    for (let i = 1; i < ringSize; i++) {
      const next = (i + 1) % ringSize
      members.push(
        await spawn(style.fresh(), {
          Token: (state, { n }) => after(tell(members[next]!, message.Token(hop(n))), style.received(state, n))
        })
      )
    }
    return rounds((n, end) => {
      finish = end
      laps = n / ringSize
      inject(members[0]!, message.Token(1))
    })
  },
  expected: (n) => {
    let token = 1
    for (let i = 0; i < n; i++) token = hop(token)
    return String(token)
  }
}

export const joiners = 60

/** n messages dealt out to 60 actors; each then reports, and a collector adds the reports up. */
export const forkJoin: Workload = {
  start: async <Ref, Told>(toolkit: Toolkit<Ref, Told>, style: Style) => {
    const { after, inject, message, spawn, step, tell } = toolkit
    let finish: (result: number) => void = idle
    const collector: Ref = await spawn(style.fresh(), {
      Total: (state, { n }) => {
        const next = { count: state.count + 1, hash: (state.hash + n) | 0 }
        if (next.count < joiners) return step(next)
        finish(next.hash)
        return step(style.fresh())
      }
    })
    const workers: Array<Ref> = []
    for (let i = 0; i < joiners; i++) {
      workers.push(
        await spawn(style.fresh(), {
          Count: (state, { n }) => step(style.received(state, n)),
          Report: (state) => after(tell(collector, message.Total(state.hash)), style.fresh())
        })
      )
    }
    return rounds((n, end) => {
      finish = end
      for (let i = 0; i < n; i++) inject(workers[i % joiners]!, message.Count(i))
      for (const worker of workers) inject(worker, message.Report(0))
    })
  },
  expected: (n) => {
    const hashes = new Int32Array(joiners)
    for (let i = 0; i < n; i++) hashes[i % joiners] = fold(hashes[i % joiners]!, i)
    return String(hashes.reduce((sum, hash) => (sum + hash) | 0, 0))
  }
}

export const crowd = 64

/** The next of the partners that member `me` pings, by a small generator of its own. */
const partner = (seed: number): number => (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0

/** n messages, half of them answers: each of 64 actors pings one partner after another until it has its share of answers. */
export const big: Workload = {
  start: async <Ref, Told>(toolkit: Toolkit<Ref, Told>, style: Style) => {
    const { after, inject, message, spawn, step, tell } = toolkit
    let finish: (result: number) => void = idle
    let share = 0
    const sink: Ref = await spawn(style.fresh(), {
      Total: (state, { n }) => {
        const next = { count: state.count + 1, hash: (state.hash + n) | 0 }
        if (next.count < crowd) return step(next)
        finish(next.hash)
        return step(style.fresh())
      }
    })
    const members: Array<Ref> = []
    for (let me = 0; me < crowd; me++) {
      let seed = me
      const pingNext = () => {
        seed = partner(seed)
        return tell(members[seed >>> 26]!, message.Ping(me))
      }
      members.push(
        await spawn(style.fresh(), {
          Ping: (state, { n }) => after(tell(members[n]!, message.Pong(me)), state),
          Pong: (state, { n }) => {
            const next = style.received(state, n)
            if (next.count < share) return after(pingNext(), next)
            seed = me
            return after(tell(sink, message.Total(next.hash)), style.fresh())
          },
          Report: (state) => after(pingNext(), state)
        })
      )
    }
    return rounds((n, end) => {
      finish = end
      share = n / (2 * crowd)
      for (const member of members) inject(member, message.Report(0))
    })
  },
  expected: (n) => {
    let sum = 0
    for (let me = 0; me < crowd; me++) {
      let seed = me
      let hash = 0
      for (let i = 0; i < n / (2 * crowd); i++) {
        seed = partner(seed)
        hash = fold(hash, seed >>> 26)
      }
      sum = (sum + hash) | 0
    }
    return String(sum)
  }
}
