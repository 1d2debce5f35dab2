/**
 * Threads that each read a shared counter and write it back plus one: Stateright's increment.rs (without a lock) and increment_lock.rs (with one).
 *
 * Guarantee, of the one with a lock: the counter is the number of threads that have written, and at most one thread is inside. Without the lock it is not: two threads lose
 * an update, which the check finds. Counts: 13 states for 2 threads without a lock; 17, 61, 257, 1,301 for 2 to 5 threads with it.
 */
import type { ActionModel, Property } from "../ActionModel.js"
import { make } from "../ActionModel.js"
import { actionEntry, whole } from "./Entry.js"
import { atoms } from "./Quorums.js"

interface Thread {
  /** What it read. */
  readonly local: number
  /** How many of its steps it has taken. */
  readonly at: number
}

export type Variables = {
  readonly counter: number
  readonly isLocked: boolean
  readonly [thread: `thread.${string}`]: Thread
}

/** Planted bugs of the one without a lock, by name. */
const mutants = {
  "write-unread": "a thread writes one, whatever the counter is"
} as const

export type Mutant = keyof typeof mutants

/** Planted bugs of the one with a lock, by name. */
const lockMutants = {
  "lock-without-looking": "the lock is taken without looking whether it is held"
} as const

export type LockMutant = keyof typeof lockMutants

/** `increment`: read, then write. */
export const increment = (threads: number, mutant?: Mutant): ActionModel<Variables> =>
  build("increment", threads, false, mutant)

/** `increment-lock`: lock, read, write, release. */
export const incrementLock = (threads: number, mutant?: LockMutant): ActionModel<Variables> =>
  build("increment-lock", threads, true, mutant)

const build = (
  name: string,
  threads: number,
  hasLock: boolean,
  mutant?: Mutant | LockMutant
): ActionModel<Variables> => {
  const all = atoms("t", threads)
  const slots = all.map((t) => `thread.${t}` as const)
  const first = hasLock ? 1 : 0
  const count = (v: Variables, is: (thread: Thread) => boolean): number => slots.filter((t) => is(v[t]!)).length
  const onlyOneInside: Property<Variables> = {
    name: "mutual exclusion",
    kind: "always",
    reads: slots,
    holds: (v) => count(v, ({ at }) => at >= 1 && at < 4) <= 1
  }
  return make<Variables>({
    name,
    initial: [{ counter: 0, isLocked: false, ...Object.fromEntries(slots.map((t) => [t, { local: 0, at: 0 }])) }],
    actions: slots.flatMap((t) => {
      const step = (v: Variables, at: number): { readonly [thread: `thread.${string}`]: Thread } => ({
        [t]: { ...v[t]!, at }
      })
      const lock = {
        name: `Lock(${t})`,
        reads: [t, "isLocked"] as const,
        step: (v: Variables) =>
          v[t]!.at === 0 && (!v.isLocked || mutant === "lock-without-looking")
            ? [{ ...step(v, 1), isLocked: true }]
            : []
      }
      const release = {
        name: `Release(${t})`,
        reads: [t, "isLocked"] as const,
        step: (v: Variables) => v[t]!.at === 3 && v.isLocked ? [{ ...step(v, 4), isLocked: false }] : []
      }
      const work = [
        {
          name: `Read(${t})`,
          reads: [t, "counter"] as const,
          step: (v: Variables) =>
            v[t]!.at === first ? [{ [t]: { local: mutant === "write-unread" ? 0 : v.counter, at: first + 1 } }] : []
        },
        {
          name: `Write(${t})`,
          reads: [t] as const,
          step: (v: Variables) => v[t]!.at === first + 1 ? [{ ...step(v, first + 2), counter: v[t]!.local + 1 }] : []
        }
      ]
      return hasLock ? [lock, ...work, release] : work
    }),
    symmetry: [all],
    properties: [
      {
        name: "no lost update",
        kind: "always",
        holds: (v) => count(v, ({ at }) => at >= first + 2) === v.counter
      },
      ...(hasLock ? [onlyOneInside] : []),
      { name: "all have written", kind: "sometimes", holds: (v) => count(v, ({ at }) => at >= first + 2) === threads }
    ]
  })
}

const parameters = { threads: whole("threads", 2, 1, 9) }

/** For the catalogue. */
export const incrementEntries = [
  actionEntry(
    {
      name: "increment",
      summary: "threads that increment a counter without a lock: they lose updates",
      elsewhere: "Stateright increment.rs",
      parameters,
      mutants
    },
    ({ threads }, mutant) => increment(threads, mutant)
  ),
  actionEntry(
    {
      name: "increment-lock",
      summary: "threads that increment a counter under a lock",
      elsewhere: "Stateright increment_lock.rs",
      parameters,
      mutants: lockMutants
    },
    ({ threads }, mutant) => incrementLock(threads, mutant)
  )
]
