/**
 * Interleaved rounds: ours, peer, floor, ours, peer, floor ... after warm-ups in the same order, each implementation in a process of its own.
 */
import type { Measured, Session } from "./Session.js"
import type { Group, Implementation } from "./Suite.js"

export interface Plan {
  readonly warmups: number
  readonly rounds: number
  readonly quick: boolean
}

/** All counted rounds of one implementation. */
export interface Outcome {
  readonly implementation: Implementation
  readonly operations: number
  readonly rounds: ReadonlyArray<Measured>
  /** In the group's unit, a number a round. */
  readonly values: ReadonlyArray<number>
}

/** A round whose result is not what the workload must give: messages were lost, duplicated, reordered or not awaited. */
export class Mismatch extends Error {
  override readonly name = "Mismatch"
}

const valueOf = (group: Group, round: Measured): number => {
  if (group.basis === "value") return round.value ?? Number.NaN
  return round.operations / (group.basis === "cpu" ? round.cpuSeconds : round.wallSeconds)
}

export const operationsOf = (group: Group, implementation: Implementation, quick: boolean): number =>
  Math.max(1, Math.round((quick ? group.quickOperations : group.operations) * (implementation.share ?? 1)))

const verify = (group: Group, implementation: Implementation, n: number, round: Measured): void => {
  const where = `${group.name}, ${implementation.name}`
  if (round.operations !== n) throw new Mismatch(`${where}: ${round.operations} operations of ${n}`)
  const expected = group.expected(n)
  if (round.checksum !== expected) {
    throw new Mismatch(`${where}: the result is ${round.checksum}, it must be ${expected}`)
  }
  const value = valueOf(group, round)
  if (!Number.isFinite(value) || value <= 0) {
    throw new Mismatch(`${where}: a round of ${n} operations was too short to measure, or reported nothing`)
  }
}

/** Opens all, runs all in turns, and stops all whatever happens. */
export const measure = async (
  group: Group,
  implementations: ReadonlyArray<Implementation>,
  plan: Plan,
  open: (implementation: Implementation) => Promise<Session>,
  onRound: (round: number) => void = () => {}
): Promise<ReadonlyArray<Outcome>> => {
  const opened: Array<{ implementation: Implementation; session: Session; rounds: Array<Measured> }> = []
  try {
    for (const implementation of implementations) {
      opened.push({ implementation, session: await open(implementation), rounds: [] })
    }
    for (let round = -plan.warmups; round < plan.rounds; round++) {
      for (const { implementation, rounds, session } of opened) {
        const n = operationsOf(group, implementation, plan.quick)
        const measured = await session.run(n)
        verify(group, implementation, n, measured)
        if (round >= 0) rounds.push(measured)
      }
      onRound(round)
    }
    return opened.map(({ implementation, rounds }) => ({
      implementation,
      operations: operationsOf(group, implementation, plan.quick),
      rounds,
      values: rounds.map((round) => valueOf(group, round))
    }))
  } finally {
    await Promise.all(opened.map(({ session }) => session.stop()))
  }
}
